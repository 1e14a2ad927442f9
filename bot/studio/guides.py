"""What guides the shapes of a request's pictures: the net and preprocessor that a word stands for, and the map made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.studio import maps, pose_files, sources
from bot.studio.recipes import SizedSource
from engine import control_words, preprocessors
from engine.control import Control
from engine.control_words import ControlWord
from engine.files import annotators, catalog, compatibility
from engine.files.catalog import Companion, Model
from engine.preprocessors import Preprocessor
from engine.queue.queue import Queue
from engine.recipe import Recipe
from prompts.controls import NONE, AskedControl
from prompts.errors import Refusal
from prompts.prompt import Note
from storage import uploads
from storage.database import Database
from storage.maps import KeptMap


@dataclass(frozen=True, slots=True)
class ChosenNet:
    """What follows a map, and what makes it: a net by its name, a preprocessor ("" where the picture is a map already),
    and the kind of map, for a net that takes several."""

    net: str
    preprocessor: str
    kind: str


def chosen(asked: AskedControl, model: Model, folders: Sequence[Path]) -> ChosenNet:
    """The net and preprocessor that a control as asked for stands for, with this model. It reads the folders: call it
    in a thread.

    Raises Refusal `control.unknown_word`, what the catalog says of a net that is named, `control.builtin` where the
    built-in model knows only edges, `control.missing` with the file to get, `control.no_preprocessor`.
    """
    nets = catalog.controlnets(folders)
    named = _net(asked, nets, model, folders)
    row = control_words.word(asked.name)
    by = _preprocessor(asked, row)
    if named is not None:
        kind = control_words.trained_for(named) or (row.kinds[0] if row else "")
        kinds: tuple[str, ...] = (kind,) if kind else by.kinds if by else ()
    elif row is not None:
        kinds = row.kinds
    elif by is not None:
        kinds = by.kinds
    else:
        raise Refusal("control.unknown_word", name=asked.name[:40], near=control_words.nearest(asked.name))
    if asked.text and not set(kinds) & set(control_words.WORDS["qr"].kinds):
        raise Refusal("control.no_text", name=asked.name[:40])
    fitting = (named,) if named else tuple(one for one in nets if compatibility.control_fits(one, model))
    for kind in kinds:
        net = named or _following(fitting, kind)
        makers = _makers(asked, row, by, kind, folders)
        if net and (makers or asked.by == NONE or asked.map):
            return ChosenNet(net.name, makers[0].name if makers else "", kind)
    raise _lacking(asked, model, folders, fitting, kinds)


def here(
    asked: Sequence[AskedControl], model: Model, folders: Sequence[Path], pictured: bool
) -> tuple[tuple[AskedControl, ...], list[str]]:
    """The controls that can act with a model, and the names of the nets of the others: where nothing is `pictured`,
    these are all that need a picture. As `chosen`."""
    kept: list[AskedControl] = []
    missing: list[str] = []
    for one in asked:
        acts = pictured or not one.pictured
        with suppress(Refusal):
            chosen(one, model, folders)
            if acts:
                kept.append(one)
                continue
        missing.append(one.net or one.name)
    return tuple(kept), missing


def makers(kind: str, folders: Sequence[Path]) -> tuple[Preprocessor, ...]:
    """What can make maps of a kind here, the best first."""
    return tuple(one for one in preprocessors.for_kind(kind) if can_make(one, folders))


def can_make(one: Preprocessor, folders: Sequence[Path]) -> bool:
    """Whether a preprocessor is here, with the network that it needs, and makes its map of a picture."""
    try:
        annotators.chosen(one, folders)
    except Refusal:
        return False
    return True


def _net(asked: AskedControl, nets: Sequence[Companion], model: Model, folders: Sequence[Path]) -> Companion | None:
    """The net that is named; None where only a word says what it is for."""
    if asked.net:
        net = catalog.controlnet(nets, asked.net, folders)
    else:
        wanted = asked.name.casefold().removesuffix(".safetensors").removesuffix(".pth")
        found = next((one for one in nets if one.name.casefold() == wanted), None)
        if found is None:
            return None
        net = found
    if not compatibility.control_fits(net, model):
        raise Refusal("control.made_for", name=net.name, base=net.family, model=model.name, family=model.family)
    return net


def _preprocessor(asked: AskedControl, row: ControlWord | None) -> Preprocessor | None:
    """The preprocessor that is named, be it in place of a word."""
    if asked.by:
        return None if asked.by == NONE else preprocessors.preprocessor(asked.by)
    if row is None or (asked.net and asked.name not in (row.name, row.zh[0], row.en[0])):
        return preprocessors.named(asked.name)
    return None


def _following(nets: Sequence[Companion], kind: str) -> Companion | None:
    """The net for a kind of map: one of its own before one for several."""
    own = next((one for one in nets if control_words.trained_for(one) == kind), None)
    return own or next((one for one in nets if control_words.follows(one, (kind,))), None)


def _makers(
    asked: AskedControl, row: ControlWord | None, by: Preprocessor | None, kind: str, folders: Sequence[Path]
) -> Sequence[Preprocessor]:
    if asked.text:
        return preprocessors.WRITTEN
    if asked.by == NONE:
        return ()
    if by is not None:
        return (by,) if can_make(by, folders) else ()
    found = makers(kind, folders)
    if row and row.by and not asked.by:
        own = [preprocessors.PREPROCESSORS[name] for name in row.by]
        return [one for one in own if one in found]
    if row and asked.name not in (row.name, row.zh[0], row.en[0]):  # "canny" says more than "edges"
        return sorted(found, key=lambda one: one.name != asked.name.casefold())
    return found


def _lacking(
    asked: AskedControl, model: Model, folders: Sequence[Path], fitting: Sequence[Companion], kinds: Sequence[str]
) -> Refusal:
    """What is missing, by name, and where it belongs."""
    has = next((kind for kind in kinds if _following(fitting, kind)), "")
    if has and asked.by != NONE:
        wanted = preprocessors.for_kind(has)
        files = " / ".join(dict.fromkeys(file for one in wanted for file in one.files))
        return Refusal(
            "control.no_preprocessor", name=asked.name[:40], files=files or has, folder=_place(folders, "detectors")
        )
    if model.builtin:
        return Refusal("control.builtin", name=asked.name[:40], model=model.name)
    file = next((file for kind in kinds if (file := control_words.FILES.get(model.family, {}).get(kind))), "")
    values = {
        "name": asked.name[:40],
        "model": model.name,
        "family": model.family,
        "folder": _place(folders, "controlnets"),
    }
    return Refusal("control.missing" if file else "control.missing_any", **values, **({"file": file} if file else {}))


def _place(folders: Sequence[Path], name: str) -> str:
    """Where a file belongs: the folder for its kind, which usually has that name, else the first of them."""
    return str(next((one for one in folders if one.name == name), next(iter(folders), Path(name))))


@dataclass(frozen=True, slots=True)
class Guiding:
    """A control as it will act: as asked for, with the picture that its map is made of; None where that is a code with
    a text."""

    asked: AskedControl
    guide: ChosenNet
    picture: SizedSource | None


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
    for those that name a map of the person's or a text. Raises Refusal as `chosen`, `control.no_picture` or
    `control.no_code` without one, `control.too_many_pictures`, `over.unknown` for a map that is not there."""
    asked = await pose_files.finished(db, asked, pictures)
    chose = [await asyncio.to_thread(chosen, one, model, folders) for one in asked]
    open_ones = [one for one in asked if one.pictured]
    if open_ones and not pictures:
        raise without_picture(open_ones[0])
    if len(pictures) > max(1, len(open_ones)):
        raise Refusal("control.too_many_pictures", count=len(pictures), controls=len(open_ones))
    left = list(pictures)
    found = []
    for one, guide in zip(asked, chose, strict=True):
        if one.map:
            found.append(Guiding(one, guide, await sources.named(db, person, one.map)))
        elif one.text:
            found.append(Guiding(one, guide, None))
        else:
            found.append(Guiding(one, guide, left.pop(0) if len(left) > 1 else left[0]))
    return tuple(found)


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
            self.db, self.queue, self.folders, source, preprocessor, numbers, size, seed=seed, **more
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


def _with(recipe: Recipe, controls: tuple[Control, ...], notes: Sequence[Note]) -> Recipe:
    at_rest = dict.fromkeys(one.net for one in controls if one.strength and idle(one, recipe))
    notes = [*notes, *(Note("note.control_idle", {"name": name}) for name in at_rest)]
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
        mask=one.picture.mask if one.picture else "",
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
