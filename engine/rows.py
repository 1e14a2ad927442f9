"""The rows loop: one UNet call per step for all rows that share a model, its LoRAs and a latent size.

A row is one picture being drawn. Its latents, its sampler and its noise live on the CPU in float32 whatever the
device, so neither batch nor device changes the picture to the eye; only the UNet call goes to the device.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine import loras
from engine.encode import Part
from engine.models import Loaded, Loras
from engine.recipe import Recipe

# Prompts of different lengths share a call by repeating the shorter ones' chunks: attention over keys that are all
# repeated equally often gives the same result. Beyond this many chunks the rows take separate calls instead.
MAX_CHUNKS = 12

Group = tuple[int, Loras, tuple[int, int]]


@dataclass(slots=True, eq=False)
class Row:
    """One picture being drawn; `job` and `index` say for whom. `latents` is (1, 4, h, w); `at` counts UNet calls,
    `steps` the sampler's steps (a second-order sampler takes two calls a step). `clean` is the picture foreseen
    after the last step, as latents. `seconds` is device time in all. `positive` has one part, or several that are
    mixed (AND); each part knows its embeddings at every step. Without `negative` there is no guidance."""

    job: str
    index: int
    recipe: Recipe
    loaded: Loaded
    loras: Loras
    positive: tuple[Part, ...]
    negative: Part | None
    sampler: Any
    timesteps: Tensor
    steps: int
    latents: Tensor
    extra: dict[str, Any]
    at: int = 0
    clean: Tensor | None = None
    seconds: float = 0.0

    @property
    def group(self) -> Group:
        """Rows with equal groups share UNet calls."""
        height, width = self.latents.shape[-2:]
        return id(self.loaded), self.loras, (height, width)

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
    def length(self) -> int:
        """The tokens of its embeddings."""
        return self.positive[0].length

    @property
    def sides(self) -> list[Tensor]:
        """The embeddings of the step to come: the negative's where there is one, then those of each part."""
        step = self.step + 1
        return [part.at(step) for part in ((self.negative,) if self.negative else ()) + self.positive]


@torch.no_grad()
def predict(rows: Sequence[Row]) -> tuple[list[Tensor], list[Tensor]]:
    """One UNet call for rows of one group: the guided prediction of each and the scaled input it was made from,
    both (1, 4, h, w) on the CPU. The rows stay as they are, so a call that ran out of memory can be made again."""
    loaded = rows[0].loaded
    loras.apply(loaded, rows[0].loras)
    inputs = [row.sampler.scale_model_input(row.latents, row.timesteps[row.at]) for row in rows]
    length = math.lcm(*(row.length for row in rows))
    samples, times, words, guidance = [], [], [], []
    for row, sample in zip(rows, inputs, strict=True):
        for side in row.sides:
            samples.append(sample)
            times.append(float(row.timesteps[row.at]))
            words.append(side.repeat(1, length // side.shape[1], 1))
            guidance.append(row.recipe.guidance)
    output = loaded.unet(
        torch.cat(samples).to(loaded.device, loaded.dtype),
        torch.tensor(times, device=loaded.device),
        encoder_hidden_states=torch.cat(words),
        timestep_cond=_guidance_embedding(loaded, guidance),
        return_dict=False,
    )[0]
    shares: Sequence[Tensor] = output.float().cpu().split([row.width for row in rows])
    return [_guided(row, share) for row, share in zip(rows, shares, strict=True)], inputs


def _guided(row: Row, output: Tensor) -> Tensor:
    """The prediction away from the negative towards each part: u + Σ weight · guidance · (part - u)."""
    if row.negative is None:
        return output
    without = output[:1]
    # A UNet that was distilled with its guidance has done that part itself.
    guidance = row.recipe.guidance if row.loaded.unet.config.time_cond_proj_dim is None else 1.0
    prediction = without
    for index, part in enumerate(row.positive, 1):
        prediction = prediction + part.weight * guidance * (output[index : index + 1] - without)
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
        self._rows = [row for row in self._rows if row.job != job]

    def leave(self, row: Row) -> None:
        """Let one row leave."""
        self._rows.remove(row)

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
        try:
            predictions, inputs = predict(rows)
        except Exception as error:
            if len(rows) == 1:
                turn.failed.append((rows[0], error))
                return
            # Too much for the memory at once, or one bad row among good ones: each on its own.
            _free(rows[0].loaded)
            for row in rows:
                self._step([row], turn)
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


def _free(loaded: Loaded) -> None:
    if loaded.device.type == "cuda":
        torch.cuda.empty_cache()


def _batches(rows: list[Row]) -> list[list[Row]]:
    """The rows of one group as they can share calls: all together, unless their prompts' lengths go together badly."""
    lengths = [row.length for row in rows]
    shortest = min(lengths)
    if math.lcm(*lengths) <= shortest * MAX_CHUNKS:
        return [rows]
    return [[row for row in rows if row.length == length] for length in dict.fromkeys(lengths)]
