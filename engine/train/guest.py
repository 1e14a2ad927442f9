"""A training that is a guest of a worker: learnt on a model that the worker has in memory, a batch at a time, between
two turns of what is drawn."""

from __future__ import annotations

import errno
import logging
import math
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadPlan, TrainingFailed
from engine.models import card
from engine.models.card import out_of_memory
from engine.models.loaded import Loaded
from engine.train.lora_file import write
from engine.train.pupil import settled
from engine.train.run import TrainingRun
from engine.train.seen import SeenPicture, seen
from engine.training_plan import TrainingPicture, TrainingPlan, is_name
from engine.wire import HalfLearnt, Learning, Learnt, Message, Train, TrainingFile
from engine.worker.library import Library
from prompts.errors import Refusal

log = logging.getLogger(__name__)

TELL = 1.0  # seconds from one word on how it goes to the next
FIRST = 1.0  # seconds that a batch is taken to cost before any was learnt from


@dataclass(slots=True, eq=False)
class _Task:
    """A training, what was prepared of it, and what was told of it."""

    order: Train
    plan: TrainingPlan
    folder: Path
    pieces: Iterator[None]  # of the preparation
    loaded: Loaded | None = None
    run: TrainingRun | None = None
    waits: bool = False  # for something that another thread does
    told: int = 0  # steps whose losses were
    sent: int = 0  # the step of the last half-learnt file
    said: float = 0.0  # when something was
    seconds: float = 0.0  # of device time that were not
    resting: bool = False
    short: bool = False  # of memory, in the turn before


