"""The buttons that put a LoRA into every picture of a person, and take it out again."""

from __future__ import annotations

import base64
import hashlib

from bot.chat import Card, Person, Press
from bot.studio import cards
from bot.studio.recipes import always, joined
from bot.studio.studio import Studio
from engine.files.catalog import LoraFile
from prompts.errors import Refusal
from prompts.prompt import Json, LoraUse
from storage import people
from storage.database import Database


def code_of(name: str) -> str:
    """Ten characters that stand for a LoRA on a button, where its name may not fit."""
    return base64.b32encode(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest())[:10].decode().lower()


async def with_lora(studio: Studio, press: Press) -> Card:
    one = await _coded(studio, press.target)
    kept = joined(always(await people.settings(studio.db, press.person.id)), (LoraUse(one.name, one.weight),))
    await _keep(studio.db, press.person, kept)
    return cards.notice("loras.kept", turned="without_lora", name=one.name)


async def without_lora(studio: Studio, press: Press) -> Card:
    mine = always(await people.settings(studio.db, press.person.id))
    kept = tuple(use for use in mine if code_of(use.name) != press.target)
    await _keep(studio.db, press.person, kept)
    return cards.notice("loras.left", turned="with_lora", count=len(kept))


async def _keep(db: Database, person: Person, uses: tuple[LoraUse, ...]) -> None:
    """Put these LoRAs into every picture of a person."""
    rows: list[Json] = [[use.name, use.weight] for use in uses]
    await people.set_setting(db, person.id, "loras", rows or None)


async def _coded(studio: Studio, code: str) -> LoraFile:
    for one in await studio.loras():
        if code_of(one.name) == code:
            return one
    raise Refusal("loras.gone")
