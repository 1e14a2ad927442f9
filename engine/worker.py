"""A worker: takes jobs from the wire, draws their rows together, and sends back steps, pictures and ends."""

from __future__ import annotations

import contextlib
import io
import logging
import queue
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image, ImageOps

from engine import begin, catalog, decode, loras, samplers, stamp, upscale
from engine.models import Models, out_of_memory, quieten
from engine.recipe import Recipe
from engine.rows import Row, Rows
from engine.wire import Draw, Drawn, Ended, Loading, Message, PutSource, Ready, Step, Stop
from prompts.errors import Refusal

log = logging.getLogger(__name__)

# A preview costs about a millisecond. Every third step shows the picture grow on a fast device; on a slow one,
# where a step takes long, each step that comes half a second after the last preview has one.
PREVIEW_STEPS, PREVIEW_SECONDS = 3, 0.5
SOURCES_BYTES = 256 * 2**20  # sources come just before the jobs that name them, and several jobs may name one
MAX_SOURCE_PIXELS = 64 * 10**6


@dataclass(slots=True, eq=False)
class Work:
    """A job on this worker: the recipes not yet begun, those not yet drawn, and the source pictures they name."""

    job: str
    attempt: int
    recipes: tuple[Recipe, ...]
    sources: dict[str, bytes]
    left: int
    reported: dict[int, float] = field(default_factory=dict)
    shown: dict[int, tuple[int, float]] = field(default_factory=dict)


class Worker:
    """Draws for one device. `send` puts a message on the wire; `slots` is the most rows drawn at once."""

    def __init__(
        self,
        send: Callable[[Message], None],
        *,
        device: torch.device,
        slots: int,
        models: Sequence[Path] = (),
        loras: Sequence[Path] = (),
    ) -> None:
        quieten()
        self._send = send
        self._slots = slots
        self._folders = tuple(models)
        self._lora_folders = tuple(loras)
        self._models = Models(device)
        self._device = _words(device)
        self._rows = Rows()
        self._jobs: dict[str, Work] = {}
        self._waiting: deque[tuple[Work, int]] = deque()
        self._sources: OrderedDict[str, bytes] = OrderedDict()

    def run(self, inbox: queue.SimpleQueue[Message | None], preload: str = "") -> None:
        """Draw until the inbox says None. `preload` names a model to load before the first job."""
        loaded = ""
        if preload:
            try:
                loaded = self._load(preload)
            except Refusal as refusal:
                log.error("model %s is not ready: %s", preload, refusal)
        self._send(Ready(self._device, self._slots, loaded))
        while True:
            for message in self._messages(inbox):
                if message is None:
                    return
                self._take(message)
            self._admit()
            if len(self._rows):
                self._turn()

    # --- messages ---

    def _messages(self, inbox: queue.SimpleQueue[Message | None]) -> Iterator[Message | None]:
        """What has come in; waits for something only when there is nothing to draw."""
        with contextlib.suppress(queue.Empty):
            yield inbox.get(block=not (len(self._rows) or self._waiting))
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
        return self._jobs.pop(job, None)

    # --- rows ---

    def _load(self, name: str) -> str:
        model = catalog.model(catalog.models(self._folders), name)
        if not self._models.holds(model):
            self._send(Loading(model.name))
            self._models.get(model)
        return model.name

    def _admit(self) -> None:
        """Fill the free slots in the order the jobs came in."""
        while self._waiting and len(self._rows) < self._slots:
            work, index = self._waiting.popleft()
            with self._answering(work):
                self._begin(work, index)

    def _begin(self, work: Work, index: int) -> None:
        recipe = work.recipes[index]
        model = catalog.model(catalog.models(self._folders), recipe.model)
        catalog.check_size(model, recipe.width, recipe.height)
        samplers.find(recipe.sampler)
        if recipe.upscale:
            upscale.check(recipe.upscale, recipe.width, recipe.height)
        source = _source(work, recipe)
        if source and recipe.source and recipe.source.strength <= 0:
            self._finish(work, index, source, "", 0.0)
            return
        wanted = loras.resolve(recipe.prompt.loras, self._lora_folders)
        if not self._models.holds(model):
            self._load(model.name)
            self._send(Ready(self._device, self._slots, model.name))
        self._rows.add(begin.start(work.job, index, recipe, self._models.get(model), wanted, source))

    def _turn(self) -> None:
        turn = self._rows.turn()
        for row, error in turn.failed:
            if work := self._jobs.get(row.job):
                self._fail(work, error)
        for row in turn.stepped:
            self._report(row)
        finished = [row for row in turn.stepped if row.done and row.job in self._jobs]
        if finished:
            self._finish_rows(finished)

    def _report(self, row: Row) -> None:
        work = self._jobs.get(row.job)
        if work is None:
            return
        step, when = work.shown.get(row.index, (0, -PREVIEW_SECONDS))
        if step == row.step:
            return  # half of a second-order sampler's step
        now = time.monotonic()
        picture = b""
        if row.clean is not None and (row.step % PREVIEW_STEPS == 0 or now - when > PREVIEW_SECONDS):
            picture = decode.preview(row.loaded, row.clean)
            when = now
        work.shown[row.index] = row.step, when
        passed = row.seconds - work.reported.get(row.index, 0.0)
        work.reported[row.index] = row.seconds
        self._send(Step(row.job, work.attempt, row.index, row.step, row.steps, passed, picture))

    def _finish_rows(self, finished: list[Row]) -> None:
        """Decode rows of one group together; one by one where that goes wrong."""
        for row in finished:
            self._rows.leave(row)
        began = time.monotonic()
        try:
            images = decode.pictures(finished[0].loaded, [row.latents for row in finished])
        except Exception as error:
            if len(finished) == 1:
                self._fail(self._jobs[finished[0].job], error)
                return
            for row in finished:
                if row.job in self._jobs:
                    self._rows.add(row)
                    self._finish_rows([row])
            return
        share = (time.monotonic() - began) / len(finished)
        for row, image in zip(finished, images, strict=True):
            if work := self._jobs.get(row.job):
                with self._answering(work):
                    self._finish(work, row.index, image, row.loaded.hash.result(), row.seconds + share)

    def _finish(self, work: Work, index: int, image: Image.Image, model_hash: str, seconds: float) -> None:
        """The after-steps, the file and the word that it is done."""
        began = time.monotonic()
        recipe = work.recipes[index]
        if recipe.upscale:
            image = upscale.apply(image, recipe.upscale)
        content = stamp.png(image, recipe, model_hash)
        seconds += time.monotonic() - began
        self._send(Drawn(work.job, work.attempt, index, seconds, content))
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


def _source(work: Work, recipe: Recipe) -> Image.Image | None:
    """The picture to draw over, RGB at the recipe's size, on white where it was transparent."""
    if recipe.source is None:
        return None
    content = work.sources.get(recipe.source.picture)
    if content is None:
        raise Refusal("picture.gone")
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > MAX_SOURCE_PIXELS:
                raise Refusal("picture.too_large", width=opened.width, height=opened.height)
            image = ImageOps.exif_transpose(opened)
            if image.has_transparency_data:
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
            image = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refusal("picture.damaged") from error
    size = recipe.width, recipe.height
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
