"""The tag table of a picture: opened, touched row by row, and drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from bot.buttons.redrawing import as_it_stands, origin
from bot.buttons.tag_changes import CHANGES, Touched, code
from bot.chat import Card, Choice, Press, Request, Say, ShownTag, ShownTags
from bot.people import owned
from bot.studio.studio import Studio
from engine.files import catalog
from engine.recipe import Recipe
from prompts.blocked_tags import folded, is_blocked
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.tag_neighbours import called, neighbours
from prompts.tag_rows import TagRow
from prompts.tag_table import TagTable, prompt_of
from prompts.traditional import chinese, written
from prompts.translate.chinese import CHINESE
from storage import jobs, kept_tags, pictures, posts, tag_tables
from storage.pictures import PictureRow
from storage.tag_tables import KeptTable

RESET = "reset"  # the table as the picture was drawn
VIEWS: Mapping[str, Literal["rows", "tag", "near", "add"]] = {
    "page": "rows",
    "row": "tag",
    "near": "near",
    "add": "add",
}  # what only looks, and at what


async def tags(studio: Studio, press: Press) -> Card:
    """Open the table of a picture: one's own, or a copy of one's own of what somebody else has drawn here."""
    return await opened(studio, press, press.target)


async def opened(studio: Studio, asked: Request | Press, picture: str, text: str = "") -> Card:
    """The table of a picture as a card, with more tags in it where words are given."""
    kept = await _opened(studio, asked, picture)
    if text.strip():
        kept = await _changed(studio, asked, kept, Touched("add", text=text))
    return await _card(studio, asked, kept, ShownTags(table=kept.id, rows=()))


async def tag(studio: Studio, press: Press) -> Card:
    """Touch a row of a table, or look at another page of it: `target` is the table's id, what to do, and to which row
    (`ShownTags.target`); words come in `values`."""
    id, _, rest = press.target.partition(".")
    what, _, rest = rest.partition(".")
    row, _, more = rest.partition(".")
    kept = await _mine(studio, press, id)
    number = int(row) if row.isdecimal() else 0
    touched = Touched(what, number, more, press.values.get("text", ""), press.values.get("unwanted", ""))
    view = ShownTags(table=kept.id, rows=())
    if what in ("row", "near"):
        view = replace(view, view=VIEWS[what], chosen=number, page=int(more) if more.isdecimal() else 0)
    elif what in VIEWS and not (touched.text or touched.unwanted):
        view = replace(view, view=VIEWS[what], page=number)
    elif what in CHANGES or what == RESET:
        kept = await _changed(studio, press, kept, touched)
        back = more.removeprefix("p")
        listed = more.startswith("p") and back.isdecimal()
        view = replace(view, page=int(back)) if listed else replace(view, view="tag", chosen=number)
        view = replace(view, view="rows", chosen=None) if what in ("add", "fav", RESET) else view
    else:
        raise Refusal("press.unknown")
    card = await _card(studio, press, kept, view)
    return replace(card, panel=True)


async def draw_tags(studio: Studio, press: Press) -> None:
    """Draw a picture again with its table as it is: same seed, and all else of its recipe. A table that nobody touched
    draws the same picture."""
    async with studio.in_turn(press.person.id):
        kept = await _mine(studio, press, press.target)
        row = await _seen(studio, press, kept.picture)
        stands = await as_it_stands(studio.db, row)
        recipe = await _with(studio, press, kept.table, stands, (await origin(studio.db, row)).recipe)
        mine = row.person == press.person.id or press.person.admin
        if not mine and recipe.files:
            raise Refusal("share.source")
        await studio.submit(press, (recipe,), parent=row.id if mine else None)


# --- whose table it is ---


async def _opened(studio: Studio, asked: Request | Press, picture: str) -> KeptTable:
    row = await _seen(studio, asked, picture)
    recipe = await as_it_stands(studio.db, row)
    fresh = await asyncio.to_thread(_table, studio, recipe.prompt)
    return await tag_tables.opened(studio.db, asked.person.id, row.id, fresh)


def _table(studio: Studio, prompt: Prompt) -> TagTable:
    names = [one.name for one in catalog.companions(studio.rules.folders, "embedding")]
    return TagTable.of(prompt, names)


async def _mine(studio: Studio, press: Press, id: str) -> KeptTable:
    kept = await tag_tables.get(studio.db, id)
    if kept is None:
        raise Refusal("picture.gone")
    if kept.person != press.person.id:
        raise Refusal("access.not_yours")
    return kept


async def _seen(studio: Studio, asked: Request | Press, picture: str) -> PictureRow:
    """A picture whose words somebody may take as their own: theirs, or one that stands in the room they ask in and is
    drawn from no file of its owner's. Raises Refusal."""
    row = await pictures.get(studio.db, picture)
    if row is None:
        raise Refusal("picture.gone")
    if row.person == asked.person.id or asked.person.admin:
        return row
    kept = await jobs.get(studio.db, row.job) if row.job else None
    places = [kept.place] if kept else []
    places += [post.place for post in await posts.showing(studio.db, picture)]
    if asked.room.private or not any(
        (one.platform, one.chat) == (asked.place.platform, asked.place.chat) for one in places
    ):
        owned.owner_or_admin(asked.person, row.person)
    if (await as_it_stands(studio.db, row)).files:
        raise Refusal("share.source")
    return row


