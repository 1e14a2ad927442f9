"""The pictures that are drawn for the cards of a training, kept as long as a card shows them."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from PIL import Image

from bot import texts
from bot.chat import Shown
from bot.studio import comparison_sheet
from bot.studio.contact_sheet import encoded
from bot.training.contact_sheet import Share, SheetPicture, contact_sheet
from bot.training.curve import course, curve, smoothed
from bot.training.flags import CUT
from bot.training.now import TrainingNow
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import facts, trainings, uploads
from storage.database import Database
from storage.trainings import KeptPicture, KeptSample, KeptTraining

FLAGS = ("small", "blurred", "twin", "no_face", "many_faces", "lost", "plain")  # in the order of their weight
PARTS = 24  # of a run after each of which its picture is drawn anew
WIDEST = 640  # pixels of a sample on a sheet of all
WITH = 2  # samples of a step that are drawn with the trigger; the others without
SHEETS = "training.sheets "  # before a training's id: the fact that names what was drawn for its cards
Samples = Sequence[KeptSample]


def flags(one: KeptPicture) -> tuple[str, ...]:
    """What was found in a picture, by name."""
    found = [name for name in FLAGS if one.flags.get(name)]
    lost = one.flags.get("lost")
    if "lost" in found and not (isinstance(lost, int | float) and lost > CUT):
        found.remove("lost")
    return tuple(found)


async def of_pictures(db: Database, now: TrainingNow) -> tuple[Shown, ...]:
    """The contact sheet of its pictures, with the marks in its owner's language; nothing where there is none."""
    kept, pictures = now.kept, [one for one in now.pictures if not one.prior]
    if not pictures:
        return ()
    told = [(one.place, one.hash, _marks(one, kept.language), crop(one), one.faces, one.repeats) for one in pictures]

    async def made() -> bytes:
        contents = [await _content(db, one.hash) for one in pictures]
        rows = [
            SheetPicture(place, content, marks, left, cast(tuple[Share, ...], faces), repeats)
            for content, (place, _, marks, left, faces, repeats) in zip(contents, told, strict=True)
        ]
        return await asyncio.to_thread(contact_sheet, rows)

    return await _kept(db, kept, f"pictures {told}", made)


