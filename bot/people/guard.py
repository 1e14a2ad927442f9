"""What stands before every door: what is asked for is judged with all that it is drawn from and over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine import second_pass
from engine.files import catalog
from engine.pixels import papers, png_recipe
from engine.recipe import Recipe
from prompts.compose import within
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.safety import judge
from prompts.safety.signs import Signs, Verdict, verdict
from prompts.wildcards.lists import lists
from storage import pictures, refusals
from storage.database import Database
from storage.pictures import PictureRow

log = logging.getLogger(__name__)

ADULT: Signs = frozenset({"adult"})  # what a picture says in which a checker saw more than words do
DEPTH = 32  # pictures drawn over pictures that are looked at; who draws over one more often has long been judged


@dataclass(frozen=True, slots=True)
class Sight:
    """Where to look: the pictures' files, folders with wildcards, and those with LoRAs and embeddings."""

    db: Database
    wildcards: tuple[Path, ...]
    networks: tuple[Path, ...]


async def signs(sight: Sight, recipes: Sequence[Recipe]) -> tuple[Signs, ...]:
    """What each picture would show, by its prompt, its LoRAs' and embeddings' names and triggers, and the recipes and
    texts in the files it is drawn over, and in those that they were drawn over."""
    known = await asyncio.to_thread(_named, sight.networks) if recipes else {}
    behind: dict[str, Signs] = {}
    found = []
    for recipe in recipes:
        seen = await asyncio.to_thread(_of, second_pass.all_words(recipe), sight, known)
        for picture in _from(recipe):
            if picture not in behind:
                behind[picture] = await _behind(sight, picture, known)
            seen |= behind[picture]
        found.append(seen)
    return tuple(found)


def _from(recipe: Recipe) -> tuple[str, ...]:
    """The pictures that somebody chose to draw from: what is drawn over, and what its shapes are taken from."""
    over = [recipe.source.picture] if recipe.source else []
    return tuple(
        dict.fromkeys((*over, *(file for one in recipe.controls for file in (one.source, one.picture) if file)))
    )


async def verdicts(sight: Sight, recipes: Sequence[Recipe]) -> tuple[Verdict, ...]:
    """What may become of each picture."""
    return tuple(verdict(one) for one in await signs(sight, recipes))


async def seen(sight: Sight, rows: Sequence[PictureRow]) -> tuple[Verdict, ...]:
    """What may become of pictures that exist, by what was asked for and by what a checker saw in them."""
    found = zip(rows, await signs(sight, [row.recipe for row in rows]), strict=True)
    return tuple(verdict(what | ADULT if row.adult else what) for row, what in found)


async def decent(sight: Sight, person: str, recipes: Sequence[Recipe]) -> tuple[tuple[Recipe, ...], set[Verdict]]:
    """The recipes, with what keeps a child in them decent in their negatives, and what may become of them. Raises
    Refusal `access.minors`."""
    seen = await signs(sight, recipes)
    found = {verdict(one) for one in seen}
    await refuse(sight.db, person, found)
    return tuple(_decent(one, what) for one, what in zip(recipes, seen, strict=True)), found


def _decent(recipe: Recipe, seen: Signs) -> Recipe:
    made = replace(recipe, prompt=judge.decent(recipe.prompt, seen))
    if recipe.hires and recipe.hires.negative:  # the second pass has a negative of its own
        negative = judge.decent(second_pass.prompt(recipe), seen).negative
        made = replace(made, hires=replace(recipe.hires, negative=negative))
    if any(fix.negative for fix in recipe.fixes):
        own = (judge.decent(second_pass.fix_prompt(recipe, fix), seen).negative for fix in recipe.fixes)
        fixes = zip(recipe.fixes, own, strict=True)
        made = replace(made, fixes=tuple(replace(fix, negative=said) if fix.negative else fix for fix, said in fixes))
    return made


async def check(sight: Sight, person: str, *texts: str, unwanted: str = "", over: Iterable[Recipe] = ()) -> None:
    """Judge texts as somebody wrote them, what they do not want, and pictures they are said about, together. Raises
    Refusal `access.minors`, and `prompt.too_long` before a text that long is read."""
    within(*texts, unwanted)
    found = frozenset[str]().union(*(await signs(sight, tuple(over))))
    for text in filter(None, texts):
        found |= await asyncio.to_thread(judge.signs_of_text, text, sight.wildcards)
    if unwanted:
        found |= await asyncio.to_thread(judge.unwanted, unwanted, sight.wildcards)
    await refuse(sight.db, person, {verdict(found)})


async def refuse(db: Database, person: str, found: Iterable[Verdict]) -> None:
    """Raises Refusal `access.minors` where one of them is "never", and counts it; nothing of the text is kept."""
    if "never" in found:
        log.warning("refused for person %s: something sexual of children", person)
        await refusals.add(db, person)
        raise Refusal("access.minors")


def _of(prompt: Prompt, sight: Sight, known: dict[str, tuple[str, ...]]) -> Signs:
    words = f"{prompt.positive} {prompt.text}".casefold()
    used = {lora.name.casefold() for lora in prompt.loras if lora.weight}
    names = [one for name, said in known.items() if name in used or name in words for one in (name, *said)]
    return judge.signs(prompt, folders=sight.wildcards, names=names)


async def _behind(sight: Sight, picture: str, known: dict[str, tuple[str, ...]]) -> Signs:
    """What the files say that a picture is drawn over."""
    found: Signs = frozenset()
    seen: set[str] = set()
    waiting = [picture]
    while waiting and len(seen) < DEPTH:
        picture = waiting.pop()
        if picture in seen:
            continue
        seen.add(picture)
        try:
            content = await sight.db.files.get(picture)
        except Refusal:  # gone: then nothing is drawn over it, either
            continue
        if await pictures.adult(sight.db, picture):
            found |= ADULT
        inside = await asyncio.to_thread(png_recipe.read_recipe, content)
        recipes = [inside] if inside else await pictures.recipes_of(sight.db, picture)
        for recipe in recipes:
            found |= await asyncio.to_thread(_of, second_pass.all_words(recipe), sight, known)
        for text in () if recipes else await asyncio.to_thread(papers.texts, content):
            found |= await asyncio.to_thread(judge.signs_of_text, text, sight.wildcards)
        waiting += [one for recipe in recipes for one in _from(recipe)]
    return found


def _named(folders: tuple[Path, ...]) -> dict[str, tuple[str, ...]]:
    """The words that belong to LoRAs and embeddings, by their names in small letters; a LoRA has that of its file and
    that which its trainer gave it, and brings the names of the embeddings in it."""
    files = catalog.loras(folders)
    said = {one.name: (*one.triggers, *one.common, *(own.name for own in one.bundled)) for one in files}
    loras = {one.alias.casefold(): (one.name, *said[one.name]) for one in files if one.alias}
    loras |= {name.casefold(): words for name, words in said.items()}
    return {one.name.casefold(): one.triggers for one in catalog.companions(folders, "embedding")} | loras


def warm(folders: Sequence[Path]) -> None:
    """Read the word lists now, which takes a second, rather than with the first request."""
    lists(folders)
    judge.judge_text("画")
