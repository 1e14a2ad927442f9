"""A UNet's calls: their arguments, in buckets of entries, and the shapes that were prepared to run faster.

Preparing (compiling, capturing, converting) is for one shape and takes from a moment to minutes, so the number of
entries is rounded up to a bucket, the last entry filling the rest, and the plain UNet draws until a shape is ready.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from engine.adapters.slots import Need, Needs, SlotMix, Slots
from engine.models import card
from engine.models.card import out_of_memory

log = logging.getLogger(__name__)

# Guided rows have two entries each, so up to 16 none of them is filled up. Beyond, at most a sixth of a bucket is, and
# beyond the last one nothing is gained: a device that is given so much at once is full.
BUCKETS = (1, *range(2, 17, 2), *range(20, 33, 4))
# A shape that was dropped to make room has to come back so many times as often, each time: where more sizes take turns
# than there is room for, some are drawn plainly instead of each being prepared again and again.
AGAIN, MOST_AGAIN = 4, 4**4
NICER = 10  # how far the thread that prepares stands back behind the one that draws
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """The arguments of one UNet call, entries first: `samples` (n, channels, h, w), `times` (n,), `words` (n, tokens,
    width), for distilled UNets `guidance` (n, width), for SDXL's what it is told besides. Of one with LoRAs `adapters`
    are each entry's, and `need` the slots for them."""

    samples: Tensor
    times: Tensor
    words: Tensor
    guidance: Tensor | None = None
    added: Mapping[str, Tensor] | None = None
    adapters: tuple[SlotMix, ...] = ()
    need: Need | None = None

    @property
    def entries(self) -> int:
        """The entries of the batch."""
        return len(self.samples)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All its tensors, in an order that only the kind of model decides."""
        added = [self.added[name] for name in sorted(self.added)] if self.added else []
        return (self.samples, self.times, self.words, *([] if self.guidance is None else [self.guidance]), *added)

    @property
    def shape(self) -> Shape:
        """The shape it is prepared for: entries, channels, height, width, tokens, and its slots."""
        own = (*self.samples.shape, self.words.shape[1])
        return own if self.need is None else (*own, self.need.mixes, self.need.ranks, self.need.reach)

    def of(self, tensors: tuple[Tensor, ...]) -> Call:
        """The same call with other tensors, in the order of `tensors`."""
        samples, times, words, *rest = tensors
        guidance = None if self.guidance is None else rest.pop(0)
        added = dict(zip(sorted(self.added), rest, strict=True)) if self.added else None
        return Call(samples, times, words, guidance, added, self.adapters, self.need)

    def padded(self, entries: int) -> Call:
        """The call with so many entries, the last one again and again."""
        more = entries - self.entries
        if not more:
            return self
        full = self.of(tuple(torch.cat([one, one[-1:].expand(more, *one.shape[1:])]) for one in self.tensors))
        return replace(full, adapters=self.adapters + self.adapters[-1:] * more)

    def answered(self, unet: Callable[..., tuple[Tensor, ...]]) -> Tensor:
        """The UNet's answer, (n, 4, h, w)."""
        return unet(
            self.samples,
            self.times,
            encoder_hidden_states=self.words,
            timestep_cond=self.guidance,
            added_cond_kwargs=self.added,
            return_dict=False,
        )[0]


def bucket(entries: int) -> int | None:
    """The entries a batch is filled up to; None for one beyond all buckets."""
    return next((size for size in BUCKETS if size >= entries), None)


@dataclass(frozen=True, slots=True, eq=False)
class Answering:
    """What answers the calls of one shape; `bytes` is how much of the device's memory it holds by now, besides the
    `slots` that it may share with others."""

    answer: Callable[[Call], Tensor]
    bytes: Callable[[], int] = lambda: 0
    slots: Slots | None = None


class Backend(Protocol):
    """A way to prepare a UNet for a shape. `prepare` returns what answers calls of exactly this one's shape and raises
    whatever goes wrong. It is asked once a shape was called `after` times; `aside`: on a thread of its own, because it
    takes long. At most `most` shapes are kept, which together hold at most `room` bytes of the device. `slots`: it can
    prepare calls with LoRAs."""

    name: str
    after: int
    aside: bool
    most: int
    room: int
    slots: bool

    def prepare(self, call: Call) -> Answering: ...


