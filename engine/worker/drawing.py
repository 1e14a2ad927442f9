"""A picture on its way: the job it belongs to, what its present stage asked for, and the rows that come of it."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from torch import Tensor

from engine.files.hashes import Hashes
from engine.models.loaded import Loaded
from engine.recipe import Recipe
from engine.wire import Message
from engine.worker.aside import Speech
from engine.worker.canvas import Ask, Canvas, Stages
from engine.worker.row import Row


@dataclass(slots=True, eq=False)
class Work:
    """A job on this worker: its recipes, the files they name, whose it is, and how many pictures are still to come;
    `lent` are folders with files that were lent for it alone. Those with the numbers `resting` are not drawn for now,
    those of `alike` may begin as others do; `speech` is what is said of it, once it is drawn."""

    job: str
    attempt: int
    recipes: tuple[Recipe, ...]
    sources: dict[str, bytes]
    left: int
    owner: str = ""
    lent: tuple[Path, ...] = ()
    resting: frozenset[int] = frozenset()
    alike: frozenset[int] = frozenset()
    speech: Speech = field(init=False)


@dataclass(slots=True, eq=False)
class Drawing:
    """A picture on its way through its stages: what the present one asked for and what has come of it. `step` counts
    those taken in all; `before` those taken when the present stage asked; `shown_early` is whether it may be seen
    before it is finished, `hashes` those of the files it names, once they are known; `left` are the layers left out of
    each LoRA, by its name, `widened` the precision that each model had to be loaded in anew, by its name; `recalled`
    says that some of it was not drawn anew (engine/worker/recall.py)."""

    work: Work
    canvas: Canvas
    stages: Stages
    hashes: Future[Hashes]
    shown_early: bool = True
    ask: Ask = field(default_factory=Ask)
    done: dict[int, Image.Image | Tensor] = field(default_factory=dict)
    step: int = 0
    before: int = 0
    seconds: float = 0.0
    shown: float = -math.inf  # when its last preview was asked for
    preview: Future[Message] | None = None  # which may not be made yet
    loaded: Loaded | None = None
    left: dict[str, int] = field(default_factory=dict)
    widened: dict[str, str] = field(default_factory=dict)
    recalled: bool = False

    @property
    def rests(self) -> bool:
        """Whether it is kept as it is for now."""
        return self.canvas.index in self.work.resting

    @property
    def steps(self) -> int:
        """The steps planned in all."""
        return self.before + self.ask.steps + self.ask.rest


@dataclass(slots=True, eq=False)
class RowRequest:
    """A row that a drawing asked for: its number among those asked for at once, and what has been reported of it; `row`
    where it has begun and gave way to another picture, with all that it needs to go on."""

    drawing: Drawing
    number: int
    row: Row | None = None
    step: int = 0
    seconds: float = 0.0
