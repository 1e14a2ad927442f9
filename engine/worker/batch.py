"""A batch: rows that share a UNet call, put together for it, and told apart again.

Those whose samplers do the same at this call lie beside each other, so that what is done for one is done for all of
them at once. What the UNet is told besides the latents is put together when somebody joins or leaves or is told
something else, and kept with the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from engine.models import streams
from engine.models.loaded import Loaded
from engine.sampling import ahead
from engine.sampling.way import SamplerState, SamplerWay, Seen, SharedStep
from engine.speed.batched_call import Call
from engine.worker import plain_guidance
from engine.worker.guided import guided
from engine.worker.row import Row

KEPT = 4  # of what batches were told: sizes take turns, and so do the halves of some samplers' steps


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """What a step makes of a row that follows a tape."""

    state: SamplerState
    seen: Seen


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a row that goes by itself is told: the guided `prediction` for what was `shown`, (1, 4, h, w) on the CPU,
    and behind it the negative's own where its sampler wants that."""

    prediction: Tensor
    shown: Tensor


Outcome = Moved | Said


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What the UNet is told of a batch besides the latents, and what it was made of, whose identities are its key."""

    words: Tensor
    added: dict[str, Tensor] | None
    beside: Tensor | None
    guidance: Tensor | None
    of: object


class Batch:
    """Rows of one group, with their call: `rows` in the order of its entries, of which each has as many as its part of
    `widths` says. The rows stay as they are."""

    def __init__(self, rows: Sequence[Row]) -> None:
        kinds: dict[object, list[Row]] = {}
        for row in sorted(rows, key=lambda row: row.way is None):
            kinds.setdefault(_kind(row), []).append(row)
        self.rows = [row for own in kinds.values() for row in own]
        self.widths = [row.width for row in self.rows]
        self.loaded: Loaded = rows[0].loaded
        self._runs: list[tuple[list[Row], list[SamplerWay], SharedStep]] = []
        self._alone: list[tuple[Row, Tensor]] = []
        for own in kinds.values():
            ways = [row.way for row in own if row.way]
            if ways:
                self._runs.append((own, ways, SharedStep(ways, self.loaded.device)))
            else:
                self._alone.append((own[0], own[0].input))

    @property
    def left(self) -> int:
        """The latent pixels still to be drawn, over all entries and steps."""
        height, width = self.rows[0].latents.shape[-2:]
        return sum(count * row.left for row, count in zip(self.rows, self.widths, strict=True)) * height * width

    def draw_ahead(self) -> None:
        """Begin to draw the noise that the steps add."""
        for _, ways, _ in self._runs:
            ahead.begin(ways, self.loaded.device)

    def call(self) -> Call:
        """The call of the UNet."""
        loaded, told = self.loaded, self._told()
        shown = [step.shown for *_, step in self._runs] + [own.to(loaded.device) for _, own in self._alone]
        samples = (shown[0] if len(shown) == 1 else torch.cat(shown)).to(loaded.dtype)
        if told.beside is not None:
            samples = torch.cat([samples, told.beside], dim=1)
        times = [row.time for row, width in zip(self.rows, self.widths, strict=True) for _ in range(width)]
        return Call(
            self._repeated(samples),
            streams.sent(torch.tensor(times), loaded.device),
            told.words,
            told.guidance,
            told.added,
        )

    def _repeated(self, samples: Tensor) -> Tensor:
        """What each row is shown, once for each of its entries."""
        width = self.widths[0]
        if any(other != width for other in self.widths):
            places = [place for place, count in enumerate(self.widths) for _ in range(count)]
            return samples[streams.sent(torch.tensor(places), samples.device)]
        if width == 1:
            return samples
        return samples[:, None].expand(-1, width, -1, -1, -1).reshape(-1, *samples.shape[1:])

    def _told(self) -> _Told:
        said = [row.said for row in self.rows]
        besides = [row.beside for row in self.rows]
        shape = self.rows[0].latents.shape[-2:]
        guidance = tuple(row.recipe.guidance for row in self.rows) if self._distilled else ()
        key = shape, guidance, *map(id, said), *map(id, besides)
        kept = self.loaded.joined
        if key not in kept:
            kept[key] = self._put_together([words for own in said for _, words in own], (said, besides))
            while len(kept) > KEPT:
                kept.popitem(last=False)
        kept.move_to_end(key)
        found: _Told = kept[key]
        return found

    @property
    def _distilled(self) -> bool:
        return self.loaded.unet.config.time_cond_proj_dim is not None

    def _put_together(self, words: Sequence[Tensor], of: object) -> _Told:
        loaded = self.loaded
        length = math.lcm(*(one.shape[1] for one in words))
        added = [told for row in self.rows if (told := row.added) is not None]
        besides = [row.beside for row in self.rows if row.beside is not None]
        return _Told(
            torch.cat([one.repeat(1, length // one.shape[1], 1) for one in words]),
            {name: torch.cat([one[name] for one in added]) for name in added[0]} if added else None,
            torch.cat(besides).to(loaded.device, loaded.dtype) if besides else None,
            _guidance_embedding(loaded, self.rows, self.widths),
            of,
        )

    def outcomes(self, output: Tensor) -> list[Outcome]:
        """What the UNet's answer, an entry of the batch each, makes of the rows, in their order here."""
        shares = _Shares(output.float(), self.widths)
        made: list[Outcome] = []
        for own, ways, step in self._runs:
            predictions = self._guided(own, shares, len(made), step.shown)
            state, seen = step.taken(predictions, ahead.take(ways, self.loaded.device))
            made.extend(Moved(state, one) for one in seen)
        for row, shown in self._alone:
            made.append(Said(guided(row, shares.of(len(made)).cpu(), shown), shown))
        return made

    def _guided(self, rows: Sequence[Row], shares: _Shares, first: int, shown: Tensor) -> list[Tensor]:
        """The guided predictions of rows whose samplers do the same, each (n, 4, h, w)."""
        width = self.widths[first]
        if all(own == width for own in self.widths[first : first + len(rows)]) and all(row.plainly for row in rows):
            return plain_guidance.together(rows, width, shares.of(first, len(rows)))
        each = enumerate(zip(rows, torch.split(shown, 1), strict=True), first)
        own = [guided(row, shares.of(place), one) for place, (row, one) in each]
        return [torch.cat(side) for side in zip(*(torch.split(one, 1) for one in own), strict=True)]