class Prepared:
    """The shapes of one UNet that a backend has prepared, the least recently called dropped first; `dropped` is how
    often each was. `needs` tells what slots calls with LoRAs need."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.dropped: Counter[Shape] = Counter()
        self.needs = Needs()
        self._called: Counter[Shape] = Counter()
        self._ready: OrderedDict[Shape, Answering] = OrderedDict()
        self._under_way: set[Shape] = set()
        self._failed: set[Shape] = set()
        self._lock = threading.Lock()

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes that are ready."""
        with self._lock:
            return tuple(self._ready)

    @property
    def left_out(self) -> tuple[Shape, ...]:
        """The shapes whose preparing went wrong."""
        return tuple(self._failed)

    def answer(self, call: Call) -> Tensor | None:
        """The prepared UNet's answer; None while the plain one has to be asked. A failure is logged, and the shape is
        left to the plain UNet from then on."""
        size = bucket(call.entries)
        if size is None or (call.need and not self.backend.slots):
            return None
        shape = (size, *call.shape[1:])
        with self._lock:
            ready = self._ready.get(shape)
            if ready:
                self._ready.move_to_end(shape)
        if ready is None:
            self._count(shape, call.padded(size))
            return None
        try:
            held = ready.bytes()
            answer = ready.answer(call.padded(size))[: call.entries]
            if ready.bytes() != held:  # it was recorded just now
                self._make_room(shape)
            return answer
        except Exception as error:
            card.check(error)
            full = out_of_memory(error)
            self._give_up(shape, error)
        if full:  # the plain UNet shall have what all the shapes together held
            del ready
            self.drop()
            card.release(call.samples.device)
        return None

    def soon(self, call: Call) -> bool:
        """Whether the next few calls of this one's shape will be answered."""
        size = bucket(call.entries)
        if size is None or (call.need and not self.backend.slots):
            return False
        shape = (size, *call.shape[1:])
        return shape not in self._failed and not self.dropped[shape]

    def drop(self) -> None:
        """Forget every shape, for when memory has run out."""
        with self._lock:
            self._ready.clear()
            self._called.clear()

    def _count(self, shape: Shape, call: Call) -> None:
        self._called[shape] += 1
        again = min(AGAIN ** self.dropped[shape], MOST_AGAIN)
        if self._called[shape] < self.backend.after * again or shape in self._under_way | self._failed:
            return
        self._under_way.add(shape)
        if not self.backend.aside:
            self._prepare(shape, call)
            return
        # A thread that the end of the program need not wait for.
        own = call.of(tuple(tensor.clone() for tensor in call.tensors))
        threading.Thread(target=self._aside, args=(shape, own), name=self.backend.name, daemon=True).start()

    def _aside(self, shape: Shape, call: Call) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICER)
        with _one_at_a_time:
            self._prepare(shape, call)

    def _prepare(self, shape: Shape, call: Call) -> None:
        try:
            with torch.no_grad():
                ready = self.backend.prepare(call)
        except Exception as error:
            card.check(error)
            self._give_up(shape, error)
            return
        finally:
            self._under_way.discard(shape)
        with self._lock:
            self._ready[shape] = ready
        self._make_room(shape)
        log.info("%s is ready for %s", self.backend.name, _said(shape))

    def _make_room(self, newest: Shape) -> None:
        """Drop the shapes that were called least recently until the others are few and small enough; one that is too
        large by itself is left to the plain UNet."""
        with self._lock:
            own = _held([self._ready[newest]]) if newest in self._ready else 0
            if own <= self.backend.room:
                while len(self._ready) > self.backend.most or _held(self._ready.values()) > self.backend.room:
                    left = next(shape for shape in self._ready if shape != newest)
                    del self._ready[left]
                    self._called.pop(left, None)
                    self.dropped[left] += 1
        if own > self.backend.room:
            self._give_up(
                newest, MemoryError(f"it holds {own >> 20} MiB, of {self.backend.room >> 20} for all of them")
            )

    def _give_up(self, shape: Shape, error: Exception) -> None:
        with self._lock:
            self._ready.pop(shape, None)
        self._failed.add(shape)
        reason = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
        log.warning("%s is left out for %s: %s", self.backend.name, _said(shape), reason)


_one_at_a_time = threading.Lock()


def _held(some: Iterable[Answering]) -> int:
    """The memory that some hold together, slots that they share once."""
    found = list(some)
    slots = {id(one.slots): one.slots.bytes for one in found if one.slots}
    return sum(one.bytes() for one in found) + sum(slots.values())


def _said(shape: Shape) -> str:
    entries, channels, height, width, tokens, *slots = shape
    words = f"{entries} × {channels} × {height} × {width} with {tokens} tokens"
    return f"{words} and {Need(*slots)}" if slots else words
