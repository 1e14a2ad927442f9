"""The UNet: learns to take noise off the latents, with the text encoder learning along."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.demo import text
from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale
from engine.demo.store import Examples
from engine.demo.tokens import BOS, EOS, LENGTH, compact

CHECKPOINT = "unet.pt"
# The noise of Stable Diffusion 1: "scaled linear" betas.
STEPS, FIRST_BETA, LAST_BETA = 1000, 0.00085, 0.012
FALL = 0.5  # share of the steps over which the rate falls
EARLIER = 0.75  # power of the times in 0…1: more of the noisy ones, where it is decided what the picture shows
UNCONDITIONAL = 0.1  # captions left out, for classifier-free guidance
MOST = 5.0  # min-SNR weighting: Hang et al., "Efficient Diffusion Training via Min-SNR Weighting Strategy", 2023


def build(scale: Scale) -> Any:
    """An untrained UNet2DConditionModel. Attention begins at 8 × 8: a picture of 16 × 16 latents is small enough for
    convolutions to see across, and attention there would cost as much as all the rest."""
    levels = len(scale.unet_channels)
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=scale.unet_channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * (levels - 2), "DownBlock2D"),
        up_block_types=("UpBlock2D", *("CrossAttnUpBlock2D",) * (levels - 2), "UpBlock2D"),
        cross_attention_dim=scale.text_width,
        attention_head_dim=4,
        norm_num_groups=8,
    )


def signal() -> Tensor:
    """Share of the picture's variance left at each of the 1000 steps, (1000,)."""
    betas = torch.linspace(FIRST_BETA**0.5, LAST_BETA**0.5, STEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0).float()


def noised(latents: Tensor, random: np.random.Generator, power: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Latents under noise, the times of that (n,), and the noise. A power below 1 makes late times more frequent."""
    # Spread evenly over the batch: the loss is steadier than with free dice.
    spread = (np.arange(len(latents)) + random.random(len(latents))) / len(latents)
    times = torch.from_numpy((spread**power * STEPS).astype(np.int64))
    noise = torch.from_numpy(random.standard_normal(latents.shape, np.float32))
    alpha = signal()[times][:, None, None, None]
    return alpha.sqrt() * latents + (1 - alpha).sqrt() * noise, times, noise


def weighed(found: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """The loss of the noise found, with the little noise of early times counting less."""
    alpha = signal().to(times.device)[times]
    errors = (found - noise).square().mean(dim=(1, 2, 3))
    return (errors * (MOST * (1 - alpha) / alpha).clamp_max(1.0)).mean()


def batch(
    examples: Examples, known: NDArray[np.int64], count: int, random: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Latents, rows of the compact table and weights of random examples, some of them without their caption."""
    latents, rows, weights, _ = text.batch(examples, known, count, random)
    left_out = torch.from_numpy(random.random(len(rows)) < UNCONDITIONAL)
    rows[left_out] = torch.from_numpy(compact(np.array([BOS] + [EOS] * (LENGTH - 1)), known))
    weights[left_out] = 1.0
    return latents, rows, weights


class Pair(nn.Module):
    """UNet and text encoder as one module to train."""

    def __init__(self, unet: Any, encoder: Any) -> None:
        super().__init__()
        self.unet = unet
        self.encoder = encoder

    def forward(self, noisy: Tensor, times: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
        words = self.encoder(input_ids=rows)[0] * weights[..., None]
        noise: Tensor = self.unet(noisy, times, words, return_dict=False)[0]
        return noise


def train(
    scale: Scale,
    examples: Examples,
    known: NDArray[np.int64],
    encoder: Any,
    folder: Path,
    device: torch.device,
    note: Callable[[str], None],
    seconds: float = math.inf,
    start: Path | None = None,
) -> Pair:
    """UNet and text encoder, trained; goes on from `folder` and leaves its checkpoints there.

    The UNet begins as that of the model at `start`, if any. After `seconds` the sitting ends, finished or not.
    """
    training = _training(scale, encoder, device)
    pair = training.module
    assert isinstance(pair, Pair)
    if start:
        pair.unet.load_state_dict(UNet2DConditionModel.from_pretrained(start / "unet").state_dict())
        training.forget()
    seen = 1.0
    for _ in training.sitting(folder / CHECKPOINT, scale.unet_steps, seconds):
        random = np.random.default_rng((scale.seed, 3, training.step))
        latents, rows, weights = batch(examples, known, scale.unet_batch, random)
        noisy, times, noise = (part.to(device) for part in noised(latents, random, EARLIER))
        with fast(device):
            found = pair(noisy, times, rows.to(device), weights.to(device))
        loss = weighed(found.float(), noise, times)
        training.update(loss, rate_share(training.step, scale.unet_steps, fall=FALL))
        seen = 0.98 * seen + 0.02 * loss.item()
        if training.step % 50 == 0:
            note(f"unet {training.step}/{scale.unet_steps} loss {seen:.4f}")
    return pair


def trained(scale: Scale, rows: int, folder: Path) -> Pair:
    """UNet and text encoder as `train` left them in `folder`. Raises FileNotFoundError where it did not."""
    training = _training(scale, text.build(scale, rows), torch.device("cpu"))
    if not training.load(folder / CHECKPOINT):
        raise FileNotFoundError(folder / CHECKPOINT)
    training.settle()
    assert isinstance(training.module, Pair)
    return training.module.eval()


def _training(scale: Scale, encoder: Any, device: torch.device) -> Trainee:
    torch.manual_seed(scale.seed)
    pair = Pair(build(scale).to(memory_format=torch.channels_last), encoder).to(device)
    return Trainee(pair, rate=0.02, plain_rate=1.5e-3, plain=("embedding", "conv_in", "conv_out"), slow="encoder.")
