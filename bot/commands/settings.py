"""/settings: what holds for one's own pictures when a request does not say otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from bot.buttons.forms import loras
from bot.buttons.loras import code_of
from bot.chat import Button, Card, Field, Request, Say
from bot.commands.command import Command
from bot.studio.cards import quality
from bot.studio.recipes import always
from bot.studio.studio import Studio
from bot.texts import NAMES, language_called, meant
from engine import qualities
from engine.files import catalog
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import people

OFF = frozenset({"off", "no", "false", "关", "关闭"})
ON = frozenset({"on", "yes", "true", "开", "打开"})
RESET = frozenset({"default", "reset", "默认", "预设"})


async def run(studio: Studio, request: Request, rest: str) -> Card:
    name, _, value = rest.partition(" ")
    kept: Json = None
    if name:
        name, value = ALIASES.get(meant(name, ALIASES), name.lower()), value.strip()
        if name not in SETTINGS:
            raise Refusal("settings.unknown", name=name[:40], names=", ".join(SETTINGS))
        kept = None if not value or meant(value, RESET) else await SETTINGS[name](studio, value)
        if name == "language":
            await people.set_language(studio.db, request.person.id, str(kept or ""))
        else:
            await people.set_setting(studio.db, request.person.id, name, kept)
    known = await people.settings(studio.db, request.person.id)
    lines = [
        Field(Say(f"settings.{key}"), Say("settings.default") if known.get(key) is None else _shown(known, key))
        for key in SETTINGS
        if key != "language"
    ]
    mine = always(known)
    return Card(
        text=Say("settings.title"),
        fields=tuple(lines),
        buttons=(Button("without_lora", code_of(mine[0].name)),) if len(mine) == 1 else (),
        language=str(kept or "") if name == "language" else "",
    )


def _shown(known: Mapping[str, Json], key: str) -> str | Say:
    if key == "quality" and known[key] != qualities.FULL:
        return quality(str(known[key]))
    if key == "loras":
        return ", ".join(f"{use.name}:{use.weight:g}" for use in always(known))
    return str(known[key])


async def _loras(studio: Studio, value: str) -> Json:
    if meant(value, OFF):
        return None
    files = await studio.loras()
    return [[catalog.lora(files, use.name).name, use.weight] for use in loras(value)]


async def _model(studio: Studio, value: str) -> Json:
    models = await asyncio.to_thread(catalog.models, studio.rules.models)
    return catalog.model(models, value).name


async def _count(studio: Studio, value: str) -> Json:
    most = studio.rules.pictures_per_request
    if not value.isdecimal() or not 1 <= int(value) <= most:
        raise Refusal("count.not_allowed", count=value[:20], limit=most)
    return int(value)


async def _ratio(studio: Studio, value: str) -> Json:
    wide, _, high = value.replace("：", ":").partition(":")
    try:
        ratio = float(wide) / float(high)
    except (ValueError, ZeroDivisionError):
        raise Refusal("settings.ratio_form", value=value[:20]) from None
    if not 0.25 <= ratio <= 4:
        raise Refusal("settings.ratio_form", value=value[:20])
    return round(ratio, 4)


async def _quality(studio: Studio, value: str) -> Json:
    return qualities.quality(value).name or qualities.FULL


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
    "ratio": _ratio,
    "count": _count,
    "quality": _quality,
    "assistant": _switch,
    "expand": _switch,
    "loras": _loras,
    "language": _language,
}
ALIASES = {
    "模型": "model",
    "画幅": "ratio",
    "shape": "ratio",
    "张数": "count",
    "画质": "quality",
    "助手": "assistant",
    "扩写": "expand",
    "lora": "loras",
    "语言": "language",
}
COMMAND = Command("settings", ("设置", "設定"), run)
