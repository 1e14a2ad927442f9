"""/loras: the LoRAs there are, or one with its preview, its trigger words and what it fits."""

from __future__ import annotations

from bot.buttons.loras import code_of
from bot.chat import Button, Card, Field, Person, Request, Say
from bot.commands.command import Command
from bot.studio.model_previews import preview
from bot.studio.recipes import always
from bot.studio.studio import Studio
from engine.files import catalog, private
from engine.files.catalog import LoraFile
from prompts.errors import Refusal
from prompts.prompt import LoraUse
from storage import people
from storage.database import Database
from storage.search import fold

LISTED = 20


async def run(studio: Studio, request: Request, rest: str) -> Card:
    files = [one for one in await studio.loras() if not private.half(one.path)]
    if not files:
        raise Refusal("loras.none")
    words = fold(rest).split()
    found = [
        one
        for one in files
        if all(word in fold(" ".join((one.name, catalog.lineage(one), *one.words))) for word in words)
    ]
    named = [one for one in files if fold(one.name) == fold(rest)]
    if not found:
        raise Refusal("loras.nothing", words=rest[:40])
    if len(found) == 1 or named:
        return await _card(studio.db, request.person, (named or found)[0])
    lines = (
        Field(
            Say("loras.name", {"name": one.name}),
            " · ".join(filter(None, (catalog.lineage(one), ", ".join(one.words)))),
        )
        for one in found[:LISTED]
    )
    shown = min(len(found), LISTED)
    return Card(text=Say("loras.found", {"count": len(found), "shown": shown}), fields=tuple(lines))


async def _card(db: Database, person: Person, one: LoraFile) -> Card:
    """All that is known of a LoRA, and the button that puts it into every picture, or takes it out again."""
    mine = {use.name for use in always(await people.settings(db, person.id))}
    lines = {
        "triggers": ", ".join(one.words),
        "family": catalog.lineage(one),
        "rank": str(one.rank or ""),
        "format": one.format,
        "weight": f"{one.weight:g}",
        "write": str(LoraUse(one.name, one.weight)),
    }
    return Card(
        text=Say("loras.title", {"name": one.name}),
        fields=tuple(Field(Say(f"loras.{name}"), value) for name, value in lines.items() if value),
        pictures=await preview(db, person, one.preview),
        buttons=(Button("without_lora" if one.name in mine else "with_lora", code_of(one.name)),),
    )


COMMAND = Command("loras", ("lora",), run)
