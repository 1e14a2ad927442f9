"""What may be meant while somebody types: models, LoRAs, styles, favourites, tags, shapes, samplers, days …"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot import texts
from bot.chat import Person
from bot.studio import lesson_cards, lessons
from bot.studio.rules import Rules
from engine import a1111
from engine.files import catalog, detectors, private
from engine.files.catalog import Model
from engine.files.upscalers import UPSCALERS
from engine.poses import library
from engine.samplers import SAMPLERS
from prompts import styles, traditional
from prompts.search import Index
from prompts.traditional import called, written
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from storage import favourites, pictures, trainings
from storage.database import Database
from storage.search import fold

Kind = Literal[
    "model",
    "lora",
    "style",
    "pose",
    "favourite",
    "tag",
    "shape",
    "sampler",
    "upscaler",
    "fix",
    "when",
    "used",
    "format",
    "lesson",
    "training",
]
SHAPES = {"2:3": "portrait", "3:2": "landscape", "1:1": "square", "9:16": "tall", "16:9": "wide"}
SHAPES |= {"3:4": "portrait", "4:3": "landscape", "21:9": "wide"}
FORMATS = ("landscape", "portrait", "square")
WHEN = ("today", "yesterday", "this_week", "last_week", "this_month", "last_month", "days")
_CLAUSE = re.compile(r"[,，、;；\n]")
LOOKED_AT = 8  # tags that pinyin may mean, in which the Chinese name of a style is looked for


class Searchable(Protocol):
    """What suggestions are looked for in: saved texts, the owner's folders, and the tags."""

    @property
    def db(self) -> Database: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def tags(self) -> Index | None: ...


@dataclass(frozen=True, slots=True)
class Completion:
    """Something to choose: `value` is what to write for it, `label` what the person sees."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class _Entry:
    choice: Completion
    names: tuple[str, ...]


async def suggest(among: Searchable, person: Person, kind: Kind, typed: str, limit: int = 25) -> list[Completion]:
    """What `typed` may mean, the likeliest first, looked for among all there is; with nothing typed, the first
    `limit` of it. The value of a tag is the whole of `typed` with its end completed."""
    with private.seen_by(person.id):
        return await KINDS[kind](among, person, typed.strip(), limit)


def _ranked(entries: Iterable[_Entry], typed: str, limit: int) -> list[Completion]:
    """The entries in whose names every word typed occurs: whole names first, then beginnings, then the rest."""
    readings = [fold(one).split() for one in (chinese.readings(typed) if CHINESE.search(typed) else (typed,))]
    found: list[tuple[int, int, Completion]] = []
    for at, entry in enumerate(entries):
        names = [fold(name) for name in entry.names]
        ranks = (rank for words in readings if (rank := _rank(names, words)) is not None)
        if (best := min(ranks, default=None)) is not None:
            found.append((best, at, entry.choice))
    return [choice for _, _, choice in sorted(found, key=lambda one: one[:2])[:limit]]


def _rank(names: list[str], words: list[str]) -> int | None:
    if not all(any(word in name for name in names) for word in words):
        return None
    whole = " ".join(words)
    if not words or whole in names:
        return 0
    return 1 if any(name.startswith(whole) for name in names) else 2


async def _models(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    found = await asyncio.to_thread(catalog.models, among.rules.models)
    entries = (_model(one) for one in found)
    return _ranked(entries, typed, limit)


def _model(one: Model) -> _Entry:
    return _Entry(Completion(one.name, f"{one.name} · {catalog.lineage(one)}"), (one.name, catalog.lineage(one)))


async def _loras(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    entries = (
        _Entry(
            Completion(one.name, " · ".join(filter(None, (one.name, catalog.lineage(one), ", ".join(one.words))))),
            (one.name, catalog.lineage(one), *one.words),
        )
        for one in await asyncio.to_thread(catalog.loras, among.rules.loras)
        if not private.half(one.path)
    )
    return _ranked(entries, typed, limit)


async def _styles(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    entries = [
        _Entry(Completion(one.name, one.called(person.language)), (one.zh, one.en, one.name, *one.aliases))
        for one in styles.styles().values()
    ]
    found = _ranked(entries, typed, limit)
    words = [typed]
    if among.tags is not None and typed and not CHINESE.search(typed):  # "shuicai" is heard as 水彩
        words += [one.chinese for one in await asyncio.to_thread(among.tags.find, typed, LOOKED_AT)]
    meant = [style for word in words if (style := styles.named(word))]
    more = (Completion(one.name, one.called(person.language)) for one in meant)
    return list(dict.fromkeys((*found, *more)))[:limit]


async def _poses(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    entries = [
        _Entry(Completion(one.name, one.called(person.language)), (one.zh, one.en, one.name, *one.aliases))
        for one in library.poses()
    ]
    return _ranked(entries, typed, limit)


async def _favourites(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    found = await favourites.listed(among.db, person.id, typed, limit)
    return [Completion(one.name, f"{one.name} · {' '.join(one.text.split())}") for one in found]


async def _trainings(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """One's own, newest first, each name once."""
    names = dict.fromkeys(one.name for one in await trainings.of_person(among.db, person.id))
    return [Completion(name, name) for name in names if fold(typed) in fold(name)][:limit]


