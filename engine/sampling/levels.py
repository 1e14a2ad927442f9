"""The noise levels that a model was trained at, and how its answer is read at any level between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

# What the last cumulative alpha of a model trained down to pure noise is taken to be: its sigma would be infinite.
NEARLY_PURE = 4.8973451890853435e-08
LCM_STEPS = 50  # of the model's training steps are those that LCM learnt
LCM_DATA = 0.5  # the spread of the data in its boundary conditions
LCM_TIME = 10.0


def signal(alphas: Tensor, *, downcast: bool = False, zero_snr: bool = False) -> Tensor:
    """A model's cumulative alphas as A1111 takes them: in half precision, as before 1.8, or moved so that the last
    leaves nothing but noise (Lin et al. 2023, algorithm 1)."""
    alphas = alphas.half() if downcast else alphas.float()
    if not zero_snr:
        return alphas
    roots = alphas.float().sqrt()
    return ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2


class Levels:
    """The sigmas of a model, smallest first, and its timesteps, with levels between them by their logarithms."""

    def __init__(self, signal: Tensor, first: int = 0, stride: int = 1) -> None:
        """Of cumulative alphas (n,), those of the timesteps `first`, `first + stride` …; of alphas in half precision
        the sigmas and their logarithms are of half precision, too, as they were in A1111."""
        signal = signal.clone()
        signal[-1] = max(float(signal[-1]), NEARLY_PURE)
        self.signal = signal.float()
        own = signal[first::stride]
        sigmas = ((1 - own) / own) ** 0.5
        self.sigmas, self._logs = sigmas.float(), sigmas.log().float()

    def time(self, sigma: float) -> float:
        """The place of a sigma among them, which may lie between two."""
        log = torch.tensor(sigma, dtype=torch.float32).log()
        low = int((log >= self._logs).sum().clamp(1, len(self._logs) - 1)) - 1
        share = float((log - self._logs[low]) / (self._logs[low + 1] - self._logs[low]))
        return low + min(max(share, 0.0), 1.0)

    def sigma(self, time: float) -> float:
        """The sigma at a place, which may lie between two."""
        time = min(max(time, 0.0), len(self._logs) - 1.0)
        low = min(int(time), len(self._logs) - 2)
        return float((self._logs[low] + (time - low) * (self._logs[low + 1] - self._logs[low])).exp())


class Denoiser(Protocol):
    """How a model is asked at a level and its answer read: `answer` is what the sampler wants to know, `clean` the
    picture foreseen, as latents; `nearest` the place of the level among the model's own."""

    def input(self, latents: Tensor, level: float) -> Tensor: ...

    def time(self, level: float) -> float: ...

    def nearest(self, level: float) -> int: ...

    def answer(self, latents: Tensor, level: float, prediction: Tensor) -> Tensor: ...

    def clean(self, latents: Tensor, level: float, prediction: Tensor) -> Tensor: ...


def kind_of(schedule: Mapping[str, Any]) -> str:
    """What the model predicts: "epsilon", "v_prediction" or "sample"."""
    return str(schedule.get("prediction_type", "epsilon"))


class BySigma:
    """For samplers whose latents are the picture plus sigma times noise, and who want the denoised picture."""

    def __init__(self, levels: Levels, kind: str) -> None:
        self._levels, self._kind = levels, kind

    def input(self, latents: Tensor, level: float) -> Tensor:
        return latents / math.sqrt(level**2 + 1)

    def time(self, level: float) -> float:
        return self._levels.time(level)

    def nearest(self, level: float) -> int:
        return int((self._levels.sigmas - level).abs().argmin())

    def answer(self, latents: Tensor, level: float, prediction: Tensor) -> Tensor:
        match self._kind:
            case "v_prediction":
                return latents / (level**2 + 1) - prediction * (level / math.sqrt(level**2 + 1))
            case "sample":
                return prediction
            case _:
                return latents - level * prediction

    clean = answer


class ByLcm(BySigma):
    """The same as LCM learnt it: only at each twentieth timestep, and drawn towards the input near the end."""

    def __init__(self, levels: Levels, kind: str, stride: int) -> None:
        super().__init__(levels, kind)
        self._stride = stride

    def time(self, level: float) -> float:
        nearest = int((torch.tensor(level).log() - self._levels.sigmas.log()).abs().argmin())
        return float(nearest * self._stride + self._stride - 1)

    def answer(self, latents: Tensor, level: float, prediction: Tensor) -> Tensor:
        time = self.time(level) * LCM_TIME
        denoised = super().answer(latents, level, prediction)
        skip, out = LCM_DATA**2 / (time**2 + LCM_DATA**2), time / math.hypot(time, LCM_DATA)
        return out * denoised + skip * latents

    clean = answer


class ByTimestep:
    """For samplers whose latents keep the spread 1, whose levels are timesteps, and who want the noise."""

    def __init__(self, levels: Levels, kind: str) -> None:
        self._signal, self._kind = levels.signal, kind

    def input(self, latents: Tensor, level: float) -> Tensor:
        return latents

    def time(self, level: float) -> float:
        return level

    def nearest(self, level: float) -> int:
        return int(level)

    def answer(self, latents: Tensor, level: float, prediction: Tensor) -> Tensor:
        signal, spread = self._parts(level)
        match self._kind:
            case "v_prediction":
                return signal * prediction + spread * latents
            case "sample":
                return (latents - signal * prediction) / spread
            case _:
                return prediction

    def clean(self, latents: Tensor, level: float, prediction: Tensor) -> Tensor:
        signal, spread = self._parts(level)
        return (latents - spread * self.answer(latents, level, prediction)) / signal

    def _parts(self, level: float) -> tuple[Tensor, Tensor]:
        alpha = self._signal[min(max(int(level), 0), len(self._signal) - 1)]
        return alpha.sqrt(), (1 - alpha).sqrt()
