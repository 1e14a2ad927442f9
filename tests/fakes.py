"""Stand-ins that behave: a pool that draws at the test's command, a chat that remembers its cards."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy
from PIL import Image
from safetensors.numpy import save_file

from bot.chat import Card, Desk
from engine.files import catalog
from engine.files.shelf import Need
from engine.job import Job
from engine.maps import making
from engine.pixels.source_picture import opened
from engine.preprocessors import preprocessor
from engine.queue.pool import Event, Lost, Worker
from engine.recipe import Recipe
from engine.tagging import PictureTags
from engine.wire import (
    Drawn,
    Ended,
    HalfLearnt,
    Learning,
    Learnt,
    Loading,
    Look,
    MakeMap,
    Mapped,
    ReadTags,
    Ready,
    Step,
    TagsRead,
    Train,
)
from prompts.errors import Refusal
from prompts.prompt import Fragment, Prompt
from storage.jobs import Place
from tests.patience import PATIENCE


def a_prompt(text: str = "a red apple") -> Prompt:
    return Prompt(text=text, fragments=(Fragment(text),), negatives=(Fragment("blurry", origin="preset"),))


def a_recipe(text: str = "a red apple", *, seed: int = 1, steps: int = 4, model: str = "danqing-demo") -> Recipe:
    return Recipe(
        prompt=a_prompt(text),
        model=model,
        width=128,
        height=128,
        steps=steps,
        sampler="Euler",
        guidance=4.0,
        seed=seed,
    )


def a_job(id: str, owner: str = "ann", count: int = 1, *, steps: int = 4) -> Job:
    return Job(id=id, owner=owner, recipes=tuple(a_recipe(seed=seed, steps=steps) for seed in range(1, count + 1)))


def a_png(colour: tuple[int, int, int] = (200, 30, 30), side: int = 16) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, "PNG")
    return file.getvalue()


def a_lora(folder: Path, name: str, triggers: str = "", preview: bool = False, width: int = 0, alias: str = "") -> Path:
    """A LoRA file for text of this width; that of the built-in model where none is given, and its trainer's name."""
    folder.mkdir(exist_ok=True)
    key = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    width = width or catalog.builtin().context
    shapes = {"lora_down": (4, width), "lora_up": (width, 4)}
    weights = {f"{key}.{part}.weight": numpy.zeros(shape, "float32") for part, shape in shapes.items()}
    path = folder / f"{name}.safetensors"
    said = {"modelspec.trigger_phrase": triggers, "ss_output_name": alias}
    save_file(weights, path, {name: value for name, value in said.items() if value} or None)
    if preview:
        Image.new("RGB", (40, 30), "red").save(folder / f"{name}.preview.png")
    return path


