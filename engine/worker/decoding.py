"""Rows that have been drawn, while their latents become pictures: beside what others draw meanwhile where that can
be."""

from __future__ import annotations

import contextlib
import queue
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from PIL import Image

from engine.models import card, memory, streams
from engine.worker import autoencoder
from engine.worker.aside import Aside
from engine.worker.digests import digest
from engine.worker.drawing import RowRequest
from engine.worker.row import Row

Pictures = tuple[list[Image.Image], float]  # with the seconds that they took
KEPT = 8  # pictures of rows that others may end as: of what such rows of one person are drawn at a time


class Decoded(NamedTuple):
    """What a row became, or why it did not, and the seconds that it took."""

    row: Row
    request: RowRequest
    made: Image.Image | Exception
    seconds: float = 0.0


class Decoding:
    """The rows that are being decoded; at most `slots` pieces of work wait for it. `wake` is called, on any thread, as
    soon as there is something to `take`."""

    def __init__(self, slots: int) -> None:
        self._thread = Aside("decoder", 1, slots)
        self._rows: dict[Row, RowRequest] = {}
        self._done: queue.SimpleQueue[tuple[list[Row], Future[Pictures]]] = queue.SimpleQueue()
        self._known: OrderedDict[object, Image.Image] = OrderedDict()  # what rows with digests became
        self._alike: dict[Row, list[Row]] = {}  # those that become what one is decoded to
        self.wake: Callable[[], None] = lambda: None

    def start(self, requests: Mapping[Row, RowRequest]) -> None:
        """Have rows of one group decoded together, those that will be one picture once."""
        self._rows |= requests
        rows = self._different(list(requests))
        if rows:
            self._start(rows)

    def _different(self, rows: list[Row]) -> list[Row]:
        """Those that have to be decoded. What others become is known, or will be with one of these."""
        first: dict[object, Row] = {}
        for row in rows:
            what = row if row.digests is None else _picture(row)
            if known := self._known.get(what):
                self._done.put(([row], _at_once(partial(_copied, known))))
            elif what in first:
                self._alike.setdefault(first[what], []).append(row)
            else:
                first[what] = row
        return list(first.values())

    def _start(self, rows: list[Row]) -> None:
        loaded, recipes = rows[0].loaded, [row.recipe for row in rows]
        latents = [row.latents.clone() for row in rows]
        if memory.decodes_beside(loaded):
            mark = streams.mark(loaded.device)
            drawn = partial(autoencoder.pictures_beside, loaded, latents, recipes, mark, recipes[0].tiling)
            made = self._thread.do(lambda: _timed(drawn))
        else:
            made = _at_once(lambda: _timed(lambda: autoencoder.pictures(loaded, latents, recipes, recipes[0].tiling)))
        made.add_done_callback(lambda made: self._done.put((rows, made)))
        made.add_done_callback(lambda _: self.wake())

    def forget(self, job: str) -> None:
        """Take nothing more of a job's rows."""
        self._rows = {row: request for row, request in self._rows.items() if row.job != job}

    def take(self) -> Iterator[Decoded]:
        """What has been done since the last time."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield from self._taken(*self._done.get_nowait())

    def close(self) -> None:
        """Give up what has not begun, and wait for what has."""
        self._thread.close()

    def _taken(self, rows: list[Row], made: Future[Pictures]) -> Iterator[Decoded]:
        alike = [self._alike.pop(row, []) for row in rows]
        try:
            images, seconds = made.result()
        except Exception as error:
            card.check(error)
            for row in (*rows, *(other for others in alike for other in others)):
                if request := self._rows.pop(row, None):
                    yield _alone(row, request)
            return
        for row, others, image in zip(rows, alike, images, strict=True):
            self._learn(row, image)
            if request := self._rows.pop(row, None):
                yield Decoded(row, request, image, seconds / len(rows))
            for other in others:
                if request := self._rows.pop(other, None):
                    yield Decoded(other, request, image.copy())

    def _learn(self, row: Row, image: Image.Image) -> None:
        if row.digests is None:
            return
        self._known[_picture(row)] = image.copy()
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def _picture(row: Row) -> object:
    """What decides the picture that a row becomes: its latents, the model's VAE, and how its recipe has it decoded."""
    loaded, recipe = row.loaded, row.recipe
    assert row.digests
    way = recipe.like is not None, recipe.prompt.raw, recipe.tiling
    return row.digests.job, digest(row.latents), loaded.model.name, loaded.stamps, loaded.dtype, *way


def _alone(row: Row, request: RowRequest) -> Decoded:
    """A row that could not be decoded with others, with all that its model can give up for it."""
    try:
        drawn = partial(autoencoder.pictures, row.loaded, [row.latents], [row.recipe], row.recipe.tiling)
        [image], seconds = _timed(drawn)
    except Exception as error:
        return Decoded(row, request, error)
    return Decoded(row, request, image, seconds)


def _copied(image: Image.Image) -> Pictures:
    return [image.copy()], 0.0


def _timed(work: Callable[[], list[Image.Image]]) -> Pictures:
    began = time.monotonic()
    return work(), time.monotonic() - began


def _at_once(work: Callable[[], Pictures]) -> Future[Pictures]:
    done: Future[Pictures] = Future()
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)
    return done
