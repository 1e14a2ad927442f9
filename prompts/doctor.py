"""A check of a prompt before any drawing time is spent: what will not work as meant, each with a fix for one tap."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self, cast

from prompts import clip_tokens, grammar, opposites, options
from prompts.assemble import HEAVY, LIGHT, odd_weights
from prompts.prompt import Fragment, Json, LoraUse, Prompt
from prompts.spelling import near
from prompts.tags import entry_of
from prompts.typos import nearest
from prompts.written_text import SEPARATOR, added, grouped, place_of, put, without

Severity = Literal["error", "warn", "hint"]
_ORDER: tuple[Severity, ...] = ("error", "warn", "hint")
_EMBEDDINGS = Path(__file__).parent / "data" / "embeddings.txt"

_MOST = 12  # findings that somebody still reads
WILD = 2.0  # a LoRA's weight beyond which pictures fall apart; what the forms of the chats take, too
NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that will not work as meant: a text key of bot/texts and its values, how bad it is, and `fix`: the
    person's whole text put right, None where only they can know how. "error": nothing can be drawn like this."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = "warn"
    fix: str | None = None

    def to_json(self) -> dict[str, Json]:
        return {"key": self.key, "values": dict(self.values), "severity": self.severity, "fix": self.fix}

    @property
    def sign(self) -> str:
        """Six characters that tell it from the other findings on a prompt, short enough for a button."""
        said = json.dumps([self.key, *sorted(self.values.items())]).encode()
        return base64.b32encode(hashlib.sha256(said).digest())[:6].decode().lower()

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        values = cast(dict[str, str], value["values"])
        return cls(cast(str, value["key"]), values, cast(Severity, value["severity"]), cast("str | None", value["fix"]))


@dataclass(frozen=True, slots=True)
class LoraKnown:
    """A LoRA that is there, with the words that its maker trained it on and the weight that its maker wants."""

    name: str
    triggers: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Misfit:
    """A LoRA, an embedding or a VAE named in a prompt, made for another `base` than that of the model that would draw
    it; `instead` is a model that it fits ("" for none). `key` is the sentence that says so; where it works all the
    same, only badly, the finding is no error."""

    key: str
    name: str
    base: str
    model: str
    family: str
    instead: str = ""
    works: bool = False


def examine(
    prompt: Prompt,
    *,
    loras: Sequence[LoraKnown] | None = None,
    embeddings: Mapping[str, int] = NONE,
    misfits: Sequence[Misfit] = (),
) -> tuple[Finding, ...]:
    """What is wrong with a prompt, the worst first. Without `loras` (None) the LoRAs are not looked at. `embeddings`
    are those that are there, by name, with the number of tokens that each takes; `misfits` what does not go with the
    model.

    A finding that the composer had noticed too has the key and values of its note, so that a note need not be shown
    beside it (`unsaid`).
    """
    found = [
        *(_loras(prompt, loras) if loras is not None else ()),
        *_misfits(prompt, misfits),
        *_embeddings(prompt, embeddings),
        *_weights(prompt),
        *_syntax(prompt),
        *_delayed(prompt),
        *_both(prompt),
        *_opposites(prompt),
        *_words_not_understood(prompt),
        *_slips(prompt, loras or (), embeddings),
        *_length(prompt, {name.casefold(): count for name, count in embeddings.items()}),
    ]
    unique = {(one.key, *one.values.items()): one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: _ORDER.index(one.severity)))[:_MOST]


def unsaid(prompt: Prompt, findings: Sequence[Finding]) -> Prompt:
    """The prompt without the notes that a finding says already."""
    said = {(one.key, *sorted(one.values.items())) for one in findings}
    notes = tuple(note for note in prompt.notes if (note.key, *sorted(note.values.items())) not in said)
    return replace(prompt, notes=notes)


# ── checks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _loras(prompt: Prompt, known: Sequence[LoraKnown]) -> Iterator[Finding]:
    names = {one.name.casefold(): one for one in known}
    said = f"{prompt.text}, {prompt.positive}".casefold().replace("_", " ")
    for use in prompt.loras:
        there = names.get(use.name.casefold()) or names.get(use.name.casefold().removesuffix(".safetensors"))
        if there is None:
            if not names:
                gone = _without_lora(prompt.text, use.name)
                yield Finding("lora.none", {"name": use.name[:80]}, "error", _new(prompt, gone))
                continue
            name = names[found].name if (found := near(use.name, names)) else ""
            fixed = _named(prompt.text, use.name, name) if name else _without_lora(prompt.text, use.name)
            yield Finding("lora.unknown", {"name": use.name[:80], "near": name}, "error", _new(prompt, fixed))
            continue
        if there.triggers and not any(_heard(word, said) for word in there.triggers):
            word = there.triggers[0]
            yield Finding("doctor.trigger", {"name": there.name, "words": word}, "warn", added(prompt.text, word))
        wild = max((use.weight, use.text_weight or 0.0), key=abs)
        if abs(wild) > max(WILD, abs(there.weight)):
            weight = there.weight if abs(there.weight) <= WILD else 1.0
            tame = str(LoraUse(use.name, weight)).replace("\\", r"\\")
            tamed = re.sub(_tag(use.name) + "[^<>]*>", tame, prompt.text, flags=re.IGNORECASE)
            values = {"name": there.name, "weight": f"{wild:g}", "instead": f"{weight:g}"}
            yield Finding("doctor.lora_weight", values, "warn", _new(prompt, tamed))


def _heard(trigger: str, said: str) -> bool:
    """Whether a trigger is in a text; of one that is a list of tags the first names what was trained."""
    whole = trigger.casefold().replace("_", " ")
    return whole in said or ((first := whole.partition(",")[0].strip()) != "" and first in said)


def _tag(name: str) -> str:
    """What a LoRA's `<lora:…>` begins with."""
    return rf"<\s*(?:lora|lyco)\s*[:：]\s*{re.escape(name)}\s*(?=[:：>])"


