"""What guides the shapes of a request's pictures: each control with its picture, and the map made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.studio import maps, pose_files, sources
from bot.studio.nets import ChosenNet, chosen
from bot.studio.recipes import SizedSource
from engine import control_words, preprocessors
from engine.control import Control
from engine.files.catalog import Model
from engine.queue.queue import Queue
from engine.recipe import Recipe
from prompts.controls import SENT, AskedControl
from prompts.errors import Refusal
from prompts.prompt import Note
from storage import uploads
from storage.database import Database
from storage.maps import KeptMap

IDLE = "note.control_idle"


@dataclass(frozen=True, slots=True)
class Guiding:
    """A control as it will act: as asked for, with the picture that its map is made of (None where that is a code with
    a text), and the hash of one that is white where it acts ("": everywhere)."""

    asked: AskedControl
    guide: ChosenNet
    picture: SizedSource | None
    mask: str = ""


def without_picture(asked: AskedControl) -> Refusal:
    """What to say of a control for which no picture came."""
    row = control_words.word(asked.name)
    written = preprocessors.WRITTEN[0].kinds[0]  # a code may be made of a text instead
    return Refusal("control.no_code" if row and written in row.kinds else "control.no_picture", name=asked.name[:40])


async def guiding(
    db: Database,
    person: str,
    asked: Sequence[AskedControl],
    pictures: Sequence[SizedSource],
    model: Model,
    folders: Sequence[Path],
) -> tuple[Guiding, ...]:
    """What will guide the pictures of a request: the controls with a picture each, the last for all that are left, but
    for those that name a map of the person's or a text; a mask comes behind its picture. Raises Refusal as `chosen`,
    `control.no_picture` or `control.no_code` without one, `control.too_many_pictures`, `control.mask_pictures`,
    `over.unknown` for a file that is not there."""
    paired = _paired(asked, pictures)
    asked = [await pose_files.finished(db, one, picture) for one, (picture, _) in zip(asked, paired, strict=True)]
    chose = [await asyncio.to_thread(chosen, one, model, folders) for one in asked]
    found = []
    for one, guide, (picture, mask) in zip(asked, chose, paired, strict=True):
        if one.pictured and picture is None:
            raise without_picture(one)
        if one.map:
            picture = await sources.named(db, person, one.map)
        if one.mask and not mask:
            mask = await sources.named(db, person, one.mask)
        found.append(Guiding(one, guide, picture, mask.picture if mask else picture.mask if picture else ""))
    return tuple(found)


def _paired(
    asked: Sequence[AskedControl], pictures: Sequence[SizedSource]
) -> list[tuple[SizedSource | None, SizedSource | None]]:
    """Of the pictures that came in order each control's own, and its mask; None for what it has not."""
    wanted = sum(one.pictures for one in asked)
    masked = any(one.mask == SENT for one in asked)
    if masked and len(pictures) != wanted:
        raise Refusal("control.mask_pictures", count=len(pictures), wanted=wanted)
    if len(pictures) > max(1, wanted):
        raise Refusal("control.too_many_pictures", count=len(pictures), controls=wanted)
    left = list(pictures)
    found = []
    for one in asked:
        picture = (left.pop(0) if masked or len(left) > 1 else left[0]) if one.pictured and left else None
        found.append((picture, left.pop(0) if one.mask == SENT else None))
    return found


@dataclass(frozen=True, slots=True)
class Maker:
    """What makes maps and keeps them: as somebody's own files."""

    db: Database
    queue: Queue
    folders: Sequence[Path]
    person: str

    async def made(self, control: Control, recipe: Recipe) -> tuple[Control, tuple[Note, ...]]:
        """The control with the map that its preprocessor makes of its picture for a recipe, and what is told of it."""
        size, numbers = (recipe.width, recipe.height), (control.low, control.high)
        more = {"fit": control.fit, "mask": control.mask}
        kept = await self.mapped(control.source, control.preprocessor, numbers, size, recipe.seed, **more)
        return replace(control, picture=kept.hash), kept.notes

    async def mapped(
        self,
        source: str,
        preprocessor: str,
        numbers: tuple[float, float],
        size: tuple[int, int],
        seed: int = 0,
        **more: str,
    ) -> KeptMap:
        """The map that a preprocessor makes of a kept picture of the person's, of this size, as a file of theirs."""
        kept = await maps.kept(
            self.db,
            self.queue,
            self.folders,
            source,
            preprocessor,
            numbers,
            size,
            seed=seed,
            person=self.person,
            **more,
        )
        await uploads.add_upload(self.db, self.person, await self.db.files.get(kept.hash))
        return kept

    async def coded(self, text: str, size: tuple[int, int]) -> KeptMap:
        """The QR code with a text, of this size, as a file of the person's."""
        return await maps.code(self.db, self.queue, self.person, text, size)


