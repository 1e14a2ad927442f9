"""/loras: the LoRAs there are, or one with its preview, its trigger words and what it fits."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from bot.chat import Button, Card, Field, Person, Press, Request, Say
from bot.commands.command import Command
from bot.models.previews import preview
from bot.studio.recipes import always, joined
from engine.files.catalog import LoraFile
from prompts.errors import Refusal
from prompts.prompt import Json, LoraUse
from storage import people
from storage.search import fold

if TYPE_CHECKING:
    from bot.studio.studio import Studio

LISTED = 20


async def run(studio: Studio, request: Request, rest: str) -> Card:
    files = await studio.loras()
    if not files:
        raise Refusal("loras.none")
    words = fold(rest).split()
    found = [one for one in files if all(word in fold(" ".join((one.name, *one.triggers))) for word in words)]
    named = [one for one in files if fold(one.name) == fold(rest)]
    if not found:
        raise Refusal("loras.nothing", words=rest[:40])
    if len(found) == 1 or named:
        return await _card(studio, request.person, (named or found)[0])
    lines = (
        Field(Say("loras.name", {"name": one.name}), " · ".join(filter(None, (one.family, ", ".join(one.triggers)))))
        for one in found[:LISTED]
    )
    shown = min(len(found), LISTED)
    return Card(text=Say("loras.found", {"count": len(found), "shown": shown}), fields=tuple(lines))


async def _card(studio: Studio, person: Person, one: LoraFile) -> Card:
    """All that is known of a LoRA, and the button that puts it into every picture, or takes it out again."""
    mine = {use.name for use in always(await people.settings(studio.db, person.id))}
    lines = {
        "triggers": ", ".join(one.triggers),
        "family": one.family,
        "rank": str(one.rank or ""),
        "format": one.format,
        "weight": f"{one.weight:g}",
        "write": str(LoraUse(one.name, one.weight)),
    }
    return Card(
        text=Say("loras.title", {"name": one.name}),
        fields=tuple(Field(Say(f"loras.{name}"), value) for name, value in lines.items() if value),
        pictures=await preview(studio.db, person, one.preview),
        buttons=(Button("without_lora" if one.name in mine else "with_lora", code_of(one.name)),),
    )


def code_of(name: str) -> str:
    """Ten characters that stand for a LoRA on a button, where its name may not fit."""
    return base64.b32encode(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())[:10].decode().lower()


async def with_lora(studio: Studio, press: Press) -> Card:
    one = await _coded(studio, press.target)
    kept = joined(always(await people.settings(studio.db, press.person.id)), (LoraUse(one.name, one.weight),))
    await keep(studio, press.person, kept)
    return Card(text=Say("loras.kept", {"name": one.name}), fleeting=True)


async def without_lora(studio: Studio, press: Press) -> Card:
    mine = always(await people.settings(studio.db, press.person.id))
    kept = tuple(use for use in mine if code_of(use.name) != press.target)
    await keep(studio, press.person, kept)
    return Card(text=Say("loras.left", {"count": len(kept)}), fleeting=True)


async def keep(studio: Studio, person: Person, uses: tuple[LoraUse, ...]) -> None:
    """Put these LoRAs into every picture of a person."""
    rows: list[Json] = [[use.name, use.weight] for use in uses]
    await people.set_setting(studio.db, person.id, "loras", rows or None)


async def _coded(studio: Studio, code: str) -> LoraFile:
    for one in await studio.loras():
        if code_of(one.name) == code:
            return one
    raise Refusal("loras.gone")


COMMAND = Command("loras", ("lora",), run)
