"""The pool: the workers there are, and how the queue hands them jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.files.shelf import Need
from engine.job import Job
from engine.wire import Drawn, Ended, Loading, Look, Mapped, Ready, Step, TagsRead, Train, TrainingNews


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker died or went silent: what it was drawing has to be drawn by another."""

    reason: str


Event = Ready | Loading | Step | Drawn | Ended | Mapped | TagsRead | TrainingNews | Lost


@dataclass(slots=True)
class Worker:
    """A worker as the queue sees it. `slots` is how many rows it draws at once, 0 while it starts; `model` the one it
    used last, `loading` the one it is loading; `tiers` says of each model in its memory how much of it stays on its
    device. `jobs` are what it was handed, whole jobs or assignments of some, `looks` the ids of the maps it makes and
    the tags it reads, `training` that of the training that is its guest. `host` is the name of the machine that it runs
    on, where that is another than the bot's; `lies` are then the files that are there and `holds` all that can
    be drawn with (engine/files/shelf.py), those that can be lent to it too; a worker on this machine, with None, has
    them all."""

    id: str
    device: str = ""
    slots: int = 0
    model: str = ""
    loading: str = ""
    tiers: Mapping[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    looks: set[str] = field(default_factory=set)
    training: str = ""
    host: str = ""
    lies: frozenset[Need] = frozenset()
    holds: frozenset[Need] | None = None


class Pool(Protocol):
    """Workers of any kind. Every event of every worker reaches the one listener, on the event loop."""

    @property
    def workers(self) -> Sequence[Worker]: ...

    async def start(self, listener: Callable[[Worker, Event], None]) -> None:
        """Begin to start workers; their Ready events follow."""

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        """Hand over a job with the source pictures (hash → file bytes) its recipes name."""

    async def look(self, worker: Worker, wish: Look, sources: Mapping[str, bytes]) -> None:
        """Hand over what a map is to be made or tags are to be read of (hash → file bytes); Mapped or TagsRead
        follows."""

    async def stop(self, worker: Worker, job: str) -> None:
        """Have a job given up before its next step; Ended follows. A look of this id is given up in silence."""

    async def rest(self, worker: Worker, job: str, pictures: Sequence[int]) -> None:
        """Have exactly these of a job's pictures rest from the next step on; none where there are none."""

    async def train(self, worker: Worker, order: Train, files: Mapping[str, bytes]) -> None:
        """Have a worker learn as a guest, from the files (name → bytes) of the training's folder."""

    async def park(self, worker: Worker, training: str) -> None:
        """Have a guest keep a checkpoint and leave; Learnt("parked") follows."""

    def lend(self, files: Mapping[Need, Path]) -> None:
        """Have these files be drawn with wherever they are named, also where they do not lie; those that are not among
        them any more are taken back."""

    async def forget(self, training: str) -> None:
        """Have every worker leave a training and delete its folder; nothing is said of it any more."""

    async def close(self) -> None:
        """End all workers; no event comes after this."""
