"""The forms (modals): what to change about a picture, and what to draw over one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import discord

from bot import texts
from bot.buttons import forms as filling
from bot.buttons.guiding import SAME_SHAPE
from bot.buttons.sent import PAINT_OVER
from bot.buttons.training import TRAIN_WRITE
from bot.chat import Person
from bot.people import owned
from bot.platforms.discord import custom_ids
from bot.platforms.discord.acknowledge import FORM, begin, person_of, refuse, respond
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.rest import Payload
from bot.platforms.discord.tag_table import TAG_ADD
from bot.studio.corrections import CORRECT, doubtful
from prompts.compose import LIMIT, SENTENCE
from prompts.errors import Refusal
from prompts.placeholders import MOST, placeholders
from prompts.prompt import Json
from prompts.translate.personal_dictionary import ENGLISH, WORD
from storage import favourites, jobs
from storage.pictures import PictureRow

FOREIGN = "at-"  # before the interaction whose menu brought somebody else's picture
SHORT, PARAGRAPH = 1, 2
TEXT_INPUT, SELECT, LABEL = 4, 3, 18
NAMES, TITLE = 45, 45
SEED = 20  # characters
PAIR = WORD + ENGLISH + 10
CHOICES = 25
SOON = 1.5  # seconds; a form has to be shown within three
log = logging.getLogger(__name__)


async def edit(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Show what a picture was drawn from, to be changed: by a sentence, or field by field."""
    person = await person_of(context, interaction)
    if (row := await _own(context, interaction, person, target)) is None:
        return
    before, language = filling.form(row.recipe), person.language
    example = texts.say(language, "page.edit.example")
    parts = [
        _labelled("sentence", language, _input("sentence", "", PARAGRAPH, example, SENTENCE)),
        _labelled("prompt", language, _input("prompt", before["prompt"], PARAGRAPH)),
        _labelled("negative", language, _input("negative", before["negative"], PARAGRAPH)),
        _labelled("seed", language, _input("seed", before["seed"], SHORT, longest=SEED)),
    ]
    if loras := await _loras(context, person, row):
        parts.insert(3, _labelled("loras", language, loras))
    await _show(context, interaction, custom_ids.make("edit", target), texts.say(language, "page.edit.title"), parts)


