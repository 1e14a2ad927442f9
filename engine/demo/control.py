"""A ControlNet for the built-in model: white edges on black become a picture with those edges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from numpy.typing import NDArray
from torch.nn import functional

from engine.demo import captions, composer, styles
from engine.demo.lesson import Lesson, noisy
from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale
from engine.demo.store import floats

NAME = "demo-edges"
BATCH = 16
WORDLESS = 0.5  # captions left out, so that the edges have something to say
SHARP = 0.08  # steepness of lightness, of 1 a pixel, that makes an edge


def edges(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """White edges on black of pictures (n, h, w, 3), of the same shape."""
    lines = []
    for picture in pictures:
        light = styles.blur(picture.astype(np.float32) / np.float32(255), 1.0)
        steep = np.hypot(*(np.abs(np.gradient(light, axis=axis)).max(axis=2) for axis in (0, 1)))
        # Only the crest of each slope, across or down: a line of about a pixel.
        crest = (steep >= np.roll(steep, 1, 0)) & (steep >= np.roll(steep, -1, 0))
        crest |= (steep >= np.roll(steep, 1, 1)) & (steep >= np.roll(steep, -1, 1))
        lines.append(np.repeat(((steep > SHARP) & crest)[..., None], 3, axis=2))
    drawn: NDArray[np.uint8] = (np.stack(lines) * 255).astype(np.uint8)
    return drawn


def train(lesson: Lesson, scale: Scale, folder: Path, note: Callable[[str], None]) -> Path:
    """The folder with the ControlNet."""
    torch.manual_seed(scale.seed)
    net: Any = ControlNetModel.from_unet(lesson.unet, conditioning_embedding_out_channels=(8, 16, 32, 64))
    net.requires_grad_(True).train()
    training = Trainee(net, rate=0.01, plain_rate=1e-3, plain=("conv_in", "conv_out"), average=0.98)
    seen = 1.0
    for step in range(scale.control_steps):
        random = np.random.default_rng((scale.seed, 7, step))
        thrown = lesson.compositions(scale, BATCH, random)
        pictures = np.stack([composer.draw(one, lesson.cutouts) for one in thrown])
        named = [captions.caption(one, lesson.things, random) for one in thrown]
        words = lesson.words([() if random.random() < WORDLESS else pieces for pieces in named])
        latents, times, noise = noisy(pictures, random)
        # Conditions of a ControlNet are in 0…1.
        condition = floats(edges(pictures)) * 0.5 + 0.5
        with fast(latents.device):
            down, middle = net(latents, times, words, condition, return_dict=False)
            found = lesson.unet(latents, times, words, None, None, None, None, None, down, middle, return_dict=False)[0]
        loss = functional.mse_loss(found.float(), noise)
        training.update(loss, rate_share(step, scale.control_steps, warm=20))
        seen = 0.97 * seen + 0.03 * loss.item()
        if step % 25 == 24:
            note(f"{NAME} {step + 1}/{scale.control_steps} loss {seen:.4f}")
    training.settle()
    net.half().save_pretrained(folder / NAME)
    return folder / NAME