class FakePool:
    """A pool whose workers do what the test says: `step`, `finish`, `fail`, `lose`; `drawn` lists what was handed over,
    `resting` the pictures that were told to rest last, by job. Trainings are in `trainings`, with their files in
    `training_files`, and do what `learn`, `half` and `learnt` say; `forgotten` are those that are to be deleted.

    With `seconds` set, every job is finished by itself that many seconds after it was handed over.
    """

    def __init__(self, workers: int = 1, slots: int = 1, seconds: float | None = None) -> None:
        self.workers = tuple(Worker(id=f"fake#{index}", device="fake") for index in range(workers))
        self.drawn: list[tuple[str, int]] = []
        self.resting: dict[str, tuple[int, ...]] = {}
        self.slots = slots
        self.seconds = seconds
        self.maps: list[tuple[str, MakeMap]] = []  # of which worker what was asked
        self.readings: list[ReadTags] = []
        self.tags: Callable[[ReadTags], PictureTags] = lambda wish: PictureTags("fake")  # what is seen in any picture
        self.maps_held = False  # whether maps wait for `map`
        self.map_seconds = 0.0  # that each map takes
        self.stopped: list[str] = []
        self.trainings: dict[str, Train] = {}  # those that are guests, by id
        self.training_files: dict[str, Mapping[str, bytes]] = {}
        self.parking_held = False  # whether one that is to be parked waits for `learnt`
        self.forgotten: list[str] = []
        self.lent: dict[Need, Path] = {}  # what may be drawn with elsewhere
        self._map_files: dict[str, Mapping[str, bytes]] = {}
        self._listener: Callable[[Worker, Event], None] = lambda worker, event: None

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        self._listener = listener
        for worker in self.workers:
            self.ready(worker)

    def ready(self, worker: Worker) -> None:
        worker.slots, worker.model, worker.tiers = self.slots, "danqing-demo", {"danqing-demo": "all"}
        self._listener(worker, Ready("fake", self.slots, "danqing-demo", {"danqing-demo": "all"}))

    def give(self, slots: int) -> None:
        """Have so many places for pictures from now on, on every worker."""
        self.slots = slots
        for worker in self.workers:
            self.ready(worker)

    def load(self, worker: Worker, model: str) -> None:
        """Begin to load a model."""
        worker.loading = model
        self._listener(worker, Loading(model))

    def loaded(self, worker: Worker, model: str, seconds: float = 1.0) -> None:
        """Have a model in memory, beside the others."""
        worker.slots, worker.model, worker.loading = self.slots, model, ""
        worker.tiers = {**worker.tiers, model: "all"}
        self._listener(worker, Ready("fake", self.slots, model, dict(worker.tiers), seconds))

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        self.drawn.append((job.id, job.attempt))
        if self.seconds is not None:
            asyncio.get_running_loop().call_later(self.seconds, self.finish, job.id)

    async def look(self, worker: Worker, wish: Look, sources: Mapping[str, bytes]) -> None:
        if isinstance(wish, ReadTags):
            self.readings.append(wish)
            answer = TagsRead(wish.id, self.tags(wish).to_json(), seconds=self.map_seconds)
            self._listener(worker, answer)
            return
        self.maps.append((worker.id, wish))
        self._map_files[wish.id] = sources
        if not self.maps_held:
            self.map(wish.id)

    def map(self, id: str) -> None:
        """Answer with a real map, as far as that needs no network."""
        worker = next(worker for worker in self.workers if id in worker.looks)
        wish = next(wish for _, wish in reversed(self.maps) if wish.id == id)
        self._listener(worker, replace(_mapped(wish, self._map_files[id]), seconds=self.map_seconds))

    async def stop(self, worker: Worker, job: str) -> None:
        self.stopped.append(job)
        if job in worker.jobs:
            self._end(job, "cancelled")

    async def rest(self, worker: Worker, job: str, pictures: Sequence[int]) -> None:
        self.resting[job] = tuple(pictures)

    async def train(self, worker: Worker, order: Train, files: Mapping[str, bytes]) -> None:
        self.trainings[order.training] = order
        self.training_files[order.training] = files

    async def park(self, worker: Worker, training: str) -> None:
        if not self.parking_held:
            self.learnt(training, "parked")

    def lend(self, files: Mapping[Need, Path]) -> None:
        self.lent = dict(files)

    async def forget(self, training: str) -> None:
        self.trainings.pop(training, None)
        self.training_files.pop(training, None)
        self.forgotten.append(training)

    async def close(self) -> None:
        pass

    def learn(self, training: str, step: int, losses: Sequence[float] = (), seconds: float = 0.1) -> None:
        """Have a training come to this step."""
        worker, order = self._learner(training)
        told = Learning(training, order.attempt, step, int(str(order.plan["steps"])), tuple(losses), seconds)
        self._listener(worker, told)

    def half(self, training: str, step: int, file: bytes = b"half") -> None:
        """Have a training's file as it is after this step."""
        worker, order = self._learner(training)
        self._listener(worker, HalfLearnt(training, order.attempt, step, file))

    def learnt(self, training: str, outcome: str = "done", key: str = "", file: bytes = b"", **values: str) -> None:
        """End a training: "done" with its file, "parked", or "failed" with a text key."""
        worker, order = self._learner(training)
        del self.trainings[training]
        self._listener(worker, Learnt(training, order.attempt, outcome, key, {**values} or None, file))

    def _learner(self, training: str) -> tuple[Worker, Train]:
        return next((one, self.trainings[training]) for one in self.workers if one.training == training)

    def step(self, job: str, step: int, seconds: float = 0.1, index: int = 0, preview: bytes = b"") -> None:
        worker, known = self._find(job)
        steps = known.recipes[index].steps
        self._listener(worker, Step(job, known.attempt, index, step, steps, seconds, preview))

    def finish(self, job: str, seconds: float = 1.0, *, adult: Collection[int] = ()) -> None:
        """Finish every picture of a job, at `seconds` of device time each; in those of the numbers `adult` a checker
        saw something."""
        if not any(job in worker.jobs for worker in self.workers):
            return
        _, known = self._find(job)
        for index in range(len(known.recipes)):
            self.draw_one(job, index, seconds, adult=index in adult)
        self._end(job, "done")

    def draw_one(self, job: str, index: int, seconds: float = 1.0, *, adult: bool = False) -> None:
        """Finish one picture of a job, and not yet the job."""
        worker, known = self._find(job)
        recipe = known.recipes[index]
        png = a_png((recipe.seed % 256, index, 0), recipe.width)
        self._listener(worker, Drawn(job, known.attempt, index, seconds, png, adult))

    def fail(self, job: str, key: str = "error.engine") -> None:
        self._end(job, "failed", key)

    def lose(self, worker: Worker) -> None:
        worker.slots, worker.loading, worker.tiers = 0, "", {}
        self.trainings.pop(worker.training, None)
        self._listener(worker, Lost("killed"))

    def _end(self, job: str, outcome: str, key: str = "") -> None:
        worker, known = self._find(job)
        self._listener(worker, Ended(job, known.attempt, outcome, key))

    def _find(self, job: str) -> tuple[Worker, Job]:
        return next((worker, worker.jobs[job]) for worker in self.workers if job in worker.jobs)