async def of_course(db: Database, now: TrainingNow) -> tuple[Shown, ...]:
    """The curve with the newest samples beneath it; nothing before there is either."""
    kept, last = now.kept, newest(now.samples)
    if not (kept.losses or last):
        return ()
    losses = kept.losses
    if kept.state == "running" and kept.steps:  # not at every step: the picture is sent anew each time it changes
        grain = max(1, kept.steps // kept.each // PARTS)
        losses = losses[: max(grain, len(losses) // grain * grain)]
    title = texts.say(kept.language, "training.curve.title")
    steps = max(1, round(kept.steps / kept.each))
    marks = [round(step / kept.each) for step in now.files if step <= kept.step]
    labels = [label(one, kept) for one in last]

    async def made() -> bytes:
        contents = [await _content(db, one.hash) for one in last]
        return await asyncio.to_thread(
            course, losses, steps, title, marks, [*zip(contents, labels, strict=True)], kept.each
        )

    told = f"course {losses} {steps} {marks} {[one.hash for one in last]} {labels}"
    return await _kept(db, kept, told, made)


async def of_curve(db: Database, now: TrainingNow) -> tuple[Shown, ...]:
    """The curve alone, to its last step."""
    kept = now.kept
    if not kept.losses:
        return ()
    title, marks = texts.say(kept.language, "training.curve.title"), [round(step / kept.each) for step in now.files]
    steps = max(1, round(kept.steps / kept.each))

    async def made() -> bytes:
        return await asyncio.to_thread(curve, kept.losses, steps, title, marks, kept.each)

    return await _kept(db, kept, f"curve {kept.losses} {steps} {marks}", made)


async def of_samples(db: Database, now: TrainingNow) -> tuple[Shown, ...]:
    """All samples: a row for each step, the same seeds beneath each other; nothing before there are some."""
    kept = now.kept
    by_step: dict[int, dict[int, KeptSample]] = {}
    for one in now.samples:
        if one.hash:
            by_step.setdefault(one.step, {})[one.place] = one
    places = sorted({place for row in by_step.values() for place in row})
    whole = {step: row for step, row in sorted(by_step.items()) if len(row) == len(places)}
    if not whole:
        return ()
    columns = [_column(place, kept) for place in places]
    rows = [texts.say(kept.language, "training.step", step=step) for step in whole]
    cells = [row[place] for row in whole.values() for place in places]

    async def made() -> bytes:
        contents = [await _content(db, one.hash) for one in cells]
        widest = max(one.width for one in cells) or WIDEST
        share = min(1.0, WIDEST / widest, comparison_sheet.share(contents))
        sheet = await asyncio.to_thread(comparison_sheet.lay_out, contents, columns, rows, "", share)
        return await asyncio.to_thread(encoded, sheet.image, "JPEG", 90)

    return await _kept(db, kept, f"samples {[one.hash for one in cells]} {columns} {rows}", made)


def loss(kept: KeptTraining) -> float:
    """The loss as the curve ends: smoothed."""
    return smoothed(kept.losses)[-1]


def newest(samples: Samples) -> list[KeptSample]:
    """The samples of the newest step that has all of its own."""
    steps = {one.step for one in samples if one.hash}
    most = max((sum(other.step == one.step for other in samples) for one in samples), default=0)
    whole = [step for step in steps if sum(bool(one.hash) for one in samples if one.step == step) == most]
    last = max(whole or steps, default=0)
    return sorted((one for one in samples if one.step == last and one.hash), key=lambda one: one.place)


def label(one: KeptSample, kept: KeptTraining) -> str:
    """What is said of a sample: its step, and whether the trigger is in its words."""
    step = texts.say(kept.language, "training.step", step=one.step)
    return f"{step} · {_column(one.place, kept)}"


def _column(place: int, kept: KeptTraining) -> str:
    key = "training.with" if place < WITH else "training.without"
    return texts.say(kept.language, key, trigger=kept.trigger)


def _marks(one: KeptPicture, language: str) -> tuple[str, ...]:
    return tuple(texts.say(language, f"training.mark.{name}", twin=one.flags.get("twin", "")) for name in flags(one))


def crop(one: KeptPicture) -> Share | None:
    """What is left of a picture when it is cut to fit; None where that is not known yet."""
    said = one.flags.get("crop")
    if not isinstance(said, list) or len(said) != 4:
        return None
    left, top, right, bottom = (float(each) for each in cast(list[float], said))
    return left, top, right, bottom


async def _content(db: Database, hash: str) -> bytes:
    return await db.files.get(hash)


# --- kept, as long as a card shows them ---


async def renew(db: Database) -> None:
    """Keep what was drawn for cards another day, as long as their trainings are there."""
    known = [await facts.fact(db, key) for key in await facts.beginning(db, SHEETS)]
    await uploads.renew(db, [str(one[0]) for told in known for one in cast(dict[str, list[Json]], told or {}).values()])


async def forget(db: Database, kept: KeptTraining) -> None:
    """Leave nothing of what was drawn for the cards of a training."""
    known = await _known(db, kept.id)
    await facts.forget(db, _key(kept.id))
    for one in known.values():
        await uploads.forget(db, kept.person, str(one[0]))


async def _kept(db: Database, kept: KeptTraining, told: str, made: Callable[[], Awaitable[bytes]]) -> tuple[Shown, ...]:
    """The picture of what is `told`, made where there is none yet. The one of the same sort that was before goes."""
    sort = told.partition(" ")[0]
    digest = hashlib.sha256(told.encode()).hexdigest()[:24]
    known = await _known(db, kept.id)
    had = known.get(sort)
    if had and had[3] == digest and await db.files.has(str(had[0])):
        return (Shown(str(had[0]), str(had[0]), int(had[1]), int(had[2])),)
    try:
        content = await made()
    except Refusal:  # a picture of it is gone
        return ()
    with Image.open(io.BytesIO(content)) as picture:
        width, height = picture.size
    hash = await uploads.add_upload(db, kept.person, content)
    told_of: dict[str, Json] = {**{name: [*one] for name, one in known.items()}, sort: [hash, width, height, digest]}
    await facts.set_fact(db, _key(kept.id), told_of)
    if had and had[0] != hash:
        await uploads.forget(db, kept.person, str(had[0]))
    if await trainings.get(db, kept.id) is None:  # deleted while it was drawn
        await forget(db, kept)
        return ()
    return (Shown(hash, hash, width, height),)


async def _known(db: Database, training: str) -> dict[str, list[str | int]]:
    found = await facts.fact(db, _key(training))
    return cast(dict[str, list[str | int]], found) if isinstance(found, dict) else {}


def _key(training: str) -> str:
    return f"{SHEETS}{training}"
