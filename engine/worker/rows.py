"""The rows loop: one UNet call per step for all rows that share a model and a latent size, whatever their LoRAs.

A row is one picture being drawn. Its latents, its sampler and its noise live on the CPU in float32 whatever the
device, so neither batch nor device changes the picture to the eye; only the UNet call goes to the device.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine import qualities
from engine.adapters import loras
from engine.adapters.loras import Chosen
from engine.models import card, memory
from engine.models.card import out_of_memory
from engine.models.loaded import Loaded
from engine.recipe import Recipe
from engine.speed import attention
from engine.speed import deep_cache as deep
from engine.speed.batched_call import Call
from engine.worker import prompt_encoding
from engine.worker.inpaint import Keep
from engine.worker.prompt_encoding import Conditioning

# Prompts of different lengths share a call by repeating the shorter ones' chunks: attention over keys that are all
# repeated equally often gives the same result. Beyond this many chunks the rows take separate calls instead.
MAX_CHUNKS = 12

Group = tuple[int, tuple[int, int], bool]


@dataclass(slots=True, eq=False)
class Row:
    """One picture being drawn; `job` and `index` say for whom. `latents` is (1, 4, h, w); `at` counts UNet calls,
    `steps` the sampler's steps (a second-order sampler takes two calls a step). `clean` is the picture foreseen
    after the last step, as latents. `seconds` is device time in all. `positive` has one part, or several that are
    mixed (AND); each part knows its embeddings at every step. Without `negative` there is no guidance. `keep` and
    `beside` are for redrawing part of a picture (engine/worker/inpaint.py), `deep` for the "fast" quality
    (engine/speed/deep_cache.py)."""

    job: str
    index: int
    recipe: Recipe
    loaded: Loaded
    loras: Chosen
    positive: tuple[Conditioning, ...]
    negative: Conditioning | None
    sampler: Any
    timesteps: Tensor
    steps: int
    latents: Tensor
    extra: dict[str, Any]
    at: int = 0
    clean: Tensor | None = None
    seconds: float = 0.0
    keep: Keep | None = None
    beside: Tensor | None = None
    deep: Tensor | None = None

    @property
    def rests(self) -> bool:
        """Whether its quality lets the UNet's deep levels rest now and then."""
        return qualities.quality(self.recipe.quality).rest > 1

    @property
    def shallow(self) -> bool:
        """Whether they rest at the call to come, which is neither the first nor the last."""
        if self.deep is None or self.at >= len(self.timesteps) - 1:
            return False
        return self.at % qualities.quality(self.recipe.quality).rest > 0

    @property
    def group(self) -> Group:
        """Rows with equal groups share UNet calls."""
        height, width = self.latents.shape[-2:]
        return id(self.loaded), (height, width), self.shallow

    @property
    def step(self) -> int:
        """The sampler's steps taken."""
        return self.at * self.steps // len(self.timesteps)

    @property
    def done(self) -> bool:
        """Whether the picture only needs decoding."""
        return self.at >= len(self.timesteps)

    @property
    def width(self) -> int:
        """The UNet's batch entries this row takes: one for each part, and with guidance one for the negative."""
        return len(self.positive) + (self.negative is not None)

    @property
    def area(self) -> int:
        """The latent pixels of its batch entries."""
        return self.width * self.latents.shape[-2] * self.latents.shape[-1]

    @property
    def length(self) -> int:
        """The tokens of its embeddings."""
        return self.positive[0].length

    @property
    def parts(self) -> tuple[Conditioning, ...]:
        """What the UNet is told: the negative where there is one, then each part of the positive prompt."""
        return ((self.negative,) if self.negative else ()) + self.positive

    @property
    def sides(self) -> list[Tensor]:
        """The embeddings of all parts for the step to come."""
        return [part.at(self.step + 1) for part in self.parts]

    @property
    def added(self) -> dict[str, Tensor] | None:
        """What SDXL's UNet is told besides for the step to come."""
        height, width = (side * self.loaded.scale for side in self.latents.shape[-2:])
        return prompt_encoding.added(self.loaded, self.parts, self.step + 1, height, width)


