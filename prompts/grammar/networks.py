"""Networks: `<lora:…>` and its kin, which stand for the whole prompt and come out of it first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from prompts.grammar.attention import number
from prompts.grammar.full_width import NAMED, wide
from prompts.grammar.lora_blocks import block_weights
from prompts.grammar.lora_elements import element_rules
from prompts.prompt import LoraUse, Note

_KINDS = "lora|lyco|hypernet"
_IN_WIDE = "|".join("".join(chr(ord(sign) + 0xFEE0) for sign in kind) for kind in _KINDS.split("|"))
_NAME = "[^<>＜＞:：\\n]"
NETWORK = re.compile(rf"[<＜]\s*({_KINDS}|{_IN_WIDE})\s*[:：]\s*({_NAME}+)((?:[:：]{_NAME}*)*)[>＞]", re.IGNORECASE)
Span = tuple[int, int | None]  # the steps that are done when it begins to act, and when it ceases to (None: never)
EVER: Span = (0, None)
_STEPS = {
    "start": re.compile(r"(?P<start>\d{1,4})"),
    "stop": re.compile(r"(?P<stop>\d{1,4})"),
    "step": re.compile(r"(?P<start>\d{1,4})\s*-\s*(?P<stop>\d{1,4})"),
}
# What is written as a network and is none that there is: another word before the colon, or a LoRA without one.
UNKNOWN = re.compile(rf"{NAMED.pattern}|[<＜](?:{_KINDS})\b[^<>＜＞\n]*[>＞]", re.IGNORECASE)


class Strengths(NamedTuple):
    """What stands between a tag's colons: the one or two strengths, block weights (`lbw=…`, or a list or the name of
    one behind a strength; "" for none), rules for single elements (`lbwe=…`; ""), the steps it acts in (`start=…`,
    `stop=…`, `step=5-10`), and what other programs say there and is left, as a rank."""

    given: list[str]
    blocks: str
    elements: str
    steps: Span
    left: list[str]


def strengths(words: Sequence[str]) -> Strengths:
    """What stands between a tag's colons."""
    given: list[str] = []
    blocks, elements, steps = "", "", EVER
    left: list[str] = []
    waiting = [word.strip() for word in words]
    inherited = next((word[2:] for word in waiting if re.fullmatch(r"x=[-+.\d]+", word)), "")
    while waiting:
        word = waiting.pop(0)
        key, equals, value = (piece.strip() for piece in word.rpartition("="))
        named = bool(equals) and key not in ("te", "unet")
        listed = bool(given) and not equals and number(value) is None
        value = _with_inherited(value, inherited)
        if not blocks and (key.casefold() in ("lbw", "w") if equals else listed) and block_weights(value) is not None:
            blocks = value.replace("，", ",")
        elif key.casefold() == "lbwe":
            count = _rules(value, waiting)
            read = not elements and count is not None
            if count is None:  # what is no rule is left with all that would belong to it
                count = 2 if len(waiting) > 1 and number(waiting[0]) is None and "=" not in "".join(waiting[:2]) else 0
            said = ":".join([value if read else word, *waiting[:count]])
            elements = said if read else elements
            left += [] if read else [said]
            del waiting[:count]
        elif key == "x" and inherited and blocks and equals:
            continue
        elif equals and (span := _span(key.casefold(), value, steps)):
            steps = span
        else:
            (left if named or listed or len(given) == 2 else given).append(word)
    return Strengths(given, blocks, elements, steps, left)


def _rules(value: str, following: Sequence[str]) -> int | None:
    """How many of the words that follow belong to rules for elements, which have colons; None where there are none."""
    counts = range(len(following), -1, -1)
    return next((one for one in counts if element_rules(":".join([value, *following[:one]])) is not None), None)


def _with_inherited(value: str, inherited: str) -> str:
    """A list of weights with the number that the tag says for X, X+0.2 or X-0.2 in it."""

    def put(match: re.Match[str]) -> str:
        return f"{float(inherited or 1) + float(match.group(1) or 0):g}"

    return (
        re.sub(r"(?<![^,，])\s*[Xx]([-+]\d*\.?\d+)?\s*(?![^,，])", put, value)
        if "," in value or "，" in value
        else value
    )


def _span(key: str, value: str, known: Span) -> Span | None:
    """The steps that are known, with what `start=`, `stop=` or `step=` says of them; None where it is no number."""
    found = _STEPS[key].fullmatch(value) if key in _STEPS else None
    if found is None:
        return None
    start, stop = known
    said = found.groupdict()
    return int(said.get("start") or start), int(said["stop"]) if said.get("stop") else stop


def loras(text: str) -> tuple[str, tuple[LoraUse, ...]]:
    """The text without its `<lora:name>`, `<lora:name:weight>` and `<lora:name:text:unet>`, and what they name."""
    rest, found, _ = networks(text)
    return rest, found


def networks(text: str) -> tuple[str, tuple[LoraUse, ...], tuple[Note, ...]]:
    """The text without its `<lora:…>` tags, the LoRAs they name, and a note for every weight that is no number, for
    what else stands in a tag, and for every `<hypernet:…>`, which is left out."""
    found: list[LoraUse] = []
    notes: list[Note] = []

    def take(match: re.Match[str]) -> str:
        kind, name, tail = wide(match.group(1)).lower(), match.group(2).strip(), wide(match.group(3) + ">")[:-1]
        if kind != match.group(1).lower():  # a keyboard in its wide form, which no file's name is written with
            name = wide(name)
        if kind == "hypernet":
            notes.append(Note("note.hypernet", {"name": name}))
            return ""
        weights: list[float] = []
        given, blocks, elements, steps, left = strengths(tail.split(":")[1:])
        if left:
            notes.append(Note("note.lora_left", {"name": name, "left": ":".join(left)}))
        for position, word in enumerate(given):
            key, _, value = word.rpartition("=")
            strength = number(value.strip())
            if strength is None or not math.isfinite(strength):
                notes.append(Note("note.lora_weight", {"name": name, "value": word}))
                strength = 1.0
            weights.insert(0 if key.strip() == "te" and position else len(weights), strength)
        match weights:
            case [text_weight, weight] if text_weight != weight:
                found.append(LoraUse(name, weight, text_weight, blocks, *steps, elements))
            case [*_, weight]:
                found.append(LoraUse(name, weight, None, blocks, *steps, elements))
            case _:
                found.append(LoraUse(name, 1.0, None, blocks, *steps, elements))
        return ""

    return NETWORK.sub(take, text), tuple(found), tuple(notes)
