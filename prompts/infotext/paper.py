"""What the readers of programs' JSON share: values as text, objects within objects, LoRAs put into a prompt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import cast

from prompts.infotext.loaders import stem
from prompts.prompt import Json, LoraUse

Paper = Mapping[str, Json]


def fields_of(said: Mapping[str, Json]) -> dict[str, str]:
    """The fields that something is said of, as text: 7.0 is "7"."""
    return {name: text for name, value in said.items() if (text := text_of(value))}


def text_of(value: Json) -> str:
    """A value as A1111 writes it; "" where it says nothing."""
    if isinstance(value, bool) or value is None:
        return "True" if value else ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def with_loras(prompt: str, uses: Iterable[tuple[str, Json]]) -> str:
    """The prompt with `<lora:…>` behind it for those that it does not name itself."""
    named = (
        str(LoraUse(stem(name), number(weight, 1.0)))
        for name, weight in uses
        if name and f"<lora:{stem(name)}:".casefold() not in prompt.casefold()
    )
    return " ".join(filter(None, (prompt, *named)))


def number(value: Json, otherwise: float) -> float:
    """The number that a value is; `otherwise` for any other."""
    try:
        return float(cast(float, value))
    except (TypeError, ValueError):
        return otherwise


def inside(value: Json) -> Paper:
    """An object, also one that is written into a text; an empty one for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def rows(value: Json) -> list[Paper]:
    """The objects of a list."""
    return [inside(one) for one in value] if isinstance(value, list) else []


def size(width: Json, height: Json) -> str:
    """Width and height in pixels as A1111 writes them; "" without both."""
    return f"{text_of(width)}x{text_of(height)}" if width and height else ""


def texts(value: Json) -> list[str]:
    """Names in a list, or in a text with commas between."""
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return [text_of(one) for one in value] if isinstance(value, list) else []


def named(name: str) -> str:
    """A file's name; "" for what says that there is none."""
    plain = stem(name)
    return "" if plain.casefold() in ("none", "automatic", "default (model)", "default") else plain
