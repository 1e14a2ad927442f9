"""A studio in which something is learnt, with a pool that learns at the test's command."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bot.chat import Request
from bot.desk import StudioDesk
from bot.people.limits import Limits
from bot.studio.rules import Rules
from bot.studio.studio import Studio
from bot.training import learnt_files
from bot.training.looked_at import NewPicture
from bot.training.may_train import TrainingRules
from bot.training.teaching import Teaching
from engine.files import model_folders, private
from engine.queue.queue import Queue
from engine.tagging import PictureTags, SeenTag
from prompts.translate.chain import chain
from storage import jobs, trainings
from storage.jobs import Place
from storage.trainings import KeptTraining
from tests.database import opened
from tests.fakes import FakeChat, FakePool, a_lora
from tests.patience import until

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class School:
    """A studio with everything around it; `restart` is what a `kill -9` and a new start are."""

    def __init__(self, folder: Path, rules: TrainingRules, limits: Limits) -> None:
        self.folder = folder
        self.chat = FakeChat()
        self.loras = folder / "loras"
        self.training, self.limits = rules, limits
        self.time = NOON
        self.number = 0

    async def open(self) -> None:
        self.pool = FakePool()
        self.pool.tags = lambda wish: PictureTags("detectors", (SeenTag("white background", 1.0),))
        self.db = await opened(self.folder / "data")
        self.queue = Queue(self.pool, lambda news: self.studio.hear(news), self.db.files.get, per_person=9, in_all=50)
        rules = Rules(
            models=(),
            loras=(self.loras, learnt_files.halves(self.folder / "data")),
            model="danqing-demo",
            pictures_per_request=4,
            places={"lora": self.loras, "embedding": self.loras},
            training=self.training,
            access=self.limits,
        )
        self.studio = Studio(self.db, self.queue, chain(self.folder / "cache"), rules)
        self.studio.now = lambda: self.time
        self.desk = StudioDesk(self.studio)
        await self.studio.open([self.chat], self.desk)
        await self.queue.start()

    @property
    def teaching(self) -> Teaching:
        return self.studio.teaching

    async def close(self) -> None:
        await self.queue.close()
        await self.studio.close()
        await self.db.close()
        private.forget()
        model_folders.forget()

    async def restart(self) -> None:
        await self.close()
        await self.open()

    async def asks(self, account: str = "ann", text: str = "", **more: Any) -> Request:
        self.number += 1
        person = await self.studio.person("fake", account, language="en")
        place = Place("fake", account)
        return Request(person=person, place=place, text=text, key=f"asked-{self.number}", **more)

    async def says(self, text: str, account: str = "ann") -> str:
        """Say something in a chat; the key of the answer."""
        request = await self.asks(account, text)
        await self.desk.request(request)
        return request.key

    async def draws(self, text: str, account: str = "ann") -> None:
        """Say something that is drawn; it is finished."""
        person = (await self.studio.person("fake", account)).id
        before = {kept.job.id for kept in await jobs.of_person(self.db, person)}
        await self.says(text, account)
        here = await until(lambda: [job for one in self.pool.workers for job in one.jobs if job not in before])
        self.pool.finish(here[0])

    async def draft(self, account: str = "ann", name: str = "totem", count: int = 5) -> KeptTraining:
        """A draft with so many pictures."""
        asked = await self.asks(account)
        kept = await self.teaching.draft(asked, name)
        return await self.teaching.add(asked, kept.id, a_set(count))

    async def begun(self, account: str = "ann", name: str = "totem", **wishes: Any) -> KeptTraining:
        """A training that a worker has."""
        kept = await self.draft(account, name)
        await self.teaching.change(kept.person, kept.id, **{"steps": 20, "files": 2, **wishes})
        kept = await self.teaching.start(await self.asks(account), kept.id)
        await until(lambda: kept.id in self.pool.trainings)
        return kept

    async def state(self, training: str, state: str) -> KeptTraining:
        """The training, once it is so."""
        found: list[KeptTraining] = []

        async def is_so() -> bool:
            kept = await trainings.get(self.db, training)
            found[:] = [kept] if kept else []
            return bool(kept) and kept.state == state

        await until(is_so)
        return found[0]

    async def finished(self, training: str) -> KeptTraining:
        """The training after its last step, with its samples drawn."""
        self.pool.half(training, 10, self.file())
        self.pool.learn(training, 20, [0.1] * 20)
        self.pool.learnt(training, "done", file=self.file())
        kept = await self.state(training, "done")
        await self.samples(training, 8)
        return kept

    async def samples(self, training: str, count: int) -> None:
        """Draw every sample that is ordered, until there are so many."""

        async def drawn() -> bool:
            for job in await trainings.sample_jobs(self.db, training):
                self.pool.finish(job)
            return sum(bool(one.hash) for one in await trainings.samples(self.db, training)) >= count

        await until(drawn)

    def file(self) -> bytes:
        """A LoRA's file."""
        path = self.folder / "aside" / "some.safetensors"
        return (path if path.exists() else a_lora(path.parent, path.stem)).read_bytes()


def a_set(count: int, first: int = 0, **more: Any) -> list[NewPicture]:
    """So many pictures, each another one, with captions."""
    return [
        NewPicture(f"{number}.png", a_picture(number), f"red, thing {number}", **more)
        for number in range(first, first + count)
    ]


def a_picture(number: int, side: int = 128) -> bytes:
    """A picture of blots, another one for every number."""
    small = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
    image = Image.fromarray(small).resize((side, side), Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@asynccontextmanager
async def school(folder: Path, limits: Limits | None = None, **rules: Any) -> AsyncIterator[School]:
    made = School(folder, TrainingRules(**{"who": "everybody", **rules}), limits or Limits())
    made.loras.mkdir(parents=True)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