@torch.no_grad()
def predict(rows: Sequence[Row]) -> tuple[list[Tensor], list[Tensor]]:
    """One UNet call for rows of one group: the guided prediction of each and the scaled input it was made from,
    both (1, 4, h, w) on the CPU. The rows stay as they are, so a call that ran out of memory can be made again."""
    loaded = rows[0].loaded
    inputs = [row.sampler.scale_model_input(row.latents, row.timesteps[row.at]) for row in rows]
    length = math.lcm(*(row.length for row in rows))
    samples, times, words, guidance = [], [], [], []
    for row, sample in zip(rows, inputs, strict=True):
        for side in row.sides:
            samples.append(sample if row.beside is None else torch.cat([sample, row.beside], dim=1))
            times.append(float(row.timesteps[row.at]))
            words.append(side.repeat(1, length // side.shape[1], 1))
            guidance.append(row.recipe.guidance)
    entries = [row.loras for row in rows for _ in range(row.width)]
    left = sum(row.area * (len(row.timesteps) - row.at) for row in rows)
    call = Call(
        torch.cat(samples).to(loaded.device, loaded.dtype),
        torch.tensor(times, device=loaded.device),
        torch.cat(words),
        _guidance_embedding(loaded, guidance),
        _joined([row.added for row in rows]),
    )
    # What was prepared to run faster draws whole calls without LoRAs; everything else is the plain UNet's.
    plain = any(entries) or any(row.rests for row in rows)
    with attention.attending(loaded):
        output = loaded.prepared.answer(call) if loaded.prepared and not plain else None
        given: list[Tensor] = []
        if output is None:
            with memory.on_card(loaded, "unet"), loras.on_unet(loaded, entries, left), _depth(rows) as given:
                output = call.answered(loaded.unet)
    if given:
        own_deep: Sequence[Tensor] = torch.split(given[0], [row.width for row in rows])
        for row, own in zip(rows, own_deep, strict=True):
            row.deep = own if row.rests else None
    shares: Sequence[Tensor] = torch.split(output.float().cpu(), [row.width for row in rows])
    return [_guided(row, share) for row, share in zip(rows, shares, strict=True)], inputs


@contextmanager
def _depth(rows: Sequence[Row]) -> Iterator[list[Tensor]]:
    """A call with all levels, which leaves what the deep ones gave in the list where a row will use it again, or one
    with the outermost level only."""
    unet = rows[0].loaded.unet
    if rows[0].shallow:
        with deep.reused(unet, torch.cat([row.deep for row in rows if row.deep is not None])):
            yield []
    elif any(row.rests for row in rows):
        with deep.kept(unet) as given:
            yield given
    else:
        yield []


def _joined(added: Sequence[dict[str, Tensor] | None]) -> dict[str, Tensor] | None:
    """What the rows of one model tell its UNet besides, as one batch."""
    told = [one for one in added if one is not None]
    return {name: torch.cat([one[name] for one in told]) for name in told[0]} if told else None


def _guided(row: Row, output: Tensor) -> Tensor:
    """The prediction away from the negative towards each part: u + Σ weight · guidance · (part - u)."""
    if row.negative is None:
        return output
    without = output[:1]
    # A UNet that was distilled with its guidance has done that part itself.
    guidance = row.recipe.guidance if row.loaded.unet.config.time_cond_proj_dim is None else 1.0
    pulls = [part.weight * (output[index : index + 1] - without) for index, part in enumerate(row.positive, 1)]
    prediction = without
    for pull in pulls:
        prediction = prediction + guidance * pull
    if row.recipe.rescale:
        # With the spread of what the words alone give (Lin et al. 2023, section 3.4), as far as the recipe says.
        spread = (without + sum(pulls)).std() / prediction.std()
        prediction = row.recipe.rescale * spread * prediction + (1 - row.recipe.rescale) * prediction
    return prediction


def _guidance_embedding(loaded: Loaded, guidance: Sequence[float]) -> Tensor | None:
    """What a UNet that was distilled with its guidance (LCM) wants to know: sines and cosines of (scale - 1) * 1000."""
    width = loaded.unet.config.time_cond_proj_dim
    if width is None:
        return None
    half = width // 2
    rates = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000.0) / (half - 1)))
    angles = ((torch.tensor(guidance, dtype=torch.float32) - 1) * 1000.0)[:, None] * rates[None, :]
    embedding = torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)
    return torch.nn.functional.pad(embedding, (0, width % 2)).to(loaded.device, loaded.dtype)


@torch.no_grad()
def advance(row: Row, prediction: Tensor, scaled: Tensor) -> None:
    """Let the row's own sampler take its step."""
    time_now = row.timesteps[row.at]
    row.clean = _foreseen(row.loaded, prediction, scaled, float(time_now))
    row.latents = row.sampler.step(prediction, time_now, row.latents, **row.extra, return_dict=False)[0]
    row.at += 1
    if row.keep:
        row.latents = row.keep.blended(row.latents, row.sampler, row.timesteps[row.at :])


