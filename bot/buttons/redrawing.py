"""Pictures drawn again: as a button changes them, or a sentence, or a form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.buttons.actions import ACTIONS, REDRAWN
from bot.buttons.forms import as_locked, redrawn
from bot.chat import Press, Request, common
from bot.people import guard, owned
from bot.studio import recipes, told_changes
from bot.studio.studio import Studio
from engine.recipe import Recipe, Source
from prompts import options as said
from prompts.errors import Refusal
from prompts.prompt import Note
from prompts.refill import refilled
from prompts.tag_table import marks_kept, with_locked
from storage import pictures
from storage.database import Database
from storage.pictures import PictureRow

# What asks for the same once more, and for nothing else.
_AGAIN = re.compile(
    r"(?:请|麻烦|帮我|给我)?(?:再(?:来|画|畫|生成)(?:一|几|幾|两|兩)?(?:张|張|次|遍|幅|个|個)?|重(?:新)?(?:画|畫|来|來)(?:一(?:张|張|次|遍))?|换一张|換一張)"
    r"(?:吧|看看|试试|試試|好吗|好嗎)?|"
    r"(?:please )?(?:(?:draw|do|try) (?:it |that |them |this )?)?(?:again|once more|one more time)(?: please)?|"
    r"(?:please )?(?:one more|another(?: one)?|redraw(?: (?:it|them|this))?)(?: please)?",
    re.IGNORECASE,
)


def says_again(text: str) -> bool:
    """Whether words ask for a picture once more, with nothing changed in it: "再来一张", "draw it again"."""
    return _AGAIN.fullmatch(text.strip(" \t\n,，.。!！~～…")) is not None


async def once_more(studio: Studio, asked: Request | Press, rows: Sequence[PictureRow]) -> None:
    """Draw these pictures with other seeds, as one job. Raises Refusal "picture.gone" for none, "count.not_allowed"."""
    if not rows:
        raise Refusal("picture.gone")
    if len(rows) > studio.rules.pictures_per_request:
        raise Refusal("count.not_allowed", count=len(rows), limit=studio.rules.pictures_per_request)
    made = [ACTIONS["again"](await origin(studio.db, row)) for row in rows]
    await studio.submit(asked, made, parent=rows[0].id)


async def origin(db: Database, row: PictureRow) -> PictureRow:
    """The picture whose recipe drew the pixels: for one that was only enlarged or mended, the one it was made from."""
    found: PictureRow | None = row
    while found and found.recipe.source and not found.recipe.source.strength and found.parent:
        found = await pictures.get(db, found.parent)
    return found or row


async def as_it_stands(db: Database, row: PictureRow) -> Recipe:
    """The recipe that an edit changes: the one that drew the picture. Of one that was extended, that drew its new strip
    alone: then the whole picture is drawn over, with all the words of the one it was extended from."""
    drawn = await origin(db, row)
    whole: PictureRow | None = drawn
    while whole and whole.recipe.source and any(whole.recipe.source.margins):
        parent = await pictures.get(db, whole.parent) if whole.parent else None
        whole = await origin(db, parent) if parent else None
    if whole is drawn:
        return drawn.recipe
    now = row if (row.width, row.height) == (drawn.width, drawn.height) else drawn
    return replace(
        drawn.recipe,
        prompt=(whole or drawn).recipe.prompt,
        width=now.width,
        height=now.height,
        source=Source(now.hash, recipes.STRENGTH),
    )


async def by_button(studio: Studio, press: Press) -> None:
    """Draw a picture again as the row of its button in ACTIONS says."""
    row = await owned.picture(studio.db, press.person, press.target)
    recipe = ACTIONS[press.action](await origin(studio.db, row) if press.action in REDRAWN else row)
    await studio.submit(press, (recipe,), parent=row.id)


async def refill(studio: Studio, press: Press) -> None:
    """Draw a picture again, its short text filled up with something else."""
    row = await owned.picture(studio.db, press.person, press.target)
    recipe = (await origin(studio.db, row)).recipe
    model = await studio.model(recipe.model)
    prompt = marks_kept(with_locked(refilled(recipe.prompt, model.presets), recipe.prompt), recipe.prompt)
    made = replace(recipe, prompt=prompt)
    await studio.submit(press, (made,), parent=row.id)


async def by_sentence(
    studio: Studio, asked: Request | Press, picture: str, sentence: str, *, notes: Sequence[Note] = ()
) -> None:
    """Draw a picture again with its prompt changed by a sentence: same seed, and all that was not named. The notes
    stand behind what was changed. One that asks for a control draws anew what it says, with the picture's shapes."""
    if said.says(sentence, "control"):
        row = await owned.picture(studio.db, asked.person, picture)
        await studio.imagine(
            Request(
                person=asked.person,
                place=asked.place,
                text=sentence,
                key=asked.key,
                reply_to=row.id,
                room=asked.room,
                instead_of=asked.instead_of,
            ),
            sentence,
        )
        return
    async with studio.in_turn(asked.person.id):
        await _by_sentence(studio, asked, picture, sentence, notes)


async def _by_sentence(
    studio: Studio, asked: Request | Press, picture: str, sentence: str, notes: Sequence[Note]
) -> None:
    row = await owned.picture(studio.db, asked.person, picture)
    recipe = await as_it_stands(studio.db, row)
    await guard.check(studio.sight, asked.person.id, sentence, over=(row.recipe, recipe))
    model = await studio.model(recipe.model)
    translators = await studio.translators(asked.person, common(asked))
    from prompts.edit.edited import edit  # only now: its many patterns take a while to compile

    edited = await edit(recipe.prompt, sentence, translators=translators, family=model.presets)
    options = recipes.merged(recipes.options_of(recipe), edited.options)
    model = await studio.model(options.model or recipe.model)
    prompt = as_locked(marks_kept(edited.prompt, recipe.prompt), recipe.prompt)
    prompt = replace(prompt, notes=(*prompt.notes, *notes))
    made = recipes.make(prompt, options, model, most=studio.rules.pictures_per_request)
    fresh = edited.options.seed is not None
    carried = told_changes.with_parameters(recipe, [recipes.carried(one, recipe, fresh=fresh) for one in made])
    await studio.submit(asked, carried, parent=row.id, check=edited.options.check)


async def by_form(studio: Studio, press: Press) -> None:
    """Draw a picture again as its form (bot/buttons/forms.py) was filled in."""
    row = await owned.picture(studio.db, press.person, press.target)
    recipe = await as_it_stands(studio.db, row)
    await studio.submit(
        press, told_changes.with_parameters(recipe, await redrawn(studio, press, recipe)), parent=row.id
    )
