"""The buttons that put a text right as the doctor proposes, and draw it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.buttons import redrawing
from bot.buttons.wished import request_of
from bot.chat import Press, common
from bot.people import owned
from bot.studio import recipes, told_changes
from bot.studio.mends import of_target
from bot.studio.studio import Studio
from engine.files.catalog import Model
from prompts import grammar, options
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.option_values import ParsedOptions
from prompts.presets import key
from prompts.prompt import PARTS, Fragment, Options, Prompt
from storage import jobs, wishes
from storage.jobs import Kept
from storage.wishes import Wish

TURNS = 12  # fixes one after the other, each of which may show what else is wrong; as many as are ever shown


async def mend(studio: Studio, press: Press) -> None:
    """Draw a job or a wish again with one finding mended, or all of them (bot/studio/mends.py)."""
    of, sign = of_target(press.target)
    if kept := await jobs.get(studio.db, of):
        owned.owner_or_admin(press.person, kept.job.owner)
        await _job(studio, press, kept, sign)
        return
    wish = await wishes.get(studio.db, of)
    if wish is None:
        raise Refusal("mend.gone")
    owned.owner_or_admin(press.person, wish.person)
    await _wish(studio, press, wish, sign)


async def mend_all(studio: Studio, press: Press) -> None:
    await mend(studio, press)


async def _job(studio: Studio, press: Press, kept: Kept, sign: str) -> None:
    """The same recipes with the prompt mended; for a picture that was only enlarged, that of the one that it was made
    from. A job that is still being drawn is not wanted any more."""
    made, recipe = kept.job.recipes, kept.job.recipe
    if recipe.source and not recipe.source.strength and kept.parent:
        row = await owned.picture(studio.db, press.person, kept.parent)
        recipe = (await redrawing.origin(studio.db, row)).recipe
        made = (recipe,)
    first = recipe.prompt
    said = _options(first.text)
    # By a setting: the text says nothing of it.
    raw = first.raw and not said.options.raw and not reading.pasted(first.text)
    given = Options(model=recipe.model, seed=recipe.seed, raw=raw, plain=True)
    beside = () if said.negative and not raw else first.negatives
    negative = ", ".join(str(one) for one in beside if one.origin != "preset")

    async def understood(text: str) -> tuple[Prompt, Model]:
        prompt, _, model = await studio.understand(
            press.person,
            text,
            negative=negative,
            given=given,
            place=common(press),
            standing=False,
            painted=recipe.regions is not None and bool(recipe.regions.map),
        )
        return _with_kept(first, prompt), model

    prompt = await _right(studio, (first, await studio.model(recipe.model)), sign, understood)
    prompt = replace(prompt, notes=(*prompt.notes, *told_changes.words(first, prompt)))
    await studio.submit(press, [replace(one, prompt=prompt) for one in made], parent=kept.parent)
    studio.queue.cancel(kept.job.id)


async def _wish(studio: Studio, press: Press, wish: Wish, sign: str) -> None:
    over = bool(wish.files or wish.reply_to)

    async def understood(text: str) -> tuple[Prompt, Model]:
        prompt, _, model = await studio.understand(
            press.person, text, negative=wish.negative, given=_given(wish, text), place=common(press), over=over
        )
        return prompt, model

    start = await understood(wish.text)
    prompt = await _right(studio, start, sign, understood)
    request = await request_of(studio, press, wish, prompt.text, _given(wish, prompt.text))
    await studio.imagine(request, prompt.text, notes=told_changes.words(start[0], prompt))


async def _right(
    studio: Studio,
    start: tuple[Prompt, Model],
    sign: str,
    understood: Callable[[str], Awaitable[tuple[Prompt, Model]]],
) -> Prompt:
    """A prompt with the finding of this sign mended, or with "" one after the other. Raises Refusal `mend.gone` where
    there is nothing to mend any more."""
    (prompt, model), tried = start, set[str]()
    while len(tried) < TURNS:
        found = await studio.findings(prompt, model)
        fix = next((one.fix for one in found if one.fix and one.fix not in tried and sign in ("", one.sign)), None)
        if fix is None:
            break
        tried.add(fix)
        prompt, model = await understood(fix)
        if sign:
            break
    if not tried:
        raise Refusal("mend.gone")
    return prompt


def _given(wish: Wish, text: str) -> Options:
    """The options beside the wish's text, without those that the mended text says otherwise."""
    before, after = _options(wish.text).options, _options(text).options
    changed = {name: None for name in Options.__dataclass_fields__ if getattr(before, name) != getattr(after, name)}
    return replace(wish.options, **changed)  # type: ignore[arg-type]


def _options(text: str) -> ParsedOptions:
    """What a text says of options; nothing where it is none that an assistant reads."""
    try:
        return options.read_options(grammar.networks(text)[0])
    except Refusal:
        return ParsedOptions(Options(), text)


def _with_kept(old: Prompt, new: Prompt) -> Prompt:
    """The new prompt with what the program had added to the old one (presets, a style, words for a short text), and
    with the LoRAs that were asked for beside its text."""
    there = {key(one.text) for one in new.fragments}
    kept = [one for one in old.fragments if one.origin == "preset" and key(one.text) not in there]
    first = [one for one in kept if one.part == PARTS[0]]
    others = [one for one in kept if one.part != PARTS[0]]
    unwanted = {key(one.text) for one in new.negatives}
    negatives = [one for one in old.negatives if one.origin == "preset" and key(one.text) not in unwanted | there]
    named = {use.name for use in grammar.networks(old.text)[1]}
    beside = [use for use in old.loras if use.name not in named]
    return replace(
        new,
        fragments=_led(new.fragments, first, others),
        negatives=(*new.negatives, *negatives),
        loras=recipes.joined(beside, new.loras),
        seed=old.seed if old.seed is not None else new.seed,
    )


def _led(own: tuple[Fragment, ...], first: list[Fragment], others: list[Fragment]) -> tuple[Fragment, ...]:
    """Fragments behind what leads the prompt, and before others."""
    lead = next((at for at, one in enumerate(own) if one.origin != "preset"), len(own))
    return (*own[:lead], *first, *own[lead:], *others)
