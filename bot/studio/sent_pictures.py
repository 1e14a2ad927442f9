"""Pictures that came without a word: they are kept, and a card asks what is to become of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.chat import Button, Card, Request, Say
from bot.studio import cards
from bot.studio.studio import Studio
from engine.pixels import png_recipe
from engine.recipe import Recipe
from storage import uploads, wishes
from storage.wishes import Wish

PAINT_OVER = "paint_over"
USE_RECIPE = "use_recipe"

# What can be done with a picture besides painting over it: the button's action, and whether its file offers that.
OFFERS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    (USE_RECIPE, lambda content: png_recipe.read_recipe(content) is not None),
)


async def asked(studio: Studio, request: Request) -> Card:
    """The card that asks, with the recipe of the picture where its file holds one of ours; the pictures and what was
    said beside them are kept for its buttons."""
    files = [await uploads.add_upload(studio.db, request.person.id, one.content) for one in request.files]
    wish = await wishes.keep(
        studio.db,
        Wish(person=request.person.id, text="", negative=request.negative, options=request.options, files=files),
    )
    recipe, more = await asyncio.to_thread(_looked_at, [one.content for one in request.files])
    buttons = tuple(Button(action, wish) for action in (PAINT_OVER, *more))
    if recipe is None:
        said = Say("sent.what") if len(files) == 1 else Say("sent.what_of_them", {"count": len(files)})
        return Card(text=said, buttons=buttons)
    card = replace(cards.recipe_card(recipe), prompt=recipe.prompt, buttons=buttons)
    return replace(card, text=Say("sent.what_with_recipe", {"code": recipe.code}))


def _looked_at(contents: Sequence[bytes]) -> tuple[Recipe | None, list[str]]:
    """The recipe in a single picture, and what else than painting over it can be done."""
    if len(contents) != 1:
        return None, []
    return png_recipe.read_recipe(contents[0]), [action for action, fits in OFFERS if fits(contents[0])]