# --- changed, and drawn ---


async def _changed(studio: Studio, asked: Request | Press, kept: KeptTable, touched: Touched) -> KeptTable:
    async with studio.in_turn(asked.person.id):  # of two presses at once the second changes what the first has left
        kept = await tag_tables.get(studio.db, kept.id) or kept
        if asked.key in kept.keys:  # delivered twice
            return kept
        if touched.what == RESET:
            row = await _seen(studio, asked, kept.picture)
            table = await asyncio.to_thread(_table, studio, (await as_it_stands(studio.db, row)).prompt)
        else:
            table = await CHANGES[touched.what](studio, asked, kept.table, touched)
        return await tag_tables.put(studio.db, replace(kept, table=table), asked.key)


async def _with(studio: Studio, press: Press, table: TagTable, stands: Recipe, drawn: Recipe) -> Recipe:
    """The recipe with the words of a table: the very one that drew the picture where they are the same, in `stands`
    where they are not. Raises Refusal where something does not fit."""
    old = stands.prompt
    prompt = prompt_of(table, old)
    if not prompt.positive and not prompt.loras:
        raise Refusal("tags.nothing_left")
    if (prompt.fragments, prompt.negatives, prompt.loras) == (old.fragments, old.negatives, old.loras):
        same = drawn if drawn.prompt == old else stands
        return replace(same, prompt=prompt)
    from prompts.difference import changes  # only now: it brings what reads sentences, which takes a while

    model = await studio.model(stands.model)
    prompt = await _worded(studio, press, prompt, old, model.presets)
    notes = tuple(note for note in old.notes if not note.key.startswith("edit."))
    prompt = replace(prompt, notes=(*notes, *(one.note for one in changes(old, prompt))))
    await studio.fitting(prompt, model)
    made = replace(stands, prompt=prompt)
    if made.regions:
        made.regions.check(prompt)
    return made


async def _worded(studio: Studio, press: Press, prompt: Prompt, old: Prompt, family: str) -> Prompt:
    """The prompt with a text for it in the words that the person wrote, where such a text says the same."""
    if prompt.raw:
        return prompt
    from prompts.edit.asked import unasked  # only now: their many patterns take a while to compile
    from prompts.edit.targets import WordReader
    from prompts.edit.worded import worded

    reader = WordReader(unasked(await studio.translators(press.person, None)), family)
    said = await worded(replace(prompt, text=""), old.text, reader)
    return replace(prompt, text=said.text or prompt.text)


# --- shown ---


async def _card(studio: Studio, asked: Request | Press, kept: KeptTable, view: ShownTags) -> Card:
    blocked = await kept_tags.blocked(studio.db, asked.person.id)
    listed = await kept_tags.listed(studio.db, asked.person.id, "favourite")
    favourites = {folded(one.tag): one for one in listed}
    language = asked.person.language
    rows = await asyncio.to_thread(lambda: tuple(_shown(row, language, favourites, blocked) for row in kept.table.rows))
    chosen = next((row for row in rows if row.id == view.chosen and not row.sign), None)
    near: tuple[Choice, ...] = ()
    if chosen is not None and chosen.kind == "tag" and not chosen.locked:
        found = await asyncio.to_thread(neighbours, chosen.text)
        near = tuple(Choice(code(one.text), _label(one.text, one.chinese, language)) for one in found)
    shown = replace(
        view,
        rows=rows,
        raw=kept.table.raw,
        chosen=chosen.id if chosen else None,
        view=view.view if chosen or view.view in ("rows", "add") else "rows",
        near=near,
        # The newest first: a select of Discord holds 25, a keyboard of Telegram 40.
        favourites=tuple(Choice(code(one.tag), _label(one.tag, one.source, language)) for one in reversed(listed)),
    )
    return Card(text=Say("tags.title", {"count": sum(not row.sign for row in rows)}), tags=shown)


def _shown(
    row: TagRow, language: str, favourites: Mapping[str, kept_tags.KeptTag], blocked: Mapping[str, str]
) -> ShownTag:
    known = "" if row.side == "lora" or row.sign else called(row.text)
    if CHINESE.search(row.source) and not (row.side == "negative" and known):  # which may say "不要帽子" of a hat
        known = row.source
    return ShownTag(
        id=row.id,
        side=row.side,
        kind=row.kind,
        part=row.part,
        text=row.said,
        chinese=written(known, language) if chinese(language) and known != row.source else known,
        weight=row.now,
        preset=row.origin == "preset",
        off=row.off,
        locked=row.locked,
        kept=row.kept,
        favourite=folded(row.text) in favourites,
        blocked=is_blocked(row, blocked),
        weighable=row.weighable,
        translated=row.translated or row.kept,
        sign=row.sign,
    )


def _label(text: str, name: str, language: str) -> str:
    """A tag with what it is called, what this person reads first."""
    name = written(name, language)
    if not name or name == text:
        return text
    return f"{name} · {text}" if chinese(language) else f"{text} · {name}"
