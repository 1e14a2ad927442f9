"""The published Bot API as a judge of requests and replies: types, fields, lengths and values, prose included.

The file is github.com/PaulSonOfLars/telegram-bot-api-spec (MIT, beside it): the documentation page as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "specs" / "telegram-bot-api.json"
ARRAY = "Array of "
PLAIN = ("String", "Integer", "Float", "Boolean", "InputFile")
LENGTH = re.compile(r"(\d+)-(\d+) (characters|bytes)(.{0,50}after entit(?:ies|y) parsing)?", re.I)
UP_TO = re.compile(r"(?:can't exceed|[Uu]p to) (\d+) (characters|bytes)")
RANGE = re.compile(r"(?:[;,] |Values between )(\d+)-(\d+)(?: are accepted|[.;,]|$)")
ITEMS = re.compile(r"(?:list of|include|array of|List of) (\d+)-(\d+) ")
AT_MOST = re.compile(r"(?:[Aa]t most|[Uu]p to) (\d+) (?:items|commands|suggested|identifiers)")
ALWAYS = re.compile(r"always [\"“]([^\"”]+)[\"”]|\bmust be ([a-z_0-9]+)$")
ONE_OF = re.compile(r"(?:one of|can be(?: either)?) ([\"“].*?)(?:\. [A-Z]|\.?$)")
QUOTED = re.compile(r"[\"“]([^\"”]+)[\"”]")
# Said in prose of another shape.
VALUES = {
    ("sendChatAction", "action"): [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
}
SHAPES = (
    ("two-letter ISO 639-1", "([a-z]{2})?"),
    ("A-Z, a-z, 0-9, _ and - are allowed", "[A-Za-z0-9_-]+"),
    ("lowercase English letters, digits and underscores", "[a-z0-9_]+"),
    ("Mode for parsing entities", "(?i:HTML|MarkdownV2)"),  # the legacy Markdown is not played here
)


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a field. `least` and `most` bound its `unit`: characters, bytes, items or the number itself;
    `parsed`: the bound holds for what is left after the entities are parsed."""

    name: str
    types: tuple[str, ...]
    required: bool
    least: int
    most: int | None
    unit: str
    parsed: bool
    values: frozenset[str]
    shape: str

    def wrong(self, value: object) -> str:
        """What is wrong with a value's length, size or wording; empty if nothing."""
        if self.values and isinstance(value, str) and value not in self.values:
            return f"{value!r} is none of its values"
        if self.shape and isinstance(value, str) and not re.fullmatch(self.shape, value, re.ASCII):
            return f"{value!r} is not of the form {self.shape}"
        size = None if self.parsed else _size(value, self.unit)
        if self.most is None or size is None or self.least <= size <= self.most:
            return ""
        return f"{size} {self.unit} where {self.least}-{self.most} are allowed"


def _size(value: object, unit: str) -> int | None:
    match value, unit:
        case str(), "characters":
            return len(value)
        case str(), "bytes":
            return len(value.encode())
        case list(), "items":
            return len(value)
        case int(), "number":
            return value
    return None


def _field(owner: str, raw: Mapping[str, Any]) -> Field:
    prose, types = raw["description"], tuple(raw["types"])
    least, most, unit, parsed = 0, None, "characters", False
    if types[0].startswith(ARRAY):
        unit = "items"
        if found := ITEMS.search(prose):
            least, most = int(found[1]), int(found[2])
        elif found := AT_MOST.search(prose):
            most = int(found[1])
    elif types == ("Integer",):
        unit = "number"
        if found := RANGE.search(prose):
            least, most = int(found[1]), int(found[2])
    elif found := LENGTH.search(prose):
        least, most, unit, parsed = (
            int(found[1]),
            int(found[2]),
            found[3].lower(),
            bool(found[4]) or raw["name"] == "message_text",
        )
    elif found := UP_TO.search(prose):
        most, unit = int(found[1]), found[2]
    shape = next((shape for words, shape in SHAPES if words in prose), "")
    values: list[str] = VALUES.get((owner, raw["name"]), [])
    if found := ALWAYS.search(prose):
        values = [found[1] or found[2]]
    elif types == ("String",) and (found := ONE_OF.search(prose)):
        values = QUOTED.findall(found[1])
    return Field(raw["name"], types, raw["required"], least, most, unit, parsed, frozenset(values), shape)


@cache
def _published() -> Mapping[str, Any]:
    return json.loads(FILE.read_text("utf-8"))  # type: ignore[no-any-return]


@cache
def methods() -> frozenset[str]:
    """The names of all methods."""
    return frozenset(_published()["methods"])


@cache
def fields(owner: str) -> Mapping[str, Field]:
    """The parameters of a method or the fields of a type, by name."""
    kind = "methods" if owner in methods() else "types"
    return {raw["name"]: _field(owner, raw) for raw in _published()[kind][owner].get("fields", [])}


def returns(method: str) -> tuple[str, ...]:
    return tuple(_published()["methods"][method]["returns"])


@cache
def reactions() -> frozenset[str]:
    """The emoji that anybody may react with."""
    return fields("ReactionTypeEmoji")["emoji"].values


def problems(value: object, types: tuple[str, ...], where: str) -> list[str]:
    """What keeps a JSON value from being of one of the types; empty if nothing does. Where several kinds of array
    are allowed, one array may mix them."""
    inner = tuple(type_.removeprefix(ARRAY) for type_ in types if type_.startswith(ARRAY))
    if isinstance(value, list) and inner:
        return [wrong for at, one in enumerate(value) for wrong in problems(one, inner, f"{where}[{at}]")]
    shaped = [type_ for type_ in types if _shaped(value, type_)]
    if not shaped:
        return [f"{where} is no {' or '.join(types)}: {str(value)[:80]!r}"]
    return min((_one(value, type_, where) for type_ in shaped), key=len)


def _shaped(value: object, type_: str) -> bool:
    """Whether a value is of the type as far as one sees from outside."""
    match type_:
        case "String":
            return isinstance(value, str)
        case "Boolean":
            return isinstance(value, bool)
        case "Integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "Float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "InputFile":
            return False
    if type_.startswith(ARRAY):
        return isinstance(value, list)
    if kinds := _kinds(type_):
        return any(_shaped(value, kind) for kind in kinds)
    return isinstance(value, dict) and all(
        value.get(field.name) in field.values
        for field in fields(type_).values()
        if len(field.values) == 1 and field.required
    )


def _one(value: object, type_: str, where: str) -> list[str]:
    if type_ in PLAIN:
        return []
    if kinds := _kinds(type_):
        return problems(value, kinds, where)
    assert isinstance(value, dict)
    known = fields(type_)
    wrong = [f"{where}.{name} is not in {type_}" for name in value if name not in known]
    for field in known.values():
        at = f"{where}.{field.name}"
        if field.name in value:
            wrong += judged(value[field.name], field, at)
        elif field.required:
            wrong.append(f"{at} is missing")
    return wrong


def judged(value: object, field: Field, where: str) -> list[str]:
    """What is wrong with the value of a field, its bounds included unless they hold after parsing only."""
    found = problems(value, field.types, where)
    if not found and (words := field.wrong(value)):
        found = [f"{where}: {words}"]
    return found


def _kinds(type_: str) -> tuple[str, ...]:
    return tuple(_published()["types"][type_].get("subtypes") or ())
