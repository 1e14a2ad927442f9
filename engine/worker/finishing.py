"""What becomes of a picture beside the thread that draws: its file, what is looked for in it, and its previews."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from torch import Tensor

from engine import second_pass
from engine.files import model_folders
from engine.files.hashes import named
from engine.finish.picture_checker import shows_adults
from engine.maps import codes
from engine.models import streams
from engine.models.card import out_of_memory
from engine.models.loaded import Loaded
from engine.pixels import png_recipe
from engine.wire import Drawn, Ended, Message, Step
from engine.worker import previews
from engine.worker.aside import Aside
from engine.worker.drawing import Drawing, Work
from engine.worker.row import Row
from prompts.errors import Refusal
from prompts.prompt import Note

log = logging.getLogger(__name__)

# Compressing a picture takes one core 29 ms (512²) to 476 ms (1024², noise); two threads keep up with a card that draws
# four such a second, and leave the other cores to the bot.
WRITERS = 2
WRITING = 16  # finished pictures that may wait for them: at 2048² they take 200 MB


class Finishing:
    """The threads that write finished pictures and previews. `folders` are those with checkers, `taggers` those whose
    taggers look at every picture."""

    def __init__(self, folders: Sequence[Path], slots: int, taggers: Sequence[Path] = ()) -> None:
        self._folders = folders
        self._taggers = taggers
        self._writers = Aside("pictures", WRITERS, WRITING)
        self._viewers = Aside("previews", 1, slots + 1)
        self.took = 0.0  # seconds, for the last preview

    def close(self) -> None:
        """Give up what has not begun, and wait for what has."""
        self._writers.close()
        self._viewers.close()

    def write(self, drawing: Drawing, image: Image.Image) -> None:
        """Have a finished picture checked, written and sent when those of its job before it have been."""
        drawing.work.speech.later(self._writers.do(partial(_told, drawing.work, partial(self._drawn, drawing, image))))

    def view(self, drawing: Drawing, said: Step, row: Row, clean: Tensor) -> Future[Message]:
        """Have a preview made of the latents foreseen, and sent with what is said of the step."""
        previews.prepare(row.loaded)  # which takes its time once
        # The next step may write into what was foreseen in this one.
        mark, tiling = streams.mark(row.loaded.device), row.recipe.tiling
        work = partial(self._viewed, said, row.loaded, clean.clone(), mark, tiling)
        made = self._viewers.do(work)
        drawing.work.speech.later(made)
        return made

    def _viewed(self, said: Step, loaded: Loaded, clean: Tensor, after: Any, tiling: str) -> Message:
        began = time.monotonic()
        blob = b""
        try:
            blob = previews.preview(loaded, clean, after, tiling)
        except Exception:  # a picture is worth more than its preview
            log.exception("job %s: no preview", said.job)
        self.took = time.monotonic() - began
        return replace(said, blob=blob)

    def _drawn(self, drawing: Drawing, image: Image.Image) -> Drawn:
        work, canvas = drawing.work, drawing.canvas
        adult = shows_adults(image, second_pass.all_words(canvas.recipe), self._folders, self._taggers)
        known = replace(drawing.hashes.result(), model=drawing.loaded.hash.result() if drawing.loaded else "")
        content = png_recipe.png(image, canvas.recipe, known)
        notes = [Note("note.lora_partly", {"name": name, "count": str(count)}) for name, count in drawing.left.items()]
        notes += [Note("note.widened", {"name": name, "precision": to}) for name, to in drawing.widened.items()]
        notes += codes.judged(image, canvas.recipe.seed, canvas.maps)
        hashed = model_folders.hashes_of(named(canvas.recipe))
        return Drawn(
            work.job,
            work.attempt,
            canvas.index,
            drawing.seconds,
            content,
            adult,
            tuple(notes),
            hashed,
            drawing.recalled,
        )


def _told(work: Work, make: Callable[[], Message]) -> Message:
    """What was made, or how the job ends where that goes wrong."""
    try:
        return make()
    except Exception as error:
        return failed(work, error)


def failed(work: Work, error: Exception) -> Ended:
    """How a job ends over an error."""
    if isinstance(error, Refusal):
        return Ended(work.job, work.attempt, "failed", error.key, error.values)
    if out_of_memory(error):
        log.error("job %s: out of memory: %s", work.job, error)
        return Ended(work.job, work.attempt, "failed", "error.memory")
    log.error("job %s failed", work.job, exc_info=error)
    return Ended(work.job, work.attempt, "failed", "error.engine")