def _mapped(wish: MakeMap, files: Mapping[str, bytes]) -> Mapped:
    size = wish.width, wish.height
    try:
        row = preprocessor(wish.preprocessor)
        if wish.text:
            made = making.code(wish.text, size)
        else:
            image, mask = (opened(files[name]) if name else None for name in (wish.picture, wish.mask))
            assert image
            made = making.made(row, image, size, wish.low, wish.high, wish.seed, fit=wish.fit, mask=mask)
    except Refusal as refusal:
        return Mapped(wish.id, key=refusal.key, values=dict(refusal.values))
    return Mapped(wish.id, making.png(made.image), made.notes)


@dataclass
class FakeChat:
    """A platform whose messages are a dictionary; `log` has every send and edit in order."""

    platform: str = "fake"
    pace: float = 0.0
    desk: Desk | None = None
    messages: dict[str, Card] = field(default_factory=dict)
    log: list[tuple[str, str, Card]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, desk: Desk) -> None:
        self.desk = desk

    async def send(self, place: Place, card: Card, key: str) -> Place:
        self._put("send", key, card)
        return Place(platform=place.platform, chat=place.chat, message=key)

    async def edit(self, place: Place, card: Card) -> None:
        self._put("edit", place.message, card)

    async def renew(self, place: Place, card: Card, key: str) -> None:
        self._put("renew", place.message, card)

    async def remove(self, place: Place) -> None:
        self._put("remove", place.message, self.messages[place.message])
        del self.messages[place.message]

    async def close(self) -> None:
        self.desk = None

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true of the messages."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self.changed.clear()
                await self.changed.wait()

    def _put(self, verb: str, message: str, card: Card) -> None:
        self.messages[message] = card
        self.log.append((verb, message, card))
        self.changed.set()
