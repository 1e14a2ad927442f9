"""Networks: `<lora:…>` and its kin, which stand for the whole prompt and come out of it first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from prompts.grammar.attention import number
from prompts.grammar.full_width import NAMED, wide
from prompts.grammar.lora_blocks import block_weights
from prompts.prompt import LoraUse, Note

_KINDS = "lora|lyco|hypernet"
_IN_WIDE = "|".join("".join(chr(ord(sign) + 0xFEE0) for sign in kind) for kind in _KINDS.split("|"))
_NAME = "[^<>＜＞:：\\n]"
NETWORK = re.compile(rf"[<＜]\s*({_KINDS}|{_IN_WIDE})\s*[:：]\s*({_NAME}+)((?:[:：]{_NAME}*)*)[>＞]", re.IGNORECASE)
# What is written as a network and is none that there is: another word before the colon, or a LoRA without one.
UNKNOWN = re.compile(rf"{NAMED.pattern}|[<＜](?:{_KINDS})\b[^<>＜＞\n]*[>＞]", re.IGNORECASE)


def strengths(words: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """What stands between a tag's colons: the one or two strengths, block weights (`lbw=…`, or a list or the name of
    one behind a strength; "" for none), and what other programs say there and is left: steps (`start=…`, `stop=…`),
    single elements (`lbwe=…`), a rank."""
    given: list[str] = []
    blocks = ""
    left: list[str] = []
    for word in (word.strip() for word in words):
        key, equals, value = (piece.strip() for piece in word.rpartition("="))
        named = bool(equals) and key not in ("te", "unet")
        listed = bool(given) and not equals and number(value) is None
        if not blocks and (key.casefold() == "lbw" if equals else listed) and block_weights(value) is not None:
            blocks = value.replace("，", ",")
        else:
            (left if named or listed or len(given) == 2 else given).append(word)
    return given, blocks, left


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
        given, blocks, left = strengths(tail.split(":")[1:])
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
                found.append(LoraUse(name, weight, text_weight, blocks))
            case [*_, weight]:
                found.append(LoraUse(name, weight, blocks=blocks))
            case _:
                found.append(LoraUse(name, blocks=blocks))
        return ""

    return NETWORK.sub(take, text), tuple(found), tuple(notes)
