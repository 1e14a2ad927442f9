"""Lists of wildcards in YAML and JSON files, as Dynamic Prompts keeps them: nested keys are the name of a list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import yaml

SUFFIXES = (".yaml", ".yml", ".json")
DEPTH = 8  # keys in keys, so deep; an alias of YAML may lead to itself
LISTS = 1000  # read from a file
NODES = 20_000  # keys looked at for them


def structured(text: str, suffix: str) -> Iterator[tuple[str, tuple[tuple[str, float | None], ...]]]:
    """The lists in a file: the keys above each, joined by "/" ("" for a file that is one list), and its entries, each
    with the weight it has of its own (`{"text": "red", "weight": 2}`). What is neither a list nor keys is left out.
    Raises ValueError for what is no YAML or JSON."""
    try:
        # All values as they are written: "no" and "2024-01-01" are words.
        content = json.loads(text) if suffix == ".json" else yaml.load(text, yaml.BaseLoader)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ValueError(str(error)) from error
    yield from islice(_lists(content), LISTS)


def _lists(content: object) -> Iterator[tuple[str, tuple[tuple[str, float | None], ...]]]:
    waiting: list[tuple[tuple[str, ...], object]] = [((), content)]
    for _ in range(NODES):
        if not waiting:
            return
        keys, value = waiting.pop()
        if isinstance(value, dict) and len(keys) < DEPTH:
            waiting += [((*keys, str(key).strip("/ ")), below) for key, below in reversed(value.items())]
        elif isinstance(value, list):
            entries = tuple(filter(None, map(_entry, value)))
            if entries:
                yield "/".join(keys), entries


def _entry(value: object) -> tuple[str, float | None] | None:
    """An entry and its own weight: a word, or the two forms that have `weight` beside `text` or `content`."""
    if isinstance(value, dict):
        text = value.get("text") or value.get("content")
        if not isinstance(text, str) or not text.strip():
            return None
        try:
            weight = float(value.get("weight", 1.0))
        except (TypeError, ValueError):
            weight = 1.0
        return text.strip(), weight if 0 <= weight < 1e6 else 1.0
    if isinstance(value, str | int | float) and str(value).strip():
        return str(value).strip(), None
    return None
