"""Recipes, jobs and pictures to store."""

from __future__ import annotations

import io
import itertools

from PIL import Image

from engine.job import Job, Picture, State
from engine.recipe import Recipe, Source
from prompts.prompt import Fragment, Prompt
from storage import jobs
from storage.database import Database
from storage.jobs import Place
from storage.pictures import PictureRow

PLACE = Place("web", "chat-1")
_numbers = itertools.count(1)


def recipe(
    text: str = "一只橘猫",
    positive: str = "an orange cat",
    negative: str = "blurry",
    *,
    model: str = "demo",
    source: str | None = None,
    seed: int = 1,
) -> Recipe:
    return Recipe(
        prompt=Prompt(text, (Fragment(positive),), (Fragment(negative),)),
        model=model,
        width=64,
        height=64,
        steps=4,
        sampler="Euler a",
        guidance=7.0,
        seed=seed,
        source=Source(source, 0.5) if source else None,
    )


def png(number: int | None = None, size: tuple[int, int] = (8, 6)) -> bytes:
    """A real PNG file, another one for every number."""
    number = next(_numbers) if number is None else number
    out = io.BytesIO()
    Image.new("RGB", size, (number % 256, number // 256 % 256, 77)).save(out, "PNG")
    return out.getvalue()


def job(owner: str, *recipes: Recipe, state: State = State.WAITING) -> Job:
    return Job(id=f"job-{next(_numbers)}", owner=owner, recipes=recipes or (recipe(),), state=state)


async def accepted(db: Database, owner: str, *recipes: Recipe, place: Place = PLACE, parent: str | None = None) -> Job:
    """A job that is written."""
    one = job(owner, *recipes)
    assert await jobs.add(db, one, place=place, language="zh", request_key=f"key-{one.id}", parent=parent)
    return one


async def drawn(
    db: Database, owner: str, made: Recipe | None = None, *, content: bytes | None = None, parent: str | None = None
) -> PictureRow:
    """A picture of an ended job."""
    made = made or recipe()
    one = await accepted(db, owner, made, parent=parent)
    picture = Picture(png=png() if content is None else content, recipe=made, seconds=1.5)
    rows = await jobs.end(db, one.id, State.DONE, pictures=[picture])
    await jobs.answered(db, one.id)
    return rows[0]