def _foreseen(loaded: Loaded, prediction: Tensor, scaled: Tensor, time_now: float) -> Tensor:
    """The clean latents that a prediction points at. The scaled input has unit variance for every sampler, so the
    model's own alphas serve all of them."""
    alpha = loaded.signal[min(max(round(time_now), 0), len(loaded.signal) - 1)]
    match loaded.schedule.get("prediction_type", "epsilon"):
        case "v_prediction":
            return alpha.sqrt() * scaled - (1 - alpha).sqrt() * prediction
        case "sample":
            return prediction
        case _:
            return (scaled - (1 - alpha).sqrt() * prediction) / alpha.sqrt()


@dataclass(slots=True)
class Turn:
    """What one turn of the loop did. A row that failed is gone from the set."""

    stepped: list[Row] = field(default_factory=list)
    failed: list[tuple[Row, Exception]] = field(default_factory=list)


class Rows:
    """The rows being drawn. Groups take turns, so that nobody waits for a stranger's other size to finish."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._last: list[Group] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(tuple(self._rows))

    def add(self, row: Row) -> None:
        """Let a row join before the next turn."""
        self._rows.append(row)

    def remove(self, job: str) -> None:
        """Let a job's rows leave before the next turn."""
        for row in [row for row in self._rows if row.job == job]:
            self.leave(row)

    def leave(self, row: Row) -> None:
        """Let one row leave."""
        self._rows.remove(row)
        if row.loras and not any(other.loaded is row.loaded and other.loras for other in self._rows):
            loras.part(row.loaded)

    def turn(self) -> Turn:
        """One step of every row of the group whose turn it is."""
        rows = self._next()
        turn = Turn()
        for batch in _batches(rows):
            self._step(batch, turn)
        for row, _ in turn.failed:
            self.leave(row)
        return turn

    def _next(self) -> list[Row]:
        groups = list(dict.fromkeys(row.group for row in self._rows))
        self._last = [group for group in self._last if group in groups]
        chosen = min(groups, key=lambda group: self._last.index(group) if group in self._last else -1)
        self._last = [group for group in self._last if group != chosen] + [chosen]
        return [row for row in self._rows if row.group == chosen]

    def _step(self, rows: list[Row], turn: Turn) -> None:
        began = time.monotonic()
        failure: Exception | None = None
        try:
            predictions, inputs = predict(rows)
        except Exception as error:
            failure = error.with_traceback(None)  # whose frames hold what was computed so far
        if failure:
            instead = _instead(rows, failure)
            for batch in instead:
                self._step(batch, turn)
            if not instead:
                turn.failed.append((rows[0], failure))
            return
        for row, prediction, scaled in zip(rows, predictions, inputs, strict=True):
            try:
                advance(row, prediction, scaled)
            except Exception as error:
                turn.failed.append((row, error))
            else:
                turn.stepped.append(row)
        passed = time.monotonic() - began
        shares = sum(row.width for row in rows)
        for row in rows:
            row.seconds += passed * row.width / shares


def _instead(rows: list[Row], failure: Exception) -> list[list[Row]]:
    """The calls to make instead of one that failed: halves where memory ran out, each row on its own where one bad
    row may have been among good ones, a row alone again where its model could go down a tier."""
    loaded = rows[0].loaded
    if not out_of_memory(failure):
        return [[row] for row in rows] if len(rows) > 1 else []
    loras.part(loaded)
    if loaded.prepared:
        loaded.prepared.drop()
    card.release(loaded.device)
    if len(rows) == 1:
        return [rows] if memory.lower(loaded) else []
    middle = len(rows) // 2
    loaded.most = max(sum(row.area for row in half) for half in (rows[:middle], rows[middle:]))
    return [rows[:middle], rows[middle:]]


def _batches(rows: list[Row]) -> list[list[Row]]:
    """The rows of one group as they can share calls: all together, unless their prompts' lengths go together badly
    or the memory is known to be too small."""
    lengths = [row.length for row in rows]
    alike = [rows]
    if math.lcm(*lengths) > min(lengths) * MAX_CHUNKS:
        alike = [[row for row in rows if row.length == length] for length in dict.fromkeys(lengths)]
    batches: list[list[Row]] = []
    for some in alike:
        batch: list[Row] = []
        for row in some:
            if batch and row.loaded.most and sum(other.area for other in (*batch, row)) > row.loaded.most:
                batches.append(batch)
                batch = []
            batch.append(row)
        batches.append(batch)
    return batches
