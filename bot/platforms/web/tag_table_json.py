"""A tag table as JSON: first without language, to be kept with its card; then in the words of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from bot import texts
from bot.chat import Choice, ShownTag, ShownTags
from bot.studio import tag_words
from prompts.prompt import Json
from prompts.traditional import chinese

Object = dict[str, Json]


def body(shown: ShownTags) -> Object:
    """A table as it is kept."""
    return cast(Object, {**asdict(shown), "rows": [asdict(row) for row in shown.rows]})


def of_body(kept: Mapping[str, Json]) -> ShownTags:
    """The table that was kept."""
    values = cast(dict[str, Any], dict(kept))
    choices = {
        name: tuple(Choice(one["value"], one["label"]) for one in values[name]) for name in ("near", "favourites")
    }
    return ShownTags(**{**values, **choices, "rows": tuple(ShownTag(**row) for row in values["rows"])})


def words(kept: Mapping[str, Json], language: str) -> Object:
    """A kept table for the page: rows under their headings, what can be done to the chosen one, what can be added."""
    shown = of_body(kept)
    row = tag_words.chosen(shown)
    groups: list[Json] = [
        {"name": name, "side": rows[0].side, "rows": [_row(one, language) for one in rows]}
        for name, rows in tag_words.grouped(shown.rows, shown, language)
    ]
    return {
        "table": shown.table,
        "groups": groups,
        "chosen": shown.chosen,
        "touches": _touches(row, language) if row else [],
        "near": _choices(shown.near),
        "favourites": _choices(shown.favourites),
    }


def _choices(choices: tuple[Choice, ...]) -> list[Json]:
    return [{"value": one.value, "label": str(one.label)} for one in choices]


def _row(row: ShownTag, language: str) -> Object:
    first = row.chinese if chinese(language) and row.chinese else row.text
    second = row.text if first != row.text else "" if chinese(language) else row.chinese
    kind = texts.say(language, f"tags.kind.{row.kind}") if row.kind not in ("tag", "lora") else ""
    weight, states = tag_words.weight(row), tag_words.states(row, language)
    comma = "，" if chinese(language) else ", "
    return {
        "id": row.id,
        "first": first,
        "second": second if second != first else "",
        "kind": kind,
        "weight": weight,
        "is": [
            texts.say(language, f"tags.is.{name}")
            for name in ("locked", "kept", "favourite", "blocked")
            if getattr(row, name)
        ],
        "label": comma.join(filter(None, (tag_words.both(row, language), weight, kind, states))),
        "off": row.off,
        "locked": row.locked,
        "sign": row.sign,
        "weighable": row.weighable and not row.locked,
        "up": row.weight > 1,
        "down": row.weight < 1,
    }


def _touches(row: ShownTag, language: str) -> list[Json]:
    """What can be done to a tag, each with its label and whether it is on."""
    found: list[tuple[str, str, bool]] = [("lock", "unlock" if row.locked else "lock", row.locked)]
    if not row.locked:
        found.insert(0, ("off", "on" if row.off else "off", row.off))
        if row.side != "lora":
            found += [("up", "up", False), ("down", "down", False)]
        if row.translated:
            found.append(("keep", "translate" if row.kept else "keep", row.kept))
    found.append(("star", "unstar" if row.favourite else "star", row.favourite))
    if row.side == "positive" and not row.locked:
        found.append(("block", "unblock" if row.blocked else "block", row.blocked))
    return [{"what": what, "label": texts.say(language, f"tags.{name}"), "on": on} for what, name, on in found]
