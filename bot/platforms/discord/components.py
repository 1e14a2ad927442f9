"""Pressed components (buttons, entries of selects), and the menus of messages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import discord

from bot.buttons.actions import ACTIONS
from bot.buttons.guiding import SAME_SHAPE
from bot.buttons.presses import under
from bot.buttons.sent import PAINT_OVER
from bot.buttons.training import TRAIN_DELETE, TRAIN_WRITE
from bot.chat import Button, Card, Press, Request, Say
from bot.people import owned
from bot.platforms.discord import attachments, custom_ids, modals, slash_commands
from bot.platforms.discord.acknowledge import begin, person_of, private, refuse, room_of
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import PLATFORM, Mode, Pending
from bot.platforms.discord.rest import Payload
from bot.platforms.discord.tag_table import TAG_ADD
from bot.studio import cards
from bot.studio.corrections import CORRECT
from engine.pixels import papers
from prompts.errors import Refusal
from storage import trainings
from storage.jobs import Place

Data = Mapping[str, Any]
Interaction = discord.Interaction
PAPERS = ("paper_draw", "paper_prompt", "paper_both")
OF_TRAININGS = frozenset({"train_show", "train_again", "train_use"})
# What these draw is for everybody.
OPEN = frozenset(
    {*ACTIONS, "again_all", "retry", "use", "edit", "draw", "mend", "mend_all", "example", "with_map", *PAPERS}
    | {"compare", "compare_again", "compare_rest", "draw_tags", "use_as_it_stands", "use_again", "lesson"}
    | {"draw_read", "add_read", "raise_missing", "split_missing", "seeds_missing"}
    | {*OF_TRAININGS}
)
OF_JOBS = frozenset({"again_all", "retry", "compare_again", "compare_rest"})
SOON = 1.0  # seconds; a press has to be acknowledged within three
MODES: Mapping[str, Mode] = {
    "cancel": "quiet",  # the card itself shows it
    **dict.fromkeys((*cards.ON, *cards.ON.values()), "quiet"),  # so does the button
    "delete": "instead",  # the question whether it is meant becomes the answer
    "train_delete": "instead",
    # A training's card is renewed where it stands.
    **dict.fromkeys(("train_read", "train_agree", "train_start", "train_pause", "train_go_on", "train_stop"), "quiet"),
    **dict.fromkeys(("help", "choose", "set", "tag"), "panel"),  # another card comes in the place of this one
}


async def component(context: DiscordContext, interaction: Interaction, data: Data) -> None:
    custom = str(data["custom_id"])
    pressed = custom_ids.parse_id(custom)
    if pressed is not None and pressed.action == custom_ids.PICK:
        custom = str(data["values"][0])
        pressed = custom_ids.parse_id(f"{custom_ids.VERSION}:{custom}")
    if pressed is None:
        await refuse(context, interaction, "press.unknown")
        return
    values = {"value": str(data["values"][0])} if pressed.action == "set" and data.get("values") else None
    await press(context, interaction, pressed.action, pressed.target, values, custom=custom)


async def press(
    context: DiscordContext,
    interaction: Interaction,
    action: str,
    target: str,
    values: Mapping[str, str] | None = None,
    custom: str = "",
) -> None:
    """Do what a button says (`custom` is its id, or its value in a select), or a menu."""
    if action == "edit":
        await modals.edit(context, interaction, target)
    elif action == "rename":
        await modals.rename(context, interaction, target)
    elif action == CORRECT:
        await modals.correct(context, interaction, target)
    elif action == PAINT_OVER:
        await modals.paint_over(context, interaction, target)
    elif action == SAME_SHAPE:
        await modals.same_shape(context, interaction, target)
    elif action == TAG_ADD:
        await modals.tags(context, interaction, target)
    elif action == TRAIN_WRITE:
        await modals.train_tags(context, interaction, target)
    elif action == "use" and await modals.fill(context, interaction, target):
        pass
    elif action == custom_ids.SHOW:
        await private(context, interaction, lambda pending: _show(context, interaction, pending, target))
    elif action.startswith(custom_ids.ASK):
        meant = action.removeprefix(custom_ids.ASK)
        await private(context, interaction, lambda pending: _ask(context, interaction, pending, meant, target))
    else:
        mode = MODES.get(action, "private") if custom else "private"
        if action in OPEN and not await _stranger(context, interaction, action, target):
            mode = "open"
        pending = await begin(context, interaction, mode)
        if custom and interaction.message:
            pending.custom = custom
            pending.rows = [dict(cast(Payload, one.to_dict())) for one in interaction.message.components]
        context.later(pending, pass_on(context, interaction, pending, action, target, values))


async def _stranger(context: DiscordContext, interaction: Interaction, action: str, target: str) -> bool:
    """Whether somebody presses what only another may: that is for them alone, from the first sign on."""
    try:
        async with asyncio.timeout(SOON):
            person = await person_of(context, interaction)
            if action in ACTIONS or action == "lesson":
                await owned.picture(context.db, person, target.partition(".")[0])
            elif action in OF_JOBS:
                await owned.job(context.db, person, target)
            elif action in OF_TRAININGS:
                kept = await trainings.get(context.db, target.partition(".")[0])
                return kept is None or kept.person != person.id
    except Refusal:
        return True
    except TimeoutError:  # the desk will know
        pass
    return False


async def pass_on(
    context: DiscordContext,
    interaction: Interaction,
    pending: Pending,
    action: str,
    target: str,
    values: Mapping[str, str] | None = None,
) -> None:
    """Give a press to the desk."""
    person = await person_of(context, interaction)
    pending.language = person.language
    if pending.mode == "open":
        await context.pending.keep(pending)
    await context.desk.press(
        Press(
            person=person,
            place=Place(PLATFORM, pending.channel),
            action=action,
            target=target,
            key=pending.key,
            values=values or {},
            room=room_of(interaction),
        )
    )


async def _show(context: DiscordContext, interaction: Interaction, pending: Pending, target: str) -> None:
    """A picture with everything that can be done with it."""
    person = await person_of(context, interaction)
    pending.language = person.language
    place, room = Place(PLATFORM, pending.channel), room_of(interaction)
    await context.gate(person, pending.channel, room)
    row = await owned.picture(context.db, person, target)
    press = Press(person=person, place=place, action=custom_ids.SHOW, target=target, key=pending.key, room=room)
    spoiler = await context.veiled(press, [row])
    card = replace(cards.picture_card(row), fields=(), buttons=cards.picture_buttons(row))
    await context.show(place, replace(card, spoiler=spoiler, fleeting=True), pending.key)


async def _ask(context: DiscordContext, interaction: Interaction, pending: Pending, action: str, target: str) -> None:
    person = await person_of(context, interaction)
    pending.language = person.language
    if action == "forget":
        said = Say("forget.sure")
    elif action == TRAIN_DELETE:
        said = Say("discord.sure")  # whose it is, the desk knows
    else:
        said = Say("discord.sure")
        await owned.picture(context.db, person, target)
    card = Card(text=said, buttons=(Button(action, target),), fleeting=True)
    await context.show(Place(PLATFORM, pending.channel), card, pending.key)


async def menu(context: DiscordContext, interaction: Interaction, data: Data) -> None:
    """A menu of a message: of a picture of ours, or of any that somebody posted."""
    action = slash_commands.menu_of(str(data["name"]))
    message = cast(Data, data["resolved"]["messages"][str(data["target_id"])])
    found = await attachments.meant(context, message)
    if found.post and action != custom_ids.BASE:
        action, target, values = under(found.post, action)
        await press(context, interaction, action, target, values)
    elif action == custom_ids.BASE and (found.picture or found.attachments):
        if not found.picture:
            context.remember(str(interaction.id), found.attachments)
        await modals.base(context, interaction, found.picture or f"{modals.FOREIGN}{interaction.id}")
    elif action == "recipe" and found.attachments:
        attachment = found.attachments[0]
        await private(context, interaction, lambda pending: _read(context, interaction, pending, attachment))
    else:
        await refuse(context, interaction, "discord.not_ours" if found.attachments else "discord.no_picture")


async def _read(context: DiscordContext, interaction: Interaction, pending: Pending, attachment: Data) -> None:
    """The recipe that somebody's picture carries."""
    person = await person_of(context, interaction)
    pending.language = person.language
    await context.gate(person, pending.channel, room_of(interaction))
    upload = await attachments.fetched(context, attachment)
    if not await asyncio.to_thread(papers.told, upload.content):
        raise Refusal("discord.no_recipe")
    place, room = Place(PLATFORM, pending.channel), room_of(interaction)
    request = Request(person=person, place=place, text="/recipe", key=pending.key, files=(upload,), room=room)
    await context.desk.request(request)
