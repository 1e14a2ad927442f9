"""What somebody never wants to see, left out of whatever is drawn for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.recipe import Recipe
from prompts.blocked_tags import without_blocked
from prompts.prompt import Fragment, Prompt
from storage import kept_tags
from storage.database import Database


async def left_out(db: Database, person: str, recipes: Sequence[Recipe]) -> Sequence[Recipe]:
    """The recipes without the tags that a person has blocked, with a note of what was left out, in the words of a
    second pass and of what is fixed, too. Raises Refusal `blocked.nothing_left`."""
    blocked = await kept_tags.blocked(db, person)
    if not blocked:
        return recipes

    def plain(recipe: Recipe) -> Recipe:
        made = replace(recipe, prompt=without_blocked(recipe.prompt, blocked))
        if made.hires and made.hires.prompt:
            made = replace(made, hires=replace(made.hires, prompt=own(made.hires.prompt)))
        return replace(made, fixes=tuple(replace(one, prompt=one.prompt and own(one.prompt)) for one in made.fixes))

    def own(words: str) -> str:
        return without_blocked(Prompt("", (Fragment(words),), raw=True), blocked).positive

    return tuple(map(plain, recipes))
