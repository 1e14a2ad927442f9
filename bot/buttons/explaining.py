""" "Why?": one parameter of a picture moved, everything else as it was, and what it does in two sentences."""

from __future__ import annotations

import asyncio

from bot.buttons import redrawing
from bot.chat import Button, Card, Press, Request, Say
from bot.people import guard, owned
from bot.people.access import veiled
from bot.studio import lesson_cards, lessons, recipes
from bot.studio.lesson_moves import lying_beside
from bot.studio.lessons import LESSONS
from bot.studio.studio import Studio
from engine.recipe import Recipe
from prompts.axes import flag_of
from prompts.errors import Refusal
from prompts.spelling import near
from storage.pictures import PictureRow
from storage.search import fold

OFFERED = 14  # lessons on one card: with the button for the others, three rows on Discord


async def why(studio: Studio, press: Press) -> Card:
    """What can be asked of a picture, "<picture>" or "<picture>.<page>"."""
    picture, _, page = press.target.partition(".")
    return await offer(studio, press, picture, int(page) if page.isdecimal() else 0)


async def why_more(studio: Studio, press: Press) -> Card:
    return await why(studio, press)


async def lesson(studio: Studio, press: Press) -> None:
    """Draw the picture with one parameter moved, "<picture>.<lesson>"."""
    picture, _, name = press.target.partition(".")
    if name not in LESSONS:
        raise Refusal("press.unknown")
    await teach(studio, press, picture, name)


async def offer(studio: Studio, asked: Request | Press, picture: str, page: int = 0) -> Card:
    """The lessons that a picture can give, with what one takes."""
    row, made = await _offered(studio, asked, picture)
    names = list(made)[page * OFFERED : (page + 1) * OFFERED]
    if not names:
        raise Refusal("press.unknown")
    buttons = [
        Button(
            "lesson",
            f"{row.id}.{name}",
            label=lesson_cards.label(LESSONS[name], f"→ {LESSONS[name].shown(made[name])}"),
        )
        for name in names
    ]
    if len(made) > (page + 1) * OFFERED:
        buttons.append(Button("why_more", f"{row.id}.{page + 1}", label=Say("why.others")))
    elif page:
        buttons.append(Button("why_more", row.id, label=Say("why.first")))
    seconds = [studio.queue.estimate.seconds(made[name]) for name in names]
    return Card(text=Say("why.choose", {"least": min(seconds), "most": max(seconds)}), buttons=tuple(buttons))


async def teach(studio: Studio, asked: Request | Press, picture: str, name: str) -> None:
    """Draw a picture with one parameter moved; both are the answer. Raises Refusal `why.not_here` where there is
    nothing to be moved."""
    row, made = await _offered(studio, asked, picture)
    if name not in made:
        raise Refusal("why.not_here", name=lesson_cards.called(name, asked.person.language))
    await guard.check(studio.sight, asked.person.id, over=(made[name],))
    hidden = await veiled(studio.sight, studio.rules.access, asked, [row])  # which stands beside the new one
    kept = lesson_cards.kept_json(name, row.id, veiled=hidden)
    await studio.submit(asked, (made[name],), parent=row.id, comparison=kept)


def lesson_of(text: str, language: str) -> str:
    """The lesson that somebody names, in Chinese or English. Raises Refusal `why.unknown` with the nearest name."""
    known = {fold(called): name for name in reversed([*LESSONS]) for called in lesson_cards.names(name)}
    said = fold(text)
    if found := known.get(said) or known.get(flag_of(said)):
        return found
    meant = near(said, known)
    raise Refusal("why.unknown", name=text[:40], near=lesson_cards.called(known[meant], language) if meant else "")


async def _offered(studio: Studio, asked: Request | Press, picture: str) -> tuple[PictureRow, dict[str, Recipe]]:
    """The picture that a lesson is about, which is the one whose recipe drew the pixels, and what each lesson draws."""
    row = await redrawing.origin(studio.db, await owned.picture(studio.db, asked.person, picture))
    model = await studio.model(row.recipe.model)
    beside = await asyncio.to_thread(lying_beside, model, studio.rules.folders)
    made = {}
    for name, recipe in lessons.offered(row.recipe, beside).items():
        try:
            await asyncio.to_thread(recipes.check, (recipe,), studio.rules.folders)
        except Refusal:  # the model does not do that
            continue
        made[name] = recipe
    return row, made