def _named(text: str, name: str, instead: str) -> str:
    return re.sub(_tag(name), lambda _: f"<lora:{instead}", text, flags=re.IGNORECASE)


def _without_lora(text: str, name: str) -> str:
    rest = re.sub(_tag(name) + "[^<>]*>", "", text, flags=re.IGNORECASE)
    return re.sub(r"([,，、]\s*)(?=[,，、]|\Z)", "", rest).strip(SEPARATOR)


def _misfits(prompt: Prompt, misfits: Sequence[Misfit]) -> Iterator[Finding]:
    """Another model, where there is one that takes it; else the text without it."""
    for one in misfits:
        if one.instead:
            fixed: str | None = options.with_flag(prompt.text, "model", one.instead)
        elif one.works:
            fixed = None
        elif one.key.startswith("lora."):
            fixed = _without_lora(prompt.text, one.name)
        elif one.key.startswith("vae."):
            fixed = options.without_flag(prompt.text, "vae")
        else:
            fixed = without(prompt.text, f"embedding:{one.name}") or without(prompt.text, one.name, last=True)
        values = {"name": one.name, "base": one.base, "model": one.model, "family": one.family}
        yield Finding(one.key, values, "hint" if one.works else "error", _new(prompt, fixed))


def _new(prompt: Prompt, fixed: str | None) -> str | None:
    return fixed if fixed and fixed != prompt.text else None


@cache
def _usual_embeddings() -> frozenset[str]:
    lines = _EMBEDDINGS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("#"))


