"""A worker: takes jobs from the wire and has them drawn, and says on it what there is to draw with."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from engine.files import model_folders
from engine.models import card
from engine.models.loading import quieten
from engine.train.guest import Guest
from engine.tuning import USUAL, Tuning
from engine.wire import (
    Draw,
    Ended,
    ForgetTraining,
    Loading,
    MakeMap,
    Message,
    Park,
    PutSource,
    ReadTags,
    Ready,
    Rest,
    Stop,
    TakeBack,
    Train,
    TrainingFile,
)
from engine.worker.drawing import Work
from engine.worker.drawings import Drawings
from engine.worker.library import Folders, Library
from engine.worker.look_thread import LookThread
from prompts.errors import Refusal

log = logging.getLogger(__name__)

SOURCES_BYTES = 256 * 2**20  # sources come just before the jobs that name them, and several jobs may name one


class DeviceWorker:
    """Draws for one device. `send` puts a message on the wire, on any thread; `slots` is the most rows drawn at once;
    `others` are devices that workers may be started for; `rate`: the taggers look at every finished picture. In
    `trainings` lies what is learnt from while nobody is drawn for; a `share` of the time goes there even then."""

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
        controlnets: Sequence[Path] = (),
        taggers: Sequence[Path] = (),
        rate: bool = False,
        trainings: Path | None = None,
        share: float = 0.0,
        tuning: Tuning = USUAL,
        others: Sequence[str] = (),
    ) -> None:
        quieten()
        self._send = send
        self._slots = slots
        self._others = tuple(others)
        self._device = card.words(device)
        log.info(
            "%s multiplies float32, the VAE's numbers, in %s", device, card.decide_products(device, tuning.precision)
        )
        self._told: dict[str, str] = {}  # the tiers that were said last
        self._sources: OrderedDict[str, bytes] = OrderedDict()
        folders = Folders(models, loras, upscalers, vaes, embeddings, detectors, controlnets, taggers, rate)
        self._library = Library(device, folders, tuning, lambda name: send(Loading(name)), self._ready)
        self._drawings = Drawings(send, self._library, slots)
        self._looks = LookThread(send, folders.all, taggers)
        self._guest = Guest(send, self._library, trainings, share)

    def run(self, inbox: queue.SimpleQueue[Message | None], preload: str = "") -> None:
        """Draw until the inbox says None. `preload` names a model to load before the first job. Raises DeviceLost once
        the device can draw no more."""
        self._run(inbox, preload)
        self._guest.close()
        self._looks.close()
        self._drawings.close()

    def _run(self, inbox: queue.SimpleQueue[Message | None], preload: str) -> None:
        def wake() -> None:
            inbox.put(Stop(""))  # nobody's job: there is only no more waiting

        self._drawings.wake_by(wake)
        self._looks.wake = self._guest.wake = wake
        seconds = 0.0
        if preload:
            try:
                seconds = self._library.load(preload)
            except Refusal as refusal:
                log.error("model %s is not ready: %s", preload, refusal)
        self._ready(seconds)
        while True:
            for message in self._messages(inbox):
                if message is None:
                    return
                self._take(message)
            began = time.monotonic()
            self._drawings.turn()
            if self._guest_may:
                self._guest.turn()
            elif not self._drawings.idle:
                self._guest.between(time.monotonic() - began)
            if self._library.tiers != self._told:  # memory ran out, and a model went down a tier
                self._ready()

    @property
    def _guest_may(self) -> bool:
        """Whether there is something to learn, and nobody to be drawn or looked for."""
        return self._guest.ready and self._drawings.empty and not self._looks.busy

    def _ready(self, seconds: float = 0.0) -> None:
        """Tell the pool what this worker has; `seconds` is what loading has just taken."""
        self._told = self._library.tiers
        last = next(reversed(self._told), "")
        self._send(Ready(self._device, self._slots, last, self._told, seconds, self._others))

    def _messages(self, inbox: queue.SimpleQueue[Message | None]) -> Iterator[Message | None]:
        """The messages that have come in; waits for one only when there is nothing to draw or to learn."""
        with contextlib.suppress(queue.Empty):
            yield inbox.get(block=self._drawings.idle and not self._guest_may)
            while True:
                yield inbox.get_nowait()

    def _take(self, message: Message) -> None:
        match message:
            case PutSource(picture, blob):
                self._sources[picture] = blob
                self._sources.move_to_end(picture)
                while len(self._sources) > 1 and sum(map(len, self._sources.values())) > SOURCES_BYTES:
                    self._sources.popitem(last=False)
            case Draw(job, attempt, recipes, owner, hashed, lent):
                model_folders.learn(hashed)
                named = {file for recipe in recipes for file in recipe.files}
                sources = {picture: self._sources[picture] for picture in named if picture in self._sources}
                folders = tuple(map(Path, lent))
                self._drawings.add(Work(job, attempt, recipes, sources, len(recipes), owner, folders))
            case Rest(job, pictures):
                self._drawings.rest(job, pictures)
            case MakeMap() | ReadTags():
                self._looks.add(message, {file: self._sources[file] for file in message.files if file in self._sources})
            case TrainingFile():
                self._guest.put(message)
            case Train():
                self._guest.begin(message)
            case Park(training):
                self._guest.park(training)
            case ForgetTraining(training):
                self._guest.forget(training)
            case TakeBack():
                self._library.forget_gone()
            case Stop(job):
                self._looks.remove(job)
                if given_up := self._drawings.remove(job):
                    self._send(Ended(job, given_up.attempt, "cancelled"))
            case _:
                log.error("a %s is not for a worker", type(message).__name__)
