"""Networks: `<lora:…>` and its kin, which stand for the whole prompt and come out of it first."""

from __future__ import annotations

import math
import re

from prompts.grammar.attention import number
from prompts.prompt import LoraUse, Note

NETWORK = re.compile(r"<(lora|lyco|hypernet)\s*[:：]\s*([^<>:：\n]+)((?:[:：][^<>:：\n]*)*)>", re.IGNORECASE)


def loras(text: str) -> tuple[str, tuple[LoraUse, ...]]:
    """The text without its `<lora:name>`, `<lora:name:weight>` and `<lora:name:text:unet>`, and what they name."""
    rest, found, _ = networks(text)
    return rest, found


def networks(text: str) -> tuple[str, tuple[LoraUse, ...], tuple[Note, ...]]:
    """The text without its `<lora:…>` tags, the LoRAs they name, and a note for every weight that is no number and
    every `<hypernet:…>`, which is left out."""
    found: list[LoraUse] = []
    notes: list[Note] = []

    def take(match: re.Match[str]) -> str:
        kind, name, tail = match.group(1).lower(), match.group(2).strip(), match.group(3)
        if kind == "hypernet":
            notes.append(Note("note.hypernet", {"name": name}))
            return ""
        weights: list[float] = []
        for position, word in enumerate(re.split("[:：]", tail)[1:3]):
            key, _, value = word.rpartition("=")
            strength = number(value.strip())
            if strength is None or not math.isfinite(strength) or key.strip() not in ("", "te", "unet"):
                notes.append(Note("note.lora_weight", {"name": name, "value": word.strip()}))
                strength = 1.0
            weights.insert(0 if key.strip() == "te" and position else len(weights), strength)
        match weights:
            case [text_weight, weight] if text_weight != weight:
                found.append(LoraUse(name, weight, text_weight))
            case [*_, weight]:
                found.append(LoraUse(name, weight))
            case _:
                found.append(LoraUse(name))
        return ""

    return NETWORK.sub(take, text), tuple(found), tuple(notes)