def _embeddings(prompt: Prompt, known: Collection[str]) -> Iterator[Finding]:
    names = {name.casefold(): name for name in known}
    for fragment in (*prompt.fragments, *prompt.negatives):
        runs = grammar.inner(fragment.text) if fragment.origin == "person" else ()
        for piece in (piece for run in runs for piece in run.text.split(",")):
            written = (
                piece.strip(" ()[]").partition(":")[0] if "embedding:" not in piece.lower() else piece.strip(" ()")
            )
            name = re.sub(r"^embedding:", "", written.lower().replace("\\", "")).partition(":")[0]
            if not name or name in names:
                continue
            found = near(name, names, parts=False)
            if not (found and entry_of(name) is None) and not (
                name in _usual_embeddings() or written.lower().startswith("embedding:")
            ):
                continue
            instead = names[found] if found else ""
            fix = put(prompt.text, written, instead) if found else without(prompt.text, written, last=True)
            key = "doctor.embedding_near" if found else "doctor.embedding"
            values = {"name": name, "near": instead} if found else {"name": name}
            yield Finding(key, values, "warn", _new(prompt, fix))


_NUMBER = re.compile(r"[:：]\s*([+-]?[\d.]+)\s*(?=[)）])")


def _weights(prompt: Prompt) -> Iterator[Finding]:
    for fragment in (*prompt.fragments, *prompt.negatives):
        for said, weight in odd_weights(fragment) if not prompt.raw else ():
            fixed = _tamed(prompt.text, fragment) if said == fragment.text else _all_tamed(prompt.text)
            yield Finding("note.weight", {"text": said, "weight": f"{weight:g}"}, "warn", _new(prompt, fixed))
    if prompt.raw:
        for leaf, weight in grammar.attention(prompt.positive):
            if weight != -1 and not LIGHT <= weight <= HEAVY and leaf.strip(SEPARATOR):
                values = {"text": leaf.strip(SEPARATOR)[:80], "weight": f"{round(weight, 4):g}"}
                yield Finding("note.weight", values, "warn", _new(prompt, _all_tamed(prompt.text)))


def _tamed(text: str, fragment: Fragment) -> str | None:
    place = place_of(text, fragment.source or fragment.text)
    if place is None:
        return _all_tamed(text)
    start, end = grouped(text, *place)
    if (start, end) == place:  # its group holds more than this
        return _all_tamed(text)
    bound = min(max(fragment.weight, LIGHT), HEAVY)
    return f"{text[:start]}({text[place[0] : place[1]]}:{bound:g}){text[end:]}"


def _all_tamed(text: str) -> str:
    """The text with every weight written as a number put back into range."""

    def tame(match: re.Match[str]) -> str:
        try:
            weight = float(match.group(1))
        except ValueError:
            return match.group()
        return match.group() if LIGHT <= weight <= HEAVY else f":{min(max(weight, LIGHT), HEAVY):g}"

    return _NUMBER.sub(tame, text)


def _syntax(prompt: Prompt) -> Iterator[Finding]:
    for hint in grammar.hints(prompt.text):
        severity: Severity = "hint" if hint.key in ("note.comma_in_group", "note.empty_group") else "warn"
        yield Finding(hint.key, hint.values, severity, None if hint.fix is None else hint.applied(prompt.text))


_DELAYED = re.compile(r"\[([^\[\]:|]*):\s*(\d*\.\d+|\d+\.\d*)\s*\]")


def _delayed(prompt: Prompt) -> Iterator[Finding]:
    plain = grammar.normalise(prompt.text)
    if len(plain) != len(prompt.text):
        return
    for match in _DELAYED.finditer(plain):
        when = float(match.group(2))
        if when < 1:
            continue
        weight = f"{min(max(when, LIGHT), HEAVY):g}"
        inner = prompt.text[match.start(1) : match.end(1)].strip()
        fixed = f"{prompt.text[: match.start()]}({inner}:{weight}){prompt.text[match.end() :]}"
        yield Finding("note.delayed", {"text": match.group(), "weight": match.group(2)}, "warn", fixed)


def _both(prompt: Prompt) -> Iterator[Finding]:
    unwanted = {opposites.plain(one.text): one for one in prompt.negatives if one.origin != "preset"}
    for fragment in prompt.fragments:
        other = unwanted.get(opposites.plain(fragment.text))
        if other is None or fragment.origin == "preset":
            continue
        fix = without(prompt.text, other.source or other.text, last=True)
        yield Finding("note.both", {"text": opposites.plain(fragment.text)}, "warn", _new(prompt, fix))


