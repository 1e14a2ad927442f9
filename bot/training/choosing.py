"""What somebody chooses of a draft: checked, and the plan that it comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.chat import Person
from bot.people import guard
from bot.training import captions, drafting, looked_at, orders, trigger_words
from bot.training.classroom import Classroom
from bot.training.planning import check_name, english, trigger_of
from engine.files import catalog
from engine.files.catalog import Model
from engine.training_plan import KINDS, TrainingPlan
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import trainings
from storage.trainings import KeptPicture, KeptTraining

WISHES = ("name", "trigger", "kind", "model", "preset", "steps", "seed", "rank", "keep", "files")
COLUMNS = ("name", "trigger", "kind", "model")  # that every draft has


async def chosen(studio: Classroom, kept: KeptTraining, wishes: Mapping[str, Json]) -> dict[str, Json]:
    """The columns of a draft that become other ones by these wishes (None or "" takes one back). Raises Refusal for
    what cannot be."""
    if unknown := wishes.keys() - set(WISHES):
        raise Refusal("train.not_one_of", name="option", value=min(unknown), known=", ".join(WISHES))
    new: dict[str, str] = {}
    said = dict(kept.wishes)
    for name, value in wishes.items():
        if name in COLUMNS:
            new[name] = await _column(studio, kept, name, str(value or "").strip())
        elif value in (None, ""):
            said.pop(name, None)
        else:
            said[name] = await _wish(studio, kept, name, value)
    changed = replace(
        kept,
        wishes=said,
        name=new.get("name", kept.name),
        trigger=new.get("trigger", kept.trigger),
        kind=new.get("kind", kept.kind),
        model=new.get("model", kept.model),
    )
    pictures = await trainings.pictures(studio.db, kept.id)
    for one in pictures if changed.kind == "person" else ():
        captions.check(captions.of_picture(one), one.name, person=True)
        looked_at.check_adult(one)
    await sketch(studio, changed, pictures or [KeptPicture(place=1, hash="0" * 64)])
    return {**new, "wishes": said}


async def _column(studio: Classroom, kept: KeptTraining, name: str, value: str) -> str:
    if name == "name":
        value = check_name(value)
        await guard.check(studio.sight, kept.person, value)
    elif name == "trigger":
        value = _trigger(value) if value else await asyncio.to_thread(trigger_words.offered, kept.name)
        await guard.check(studio.sight, kept.person, value)
    elif name == "kind":
        value = value or KINDS[0]
        if value not in KINDS:
            raise orders.unknown_kind(value)
    else:
        known = await models(studio)
        value = catalog.model(known, value or usual(studio, known).name, studio.rules.folders).name
    return value


async def _wish(studio: Classroom, kept: KeptTraining, name: str, value: Json) -> Json:
    if name in drafting.NUMBERS:
        return drafting.number(name, value)
    text = " ".join(str(value).split())[:200]
    if name == "preset":
        known = drafting.presets(await model_of(studio, kept), "person")  # the kind may be chosen along with it
        if text not in known:
            raise orders.unknown_preset(text, known)
        return text
    person = Person(kept.person, "", kept.language)
    text = await english(text, await studio.translators(person, kept.place))
    await guard.check(studio.sight, kept.person, text)
    captions.check([captions.SaidTag(text)], name, person=kept.kind == "person")
    return text


def _trigger(said: str) -> str:
    """A word that somebody says. Raises Refusal `training.trigger`."""
    try:
        return trigger_of(said, "")[0]
    except Refusal as refusal:
        raise Refusal("training.trigger", **refusal.values) from None


# --- the model, and the plan ---


async def models(studio: Classroom) -> list[Model]:
    """The models that something can be learnt on."""
    return drafting.teachable(await asyncio.to_thread(catalog.models, studio.rules.models))


def usual(studio: Classroom, models: Sequence[Model]) -> Model:
    """The model that is learnt on where nobody says another."""
    return next((one for one in models if one.name == studio.rules.model), models[0])


async def model_of(studio: Classroom, kept: KeptTraining) -> Model | None:
    """The model of a training; None where it is gone."""
    return next((one for one in await models(studio) if one.name == kept.model), None)


async def sketch(studio: Classroom, kept: KeptTraining, pictures: Sequence[KeptPicture]) -> TrainingPlan:
    """The plan of a draft as it is now. Raises Refusal for what cannot be learnt."""
    model = catalog.model(await models(studio), kept.model, studio.rules.folders)
    return drafting.sketch(kept, pictures, model)
