"""/settings: what holds for one's own pictures when a request does not say otherwise."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot.buttons.forms import loras
from bot.buttons.loras import code_of
from bot.chat import Button, Card, Choice, Field, Person, Request, Say, Select
from bot.commands.blocked import meant_by, words_of
from bot.commands.command import Command
from bot.studio import own_values
from bot.studio.cards import quality
from bot.studio.recipes import always
from bot.studio.studio import Studio
from bot.studio.suggest import SHAPES
from bot.texts import LANGUAGES, NAMES, language_called, meant, say
from engine import qualities
from engine.files import catalog
from engine.policy import POLICIES, Policy
from prompts import axes, options, styles
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import kept_tags, people

MOST = 25  # choices of a list on Discord
LONGEST = 30  # characters of a choice that stands on a button of Telegram by itself
CODE = "~"  # before what stands for a longer one
DEFAULT = "default"
SWITCHES = ("assistant", "expand", "reactions")
WISHED = ("check",)  # switches that are off until somebody turns them on
OFF = frozenset({"off", "no", "false", "关", "关闭"})
ON = frozenset({"on", "yes", "true", "开", "打开"})
METADATA: Mapping[str, Policy] = {
    **{one: one for one in POLICIES},
    "写入": "embed",
    "隐写": "stealth",
    "隐藏": "stealth",
    "去除": "strip",
    "去掉": "strip",
}
RESET = frozenset({DEFAULT, "reset", "默认", "预设"})


async def run(studio: Studio, request: Request, rest: str) -> Card:
    name, _, value = rest.partition(" ")
    if not name:
        return await panel(studio, request.person)
    name, value = ALIASES.get(meant(name, ALIASES), name.lower()), value.strip()
    if name not in SETTINGS:
        raise Refusal("settings.unknown", name=name[:40], names=", ".join(SETTINGS))
    return await chosen(studio, request.person, name, value)


async def panel(studio: Studio, person: Person, one: str = "") -> Card:
    """All that somebody has set, and the choices there are; with the name of `one` setting, only its choices."""
    known = dict(await people.settings(studio.db, person.id))
    words = await kept_tags.listed(studio.db, person.id, "blocked")
    known["blocked"] = "、".join(each.shown for each in words) or None
    selects = await choices(studio, person, known)
    if one in selects:
        back = Button("choose", "all")
        return Card(text=Say(f"settings.choose.{one}"), selects=(selects[one],), buttons=(back,), panel=True)
    lines = [
        Field(Say(f"settings.{key}"), Say("settings.default") if known.get(key) is None else _shown(known, key))
        for key in SETTINGS
        if key != "language"
    ]
    language = Field(Say("settings.language"), NAMES.get(person.language, person.language))
    mine = always(known)
    switches = [
        Button("set", f"{name}.{'off' if on else 'on'}", label=Say(f"settings.turn_{'off' if on else 'on'}.{name}"))
        for name in (*SWITCHES, *WISHED)
        for on in (known.get(name) is True if name in WISHED else known.get(name) is not False,)
    ]
    loras = [Button("without_lora", code_of(mine[0].name))] if len(mine) == 1 else []
    return Card(
        text=Say("settings.title"),
        fields=(language, *lines),
        buttons=(*switches, *loras),
        selects=tuple(selects.values()),
        panel=True,
    )


async def chosen(studio: Studio, person: Person, name: str, value: str) -> Card:
    """Set a value, as written or as a choice stands for it, and show all of them. Raises Refusal."""
    if name not in SETTINGS:
        raise Refusal("settings.unknown", name=name[:40], names=", ".join(SETTINGS))
    if value.startswith(CODE):
        value = await _coded(studio, name, value)
    kept = None if not value or meant(value, RESET) else await SETTINGS[name](studio, value)
    if name == "blocked":
        words = await meant_by(studio, person, words_of(str(kept or "")))
        await kept_tags.add_all(studio.db, person.id, "blocked", words, anew=True)
        return replace(await panel(studio, person), text=Say("settings.changed"))
    if name != "language":
        known = await people.settings(studio.db, person.id)
        for other, changed in own_values.beside(name, kept, known).items():
            await people.set_setting(studio.db, person.id, other, changed)
        await people.set_setting(studio.db, person.id, name, kept)
        return replace(await panel(studio, person), text=Say("settings.changed"))
    language = str(kept or "")
    await people.set_language(studio.db, person.id, language)
    card = await panel(studio, replace(person, language=language or person.language))
    return replace(card, text=Say("settings.language_changed"), language=language)


async def choices(studio: Studio, person: Person, known: Mapping[str, Json]) -> Mapping[str, Select]:
    """The settings that are chosen from a list, each with no more choices than any platform shows."""
    models = [one.name for one in await asyncio.to_thread(catalog.models, studio.rules.models)]
    usual = Choice(DEFAULT, Say("settings.default"))
    ratios = [Choice(ratio, f"{say(person.language, f'shape.{name}')} {ratio}") for ratio, name in SHAPES.items()]
    counts = [Choice(str(count), str(count)) for count in range(1, studio.rules.pictures_per_request + 1)]
    lists = {
        "model": [usual, *(Choice(code(name), name) for name in models)],
        "style": [usual, *(Choice(one.name, one.called(person.language)) for one in _styles())],
        "ratio": [usual, *ratios],
        "count": counts,
        "language": [Choice(one, NAMES[one]) for one in LANGUAGES],
    }
    held = {
        "model": code(str(known["model"])) if known.get("model") else DEFAULT,
        "style": str(known.get("style") or DEFAULT),
        "ratio": _ratio_held(known.get("ratio")),
        "count": str(known.get("count") or 1),
        "language": person.language,
    }
    return {
        name: Select(name, Say(f"settings.{name}"), _some(found, held[name]), held[name])
        for name, found in lists.items()
    }


def _ratio_held(value: Json) -> str:
    """A ratio as a choice stands for it, one that is no usual shape as it can be written."""
    usual = next((one for one in SHAPES if ratio_of(one) == value), "")
    return usual or (f"{value}:1" if value else DEFAULT)


def _some(found: Sequence[Choice], held: str) -> tuple[Choice, ...]:
    """As many choices as fit, with the one that holds."""
    first = list(found[:MOST])
    if all(one.value != held for one in first):
        first[-1:] = [one for one in found if one.value == held] or [Choice(held, held)]
    return tuple(first)


def code(name: str) -> str:
    """What stands for a name on a button, where it may not fit."""
    plain = name.isascii() and len(name) <= LONGEST and not name.startswith(CODE)
    return name if plain else CODE + code_of(name)


async def _coded(studio: Studio, name: str, value: str) -> str:
    """The name behind a code. Raises Refusal where it is gone."""
    models = await asyncio.to_thread(catalog.models, studio.rules.models)
    for one in models:
        if name == "model" and code(one.name) == value:
            return one.name
    raise Refusal("press.unknown")


def _styles() -> list[styles.Style]:
    """The first of every group in turn, until a list is full."""
    rows = itertools.zip_longest(*(group.styles for group in styles.groups()))
    return [one for row in rows for one in row if one is not None][: MOST - 1]


def _shown(known: Mapping[str, Json], key: str) -> str | Say:
    value = known[key]
    if isinstance(value, bool):
        return Say("settings.on" if value else "settings.off")
    if key == "quality" and value != qualities.FULL:
        return quality(str(value))
    if key == own_values.NAME:
        return own_values.described(known)
    if key == "loras":
        return ", ".join(f"{use.name}:{use.weight:g}" for use in always(known))
    if key == "metadata":
        return Say(f"settings.metadata.{value}")
    if key == "ratio":
        return next((one for one in SHAPES if ratio_of(one) == value), str(value))
    return str(value)


async def _loras(studio: Studio, value: str) -> Json:
    if meant(value, OFF):
        return None
    files = await studio.loras()
    return [[catalog.lora(files, use.name, studio.rules.loras).name, use.weight] for use in loras(value)]


async def _blocked(studio: Studio, value: str) -> Json:
    return None if meant(value, OFF) else ", ".join(words_of(value))


async def _model(studio: Studio, value: str) -> Json:
    models = await asyncio.to_thread(catalog.models, studio.rules.models)
    return catalog.model(models, value, studio.rules.models).name


async def _count(studio: Studio, value: str) -> Json:
    most = studio.rules.pictures_per_request
    if not value.isdecimal() or not 1 <= int(value) <= most:
        raise Refusal("count.not_allowed", count=value[:20], limit=most)
    return int(value)


async def _ratio(studio: Studio, value: str) -> Json:
    for ratio, name in SHAPES.items():  # by its name: 横图
        if value.lower() in {say(language, f"shape.{name}") for language in LANGUAGES}:
            return ratio_of(ratio)
    try:
        found = ratio_of(value)
    except (ValueError, ZeroDivisionError):
        raise Refusal("settings.ratio_form", value=value[:20]) from None
    if not 0.25 <= found <= 4:
        raise Refusal("settings.ratio_form", value=value[:20])
    return found


def ratio_of(text: str) -> float:
    """Width through height of "3:2". Raises ValueError, ZeroDivisionError."""
    wide, _, high = text.replace("：", ":").partition(":")
    return round(float(wide) / float(high), 4)


async def _style(studio: Studio, value: str) -> Json:
    return styles.find_style(value).name


async def _quality(studio: Studio, value: str) -> Json:
    return qualities.quality(value).name or qualities.FULL


async def _metadata(studio: Studio, value: str) -> Json:
    if not (known := METADATA.get(meant(value, METADATA), "")):
        raise Refusal("settings.metadata_form", value=value[:20])
    return known


async def _values(studio: Studio, value: str) -> Json:
    read = axes.read(value)
    if any(len(axis.values) > 1 for axis in read):
        raise Refusal("settings.values_form")
    found = own_values.flags_of(read)
    for text in found.values():
        said = options.flags(text).options  # which says what is impossible
        if said.vae:
            known = await asyncio.to_thread(catalog.vaes, studio.rules.folders)
            await asyncio.to_thread(catalog.vae, known, said.vae, studio.rules.folders)
    return dict[str, Json](found)


async def _switch(studio: Studio, value: str) -> Json:
    if not (said := meant(value, ON | OFF)):
        raise Refusal("settings.on_or_off", value=value[:20])
    return said in ON


async def _language(studio: Studio, value: str) -> Json:
    if not (language := language_called(value)):
        raise Refusal("settings.language_form", value=value[:20], languages="、".join(NAMES.values()))
    return language


SETTINGS: Mapping[str, Callable[[Studio, str], Awaitable[Json]]] = {
    "model": _model,
    "style": _style,
    "ratio": _ratio,
    "count": _count,
    "quality": _quality,
    "metadata": _metadata,
    "assistant": _switch,
    "expand": _switch,
    "reactions": _switch,
    "check": _switch,
    "loras": _loras,
    own_values.NAME: _values,
    "blocked": _blocked,
    "language": _language,
}
ALIASES = {
    "模型": "model",
    "风格": "style",
    "画幅": "ratio",
    "shape": "ratio",
    "张数": "count",
    "画质": "quality",
    "参数": "metadata",
    "助手": "assistant",
    "扩写": "expand",
    "表情": "reactions",
    "检查": "check",
    "lora": "loras",
    "常用值": own_values.NAME,
    "屏蔽词": "blocked",
    "语言": "language",
}
COMMAND = Command("settings", ("设置", "設定"), run)
