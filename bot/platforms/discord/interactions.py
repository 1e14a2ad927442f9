"""Interactions: commands, buttons, selects, forms, menus and what completes while somebody types.

Each is acknowledged within its event, before anything is looked up; what it asks for is done afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

import discord

from bot.chat import Request, Upload
from bot.platforms.discord import attachments, components, modal_submits, setting_values, slash_commands
from bot.platforms.discord.acknowledge import CHOICES, begin, person_of, respond, room_of
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM
from bot.platforms.discord.rest import Expired
from bot.studio import suggest
from storage.jobs import Place

log = logging.getLogger(__name__)

Data = Mapping[str, Any]
Interaction = discord.Interaction
COMPLETED = 25


async def take(context: DiscordContext, interaction: Interaction) -> None:
    """Acknowledge an interaction and pass it on."""
    data = cast(Data, interaction.data or {})
    kind = interaction.type
    try:
        if kind is discord.InteractionType.autocomplete:
            await _complete(context, interaction, data)
        elif kind is discord.InteractionType.application_command:
            run = components.menu if data.get("type") == slash_commands.MESSAGE else _command
            await run(context, interaction, data)
        elif kind is discord.InteractionType.component:
            await components.component(context, interaction, data)
        elif kind is discord.InteractionType.modal_submit:
            await modal_submits.form(context, interaction, data)
    except Expired as error:  # Discord has told the person already that nothing came
        log.warning("interaction %s was acknowledged too late: %s", interaction.id, error)


# --- commands ---


def _filled(data: Data) -> tuple[str, slash_commands.Values, Data | None]:
    """The verb, the values, and the option that is being typed."""
    options = cast(Sequence[Data], data.get("options", ()))
    verb = ""
    if options and options[0]["type"] == slash_commands.SUBCOMMAND:
        verb, options = options[0]["name"], options[0].get("options", ())
    values = {one["name"]: one.get("value", "") for one in options}
    return verb, values, next((one for one in options if one.get("focused")), None)


async def _command(context: DiscordContext, interaction: Interaction, data: Data) -> None:
    name = str(data["name"])
    verb, values, _ = _filled(data)
    shape = slash_commands.slash_of(name)
    shape = (shape.verbs or {}).get(verb, shape)
    everybody = shape.open and (shape.bare or bool(values))
    pending = await begin(context, interaction, "open" if everybody else "private")

    async def run() -> None:
        person = await person_of(context, interaction)
        pending.language = person.language
        if pending.mode == "open":
            await context.pending.keep(pending)
        asked = slash_commands.filled_in(name, verb, values)
        resolved = cast(Mapping[str, Data], data.get("resolved", {}).get("attachments", {}))
        every = (*slash_commands.IMAGES, *slash_commands.LEARNT, slash_commands.PICTURE)
        sent = [resolved[str(values[name])] for name in every if name in values]
        learnt = shape is slash_commands.SLASHES["train"]
        files: tuple[Upload, ...] = tuple([await attachments.fetched(context, one, learnt=learnt) for one in sent])
        await context.desk.request(
            Request(
                person=person,
                place=Place(PLATFORM, pending.channel),
                text=asked.text,
                key=pending.key,
                files=files,
                options=asked.options,
                loras=asked.loras,
                room=room_of(interaction),
            )
        )

    context.later(pending, run())


async def _complete(context: DiscordContext, interaction: Interaction, data: Data) -> None:
    """What may be meant by what is typed so far. A list of LoRAs completes its last one."""
    verb, values, typing = _filled(data)
    option = slash_commands.option_of(str(data["name"]), verb, str(typing["name"])) if typing else None
    found: list[suggest.Completion] = []
    before, typed = "", str(typing["value"]) if typing else ""
    kind: suggest.Kind | Mapping[str, str] | None = option.suggest if option else None
    if option and option.of:
        kind = setting_values.VALUES.get(str(values.get(option.of)))
    if isinstance(kind, Mapping):
        found = setting_values.listed(kind, typed, (await person_of(context, interaction)).language)
    elif kind is not None:
        if kind == "lora":
            before, comma, typed = typed.replace("，", ",").rpartition(",")
            before += comma
        person = await person_of(context, interaction)
        found = await context.suggest(person, kind, typed, COMPLETED)
    offered = [{"name": _short(one.label) or "·", "value": before + one.value} for one in found]
    choices: list[Any] = [one for one in offered if len(one["value"]) <= slash_commands.LONGEST]
    await respond(context, interaction, CHOICES, {"choices": choices})


def _short(text: str) -> str:
    return text if len(text) <= slash_commands.LONGEST else text[: slash_commands.LONGEST - 1] + "…"
