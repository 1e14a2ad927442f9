"""The plan that a draft stands for as it is now, and what that takes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from bot.training import captions, looked_at, orders
from bot.training.now import TrainingEstimate
from bot.training.sample_jobs import SAMPLES
from engine.errors import BadPlan
from engine.files.catalog import Model
from engine.queue.estimate import Estimate
from engine.recipe import Recipe
from engine.training_plan import FAMILIES, MAX_SEED, MAX_STEPS, TrainingPicture, TrainingPlan, planned
from engine.training_presets import OFFLINE, PRESETS
from prompts.errors import Refusal
from prompts.prompt import Json, Prompt
from storage.trainings import KeptPicture, KeptTraining

FILES = 10  # kept along the way at most, where nobody says otherwise
MOST_FILES = 50
SAMPLED = 0.1  # of the time of a training that drawing the samples of those files may take
SAMPLE_STEPS = 25  # of a usual sample
LEARNING = 1.5  # of the seconds of a guided step that learning from one picture takes: forwards, and back twice as long
NUMBERS: Mapping[str, tuple[int, int]] = {
    "steps": (1, MAX_STEPS), "seed": (0, MAX_SEED), "rank": (1, 256), "files": (1, MOST_FILES),
}  # fmt: skip


def teachable(models: Sequence[Model]) -> list[Model]:
    """The models that something can be learnt on."""
    return [one for one in models if one.family in FAMILIES and one.channels == 4]


def presets(model: Model | None, kind: str) -> tuple[str, ...]:
    """The presets that suit a model and a kind, of trainings that can be a guest's."""
    family = "sd15" if model and model.family == "sd2" else model.family if model else ""
    suit = (name for name, rows in PRESETS.items() if family in rows and name not in OFFLINE)
    return tuple(name for name in suit if name != "portrait" or kind == "person")


def number(name: str, value: Json) -> int:
    """A number that somebody chooses. Raises Refusal `training.range`."""
    least, most = NUMBERS[name]
    try:
        found = int(str(value).strip())
    except ValueError:
        found = least - 1
    if not least <= found <= most:
        raise orders.out_of_range(name, str(value), least, most)
    return found


def file_of(picture: KeptPicture) -> str:
    """What a picture's file is called in the plan's folder."""
    return f"{picture.hash[:24]}.png"


def sketch(kept: KeptTraining, pictures: Sequence[KeptPicture], model: Model) -> TrainingPlan:
    """The plan of a draft. Raises Refusal for what cannot be learnt."""
    wishes = kept.wishes
    rank = int(str(wishes.get("rank") or 0))
    said: dict[str, Json] = {"seed": int(str(wishes.get("seed") or 0)), "consent": kept.consent is not None}
    said |= {"rank": rank, "alpha": rank / 2} if rank else {}
    common = math.gcd(*(one.repeats for one in pictures)) or 1
    shown = [
        TrainingPicture(file_of(one), one.hash, one.caption if one.prior else _caption(kept, one), prior=one.prior)
        for one in pictures
        for _ in range(1 if one.prior else one.repeats // common)
    ]
    preset = str(wishes.get("preset") or "")
    if preset == "portrait" and kept.kind != "person":
        raise Refusal("training.portrait")
    if preset and preset not in (known := presets(model, kept.kind)):
        raise orders.unknown_preset(preset, known)
    try:
        plan = planned(
            kept.kind, model.family, name=kept.name, trigger=kept.trigger, model=model.name, pictures=shown,
            preset=preset, side=model.width, steps=int(str(wishes.get("steps") or 0)), **said,
        )  # fmt: skip
    except BadPlan as error:
        raise Refusal(error.key, **error.values) from error
    parts = {one.hash: one.flags for one in looked_at.told(pictures, plan, kept.kind, preset)}
    return replace(plan, pictures=tuple(_in_part(one, parts[one.hash]) for one in plan.pictures))


def _in_part(one: TrainingPicture, flags: Mapping[str, Json]) -> TrainingPicture:
    """The picture with what of it is learnt, and what is not to be cut off."""
    part, focus = (tuple(cast(Sequence[float], flags.get(name) or ())) for name in ("part", "focus"))
    return one if one.prior else replace(one, crop=part, focus=focus)


def with_class(plan: TrainingPlan, pictures: Sequence[KeptPicture]) -> TrainingPlan:
    """The plan with the pictures of what is not to be forgotten."""
    prior = [TrainingPicture(file_of(one), one.hash, one.caption, prior=True) for one in pictures if one.prior]
    return replace(plan, pictures=(*plan.new, *prior))


def _caption(kept: KeptTraining, one: KeptPicture) -> str:
    return captions.with_trigger(kept.trigger, one.caption or one.named)


def every(kept: KeptTraining, plan: TrainingPlan) -> int:
    """How many steps lie between two files along the way."""
    return max(1, math.ceil(plan.steps / (int(str(kept.wishes.get("files") or 0)) or files(plan))))


def files(plan: TrainingPlan) -> int:
    """How many files are kept, that at the end among them: each has its samples drawn, which is not to take long beside
    the learning. A short training has that of the end alone."""
    learning = LEARNING * plan.views * (2 if plan.prior else 1)  # in guided steps
    return min(FILES, 1 + int(SAMPLED * learning / (SAMPLES * SAMPLE_STEPS)))


def estimate(plan: TrainingPlan, known: Estimate, others: Sequence[KeptTraining], left: int | None) -> TrainingEstimate:
    """What a plan takes: as long a view as in earlier trainings on its model, else by how fast that draws."""
    measured = [
        one.seconds / (one.step * one.plan.batch * one.plan.accumulate)
        for one in others
        if one.plan and one.step and one.seconds and one.plan.model == plan.model
        and one.plan.resolution == plan.resolution
    ]  # fmt: skip
    side = plan.resolution
    step = Recipe(
        prompt=Prompt("", ()), model=plan.model, width=side, height=side, steps=1, sampler="", guidance=2.0, seed=0
    )
    view = sum(measured) / len(measured) if measured else LEARNING * known.seconds(step)
    seconds = math.ceil(view * plan.views * (2 if plan.prior else 1))
    return TrainingEstimate(plan.steps, plan.views, math.ceil(seconds / 60), seconds, left)
