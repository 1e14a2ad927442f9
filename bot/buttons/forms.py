"""The form in which a picture's recipe can be edited as a whole, and the recipe that a changed form asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.chat import Press, common
from bot.studio import recipes, told_changes
from bot.studio.studio import Studio
from engine.recipe import Recipe
from prompts import grammar, options
from prompts.errors import Refusal
from prompts.option_values import ParsedOptions
from prompts.prompt import LoraUse, Options, Prompt
from prompts.tag_table import changed_locks, marks_kept

FIELDS = ("prompt", "negative", "loras", "seed", "steps", "guidance", "model")
EMPTY = ("prompt", "negative", "loras", "seed")  # fields in which nothing means something
NUMBERS = ("seed", "steps", "guidance", "model")  # fields that are options of the same name
_LORA = re.compile(r"<lora:[^<>]*>|[^,，、;；\n]+")


def form(recipe: Recipe) -> Mapping[str, str]:
    """What each of `FIELDS` says of a recipe: a form is filled in with it, and read back by `redrawn`."""
    prompt = recipe.prompt
    text, asked, _ = _words(recipe)
    return {
        "prompt": text,
        "negative": asked.negative or negative_beside(recipe),
        "loras": ", ".join(f"{lora.name}:{lora.weight:g}" for lora in prompt.loras),
        "seed": str(recipe.seed),
        "steps": str(recipe.steps),
        "guidance": f"{recipe.guidance:g}",
        "model": recipe.model,
    }


def negative_beside(recipe: Recipe) -> str:
    """The negative that was said beside a recipe's text, "" where the text says it."""
    denied = () if _words(recipe)[1].negative else recipe.prompt.negatives
    return ", ".join(str(one) for one in denied if one.origin != "preset")


async def redrawn(studio: Studio, press: Press, recipe: Recipe) -> tuple[Recipe, ...]:
    """The recipes that the form in `press.values` asks for; what it leaves out or leaves alone stays as it was.

    Raises Refusal `edit.unchanged` where nothing is different, and what any text or option raises.
    """
    old = form(recipe)
    given = {name: press.values[name].strip() for name in FIELDS if name in press.values}
    new = {**old, **{name: value for name, value in given.items() if value or name in EMPTY}}
    changed = {name for name in FIELDS if new[name] != old[name]}
    if not changed:
        raise Refusal("edit.unchanged")
    kept = recipes.options_of(recipe)
    asked = options.flags(" ".join(f'--{name} "{new[name] or -1}"' for name in NUMBERS if name in changed)).options
    prompt = recipe.prompt
    if changed & {"prompt", "negative"}:
        prompt, more = await _written(studio, press, recipe, new, asked)
        notes = (*prompt.notes, *told_changes.words(recipe.prompt, prompt))
        prompt, kept = replace(prompt, notes=notes), replace(kept, regions=None)
        asked = recipes.merged(more, asked)
    if "loras" in changed:
        prompt = replace(prompt, loras=loras(new["loras"]))
    prompt = as_locked(marks_kept(prompt, recipe.prompt), recipe.prompt)
    reseeded = "seed" in changed and asked.seed is None
    kept = replace(kept, seed=None if reseeded else recipe.seed)
    model = await studio.model(asked.model or recipe.model)
    await studio.fitting(prompt, model)
    made = recipes.make(prompt, recipes.merged(kept, asked), model, most=studio.rules.pictures_per_request)
    return tuple(recipes.carried(one, recipe, fresh="seed" in changed) for one in made)


async def _written(
    studio: Studio, press: Press, recipe: Recipe, new: Mapping[str, str], asked: Options
) -> tuple[Prompt, Options]:
    """The prompt that a changed text makes, and the options that are new in it."""
    _, before, raw = _words(recipe)
    given = replace(
        before.options,
        raw=raw,
        seed=recipe.seed,
        model=asked.model or recipe.model,
        count=None,
        width=None,
        height=None,
    )
    prompt, understood, _ = await studio.understand(
        press.person,
        new["prompt"],
        negative=new["negative"],
        given=given,
        place=common(press),
        standing=False,
        painted=recipe.regions is not None and bool(recipe.regions.map),
    )
    if raw:
        more = Options(regions=recipes.options_of(recipe).regions)
    else:  # words for other places than before
        more = replace(options.read_options(new["prompt"]).options, regions=understood.regions)
    return replace(prompt, loras=recipes.joined(recipe.prompt.loras, prompt.loras)), more


def as_locked(prompt: Prompt, old: Prompt) -> Prompt:
    """The prompt that was made of an old one. Raises Refusal `tags.locked_edit` where it lacks what is locked in it."""
    if gone := changed_locks(prompt, old):
        raise Refusal("tags.locked_edit", words="、".join(gone)[:200])
    return prompt


def _words(recipe: Recipe) -> tuple[str, ParsedOptions, bool]:
    """What to write for a recipe's prompt, without options and LoRAs; what was read of the options; whether it is to be
    taken as it stands."""
    prompt = recipe.prompt
    if prompt.raw or prompt.seed not in (None, recipe.seed):  # this seed would make other words of the text
        return prompt.positive, ParsedOptions(Options(), ""), True
    try:
        asked = options.read_options(grammar.networks(prompt.text)[0])
    except Refusal:  # an older version read it; this one does not
        return prompt.positive, ParsedOptions(Options(), ""), True
    return said(asked) or prompt.positive, asked, False


def said(asked: ParsedOptions) -> str:
    """What was written, without the options and the negative."""
    kept = f'-nt "{asked.kept}"' if asked.kept else ""
    return " ".join(filter(None, (asked.text.strip(" ,，"), kept)))


def loras(text: str) -> tuple[LoraUse, ...]:
    """`name:0.8, other` or `<lora:name:0.8>`. Raises Refusal `lora.form` for a weight that is none."""
    found: dict[str, LoraUse] = {}
    for match in _LORA.finditer(text):
        one = match.group().strip()
        uses = grammar.networks(one)[1] if one.startswith("<") else (lora(one),) if one else ()
        found.update({use.name: use for use in uses})
    return tuple(found.values())


def lora(text: str) -> LoraUse:
    """A LoRA written as `name` or `name:0.8`. Raises Refusal `lora.form`."""
    name, colon, weight = text.replace("：", ":").rpartition(":")
    if not colon:
        return LoraUse(weight.strip())
    try:
        number = float(weight)
    except ValueError:
        raise Refusal("lora.form", lora=text.strip()[:80]) from None
    if not name.strip() or not -2 <= number <= 2:
        raise Refusal("lora.form", lora=text.strip()[:80])
    return LoraUse(name.strip(), number)