async def guided(maker: Maker, made: Sequence[Recipe], guiding: Sequence[Guiding]) -> tuple[Recipe, ...]:
    """The recipes with their controls, whose maps are made first, each at the size of its picture; they are files of
    the person's from now on. What is told of the maps is noted beside the words."""
    if not guiding:
        return tuple(made)
    known: dict[tuple[int, int], tuple[tuple[Control, ...], list[Note]]] = {}
    for recipe in made:
        size = (recipe.width, recipe.height)
        if size in known:
            continue
        controls, notes = [], list[Note]()
        for one in guiding:
            control, told = await _control(maker, one, recipe)
            controls.append(control)
            notes += [note for note in told if note not in notes]
        known[size] = (tuple(controls), notes)
    return tuple(_with(one, *known[one.width, one.height]) for one in made)


def idle(control: Control, recipe: Recipe) -> bool:
    """Whether a control never acts: at none of the steps, or in a second pass that there is not."""
    again = recipe.hires or recipe.fixes or (recipe.upscale and recipe.upscale.strength)
    steps = recipe.hires.steps or recipe.steps if recipe.hires and control.stages == "second" else recipe.steps
    return (control.stages == "second" and not again) or not any(control.acts(step, steps) for step in range(steps))


def told(recipe: Recipe) -> Recipe:
    """The recipe with a note for each control that never acts, and none for others: whatever way it came about."""
    at_rest = dict.fromkeys(one.net for one in recipe.controls if one.strength and idle(one, recipe))
    notes = tuple(Note(IDLE, {"name": name}) for name in at_rest)
    known = tuple(one for one in recipe.prompt.notes if one.key == IDLE)
    if notes == known:
        return recipe
    others = tuple(one for one in recipe.prompt.notes if one.key != IDLE)
    return replace(recipe, prompt=replace(recipe.prompt, notes=(*others, *notes)))


def _with(recipe: Recipe, controls: tuple[Control, ...], notes: Sequence[Note]) -> Recipe:
    prompt = replace(recipe.prompt, notes=(*recipe.prompt.notes, *notes)) if notes else recipe.prompt
    return replace(recipe, controls=controls, prompt=prompt)


async def _control(maker: Maker, one: Guiding, recipe: Recipe) -> tuple[Control, tuple[Note, ...]]:
    asked, guide = one.asked, one.guide
    control = Control(
        guide.net,
        one.picture.picture if one.picture else "",
        asked.strength,
        asked.start,
        asked.end,
        mode=asked.mode,
        fit=asked.fit,
        mask=one.mask,
        stages=asked.stages,
        type=asked.type or ("" if guide.preprocessor else guide.kind),
    )
    if one.picture is None:
        code = await maker.coded(asked.text, (recipe.width, recipe.height))
        return replace(control, picture=code.hash, preprocessor=guide.preprocessor), code.notes
    ready = guide.kind == pose_files.KIND and not asked.map and not guide.preprocessor
    if ready and (pose := await pose_files.pose_in(maker.db, one.picture.picture)):
        size = recipe.width, recipe.height
        own = await pose_files.drawn(maker.db, maker.person, pose, size, guide.net)
        return replace(control, picture=own, preprocessor=pose_files.KIND, type=asked.type), ()
    made_by = guide.preprocessor
    if not guide.preprocessor or asked.map:
        return replace(control, preprocessor=made_by, low=asked.low, high=asked.high), ()
    source = one.picture.picture
    control = replace(control, source=source, preprocessor=made_by, low=asked.low, high=asked.high)
    return await maker.made(control, recipe)
