"""Comparisons: begun, agreed to, and opened picture by picture."""

from __future__ import annotations

from dataclasses import replace

from bot.chat import Button, Card, Field, Press, Request, Say
from bot.people import owned
from bot.people.access import veiled
from bot.studio import cards, comparing
from bot.studio.comparing import Comparison
from bot.studio.recipes import options_of
from bot.studio.studio import Studio
from prompts.errors import Refusal
from prompts.prompt import merged
from storage import wishes
from storage.wishes import Wish


async def begin(studio: Studio, request: Request, text: str, said: str) -> Card | None:
    """Draw a comparison; one of more pictures than a request may ask for is first shown, to be agreed to."""
    made, request = await _made(studio, request, text, said)
    if len(made.recipes) <= studio.rules.pictures_per_request:
        await studio.submit(request, made.recipes, parent=request.reply_to, comparison=made.to_json())
        return None
    if request.files or request.guides or request.loras:  # which nothing here would keep until then
        raise Refusal("compare.too_many", count=len(made.recipes), limit=studio.rules.pictures_per_request)
    given = replace(request.options, seed=made.recipes[0].seed)
    kept = Wish(
        person=request.person.id,
        text=f"{text}\n{said}",
        negative=request.negative,
        options=given,
        reply_to=request.reply_to,
    )
    return _sketch(studio, made, await wishes.keep(studio.db, kept))


async def compare(studio: Studio, press: Press) -> None:
    """Draw what was agreed to."""
    wish = await wishes.get(studio.db, press.target)
    if wish is None or wish.person != press.person.id:
        raise Refusal("press.unknown")
    text, _, said = wish.text.rpartition("\n")
    asked = Request(
        person=press.person,
        place=press.place,
        text=text,
        key=press.key,
        options=wish.options,
        negative=wish.negative,
        reply_to=wish.reply_to,
        room=press.room,
    )
    made, asked = await _made(studio, asked, text, said)
    await studio.submit(asked, made.recipes, parent=wish.reply_to, comparison=made.to_json())


async def compared_picture(studio: Studio, press: Press) -> Card:
    """One picture of a sheet by itself, with its recipe and all its buttons."""
    row = await owned.picture(studio.db, press.person, press.target)
    spoiler = await veiled(studio.sight, studio.rules.access, press, [row])
    return replace(cards.picture_card(row), buttons=cards.picture_buttons(row), spoiler=spoiler)


async def _made(studio: Studio, request: Request, text: str, said: str) -> tuple[Comparison, Request]:
    """The comparison, and the request as it is drawn: where nothing is said but what is compared, the text and all
    numbers are those of the picture that is answered."""
    drawn = request
    if not text.strip():
        if not request.reply_to:
            raise Refusal("compare.how")
        row = await owned.picture(studio.db, request.person, request.reply_to)
        text, said_of_it = row.recipe.prompt.text, replace(options_of(row.recipe), raw=row.recipe.prompt.raw)
        drawn = replace(request, reply_to=None, options=merged(said_of_it, request.options))
    most = comparing.SQUARE * studio.rules.pictures_per_request
    return await comparing.compared(studio.recipes, drawn, text, said, min(most, comparing.MOST)), request


def _sketch(studio: Studio, made: Comparison, wish: str) -> Card:
    """What a comparison takes, and how its sheet is laid out."""
    columns, rows, sheets = made.shape
    seconds = sum(map(studio.queue.estimate.seconds, made.recipes))
    lines = tuple(
        Field(Say("compare.axis", {"name": axis.title}), ", ".join(map(str, axis.values))) for axis in made.axes
    )
    return Card(
        text=Say(
            "compare.sketch",
            {"columns": columns, "rows": rows, "sheets": sheets, "count": len(made.recipes), "seconds": seconds},
        ),
        fields=lines,
        buttons=(Button("compare", wish),),
    )
