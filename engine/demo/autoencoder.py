"""The autoencoder: an encoder that learns the guide's latents and a decoder that makes pictures of noisy ones.

The decoder sees latents as inexact as the UNet's will be, so it learns to draw the clean thing they must mean.
Encoder and decoder meet only in the latents: the UNet can train before either has learnt anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.demo.guide import BLOCK, guide
from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale
from engine.demo.store import floats

CHECKPOINT = "autoencoder.pt"
NOISE = 0.35  # most noise on the decoder's latents, whose spread is 1
ENCODER_EVERY = 3  # its task is easy, and its half of the work is better spent on the decoder
CERTAIN = -6.0  # log variance the encoder gives: samples differ by 5 % of the spread


def build(scale: Scale) -> Any:
    """An untrained AutoencoderKL with the four levels of Stable Diffusion 1."""
    levels = len(scale.vae_channels)
    return AutoencoderKL(
        block_out_channels=scale.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        sample_size=128,
        scaling_factor=1.0,
    )


def train(
    scale: Scale,
    pictures: NDArray[np.uint8],
    folder: Path,
    device: torch.device,
    note: Callable[[str], None],
    seconds: float = math.inf,
    start: Path | None = None,
) -> Any:
    """The trained autoencoder; goes on from `folder` and leaves its checkpoints there.

    It begins as that of the model at `start`, if any. After `seconds` the sitting ends, finished or not.
    """
    training = _training(scale, device)
    vae: Any = training.module
    if start:
        vae.load_state_dict(AutoencoderKL.from_pretrained(start / "vae").state_dict())
        training.forget()
    seen = [0.0, 0.0, 0.0]
    for _ in training.sitting(folder / CHECKPOINT, scale.vae_steps, seconds):
        random = np.random.default_rng((scale.seed, 1, training.step))
        # Crops are cheap and teach most; whole pictures at the end teach the attention its real size.
        whole = training.step >= 0.8 * scale.vae_steps
        batch = _batch(pictures, max(1, scale.vae_batch // 3) if whole else scale.vae_batch, whole, random).to(device)
        noise = torch.from_numpy(
            random.standard_normal((len(batch), 4, *(side // BLOCK for side in batch.shape[2:])), np.float32)
        )
        amount = torch.from_numpy(random.uniform(0, NOISE, (len(batch), 1, 1, 1)).astype(np.float32))
        losses = _losses(vae, batch, (noise * amount).to(device), encoder=training.step % ENCODER_EVERY == 0)
        training.update(losses[0] + losses[1] + losses[2], rate_share(training.step, scale.vae_steps))
        seen = [0.97 * old + 0.03 * new.item() if new else old for old, new in zip(seen, losses, strict=True)]
        if training.step % 50 == 0:
            note(f"autoencoder {training.step}/{scale.vae_steps} encoder, colour, edge: {np.round(seen, 4)}")
    return vae.eval()


def trained(scale: Scale, folder: Path) -> Any:
    """The autoencoder as `train` left it in `folder`. Raises FileNotFoundError where it did not."""
    training = _training(scale, torch.device("cpu"))
    if not training.load(folder / CHECKPOINT):
        raise FileNotFoundError(folder / CHECKPOINT)
    training.settle()
    return training.module.eval()


def _training(scale: Scale, device: torch.device) -> Trainee:
    torch.manual_seed(scale.seed)
    vae = build(scale).to(device=device, memory_format=torch.channels_last)
    return Trainee(vae, rate=0.02, plain_rate=2e-3, plain=("conv_in", "conv_out"), average=0.995)


def _batch(pictures: NDArray[np.uint8], count: int, whole: bool, random: np.random.Generator) -> Tensor:
    """Whole pictures or 64 × 64 crops on the grid of the latents, (count, 3, side, side) in -1…1."""
    chosen = pictures[random.integers(len(pictures), size=count)]
    if whole:
        return floats(chosen)
    side = chosen.shape[1] // 2
    corners = random.integers(0, side // BLOCK + 1, size=(count, 2)) * BLOCK
    return floats(np.stack([one[y : y + side, x : x + side] for one, (y, x) in zip(chosen, corners, strict=True)]))


def _losses(vae: Any, batch: Tensor, noise: Tensor, *, encoder: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Encoder (where asked for), colour and edge loss."""
    wanted = guide(batch)
    taught = torch.zeros(())
    if encoder:
        with fast(batch.device):
            moments = vae.quant_conv(vae.encoder(batch.contiguous(memory_format=torch.channels_last)))
        mean, variance = moments.float().chunk(2, dim=1)
        unsure = functional.mse_loss(variance, torch.full_like(variance, CERTAIN))
        taught = functional.mse_loss(mean, wanted) + 0.01 * unsure
    with fast(batch.device):
        drawn = vae.decode(wanted + noise, return_dict=False)[0]
    drawn = drawn.float()
    edges = sum(functional.l1_loss(mine, real) for mine, real in zip(_edges(drawn), _edges(batch), strict=True))
    return taught, functional.l1_loss(drawn, batch), edges * torch.ones(())


def _edges(pictures: Tensor) -> list[Tensor]:
    half = functional.avg_pool2d(pictures, 2)
    return [at.diff(dim=axis) * share for at, share in ((pictures, 0.7), (half, 0.5)) for axis in (2, 3)]


@torch.no_grad()
def quality(vae: Any, pictures: NDArray[np.uint8]) -> float:
    """Peak signal to noise of pictures encoded and decoded, in dB."""
    batch = floats(pictures)
    back = vae.decode(vae.encode(batch).latent_dist.mean, return_dict=False)[0]
    return float(10 * torch.log10(4 / functional.mse_loss(back, batch)))
