"""A tiny decoder (AutoencoderTiny) of the built-in model's latents, for previews."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from numpy.typing import NDArray
from torch.nn import functional

from engine.demo.guide import guide
from engine.demo.optimiser import Trainee, rate_share
from engine.demo.scale import Scale
from engine.demo.store import floats

NAME = "demo-tiny"
CHECKPOINT = "tiny.pt"
CHANNELS = 16
BATCH = 12
NOISE = 0.2  # most noise on the latents, whose spread is 1


def build() -> Any:
    """An untrained AutoencoderTiny."""
    return AutoencoderTiny(
        encoder_block_out_channels=(CHANNELS,) * 4,
        decoder_block_out_channels=(CHANNELS,) * 4,
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(2, 2, 1, 1),
        latent_channels=4,
        scaling_factor=1.0,
    )


def train(scale: Scale, pictures: NDArray[np.uint8], run: Path, folder: Path, note: Callable[[str], None]) -> Path:
    """The folder with the tiny autoencoder; goes on from its checkpoint in `run`."""
    torch.manual_seed(scale.seed)
    tiny = build()
    training = Trainee(
        tiny, rate=0.02, plain_rate=3e-3, plain=("layers.0.", "decoder.layers.14.", "encoder.layers.8."), average=0.99
    )
    seen = 1.0
    for _ in training.sitting(run / CHECKPOINT, scale.tiny_steps):
        random = np.random.default_rng((scale.seed, 8, training.step))
        batch = floats(pictures[random.integers(len(pictures), size=BATCH)])
        wanted = guide(batch)
        amount = random.uniform(0, NOISE, (BATCH, 1, 1, 1))
        near = wanted + torch.from_numpy((amount * random.standard_normal(wanted.shape)).astype(np.float32))
        drawn = tiny.decoder(near)
        loss = functional.l1_loss(drawn, batch) + 0.1 * functional.mse_loss(tiny.encoder(batch), wanted)
        training.update(loss, rate_share(training.step, scale.tiny_steps))
        seen = 0.97 * seen + 0.03 * loss.item()
        if training.step % 50 == 0:
            note(f"{NAME} {training.step}/{scale.tiny_steps} loss {seen:.4f}")
    tiny.half().save_pretrained(folder / NAME)
    return folder / NAME