class Guest:
    """One training at a time, or none. `send` puts what becomes of it on the wire; in `folder` each has a folder.

    While somebody is drawn for it learns nothing, or with a `share` as much as keeps it busy for so many seconds of
    each that drawing takes. `wake` is called, on any thread, when it is `ready` again by itself.
    """

    def __init__(
        self,
        send: Callable[[Message], None],
        library: Library,
        folder: Path | None,
        share: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wake: Callable[[], None] = lambda: None
        self._send = send
        self._library = library
        self._folder = folder
        self._share = share
        self._clock = clock
        self._task: _Task | None = None
        self._thread = 0  # that learns: on others nothing of it is touched
        self._turning = False
        self._credit, self._cost = 0.0, FIRST
        self._unwritten: dict[str, OSError] = {}  # files that there was no room for, by training
        library.have_guest(self.leaving, self.rest)

    @property
    def ready(self) -> bool:
        """Whether there is something to do now."""
        return self._task is not None and not self._task.waits

    # --- what the pool says ---

    def put(self, file: TrainingFile) -> None:
        """Write a file into a training's folder."""
        folder = self._folder_of(file.training)
        if folder is None or not is_name(file.name):
            log.error("a file %r of training %r is for no folder here", file.name, file.training)
            return
        path = folder / file.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != file.blob:
                write(path, file.blob)
        except OSError as error:
            log.error("%s cannot be written: %s", path, error)
            self._unwritten[file.training] = error

    def begin(self, order: Train) -> None:
        """Take a training on, in the place of another."""
        if self._task:
            self._leave(self._task)
        folder = self._folder_of(order.training)
        try:
            if folder is None:
                raise TrainingFailed("this worker has no folder for trainings")
            if unwritten := self._unwritten.pop(order.training, None):
                raise unwritten
            plan = TrainingPlan.from_json(order.plan)
            if plan.offline:
                raise BadPlan("this is learnt by `python -m engine.train` only")
        except (BadPlan, TrainingFailed, OSError) as error:
            key, values = _reason(error)
            self._send(Learnt(order.training, order.attempt, "failed", key, values))
            return
        self._task = task = _Task(order, plan, folder, iter(()))
        task.pieces = self._prepared(task)

    def park(self, training: str) -> None:
        """Keep a checkpoint, leave memory, and say so; of a training that is not here the last word was said."""
        if self._task and self._task.order.training == training:
            self._leave(self._task)

    def forget(self, training: str) -> None:
        """Leave memory without a word, delete the training's folder, and forget what was drawn with whose file is
        gone: that of a deleted training."""
        if self._task and self._task.order.training == training:
            self._drop()
        self._unwritten.pop(training, None)
        if folder := self._folder_of(training):
            shutil.rmtree(folder, ignore_errors=True)
        self._library.forget_gone()

    def close(self) -> None:
        """Keep a checkpoint before the worker ends."""
        if self._task:
            self._keep(self._task)
            self._drop()

    def _folder_of(self, training: str) -> Path | None:
        return self._folder / training if self._folder and is_name(training) else None

    # --- memory ---

    def leaving(self, loaded: Loaded) -> None:
        """A model leaves memory, which it would not while its weights are learnt on: the training is parked."""
        if self._task and self._task.loaded and self._task.loaded.unet is loaded.unet:
            log.info("training %s is parked, as model %s goes", self._task.order.training, loaded.model.name)
            self._leave(self._task)

    def rest(self) -> bool:
        """Give way where memory has run out: whether something was given up, which is taken back in the next turn."""
        task = self._task
        if task is None or task.run is None or task.resting or self._turning or threading.get_ident() != self._thread:
            return False
        log.warning("training %s gives way, as memory is wanted", task.order.training)
        task.run.rest()
        task.resting = True
        card.release(self._library.device)
        return True

    # --- turns ---

    def between(self, seconds: float) -> None:
        """Learn between two turns of drawing, the last of which took so many `seconds`, if there is a share for it."""
        task = self._task
        if not self._share or task is None or task.waits:
            return
        if task.loaded is None:  # no model is loaded while people wait
            with suppress(Refusal):
                if not self._library.holds(task.plan.model):
                    return
        self._credit = min(self._credit + self._share * seconds, self._cost)
        if self._credit >= self._cost:
            began = self._clock()
            self.turn()
            self._credit -= self._clock() - began

    def turn(self) -> None:
        """Prepare one more picture, or learn from one batch."""
        task = self._task
        if task is None:
            return
        self._turning, self._thread = True, threading.get_ident()
        began = self._clock()
        failure = _tried(task, lambda: self._advance(task))
        self._turning = False
        self._cost = self._clock() - began
        task.seconds += self._cost
        if failure is None and task is self._task and (run := task.run):
            failure = _tried(task, lambda: self._report(task, run))
        if failure is None:
            task.short = False
        elif task is self._task:
            self._failed(task, failure)

    def _prepared(self, task: _Task) -> Iterator[None]:
        """Prepare a training piece by piece, each of them short enough for a picture to wait for."""
        plan = task.plan
        task.loaded = loaded = self._library.model(plan.model)
        yield
        known: dict[TrainingPicture, SeenPicture] = {}
        for picture in dict.fromkeys(plan.pictures):
            [known[picture]] = seen(loaded, plan, task.folder, [picture])
            yield
        if not loaded.hash.done():  # that of gigabytes
            task.waits = True
            loaded.hash.add_done_callback(lambda _: self._go_on(task))
            yield
        task.run = TrainingRun(loaded, plan, task.folder, known)
        task.told = task.run.step

    def _go_on(self, task: _Task) -> None:
        task.waits = False
        self.wake()

    def _advance(self, task: _Task) -> None:
        if task.run is None:
            next(task.pieces, None)
            return
        assert task.loaded
        settled(task.loaded)  # drawing may have sent it away
        if task.run.done:
            return
        task.resting = False
        taken = task.run.turn()
        if task.run.done or (taken and _is_half(task, taken.step)):
            task.run.keep()

    def _report(self, task: _Task, run: TrainingRun) -> None:
        order = task.order
        # At the first word as well: the one who sent it may have died before it was kept.
        half = run.step != task.sent and _is_half(task, run.step)
        first = not task.said
        if run.done or half or first or self._clock() - task.said >= TELL:
            self._tell(task, run)
        if run.done:
            file = run.file()
            self._drop()
            self._send(Learnt(order.training, order.attempt, "done", blob=file))
        elif half:
            self._send(HalfLearnt(order.training, order.attempt, run.step, run.file()))
            task.sent = run.step

    def _tell(self, task: _Task, run: TrainingRun) -> None:
        order, sound = task.order, 0.0
        losses: list[float] = []
        for loss in run.losses[task.told :]:
            sound = loss if math.isfinite(loss) else sound  # one that was no number is told as the one before
            losses.append(sound)
        self._send(Learning(order.training, order.attempt, run.step, run.plan.steps, tuple(losses), task.seconds))
        task.told, task.said, task.seconds = run.step, self._clock(), 0.0

    # --- the end ---

    def _leave(self, task: _Task) -> None:
        """Park a training."""
        self._keep(task)
        if task.run:
            self._tell(task, task.run)
        self._drop()
        self._send(Learnt(task.order.training, task.order.attempt, "parked"))

    def _keep(self, task: _Task) -> None:
        try:
            if task.run:
                task.run.keep()
        except Exception as error:  # what is there from before has to do
            card.check(error)
            log.exception("training %s leaves no checkpoint", task.order.training)

    def _drop(self) -> None:
        self._task = None
        self._credit, self._cost = 0.0, FIRST
        card.release(self._library.device)

    def _failed(self, task: _Task, error: Exception) -> None:
        if out_of_memory(error) and task.run and (not task.short or task.run.thinner()):
            log.warning("training %s ran out of memory, and tries again", task.order.training)
            task.short = True
            task.run.rest()
            card.release(self._library.device)
            return
        key, values = _reason(error)
        log.warning("training %s fails: %s", task.order.training, error)
        if task.run:
            self._tell(task, task.run)
        self._drop()
        self._send(Learnt(task.order.training, task.order.attempt, "failed", key, values))


def _is_half(task: _Task, step: int) -> bool:
    """Whether the file as it is after a step is wanted."""
    return task.order.every > 0 and step % task.order.every == 0 and 0 < step < task.plan.steps


def _tried(task: _Task, call: Callable[[], None]) -> Exception | None:
    """What a training's part failed with. Raises what says that there is nobody to tell, or nothing to learn on."""
    try:
        call()
    except (BrokenPipeError, ConnectionError):
        raise  # nobody listens any more
    except Exception as error:
        card.check(error)
        if not _expected(error):
            log.exception("training %s failed", task.order.training)
        return error.with_traceback(None)  # whose frames hold what filled the memory
    return None


def _expected(error: Exception) -> bool:
    return isinstance(error, Refusal | BadPlan | TrainingFailed | OSError) or out_of_memory(error)


def _reason(error: Exception) -> tuple[str, dict[str, str | int | float]]:
    """Why a training ends, as a text key and its values."""
    match error:
        case Refusal() | BadPlan() | TrainingFailed():
            return error.key, dict(error.values)
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "storage.full", {"where": "trainings"}
    return ("train.memory" if out_of_memory(error) else "error.engine"), {}