async def base(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask what to draw over a picture: one of the person's own, or a foreign one."""
    person = await person_of(context, interaction)
    if not target.startswith(FOREIGN) and await _own(context, interaction, person, target) is None:
        return
    language = person.language
    prompt = {**_input("prompt", "", PARAGRAPH), "required": True}
    title = texts.say(language, "discord.menu.base")
    await _show(
        context, interaction, custom_ids.make(custom_ids.BASE, target), title, [_labelled("prompt", language, prompt)]
    )


async def rename(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask what the favourite that a picture is should be called."""
    person = await person_of(context, interaction)
    kept = await favourites.of_picture(context.db, person.id, target)
    if kept is None:
        await refuse(context, interaction, "favourites.none_of_picture")
        return
    one = {**_input("name", kept.name, SHORT), "required": True, "max_length": favourites.MAX_NAME}
    title = texts.say(person.language, "button.rename")
    parts = [_labelled("name", person.language, one)]
    await _show(context, interaction, custom_ids.make("rename", target), title, parts)


async def correct(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask what a word of a job is in English; the first that is doubtful stands there as it was read."""
    person = await person_of(context, interaction)
    kept = await jobs.get(context.db, target)
    words = doubtful(kept.job.recipe.prompt) if kept else ()
    hint = texts.say(person.language, "page.correct.example")
    one = {**_input("pair", words[0] if words else "", SHORT, hint, PAIR), "required": True}
    title = texts.say(person.language, "button.correct")
    parts = [_labelled("pair", person.language, one)]
    await _show(context, interaction, custom_ids.make(CORRECT, target), title, parts)


async def paint_over(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask what a picture that came without a word is to become."""
    person = await person_of(context, interaction)
    hint = texts.say(person.language, "page.paint_over.example")
    one = {**_input("prompt", "", PARAGRAPH, hint), "required": True}
    title = texts.say(person.language, "button.paint_over")
    await _show(
        context, interaction, custom_ids.make(PAINT_OVER, target), title, [_labelled("wish", person.language, one)]
    )


async def tags(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask what tags are added to a table, and what is not wanted."""
    language = (await person_of(context, interaction)).language
    hint = texts.say(language, "tags.add_example")
    parts = [
        _labelled("tags", language, _input("text", "", PARAGRAPH, hint, SENTENCE)),
        _labelled("tags_negative", language, _input("unwanted", "", SHORT, "", SENTENCE)),
    ]
    await _show(context, interaction, custom_ids.make(TAG_ADD, target), texts.say(language, "tags.add"), parts)


async def train_tags(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask how the tags of a training are to be changed."""
    language = (await person_of(context, interaction)).language
    one = {**_input("text", "", PARAGRAPH, texts.say(language, "training.example")), "required": True}
    title = texts.say(language, "button.train_write")
    parts = [_labelled("train_tags", language, one)]
    await _show(context, interaction, custom_ids.make(TRAIN_WRITE, target), title, parts)


async def same_shape(context: DiscordContext, interaction: discord.Interaction, target: str) -> None:
    """Ask what is to be drawn with a picture's shapes."""
    person = await person_of(context, interaction)
    if await _own(context, interaction, person, target) is None:
        return
    hint = texts.say(person.language, "page.same_shape.example")
    one = {**_input("prompt", "", PARAGRAPH, hint), "required": True}
    title = texts.say(person.language, "button.same_shape")
    await _show(
        context, interaction, custom_ids.make(SAME_SHAPE, target), title, [_labelled("prompt", person.language, one)]
    )


async def fill(context: DiscordContext, interaction: discord.Interaction, target: str) -> bool:
    """Ask what goes into the place-holders of a favourite; False where it has none or too many, or nobody knows it any
    more."""
    person = await person_of(context, interaction)
    try:
        kept = await favourites.find_favourite(context.db, person.id, target)
    except Refusal:  # the desk says so
        return False
    found = placeholders(kept.text)
    found = found if len(found) <= MOST else tuple(one for one in found if not one.usual)
    if not 0 < len(found) <= MOST:  # more than a form takes: the desk says how to write them
        return False
    parts: list[Payload] = []
    for one in found:
        asked = {**_input(one.name, one.usual, SHORT), "required": not one.usual}
        parts.append({"type": LABEL, "label": one.name[:NAMES], "component": asked})
    title = texts.say(person.language, "page.fill.title", name=kept.name)
    await _show(context, interaction, custom_ids.make("use", target), title, parts)
    return True


def values(data: Mapping[str, Any]) -> dict[str, str]:
    """The values of a form that came back, by name; several choices joined by commas."""
    return dict(_values(data.get("components", ())))


async def changed(context: DiscordContext, person: Person, target: str, given: Mapping[str, str]) -> dict[str, str]:
    """What of a picture's form is other than it was. Raises Refusal "discord.either" for a sentence beside it."""
    recipe = (await owned.picture(context.db, person, target)).recipe
    before = filling.form(recipe)
    found = {name: value for name, value in given.items() if name in before}
    if "loras" in found:
        strengths = {lora.name: f"{lora.name}:{lora.weight:g}" for lora in recipe.prompt.loras}
        chosen = found["loras"].split(",") if found["loras"] else []
        found["loras"] = before["loras"]
        if {*chosen} != {*strengths}:
            found["loras"] = ", ".join(strengths.get(name, name) for name in chosen)
    found = {name: value for name, value in found.items() if value.strip() != before[name][:LIMIT].strip()}
    sentence = given.get("sentence", "").strip()
    if sentence and found:
        raise Refusal("discord.either")
    return found or {"sentence": sentence}


def _values(parts: Any) -> Iterator[tuple[str, str]]:
    for part in parts:
        inner = part.get("component", part)
        if "components" in inner:
            yield from _values(inner["components"])
        elif "values" in inner:
            yield str(inner["custom_id"]), ",".join(sorted(map(str, inner["values"])))
        elif "custom_id" in inner:
            yield str(inner["custom_id"]), str(inner.get("value") or "")


async def _own(
    context: DiscordContext, interaction: discord.Interaction, person: Person, target: str
) -> PictureRow | None:
    """The picture that a form is about; None where it is not theirs, and they have been told so."""
    try:
        return await owned.picture(context.db, person, target)
    except Refusal as refusal:
        pending = await begin(context, interaction, "private")
        pending.language = person.language
        context.later(pending, context.refuse(pending, refusal))
        return None


async def _show(
    context: DiscordContext, interaction: discord.Interaction, custom: str, title: str, parts: list[Payload]
) -> None:
    components: list[Json] = [*parts]
    form: Payload = {"custom_id": custom, "title": title[:TITLE], "components": components}
    await respond(context, interaction, FORM, form)


def _labelled(name: str, language: str, component: Payload) -> Payload:
    return {"type": LABEL, "label": texts.say(language, f"discord.form.{name}")[:NAMES], "component": component}


def _input(name: str, value: str, style: int, hint: str = "", longest: int = LIMIT) -> Payload:
    made: Payload = {"type": TEXT_INPUT, "custom_id": name, "style": style, "required": False, "max_length": longest}
    return made | ({"value": value[:longest]} if value else {}) | ({"placeholder": hint[:100]} if hint else {})


async def _loras(context: DiscordContext, person: Person, row: PictureRow) -> Payload:
    """A select of LoRAs in which the picture's own are chosen; {} where there are none."""
    used = sorted({lora.name for lora in row.recipe.prompt.loras})
    others: list[str] = []
    try:
        async with asyncio.timeout(SOON):
            others = [one.value for one in await context.suggest(person, "lora", "", 2 * CHOICES)]
    except TimeoutError:  # folders seen for the first time: the form cannot wait, and comes without the others
        log.warning("the LoRA folders took longer than %s s", SOON)
    names = list(dict.fromkeys((*used, *others)))[:CHOICES]
    if not names:
        return {}
    options: list[Json] = [{"label": name[:100], "value": name[:100], "default": name in used} for name in names]
    return {
        "type": SELECT,
        "custom_id": "loras",
        "required": False,
        "min_values": 0,
        "max_values": len(names),
        "options": options,
    }
