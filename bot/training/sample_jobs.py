"""The jobs that trainings order: samples of what was learnt up to a step, and pictures of the class that is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.chat import Person, Request
from bot.training import captions, learnt_files
from engine.files import private
from engine.job import Job, Lane
from engine.queue.queue import Queue
from engine.recipe import Recipe, following
from prompts.prompt import LoraUse, Options
from storage import jobs, people, trainings
from storage.database import Database, new_id
from storage.jobs import Place
from storage.trainings import KeptPicture, KeptTraining

PLATFORM = "training"  # where these jobs' answers stand: no chat's
PRIOR = 16  # pictures of the class
SAMPLES = 4  # drawn with each file
CLASS = -1  # the step that stands for them
NOTHING = {"person": "a person", "style": "a landscape"}  # without the trigger, where a caption says nothing else


class RecipeMaker(Protocol):
    """What makes recipes of texts (bot/studio/studio.py)."""

    @property
    def db(self) -> Database: ...

    @property
    def queue(self) -> Queue: ...

    @property
    def recipes(self) -> Callable[[Request, str], Awaitable[tuple[Recipe, ...]]]: ...


async def samples(studio: RecipeMaker, kept: KeptTraining, step: int) -> Job | None:
    """Have four samples drawn with the file of a step: two captions with the trigger, and the same without it, with the
    same seeds each time."""
    plan = kept.plan
    if plan is None:
        return None
    name = learnt_files.half_name(kept.id, step)
    word = plan.learns == "inversion"
    shown = list(dict.fromkeys(one.caption for one in plan.new))
    texts = [shown[0], shown[len(shown) // 2]]
    keep = str(kept.wishes.get("keep") or "")
    bare = [
        captions.without_trigger(kept.trigger, text) or keep or NOTHING.get(kept.kind, "an object") for text in texts
    ]
    if word:
        texts = [", ".join([name, captions.without_trigger(kept.trigger, text)]).strip(", ") for text in texts]
    made: list[Recipe] = []
    for text in (*texts, *bare):
        seed = following(plan.seed, 1 + len(made) % 2)
        made.append(await _recipe(studio, kept, text, seed, () if word else (LoraUse(name),)))
    return await _put(studio, kept, step, made)


async def of_class(studio: RecipeMaker, kept: KeptTraining, text: str) -> Job:
    """Have pictures drawn of what is not to be forgotten."""
    first = await _recipe(studio, kept, text, int(str(kept.wishes.get("seed") or 0)), ())
    return await _put(
        studio, kept, CLASS, [replace(first, seed=following(first.seed, place)) for place in range(PRIOR)]
    )


def is_drawn(picture: KeptPicture) -> bool:
    """Whether a picture is one of those that were drawn of what is not to be forgotten: what people send has a name."""
    return picture.prior and not picture.name


async def _recipe(studio: RecipeMaker, kept: KeptTraining, text: str, seed: int, loras: Sequence[LoraUse]) -> Recipe:
    row = await people.get(studio.db, kept.person)
    person = Person(kept.person, row.name if row else "", kept.language)
    # The captions' words alone, as they were learnt.
    options = Options(model=kept.model, seed=seed, raw=True, count=1)
    place = Place(PLATFORM, kept.id)
    request = Request(person=person, place=place, text=text, key="", options=options, loras=tuple(loras))
    with private.seen_by(kept.person):
        return (await studio.recipes(request, text))[0]


async def _put(studio: RecipeMaker, kept: KeptTraining, step: int, made: Sequence[Recipe]) -> Job:
    job = Job(id=new_id(), owner=kept.person, recipes=tuple(made), lane=Lane.BACKGROUND)
    await trainings.add_samples(studio.db, kept.id, step, job.id, len(made))
    place = Place(PLATFORM, kept.id)
    await jobs.add(studio.db, job, place=place, language=kept.language, request_key="", papers="strip")
    studio.queue.put(job)
    return job
