"""Jobs, their progress and the pictures they end in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from engine.recipe import Recipe
from prompts.prompt import Note


class State(StrEnum):
    """Where a job is on its way; the last three are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Lane(StrEnum):
    """Who waits for whom: every interactive job goes before any background job."""

    INTERACTIVE = "interactive"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted request: one recipe per picture, in order (four pictures are four recipes with seeds in a row).

    `owner` is a person's id; `attempt` counts the workers that died over it.
    """

    id: str
    owner: str
    recipes: tuple[Recipe, ...]
    lane: Lane = Lane.INTERACTIVE
    attempt: int = 0
    state: State = State.WAITING

    @property
    def recipe(self) -> Recipe:
        """The first picture's recipe; the others differ in what the job is about (their seeds, mostly)."""
        return self.recipes[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A moment of a job: `place` 1 is next in the queue and 0 is being drawn; `step` of `steps` are those of all its
    pictures together; `picture` of `pictures` is the first that is not finished, counted from 1; `preview` is a small
    JPEG; `loading` is the model whose loading it waits for; `resting` says that it has begun and lets others go before
    it for a moment."""

    job: str
    state: State
    place: int
    seconds_left: float
    step: int = 0
    steps: int = 0
    picture: int = 1
    pictures: int = 1
    preview: bytes | None = None
    loading: str = ""
    resting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A finished picture: PNG bytes with the recipe inside, the device time it took in seconds, whether a checker saw
    that it is for adults, though its prompt does not say so, and what of the files it names could not be used."""

    png: bytes
    recipe: Recipe
    seconds: float
    adult: bool = False
    notes: tuple[Note, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of the file, hex."""
        return hashlib.sha256(self.png).hexdigest()
