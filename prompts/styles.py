"""The styles a prompt can be given by name, in the groups in which the tutorial has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import yaml

from prompts.errors import Refusal
from prompts.presets import LOOKS, Look
from prompts.prompt import Options
from prompts.spelling import near
from prompts.traditional import called
from prompts.translate.chinese import readings

FOLDER = Path(__file__).parent / "data" / "styles"
GROUPS = ("photographic", "illustration", "anime", "3d", "chinese", "media", "design")  # the order in which they show


@dataclass(frozen=True, slots=True)
class Style:
    """A style: words for the prompt and its negative in A1111 syntax, and the recipe fields that suit it.

    `positive` goes to quality and style, `scene` to scene and detail; `options` holds ratio, sampler and steps, for
    where the person said nothing. `look` chooses the preset that goes with it.
    """

    name: str
    zh: str
    en: str
    aliases: tuple[str, ...]
    group: str
    look: Look | None
    positive: tuple[str, ...]
    scene: tuple[str, ...]
    negative: tuple[str, ...]
    options: Options

    def called(self, language: str) -> str:
        return called(self.zh, self.en, language)


@dataclass(frozen=True, slots=True)
class StyleGroup:
    """Styles of one kind, with its name in both languages."""

    name: str
    zh: str
    en: str
    styles: tuple[Style, ...]

    def called(self, language: str) -> str:
        return called(self.zh, self.en, language)


@cache
def groups() -> tuple[StyleGroup, ...]:
    """Every group with its styles."""
    return tuple(_group(name) for name in GROUPS)


@cache
def styles() -> Mapping[str, Style]:
    """Every style by its name."""
    return MappingProxyType({style.name: style for group in groups() for style in group.styles})


def named(text: str) -> Style | None:
    """The style that a text names, in Chinese of either script or English, with or without "风格"."""
    called = _called()
    plain = _plain(text)
    if found := called.get(plain) or called.get(_bare(plain)):
        return found
    if plain.isascii():
        return None
    said = (called.get(_bare(reading)) for reading in readings(plain))
    return next(filter(None, said), None) or _called_elsewhere().get(_bare(plain))


def find_style(text: str) -> Style:
    """The style of this name. Raises Refusal `style.unknown`, with the nearest name, where there is none."""
    if style := named(text):
        return style
    style = _called().get(near(_bare(readings(_plain(text))[0]), _called()))
    raise Refusal("style.unknown", name=text[:40], near=(style.en if text.isascii() else style.zh) if style else "")


def search(words: str) -> tuple[StyleGroup, ...]:
    """The styles in whose names, group or words all these words stand; of a group's own name, the whole group."""
    wanted = [_plain(word) for word in words.split()]
    found = []
    for group in groups():
        held = tuple(
            style
            for style in group.styles
            if all(any(word in text for text in (*_texts(style), _plain(group.en), group.zh)) for word in wanted)
        )
        if held:
            found.append(StyleGroup(group.name, group.zh, group.en, held))
    return tuple(found)


def _texts(style: Style) -> tuple[str, ...]:
    return tuple(_plain(text) for text in (style.name, style.zh, style.en, *style.aliases, *style.positive))


def _plain(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign not in " -_·'’")


def _bare(plain: str) -> str:
    """The name without the word for "style" that people put behind it."""
    for ending in ("风格", "風格", "画风", "畫風", "style"):
        if plain.endswith(ending) and len(plain) > len(ending):
            return plain.removesuffix(ending)
    return plain


@cache
def _called() -> Mapping[str, Style]:
    """Every style by everything it is called; of two that share a word, the first."""
    table: dict[str, Style] = {}
    for style in styles().values():
        for text in (style.name, style.zh, style.en):
            table.setdefault(_plain(text), style)
    for style in styles().values():
        for text in (style.zh, style.en, *style.aliases):
            table.setdefault(_plain(text), style)
            table.setdefault(_bare(_plain(text)), style)
    return table


@cache
def _called_elsewhere() -> Mapping[str, Style]:
    """Every style by what it is called in Taiwan and Hong Kong, where that is another word."""
    languages = ("zh-TW", "zh-HK")
    return {_bare(_plain(style.called(language))): style for style in styles().values() for language in languages}


def _group(name: str) -> StyleGroup:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = cast(Mapping[str, Any], yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), loader))
    rows = cast(Mapping[str, Mapping[str, Any]], content["styles"])
    made = tuple(_style(key, row, name, content.get("look")) for key, row in rows.items())
    return StyleGroup(name, content["zh"], content["en"], made)


def _style(name: str, row: Mapping[str, Any], group: str, look: str | None) -> Style:
    wide, _, high = str(row.get("ratio", "")).partition("x")
    look = row.get("look", look)
    return Style(
        name=name,
        zh=row["zh"],
        en=row["en"],
        aliases=tuple(row.get("aliases", ())),
        group=group,
        look=cast(Look, look) if look in LOOKS else None,
        positive=tuple(row["positive"]),
        scene=tuple(row.get("scene", ())),
        negative=tuple(row.get("negative", ())),
        options=Options(
            ratio=float(wide) / float(high) if wide else None, sampler=row.get("sampler"), steps=row.get("steps")
        ),
    )
