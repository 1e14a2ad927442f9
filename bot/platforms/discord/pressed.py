"""What is pressed: buttons, the entries of selects, and the menus of messages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import discord

from bot.buttons.actions import ACTIONS
from bot.buttons.presses import under
from bot.chat import Button, Card, Press, Say
from bot.people import access, owned
from bot.platforms.discord import attached, forms, ids, slash
from bot.platforms.discord.acknowledge import begin, person_of, private, refuse, room_of
from bot.platforms.discord.turn import PLATFORM, Turn
from bot.studio import cards
from engine.pixels import stamp
from prompts.errors import Refusal
from storage.jobs import Place

if TYPE_CHECKING:
    from bot.platforms.discord.chat import DiscordChat

Data = Mapping[str, Any]
Interaction = discord.Interaction
OPEN = frozenset({*ACTIONS, "again_all", "retry", "use", "edit", "draw"})  # what these draw is for everybody
QUIET = frozenset({"cancel"})  # the card itself shows it


async def component(chat: DiscordChat, interaction: Interaction, data: Data) -> None:
    pressed = ids.read(str(data["custom_id"]))
    if pressed is not None and pressed.action == ids.PICK:
        pressed = ids.read(f"{ids.VERSION}:{data['values'][0]}")
    if pressed is None:
        await refuse(chat, interaction, "press.unknown")
    else:
        await press(chat, interaction, pressed.action, pressed.target)


async def press(
    chat: DiscordChat, interaction: Interaction, action: str, target: str, values: Mapping[str, str] | None = None
) -> None:
    """Do what a button says, or a menu."""
    if action == "edit":
        await forms.edit(chat, interaction, target)
    elif action == ids.SHOW:
        await private(chat, interaction, lambda turn: _show(chat, interaction, turn, target))
    elif action.startswith(ids.ASK):
        meant = action.removeprefix(ids.ASK)
        await private(chat, interaction, lambda turn: _ask(chat, interaction, turn, meant, target))
    else:
        turn = await begin(chat, interaction, "open" if action in OPEN else "quiet" if action in QUIET else "private")
        chat.later(turn, pass_on(chat, interaction, turn, action, target, values))


async def pass_on(
    chat: DiscordChat,
    interaction: Interaction,
    turn: Turn,
    action: str,
    target: str,
    values: Mapping[str, str] | None = None,
) -> None:
    """Give a press to the desk."""
    person = await person_of(chat, interaction)
    turn.language = person.language
    if turn.mode == "open":
        await chat.turns.keep(turn)
    await chat.desk.press(
        Press(
            person=person,
            place=Place(PLATFORM, turn.channel),
            action=action,
            target=target,
            key=turn.key,
            values=values or {},
            room=room_of(interaction),
        )
    )


async def _show(chat: DiscordChat, interaction: Interaction, turn: Turn, target: str) -> None:
    """A picture with everything that can be done with it."""
    person = await person_of(chat, interaction)
    turn.language = person.language
    row = await owned.picture(chat.db, person, target)
    place, room = Place(PLATFORM, turn.channel), room_of(interaction)
    press = Press(person=person, place=place, action=ids.SHOW, target=target, key=turn.key, room=room)
    spoiler = await access.veiled(chat.db, chat.studio.rules.access, press, [row.recipe])
    card = replace(cards.recipe_card(row), prompt=None, fields=(), buttons=cards.picture_buttons(row.id))
    await chat.send(place, replace(card, spoiler=spoiler, fleeting=True), turn.key)


async def _ask(chat: DiscordChat, interaction: Interaction, turn: Turn, action: str, target: str) -> None:
    turn.language = (await person_of(chat, interaction)).language
    await chat.send(
        Place(PLATFORM, turn.channel),
        Card(text=Say("discord.sure"), buttons=(Button(action, target),), fleeting=True),
        turn.key,
    )


async def menu(chat: DiscordChat, interaction: Interaction, data: Data) -> None:
    """A menu of a message: of a picture of ours, or of any that somebody posted."""
    action = slash.menu_of(str(data["name"]))
    message = cast(Data, data["resolved"]["messages"][str(data["target_id"])])
    found = await attached.meant(chat, message)
    if found.post and action != ids.BASE:
        action, target, values = under(found.post, action)
        await press(chat, interaction, action, target, values)
    elif action == ids.BASE and (found.picture or found.attachments):
        if not found.picture:
            chat.remember(str(interaction.id), found.attachments)
        await forms.base(chat, interaction, found.picture or f"{forms.FOREIGN}{interaction.id}")
    elif action == "recipe" and found.attachments:
        attachment = found.attachments[0]
        await private(chat, interaction, lambda turn: _read(chat, interaction, turn, attachment))
    else:
        await refuse(chat, interaction, "discord.not_ours" if found.attachments else "discord.no_picture")


async def _read(chat: DiscordChat, interaction: Interaction, turn: Turn, attachment: Data) -> None:
    """The recipe that somebody's picture carries."""
    turn.language = (await person_of(chat, interaction)).language
    upload = await attached.fetched(chat, attachment)
    recipe = await asyncio.to_thread(stamp.read, upload.content)
    if recipe is None:
        raise Refusal("discord.no_recipe")
    said = Say("recipe.title", {"code": recipe.code})
    card = Card(text=said, prompt=recipe.prompt, fields=cards.recipe_fields(recipe), fleeting=True)
    await chat.send(Place(PLATFORM, turn.channel), card, turn.key)
