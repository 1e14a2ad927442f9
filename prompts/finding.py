"""What the doctor finds in a prompt, and what it has to know of the files that are there."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, cast

from prompts.prompt import Json, Prompt

SHORT = 80  # signs of a text that are shown whole
AROUND = 24  # signs shown around what is different in a longer one

Severity = Literal["error", "warn", "hint"]


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

    def put_right(self, text: str) -> str:
        """The text put right, for a line to read: where it is long, only what is different, with a little around it."""
        fixed = " ".join((self.fix or "").split())
        if len(fixed) <= SHORT:
            return fixed
        text = " ".join(text.split())
        start = _alike(text, fixed)
        end = len(fixed) - _alike(text[start:][::-1], fixed[start:][::-1])
        first, last = max(0, start - AROUND), min(len(fixed), end + AROUND)
        return "…" * (first > 0) + fixed[first:last] + "…" * (last < len(fixed))

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
class Spoiled:
    """A LoRA that is there and cannot be used: what it may be called, in small letters, and a text key that says why,
    with its values."""

    names: frozenset[str]
    key: str
    values: Mapping[str, str] = field(default_factory=dict)


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


def _alike(one: str, two: str) -> int:
    """How many signs two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))


def other(prompt: Prompt, fixed: str | None) -> str | None:
    """A fix that is one: None for none, and for the text as it was."""
    return fixed if fixed and fixed != prompt.text else None
