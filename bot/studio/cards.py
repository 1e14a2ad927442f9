"""How waiting, progress, a result and an error look, before a platform gives them a form."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from bot.chat import Button, Card, Field, Say, Shown
from bot.errors import Unfit
from bot.studio import inside
from bot.studio.corrections import corrections
from bot.studio.findings import glance
from bot.studio.mends import mends
from bot.studio.provenance import provenance
from engine import a1111, qualities, second_pass
from engine.job import Job, Progress, State
from engine.pixels import parameters
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.prompt import Json, Prompt
from prompts.refill import filling
from storage.pictures import PictureRow

# What people press most; with the button for the others there are six.
FIRST = ("again", "vary", "upscale", "edit", "favourite")
# What shows how a picture came about, in a row of its own.
LEARN = ("tags",)
# What is about what guided its shapes, where something did, in a row of its own.
GUIDED = ("same_shape", "control_stronger", "control_weaker", "show_map")
LINES = "abcd"  # ways of saying that a job waits, or is being drawn
# What a menu holds, in the end what cannot be undone; a button that stands for nothing in a picture is left out.
MORE = (
    *("refill", "larger", "vary_strong", "hires", "fix_faces", "fix_hands"),
    *("zoom_out", "pan_left", "pan_right", "pan_up", "pan_down"),
    *("other_map", "without_control"),
    *("read_tags", "check_drawn"),
    *("why", "versus", "recipe", "original", "share", "rename", "delete"),
)
GONE = Say("job.deleted")
ON = {"favourite": "unfavourite", "with_lora": "without_lora"}  # what takes back what is on, in the same place


def shown(row: PictureRow) -> Shown:
    return Shown(row.id, row.hash, row.width, row.height)


def error(refusal: Refusal, *, fleeting: bool = False) -> Card:
    """What cannot be done, and what to do about it."""
    if isinstance(refusal, Unfit):
        # What is said at the head of the card need not be said again below it, unless it can be mended there.
        findings = tuple(one for one in refusal.findings if one.fix or one.key != refusal.key)
        return Card(
            kind="error",
            text=Say(refusal.key, refusal.values),
            prompt=Prompt(refusal.prompt.text, ()),
            findings=findings,
            buttons=mends(findings, refusal.wish) if refusal.wish else (),
        )
    beside = Prompt("", (), notes=refusal.notes) if refusal.notes else None
    said = Say(refusal.key, refusal.values)
    return Card(kind="error", text=said, prompt=beside, fleeting=fleeting and not refusal.notes)


def notice(key: str, *buttons: Button, turned: str = "", **values: str | int | float) -> Card:
    """A passing word to whoever pressed something; `turned` is what the button stands for now."""
    return Card(text=Say(key, values), buttons=buttons, turned=turned, fleeting=True)


def under_way(job: Job, progress: Progress | None, spoiler: bool = False) -> Card:
    """A job that waits or is being drawn: what was understood, where it stands. A spoiler has no previews."""
    if spoiler and progress is not None:
        progress = replace(progress, preview=None)
    waiting = progress is None or progress.state is State.WAITING
    text = Say(f"job.waiting.{_line(job.id)}" if waiting else f"job.running.{_line(job.id)}")
    findings = glance(job.recipe.prompt)
    if job.attempt and waiting:
        text = Say("job.retrying")
    elif progress is not None and progress.loading:
        text = Say("job.loading", {"model": progress.loading})
    elif progress is not None and progress.resting:
        text = Say("job.resting")
    return Card(
        kind="job",
        text=text,
        job=job.id,
        state=State.WAITING if waiting else State.RUNNING,
        progress=progress,
        prompt=job.recipe.prompt,
        findings=findings,
        recipe=job.recipe,
        buttons=(Button("cancel", job.id), *mends(findings, job.id), *corrections(job.recipe.prompt, job.id)),
        spoiler=spoiler,
    )


def _line(job: str) -> str:
    """Which of the lines that say the same in other words; a job keeps its own."""
    return LINES[zlib.crc32(job.encode()) % len(LINES)]


def step(progress: Progress) -> Say:
    """How far the drawing of a job is: the step of one picture, or which picture of several."""
    if progress.pictures > 1:
        return Say("page.progress.picture", {"picture": progress.picture, "pictures": progress.pictures})
    return Say("page.progress.step", {"step": progress.step, "steps": progress.steps})


def ended(
    job: Job,
    pictures: Sequence[PictureRow],
    key: str,
    values: Mapping[str, Json],
    spoiler: bool = False,
    took: float = 0.0,
) -> Card:
    """The one answer to a job, in whatever way it ended. Of one whose pictures are all deleted nothing is told. `took`
    are the seconds it was drawn by the clock, and what its pictures cost a device where that is not known."""
    buttons: tuple[Button, ...] = ()
    if job.state is State.DONE and not pictures:
        return Card(kind="job", text=GONE, job=job.id, state=job.state)
    findings = glance(job.recipe.prompt)
    if job.state is State.DONE:
        # Where there is a key, some of its pictures are not shown.
        text = Say(key, cast(Mapping[str, str | int | float], values)) if key else Say("job.done")
        buttons = tuple(button for row in pictures for button in picture_buttons(row))
        if len(pictures) > 1:
            buttons += (Button("again_all", job.id),)
    elif job.state is State.CANCELLED:
        text = Say("job.cancelled")
        buttons = (Button("retry", job.id),)
    else:
        text = Say(key, cast(Mapping[str, str | int | float], values))
        buttons = (Button("retry", job.id),)
    return Card(
        kind="error" if job.state is State.FAILED else "job",
        text=text,
        job=job.id,
        state=job.state,
        prompt=_noted(job.recipe.prompt, pictures),
        findings=findings,
        recipe=pictures[0].recipe if pictures else job.recipe,
        fields=_facts(pictures, took) if pictures else (),
        pictures=tuple(map(shown, pictures)),
        buttons=(*buttons, *mends(findings, job.id), *corrections(job.recipe.prompt, job.id)),
        spoiler=spoiler,
    )


def followed(card: Card) -> tuple[str, ...]:
    """The maps that the pictures of an ended job follow, by the hashes of their files, each once; none where the
    pictures are veiled."""
    if not (card.job and card.pictures and card.recipe) or card.spoiler:
        return ()
    return tuple(dict.fromkeys(one.picture for one in card.recipe.controls))


def _noted(prompt: Prompt, pictures: Sequence[PictureRow]) -> Prompt:
    """The prompt with what was noted while the pictures were drawn, each thing once."""
    notes = list(prompt.notes)
    for note in (note for row in pictures for note in row.notes):
        if note not in notes:
            notes.append(note)
    return replace(prompt, notes=tuple(notes))


def _facts(pictures: Sequence[PictureRow], took: float) -> tuple[Field, ...]:
    """What pictures were drawn with, each line under its label, the same on every platform."""
    plan = inside.lines(pictures[0].recipe)["regions"]
    lines: dict[str, str | Say] = {
        **({"regions": plan} if plan else {}),
        "model": ", ".join(dict.fromkeys(row.recipe.model for row in pictures)),
        "size": ", ".join(dict.fromkeys(f"{row.width}×{row.height}" for row in pictures)),
        "seed": ", ".join(dict.fromkeys(str(row.recipe.seed) for row in pictures)),
    }
    if seconds := took or sum(row.seconds for row in pictures):
        lines["time"] = Say("recipe.took", {"seconds": seconds})
    facts = tuple(Field(Say(f"recipe.{name}"), value) for name, value in lines.items())
    return provenance(pictures[0].recipe, pictures[0].parent) + facts


def hushed(card: Card) -> Card:
    """A card with as few words as can be: what it is, the pictures, what can be pressed."""
    return replace(card, prompt=None, findings=(), fields=())


def plain(card: Card) -> Card:
    """A card that a platform refuses, as a line of text that says where the rest is."""
    text = Say("answer.refused") if card.pictures else card.text
    state = card.state and (State.FAILED if card.pictures else card.state)
    return Card(kind="error" if card.pictures else card.kind, text=text, job=card.job, state=state)


def picture_buttons(row: PictureRow) -> tuple[Button, ...]:
    """What can be done with a picture: what most want first, then `LEARN`, `GUIDED` and `MORE`."""
    guided = row.recipe.controls
    first = (*FIRST, *LEARN, *GUIDED) if guided else (*FIRST, *LEARN)
    names = (ON.get(name, name) if row.favourite else name for name in first)
    idle = {"rename": not row.favourite, "refill": filling(row.recipe.prompt) is None, "without_control": not guided}
    idle["other_map"] = not any(one.source for one in guided)
    more = (name for name in MORE if not idle.get(name))
    return tuple(Button(name, row.id, danger=name == "delete") for name in (*names, *more))


def parted(buttons: Sequence[Button]) -> tuple[list[Button], list[Button]]:
    """The buttons that stand under a card, and those in its menu: none where nothing else would stand."""
    seldom = [one for one in buttons if one.action in MORE]
    return (
        ([one for one in buttons if one not in seldom], seldom) if len(seldom) < len(buttons) else (list(buttons), [])
    )


def recipe_fields(recipe: Recipe, parent: str | None = None) -> tuple[Field, ...]:
    """A recipe line by line; `parent` is the id of the picture that it was made from, where it is the person's own."""
    lines: dict[str, str] = {
        "text": recipe.prompt.text,
        "positive": " ".join([recipe.prompt.positive, *map(str, recipe.prompt.loras)]),
        "negative": recipe.prompt.negative,
        "model": recipe.model,
        "size": f"{recipe.width}×{recipe.height}",
        "steps": str(recipe.steps),
        "sampler": recipe.sampler,
        "guidance": f"{recipe.guidance:g}",
        "seed": str(recipe.seed),
    }
    if recipe.like:
        own = () if recipe.like.schedule == a1111.AUTOMATIC else (recipe.like.schedule,)
        lines["like"] = " · ".join(("A1111", *own, recipe.like.rng, *parameters.settings(recipe)))
    lines["vae"] = recipe.vae
    if recipe.refiner:
        lines["refiner"] = f"{recipe.refiner.model} · {recipe.refiner.switch:g}"
    if recipe.clip_skip > 1:
        lines["clip_skip"] = str(recipe.clip_skip)
    if lines["positive"] == lines["text"]:
        del lines["positive"]
    if recipe.variation:
        lines["variation"] = f"{recipe.variation.seed} × {recipe.variation.strength:g}"
    if recipe.hires:
        by_size = recipe.hires.width or recipe.hires.height
        larger = "×".join(map(str, second_pass.size(recipe, recipe.hires).finished))
        shown = (f"{recipe.hires.upscaler} {f'→ {larger}' if by_size else f'× {recipe.hires.factor:g}'}",)
        lines["hires"] = " · ".join((*shown, *filter(None, (recipe.hires.checkpoint, recipe.hires.vae))))
    if recipe.fixes:
        fixed = (" · ".join(filter(None, (f"{fix.detector} × {fix.strength:g}", fix.prompt))) for fix in recipe.fixes)
        lines["fixes"] = ", ".join(fixed)
    if recipe.upscale:
        lines["upscale"] = f"{recipe.upscale.upscaler} × {recipe.upscale.factor:g}"
        if recipe.upscale.strength:
            lines["redraw"] = f"{recipe.upscale.strength:g}"
    if recipe.rescale:
        lines["rescale"] = f"{recipe.rescale:g}"
    if (recipe.guidance_start, recipe.guidance_end) != (0.0, 1.0):
        lines["guided"] = f"{recipe.guidance_start:g}–{recipe.guidance_end:g}"
    lines["curve"] = recipe.guidance_curve
    lines |= inside.lines(recipe)
    lines["perpendicular"] = f"{recipe.perpendicular:g}" if recipe.perpendicular else ""
    lines |= {name: str(value) for name in ("threshold", "pag", "seg") if (value := getattr(recipe, name))}
    fields = tuple(Field(Say(f"recipe.{name}"), value) for name, value in lines.items() if value)
    fields += provenance(recipe, parent)
    return (*fields, Field(Say("recipe.quality"), quality(recipe.quality))) if recipe.quality else fields


def quality(name: str) -> Say:
    """A line on what a quality costs and gains, as measured."""
    row = qualities.quality(name)
    return Say("quality.measured", {"name": row.name, "percent": round(row.share * 100), "off": f"{row.off:g}"})


def recipe_card(recipe: Recipe) -> Card:
    """A recipe as a card: every line once, under its label."""
    return Card(text=Say("recipe.title", {"code": recipe.code}), recipe=recipe, fields=recipe_fields(recipe))


def picture_card(row: PictureRow) -> Card:
    """A picture with its recipe."""
    return replace(recipe_card(row.recipe), pictures=(shown(row),))
