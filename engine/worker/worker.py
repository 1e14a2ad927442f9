"""A worker: takes jobs from the wire, draws their rows together, and sends back steps, pictures and ends."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from engine import samplers
from engine.adapters import embeddings, loras
from engine.files import catalog, compatibility, sizes
from engine.models.card import out_of_memory
from engine.models.loaded import Loaded
from engine.models.loading import quieten
from engine.models.model_cache import Models
from engine.pixels import png_recipe
from engine.pixels import source_picture as sources
from engine.recipe import Recipe
from engine.tuning import USUAL, Tuning
from engine.wire import Draw, Drawn, Ended, Loading, Message, PutSource, Ready, Step, Stop
from engine.worker import autoencoder, previews, stages
from engine.worker.rows import Row, Rows
from engine.worker.stages import Ask, Canvas, Done, Stages
from prompts.errors import Refusal

log = logging.getLogger(__name__)

# A preview by the linear map costs half a millisecond, one by the built-in model's tiny decoder seven on a slow core
# (a step: fifty). Every third step shows the picture grow on a fast device; on a slow one, where a step takes long,
# each step that comes half a second after the last preview has one.
PREVIEW_STEPS, PREVIEW_SECONDS = 3, 0.5
PREVIEW_REST = 10  # for so many times as long as one took there is none: a tenth of the time, however many rows
SOURCES_BYTES = 256 * 2**20  # sources come just before the jobs that name them, and several jobs may name one


@dataclass(slots=True, eq=False)
class Work:
    """A job on this worker: its recipes, the files they name, and how many pictures are still to come."""

    job: str
    attempt: int
    recipes: tuple[Recipe, ...]
    sources: dict[str, bytes]
    left: int


@dataclass(slots=True, eq=False)
class Drawing:
    """A picture on its way through its stages: what the present one asked for and what has come of it. `step` counts
    those taken in all; `before` those taken when the present stage asked."""

    work: Work
    canvas: Canvas
    stages: Stages
    ask: Ask = field(default_factory=Ask)
    done: dict[int, Image.Image | Tensor] = field(default_factory=dict)
    step: int = 0
    before: int = 0
    seconds: float = 0.0
    shown: float = -PREVIEW_SECONDS  # when its last preview was sent
    loaded: Loaded | None = None

    @property
    def steps(self) -> int:
        """The steps planned in all."""
        return self.before + self.ask.steps + self.ask.rest


@dataclass(slots=True, eq=False)
class Place:
    """Where a row belongs: its number in what the drawing asked for, and what has been reported of it."""

    drawing: Drawing
    number: int
    step: int = 0
    seconds: float = 0.0


class DeviceWorker:
    """Draws for one device. `send` puts a message on the wire; `slots` is the most rows drawn at once; `others` are
    devices that workers may be started for."""

    def __init__(
        self,
        send: Callable[[Message], None],
        *,
        device: torch.device,
        slots: int,
        models: Sequence[Path] = (),
        loras: Sequence[Path] = (),
        upscalers: Sequence[Path] = (),
        vaes: Sequence[Path] = (),
        embeddings: Sequence[Path] = (),
        detectors: Sequence[Path] = (),
        tuning: Tuning = USUAL,
        others: Sequence[str] = (),
    ) -> None:
        quieten()
        self._send = send
        self._slots = slots
        self._others = tuple(others)
        self._folders = tuple(models)
        self._lora_folders = tuple(loras)
        self._upscalers = tuple(upscalers)
        self._vaes = tuple(vaes)
        self._embeddings = tuple(embeddings)
        self._detectors = tuple(detectors)
        self._everything = tuple(dict.fromkeys((*models, *loras, *upscalers, *vaes, *embeddings, *detectors)))
        self._torch_device = device
        self._models = Models(device, replace(tuning, tiny=self._everything))
        self._device = _words(device)
        self._rows = Rows()
        self._jobs: dict[str, Work] = {}
        self._waiting: deque[tuple[Work, int]] = deque()
        self._asked: deque[Place] = deque()  # rows to be made when there is room
        self._places: dict[Row, Place] = {}  # rows being drawn
        self._halted: deque[Drawing] = deque()  # stages that only let others have a turn
        self._told: dict[str, str] = {}  # the tiers that were said last
        self._preview = 0.0  # the seconds that the last one took
        self._newcomer = True  # whether the next free slot is a waiting picture's
        self._sources: OrderedDict[str, bytes] = OrderedDict()

    def run(self, inbox: queue.SimpleQueue[Message | None], preload: str = "") -> None:
        """Draw until the inbox says None. `preload` names a model to load before the first job."""
        seconds = 0.0
        if preload:
            try:
                seconds = self._load(preload)
            except Refusal as refusal:
                log.error("model %s is not ready: %s", preload, refusal)
        self._ready(seconds)
        while True:
            for message in self._messages(inbox):
                if message is None:
                    return
                self._take(message)
            self._admit()
            if self._halted:
                self._go_on(self._halted.popleft(), ())
            if len(self._rows):
                self._turn()
            if self._models.tiers != self._told:  # memory ran out, and a model went down a tier
                self._ready()

    def _ready(self, seconds: float = 0.0) -> None:
        """Say what there is; `seconds` is what loading has just taken."""
        self._told = self._models.tiers
        last = next(reversed(self._told), "")
        self._send(Ready(self._device, self._slots, last, self._told, seconds, self._others))

    # --- messages ---

    def _messages(self, inbox: queue.SimpleQueue[Message | None]) -> Iterator[Message | None]:
        """What has come in; waits for something only when there is nothing to draw."""
        with contextlib.suppress(queue.Empty):
            yield inbox.get(block=not (len(self._rows) or self._waiting or self._asked or self._halted))
            while True:
                yield inbox.get_nowait()

    def _take(self, message: Message) -> None:
        match message:
            case PutSource(picture, blob):
                self._sources[picture] = blob
                self._sources.move_to_end(picture)
                while len(self._sources) > 1 and sum(map(len, self._sources.values())) > SOURCES_BYTES:
                    self._sources.popitem(last=False)
            case Draw(job, attempt, recipes):
                self._forget(job)
                named = {file for recipe in recipes if recipe.source for file in recipe.source.files}
                sources = {picture: self._sources[picture] for picture in named if picture in self._sources}
                work = Work(job, attempt, recipes, sources, len(recipes))
                self._jobs[job] = work
                self._waiting.extend((work, index) for index in range(len(recipes)))
            case Stop(job):
                if given_up := self._forget(job):
                    self._send(Ended(job, given_up.attempt, "cancelled"))
            case _:
                log.error("a %s is not for a worker", type(message).__name__)

    def _forget(self, job: str) -> Work | None:
        self._rows.remove(job)
        self._waiting = deque(waiting for waiting in self._waiting if waiting[0].job != job)
        self._asked = deque(place for place in self._asked if place.drawing.work.job != job)
        self._halted = deque(drawing for drawing in self._halted if drawing.work.job != job)
        self._places = {row: place for row, place in self._places.items() if row.job != job}
        return self._jobs.pop(job, None)

    # --- pictures ---

    def _load(self, name: str, vae: str = "") -> float:
        """Have a model in memory; the seconds it took to load, 0 where it was there."""
        model = catalog.model(catalog.models(self._folders), name)
        other = catalog.vae(catalog.vaes(self._vaes), vae) if vae else None
        if self._models.holds(model, other):
            return 0.0
        began = time.monotonic()
        self._send(Loading(model.name))
        self._models.get(model, other)
        return time.monotonic() - began

    def _model(self, name: str, vae: str = "") -> Loaded:
        model = catalog.model(catalog.models(self._folders), name)
        other = catalog.vae(catalog.vaes(self._vaes), vae) if vae else None
        if not self._models.holds(model, other):
            seconds = 0.0
            try:
                seconds = self._load(model.name, vae)
            finally:
                self._ready(seconds)
        loaded = self._models.get(model, other)
        embeddings.learn(loaded, catalog.embeddings(self._embeddings))
        return loaded

    def _admit(self) -> None:
        """Fill the free slots: in turns with the next picture in the order the jobs came in, and with what pictures
        that have begun ask for, so that one of many tiles holds nobody up."""
        while len(self._rows) < self._slots:
            if self._waiting and (self._newcomer or not self._asked):
                self._newcomer = False
                work, index = self._waiting.popleft()
                with self._answering(work):
                    self._begin(work, index)
            elif place := self._next():
                self._newcomer = True
                with self._answering(place.drawing.work):
                    row = place.drawing.ask.rows[place.number]()
                    self._places[row] = place
                    self._rows.add(row)
            else:
                return

    def _next(self) -> Place | None:
        """The next row asked for whose LoRAs have been read; while nothing else is drawn, any."""
        for place in self._asked:
            canvas = place.drawing.canvas
            if not len(self._rows) or not canvas.loras or loras.ready(canvas.model(canvas.recipe.model), canvas.loras):
                self._asked.remove(place)
                return place
        return None

    def _begin(self, work: Work, index: int) -> None:
        recipe = work.recipes[index]
        model = catalog.model(catalog.models(self._folders), recipe.model)
        sizes.finished_size(recipe, model, self._everything)
        compatibility.check_recipe(recipe, model, self._everything)
        samplers.find_sampler(recipe.sampler)
        canvas = Canvas(
            job=work.job,
            index=index,
            recipe=recipe,
            base=sources.drawn_over(recipe, work.sources),
            loras=loras.resolve(recipe.prompt.loras, self._lora_folders),
            model=lambda name: self._model(name, recipe.vae),
            native=min(model.width, model.height),
            device=self._torch_device,
            upscalers=self._upscalers,
            detectors=self._detectors,
        )
        self._go_on(Drawing(work, canvas, stages.picture(canvas)), None)

    def _go_on(self, drawing: Drawing, done: Done | None) -> None:
        """Let a picture's stages go on with what they asked for."""
        with self._answering(drawing.work):
            began = time.monotonic()
            drawing.step = drawing.before = drawing.before + drawing.ask.steps
            try:
                ask = drawing.stages.send(done) if done is not None else next(drawing.stages)
            except StopIteration as end:
                drawing.seconds += time.monotonic() - began
                self._finish(drawing, end.value)
                return
            passed = time.monotonic() - began
            drawing.seconds += passed
            first = drawing.before == 0
            drawing.ask, drawing.done = ask, {}
            places = [Place(drawing, number) for number in range(len(ask.rows))]
            if first:
                self._asked.extendleft(reversed(places))
            else:
                self._asked.extend(places)
            if not places:
                drawing.step += ask.steps
                self._say(drawing, passed, b"")
                self._halted.append(drawing)

    def _turn(self) -> None:
        turn = self._rows.turn()
        for row, error in turn.failed:
            if work := self._jobs.get(row.job):
                self._fail(work, error)
        for row in turn.stepped:
            self._report(row)
        finished = [row for row in turn.stepped if row.done and row in self._places]
        for row in finished:
            self._rows.leave(row)
        if pictures := [row for row in finished if not self._places[row].drawing.ask.latents]:
            self._decode(pictures)
        for row in finished:
            if row in self._places and self._places[row].drawing.ask.latents:
                self._answer(row, row.latents)

    def _report(self, row: Row) -> None:
        place = self._places.get(row)
        if place is None or place.step == row.step:
            return  # given up, or half of a second-order sampler's step
        drawing = place.drawing
        now = time.monotonic()
        preview = b""
        drawing.step += row.step - place.step
        shows = drawing.ask.whole and (row.step % PREVIEW_STEPS == 0 or now - drawing.shown > PREVIEW_SECONDS)
        if shows and row.clean is not None and now - drawing.shown > self._preview * PREVIEW_REST * len(self._rows):
            preview = self._previewed(row.loaded, row.clean)
            drawing.shown = now
        passed = row.seconds - place.seconds
        place.step, place.seconds = row.step, row.seconds
        drawing.seconds += passed
        self._say(drawing, passed, preview)

    def _previewed(self, loaded: Loaded, clean: Tensor) -> bytes:
        previews.decoder(loaded)  # which takes its time once
        began = time.monotonic()
        made = previews.preview(loaded, clean)
        self._preview = time.monotonic() - began
        return made

    def _say(self, drawing: Drawing, seconds: float, preview: bytes) -> None:
        work = drawing.work
        self._send(Step(work.job, work.attempt, drawing.canvas.index, drawing.step, drawing.steps, seconds, preview))

    def _decode(self, finished: list[Row]) -> None:
        """Rows of one group together; one by one where that goes wrong."""
        began = time.monotonic()
        try:
            images = autoencoder.pictures(finished[0].loaded, [row.latents for row in finished])
        except Exception as error:
            if len(finished) == 1:
                self._fail(self._jobs[finished[0].job], error)
                return
            for row in finished:
                if row in self._places:
                    self._decode([row])
            return
        share = (time.monotonic() - began) / len(finished)
        for row, image in zip(finished, images, strict=True):
            if row in self._places:
                self._places[row].drawing.seconds += share
                self._answer(row, image)

    def _answer(self, row: Row, value: Image.Image | Tensor) -> None:
        """What a row became, for the stage that asked; the last of them lets it go on."""
        place = self._places.pop(row)
        drawing = place.drawing
        drawing.done[place.number] = value
        if row.recipe.model == drawing.canvas.recipe.model:
            drawing.loaded = row.loaded
        if len(drawing.done) == len(drawing.ask.rows):
            self._go_on(drawing, [drawing.done[number] for number in range(len(drawing.ask.rows))])

    def _finish(self, drawing: Drawing, image: Image.Image) -> None:
        """The file and the word that it is done."""
        began = time.monotonic()
        work, canvas = drawing.work, drawing.canvas
        content = png_recipe.png(image, canvas.recipe, drawing.loaded.hash.result() if drawing.loaded else "")
        drawing.seconds += time.monotonic() - began
        self._send(Drawn(work.job, work.attempt, canvas.index, drawing.seconds, content))
        work.left -= 1
        if not work.left:
            self._jobs.pop(work.job, None)
            self._send(Ended(work.job, work.attempt, "done"))

    # --- what goes wrong ---

    @contextlib.contextmanager
    def _answering(self, work: Work) -> Iterator[None]:
        """One job's trouble ends that job and nothing else."""
        try:
            yield
        except (BrokenPipeError, ConnectionError):
            raise  # nobody listens any more
        except Exception as error:
            self._fail(work, error)

    def _fail(self, work: Work, error: Exception) -> None:
        if self._forget(work.job) is None:
            return
        if isinstance(error, Refusal):
            self._send(Ended(work.job, work.attempt, "failed", error.key, error.values))
        elif out_of_memory(error):
            log.error("job %s: out of memory: %s", work.job, error)
            if not len(self._rows):
                self._models.drop_all()
            self._send(Ended(work.job, work.attempt, "failed", "error.memory"))
        else:
            log.error("job %s failed", work.job, exc_info=error)
            self._send(Ended(work.job, work.attempt, "failed", "error.engine"))


def _words(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU ({torch.get_num_threads()})"
