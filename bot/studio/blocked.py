"""What somebody never wants to see, left out of whatever is drawn for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.recipe import Recipe
from prompts.blocked_tags import left_out_of, noted, without_blocked
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from storage import kept_tags
from storage.database import Database


async def left_out(db: Database, person: str, recipes: Sequence[Recipe]) -> Sequence[Recipe]:
    """The recipes without the tags that a person has blocked, with a note of what was left out, in the words of a
    second pass and of what is fixed, too. Raises Refusal `blocked.nothing_left`, for a region as well."""
    blocked = await kept_tags.blocked(db, person)
    return [without(recipe, blocked) for recipe in recipes] if blocked else recipes


def without(recipe: Recipe, blocked: Mapping[str, str]) -> Recipe:
    """A recipe without these tags (folded words, and how they are shown)."""
    old = replace(recipe.prompt, notes=())
    prompt = without_blocked(old, blocked)
    gone = dict.fromkeys(left_out_of(prompt))
    if recipe.regions and gone:
        try:
            recipe.regions.check(prompt)
        except Refusal as refusal:
            raise Refusal("blocked.nothing_left", words="、".join(gone)) from refusal

    def plain(text: str) -> str:
        made = without_blocked(Prompt("", (Fragment(text),), raw=True), blocked) if text else Prompt("", ())
        gone.update(dict.fromkeys(left_out_of(made)))
        return made.positive

    hires = recipe.hires and replace(recipe.hires, prompt=plain(recipe.hires.prompt))
    fixes = tuple(replace(fix, prompt=plain(fix.prompt)) for fix in recipe.fixes)
    prompt = replace(prompt, notes=recipe.prompt.notes)
    return replace(recipe, prompt=noted(prompt, "、".join(gone)) if gone else prompt, hires=hires, fixes=fixes)