_SEVERAL = re.compile(r"\b(?:[2-9]\+?(?:girl|boy)s|two|three|four|five|multiple|several|group|couple|crowd|many)\b")


def _opposites(prompt: Prompt) -> Iterator[Finding]:
    several = any(_SEVERAL.search(one.text) for one in prompt.fragments)
    several = several or sum(opposites.plain(one.text) in ("1girl", "1boy") for one in prompt.fragments) > 1
    first: dict[str, tuple[int, Fragment]] = {}
    for fragment in prompt.fragments:
        if fragment.text == "AND":
            first.clear()  # another picture, mixed in
        for side in opposites.sides(fragment.text) if fragment.origin != "preset" else ():
            if side.personal and several:
                continue
            number, other = first.setdefault(side.group, (side.number, fragment))
            if number != side.number:
                values = {"first": other.text, "second": fragment.text}
                yield Finding("doctor.opposites", values, "hint", _new(prompt, _less(prompt, fragment)))


def _less(prompt: Prompt, fragment: Fragment) -> str | None:
    """The text without a fragment; other fragments that were written with the same words stay in English."""
    written = fragment.source or fragment.text
    others = [one.text for one in prompt.fragments if one.source == written and one.text != fragment.text]
    return put(prompt.text, written, ", ".join(others)) if others else without(prompt.text, written)


def _words_not_understood(prompt: Prompt) -> Iterator[Finding]:
    for note in prompt.notes:
        listed = str(note.values.get("words", ""))
        if note.key == "note.untranslated":
            fixed: str | None = prompt.text
            for word in listed.split("、"):
                fixed = (without(fixed, word) or fixed) if fixed else None
            yield Finding(note.key, note.values, "warn", _new(prompt, fixed))
        elif note.key == "note.dictionary":
            fixed = prompt.text
            for pair in listed.split("; "):
                word, equals, english = pair.partition(" = ")
                if equals:
                    fixed = fixed.replace(word, f" {english} ")
            yield Finding(note.key, note.values, "hint", _new(prompt, re.sub(r" {2,}", " ", fixed).strip()))


def _length(prompt: Prompt, embeddings: Mapping[str, int]) -> Iterator[Finding]:
    chunks = clip_tokens.meter(prompt.positive, embeddings=embeddings)
    if len(chunks) < 2 or any(one.text == grammar.BREAK for one in prompt.fragments) or prompt.raw:
        return
    values = {"tokens": str(sum(chunks)), "chunks": str(len(chunks)), "length": str(clip_tokens.LENGTH)}
    at = clip_tokens.cut([str(one) for one in prompt.fragments], embeddings=embeddings)
    if at is None:
        yield Finding("doctor.long", values, "hint")
        return
    fragment = prompt.fragments[at]
    place = place_of(prompt.text, fragment.source) if fragment.origin != "preset" else None
    fix = f"{prompt.text[: place[0]]}BREAK {prompt.text[place[0] :]}" if place and place[0] else None
    yield Finding("doctor.cut", {**values, "text": fragment.text[:80]}, "hint", fix)


_WORD = re.compile(r"(?<![\w\\])[a-zA-Z]{5,24}(?![\w])")


def _slips(prompt: Prompt, loras: Sequence[LoraKnown], embeddings: Collection[str]) -> Iterator[Finding]:
    names = " ".join([*embeddings, *(word for one in loras for word in (one.name, *one.triggers))]).lower()
    for fragment in (*prompt.fragments, *prompt.negatives):
        if fragment.origin != "person" or opposites.plain(fragment.text) in _usual_embeddings():
            continue
        for match in _WORD.finditer(fragment.text):
            word = match.group()
            if word.lower() in names or not (meant := nearest(word)):
                continue
            yield Finding(
                "doctor.typo", {"word": word, "near": meant}, "hint", _new(prompt, put(prompt.text, word, meant))
            )
