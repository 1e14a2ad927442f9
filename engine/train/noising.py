"""What a UNet is taught on: latents under noise, what it is to find in them, and how much each mistake counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.train.dice import normal
from engine.training_plan import TrainingPlan


@dataclass(frozen=True, slots=True, eq=False)
class Noised:
    """Latents under noise (n, 4, h, w), the times of that (n,), what is to be found, and the weight of each (n,)."""

    latents: Tensor
    times: Tensor
    target: Tensor
    weights: Tensor

    def only(self, at: slice) -> Noised:
        """Some of them."""
        return Noised(self.latents[at], self.times[at], self.target[at], self.weights[at])


def noised(
    plan: TrainingPlan,
    latents: Tensor,
    signal: Tensor,
    prediction: str,
    times: np.random.Generator,
    noise: np.random.Generator,
) -> Noised:
    """Clean latents (n, 4, h, w) float32 at times of equal chance, for a model with such a `signal` (the share of the
    picture's variance at each time) that predicts "epsilon", "v_prediction" or "sample"."""
    when = torch.from_numpy(times.integers(0, len(signal), len(latents)))
    drawn = normal(noise, latents.shape)
    if plan.noise_offset:
        drawn = drawn + plan.noise_offset * normal(noise, (*latents.shape[:2], 1, 1))
    share = signal.float()[when][:, None, None, None]
    shown = share.sqrt() * latents + (1 - share).sqrt() * drawn
    match prediction:
        case "v_prediction":
            target = share.sqrt() * drawn - (1 - share).sqrt() * latents
        case "sample":
            target = latents
        case _:
            target = drawn
    return Noised(shown, when, target, _weights(share[:, 0, 0, 0], plan.snr_gamma, prediction))


def _weights(share: Tensor, gamma: float, prediction: str) -> Tensor:
    """Min-SNR weights (Hang et al. 2023) of noise that leaves such a share of the picture; all 1 for a `gamma` of 0.
    Where nothing of the picture is left none is divided by."""
    if not gamma:
        return torch.ones_like(share)
    snr = share / (1 - share).clamp_min(1e-8)
    least = snr.clamp_max(gamma)
    if prediction == "v_prediction":
        return least / (snr + 1)
    return least if prediction == "sample" else least / snr.clamp_min(1e-8)


def loss(found: Tensor, noised: Noised) -> Tensor:
    """The mean of the squared mistakes, each picture by its weight."""
    errors = (found.float() - noised.target.to(found.device)).square().mean(dim=(1, 2, 3))
    return (errors * noised.weights.to(found.device)).mean()
