"""ADetailer's tabs: the words that a face or a hand is drawn again with, and what of its numbers is not the usual."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from prompts.prompt import Options

MODEL = re.compile(r"adetailer model(?: \d+\w\w)?\Z")
WORDS = re.compile(r"adetailer (?P<negative>negative )?prompt(?P<tab>(?: \d+\w\w)?)\Z")
_NUMBER = re.compile(r"adetailer (?P<name>.+?)(?: \d+\w\w)?\Z")
_KINDS = ("face", "hand")
_PARTED = re.compile(r"\[(?:SEP|SKIP)\]")  # other words for each thing that is found
# What ADetailer writes where nobody changed it; "use …" only says that a number of that name is there.
_USUAL = {
    "confidence": 0.3,
    "dilate erode": 4,
    "dilate/erode": 4,
    "mask blur": 4,
    "inpaint padding": 32,
    "mask min ratio": 0,
    "mask max ratio": 1,
    "mask only top k largest": 0,
    "x offset": 0,
    "y offset": 0,
    "controlnet weight": 1,
    "controlnet guidance start": 0,
    "controlnet guidance end": 1,
    "inpaint only masked": "true",
    "inpaint full": "true",
    "mask merge invert": "none",
    "mask merge/invert": "none",
    "method to decide top-k masks": "area",
    "controlnet model": "none",
    "controlnet module": "none",
}


def kind_of(detector: str) -> str:
    """What a detector of that name finds, "face" or "hand"; "" for anything else."""
    return next((kind for kind in _KINDS if kind in detector.casefold()), "")


def usual(name: str, value: str) -> bool:
    """Whether a field is a number of ADetailer's that says nothing of its own."""
    match = _NUMBER.match(name.casefold())
    if match is None:
        return False
    own = match["name"]
    if own in ("version", "tab") or own.startswith("use "):
        return True
    expected = _USUAL.get(own)
    if isinstance(expected, str) or expected is None:
        return value.casefold() == expected
    try:
        return float(value) == expected
    except ValueError:
        return False


def with_words(asked: Options, fields: Mapping[str, str]) -> tuple[Options, tuple[str, ...]]:
    """The options with the words of each thing that is fixed, of which `fix` was read before, and the names of the
    fields with words that no place is for."""
    kinds = [kind for kind in (asked.fix or "").split("+") if kind]
    found = {name.casefold(): value for name, value in fields.items()}
    words: dict[bool, list[str]] = {False: [""] * len(kinds), True: [""] * len(kinds)}
    aside, given = [], set()
    for name, value in fields.items():
        match = WORDS.match(name.casefold())
        if match is None:
            continue
        negative, kind = bool(match["negative"]), kind_of(found.get(f"adetailer model{match['tab']}", ""))
        known = kind in kinds and (kind, negative) not in given and not _PARTED.search(value)
        if known:
            words[negative][kinds.index(kind)] = value.strip()
            given.add((kind, negative))
        elif value.strip():
            aside.append(name)
    made = {
        name: tuple(said) for name, said in (("fix_prompts", words[False]), ("fix_negatives", words[True])) if any(said)
    }
    return replace(asked, **made), tuple(aside)  # type: ignore[arg-type]