async def _tags(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    if among.tags is None or not typed:
        return []
    pinyin = traditional.chinese(person.language)
    clause = _CLAUSE.split(typed)[-1].strip()
    length, found = len(clause), await asyncio.to_thread(among.tags.find, clause, limit, pinyin=pinyin)
    if not found:
        length, found = await asyncio.to_thread(among.tags.complete, typed, limit, pinyin=pinyin)
    start = typed[: len(typed) - length]
    return [
        Completion(
            start + one.insert,
            f"{written(one.chinese, person.language)} · {one.tag}" if one.chinese != one.tag else one.tag,
        )
        for one in found
    ]


async def _shapes(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    entries = []
    for ratio, name in SHAPES.items():
        said = {language: texts.say(language, f"shape.{name}") for language in texts.LANGUAGES}
        entries.append(_Entry(Completion(ratio, f"{said[person.language]} {ratio}"), (ratio, *said.values())))
    return _ranked(entries, typed.replace("：", ":"), limit)


async def _samplers(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    lines = {name: (row.zh, row.en) for name, row in SAMPLERS.items()}
    lines |= {name: (row.zh, row.en) for name, row in a1111.SAMPLERS.items() if name not in lines}
    entries = (
        _Entry(Completion(name, f"{name} · {called(*said, person.language)}"), (name, *said))
        for name, said in lines.items()
    )
    return _ranked(entries, typed, limit)


async def _upscalers(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """The table's rows and the files in the folders."""
    rows = [
        _Entry(
            Completion(row.name, f"{row.name} · {called(row.zh, row.en, person.language)}"), (row.name, row.zh, row.en)
        )
        for row in UPSCALERS.values()
    ]
    found = await asyncio.to_thread(catalog.upscalers, among.rules.folders)
    rows += [_Entry(Completion(one.name, one.name), (one.name,)) for one in found]
    return _ranked(rows, typed, limit)


async def _fixes(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """What can be looked for and drawn again larger, here."""
    entries = []
    for name in await asyncio.to_thread(detectors.names, among.rules.folders):
        row = detectors.DETECTORS.get(name)
        said = called(row.zh, row.en, person.language) if row else name
        entries.append(_Entry(Completion(name, said), (name, row.zh, row.en) if row else (name,)))
    return _ranked(entries, typed, limit)


async def _when(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """Days to look for pictures of; what was typed itself, where it is one."""
    rows = [texts.say(person.language, f"when.{name}") for name in WHEN]
    found = _ranked([_Entry(Completion(one, one), (one,)) for one in rows], typed, limit)
    return found or ([Completion(typed, typed)] if typed else [])


async def _used(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """The models that a person drew with."""
    names = await pictures.models_used(among.db, person.id)
    return _ranked([_Entry(Completion(one, one), (one,)) for one in names], typed, limit)


async def _formats(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """The shapes of pictures, and the sizes of those that a person has."""
    entries = []
    for name in FORMATS:
        called = {language: texts.say(language, f"shape.{name}") for language in texts.LANGUAGES}
        entries.append(_Entry(Completion(called[person.language], called[person.language]), (*called.values(),)))
    for size in await pictures.sizes_made(among.db, person.id):
        said = "x".join(map(str, size))
        entries.append(_Entry(Completion(said, said), (said,)))
    return _ranked(entries, typed.replace("×", "x"), limit)


async def _lessons(among: Searchable, person: Person, typed: str, limit: int) -> list[Completion]:
    """The parameters that "why?" explains."""
    entries = []
    for name in lessons.LESSONS:
        called = lesson_cards.called(name, person.language)
        entries.append(_Entry(Completion(called, called), lesson_cards.names(name)))
    return _ranked(entries, typed, limit)


KINDS: Mapping[Kind, Callable[[Searchable, Person, str, int], Awaitable[list[Completion]]]] = {
    "model": _models,
    "lora": _loras,
    "style": _styles,
    "favourite": _favourites,
    "tag": _tags,
    "shape": _shapes,
    "sampler": _samplers,
    "upscaler": _upscalers,
    "fix": _fixes,
    "when": _when,
    "used": _used,
    "format": _formats,
    "pose": _poses,
    "lesson": _lessons,
    "training": _trainings,
}