class _Shares:
    """What of the UNet's answer is whose, by the rows' places in the batch."""

    def __init__(self, output: Tensor, widths: Sequence[int]) -> None:
        self._output, self._ends = output, list(accumulate(widths, initial=0))

    def of(self, place: int, count: int = 1) -> Tensor:
        """The entries of so many rows."""
        return self._output[self._ends[place] : self._ends[place + count]]


def _kind(row: Row) -> object:
    """What rows have in common whose samplers do the same at the call to come."""
    if row.way is None:
        return id(row)
    return id(row.way.stop.ask.code), id(row.way.stop.answer.code)  # of each code there is one


def _guidance_embedding(loaded: Loaded, rows: Sequence[Row], widths: Sequence[int]) -> Tensor | None:
    """The guidance as a UNet that was distilled with it (LCM) takes it: sines and cosines of (scale - 1) * 1000."""
    size = loaded.unet.config.time_cond_proj_dim
    if size is None:
        return None
    guidance = [row.recipe.guidance for row, width in zip(rows, widths, strict=True) for _ in range(width)]
    half = size // 2
    rates = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000.0) / (half - 1)))
    angles = ((torch.tensor(guidance, dtype=torch.float32) - 1) * 1000.0)[:, None] * rates[None, :]
    embedding = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
    return torch.nn.functional.pad(embedding, (0, size % 2)).to(loaded.device, loaded.dtype)
