"""Interactions: commands, buttons, selects, forms, menus and what completes while somebody types.

Each is acknowledged within its event, before anything is looked up; what it asks for is done afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.chat import Request, Upload
from bot.platforms.discord import attached, filled, pressed, slash
from bot.platforms.discord.acknowledge import CHOICES, begin, person_of, respond, room_of
from bot.platforms.discord.rest import Expired
from bot.platforms.discord.turn import PLATFORM
from bot.studio import suggest
from storage.jobs import Place

if TYPE_CHECKING:
    from bot.platforms.discord.chat import DiscordChat

log = logging.getLogger(__name__)

Data = Mapping[str, Any]
Interaction = discord.Interaction
COMPLETED = 25


async def heard(chat: DiscordChat, interaction: Interaction) -> None:
    """Acknowledge an interaction and pass it on."""
    data = cast(Data, interaction.data or {})
    kind = interaction.type
    try:
        if kind is discord.InteractionType.autocomplete:
            await _complete(chat, interaction, data)
        elif kind is discord.InteractionType.application_command:
            await (pressed.menu if data.get("type") == slash.MESSAGE else _command)(chat, interaction, data)
        elif kind is discord.InteractionType.component:
            await pressed.component(chat, interaction, data)
        elif kind is discord.InteractionType.modal_submit:
            await filled.form(chat, interaction, data)
    except Expired as error:  # Discord has told the person already that nothing came
        log.warning("interaction %s was acknowledged too late: %s", interaction.id, error)


# --- commands ---


def _filled(data: Data) -> tuple[str, slash.Values, Data | None]:
    """The verb, the values, and the option that is being typed."""
    options = cast(Sequence[Data], data.get("options", ()))
    verb = ""
    if options and options[0]["type"] == slash.SUBCOMMAND:
        verb, options = options[0]["name"], options[0].get("options", ())
    values = {one["name"]: one.get("value", "") for one in options}
    return verb, values, next((one for one in options if one.get("focused")), None)


async def _command(chat: DiscordChat, interaction: Interaction, data: Data) -> None:
    name = str(data["name"])
    verb, values, _ = _filled(data)
    shape = slash.slash_of(name)
    shape = (shape.verbs or {}).get(verb, shape)
    turn = await begin(chat, interaction, "open" if shape.open else "private")

    async def run() -> None:
        person = await person_of(chat, interaction)
        turn.language = person.language
        if turn.mode == "open":
            await chat.turns.keep(turn)
        asked = slash.wish(name, verb, values)
        resolved = cast(Mapping[str, Data], data.get("resolved", {}).get("attachments", {}))
        sent = [resolved[str(values[name])] for name in slash.IMAGES if name in values]
        files: tuple[Upload, ...] = tuple([await attached.fetched(chat, one) for one in sent])
        await chat.desk.request(
            Request(
                person=person,
                place=Place(PLATFORM, turn.channel),
                text=asked.text,
                key=turn.key,
                files=files,
                options=asked.options,
                loras=asked.loras,
                room=room_of(interaction),
            )
        )

    chat.later(turn, run())


async def _complete(chat: DiscordChat, interaction: Interaction, data: Data) -> None:
    """What may be meant by what is typed so far. A list of LoRAs completes its last one."""
    verb, _, typing = _filled(data)
    option = slash.option_of(str(data["name"]), verb, str(typing["name"])) if typing else None
    found: list[suggest.Choice] = []
    before, typed = "", str(typing["value"]) if typing else ""
    if option is not None and option.suggest is not None:
        if option.suggest == "lora":
            before, comma, typed = typed.replace("，", ",").rpartition(",")
            before += comma
        person = await person_of(chat, interaction)
        found = await suggest.suggest(chat.studio, person, option.suggest, typed, COMPLETED)
    offered = [{"name": _short(one.label) or "·", "value": before + one.value} for one in found]
    choices: list[Any] = [one for one in offered if len(one["value"]) <= slash.LONGEST]
    await respond(chat, interaction, CHOICES, {"choices": choices})


def _short(text: str) -> str:
    return text if len(text) <= slash.LONGEST else text[: slash.LONGEST - 1] + "…"
