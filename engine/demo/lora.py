"""Style LoRAs for the built-in model: looks it does not know, in the two formats that LoRAs come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from diffusers.utils import convert_state_dict_to_kohya
from numpy.typing import NDArray
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from torch.nn import functional

from engine.demo import captions, composer, styles
from engine.demo.lesson import Lesson, noisy
from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale

RANK = 8
TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
BATCH = 16
Pixels = NDArray[np.float32]
BLUE: Pixels = np.array((0.10, 0.28, 0.62), np.float32)
BOARD: Pixels = np.array((0.13, 0.27, 0.21), np.float32)
LACQUER: Pixels = np.array((0.13, 0.05, 0.05), np.float32)
GOLD: Pixels = np.array((1.0, 0.80, 0.30), np.float32)


def _blueprint(drawing: styles.Unstyled) -> Pixels:
    paper = np.broadcast_to(BLUE, drawing.pixels.shape).copy()
    paper[::16] += 0.07
    paper[:, ::16] += 0.07
    share = styles.edges(drawing)
    drawn: Pixels = paper * (1 - share) + share
    return drawn


def _chalkboard(drawing: styles.Unstyled) -> Pixels:
    share = styles.edges(drawing)
    filled: Pixels = BOARD * (1 - 0.35 * drawing.cover) + 0.35 * drawing.cover * drawing.pixels
    drawn: Pixels = filled * (1 - share) + share * (0.55 + 0.45 * drawing.pixels)
    return drawn


def _gilded(drawing: styles.Unstyled) -> Pixels:
    # Dark things are gold as well: they would not be seen on lacquer.
    light = 0.35 + 0.65 * (drawing.pixels @ np.array([[0.3], [0.59], [0.11]], np.float32))
    share = np.clip(drawing.cover + 0.35 * styles.edges(drawing), 0, 1)
    drawn: Pixels = LACQUER * (1 - share) + GOLD * light * share
    return drawn


@dataclass(frozen=True, slots=True)
class Look:
    """How a drawing looks in it, the colour most of that is, and whether its file is in kohya's format (or else in
    diffusers')."""

    draw: Callable[[styles.Unstyled], Pixels]
    paper: Pixels
    kohya: bool


LOOKS = {
    "demo-blueprint": Look(_blueprint, BLUE, kohya=True),
    "demo-gilded": Look(_gilded, LACQUER, kohya=True),
    "demo-chalkboard": Look(_chalkboard, BOARD, kohya=False),
}


def train(name: str, lesson: Lesson, scale: Scale, folder: Path, note: Callable[[str], None]) -> Path:
    """The file with the LoRA of that look; its captions do not name the look, so only the weight decides."""
    look = LOOKS[name]
    unet = lesson.unet
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=TARGETS), adapter_name=name)
    training = Trainee(unet, rate=0.0, plain_rate=3e-3, plain=("lora",), average=0.97)
    seen = 1.0
    for step in range(scale.lora_steps):
        random = np.random.default_rng((scale.seed, 5, len(name), step))
        thrown = [replace(one, flaw="", style="flat") for one in lesson.compositions(scale, BATCH, random)]
        pictures = np.stack([_drawn(one, lesson, look.draw) for one in thrown])
        words = lesson.words([captions.caption(replace(one, style="3d"), lesson.things, random) for one in thrown])
        latents, times, noise = noisy(pictures, random)
        with fast(latents.device):
            found = unet(latents, times, words, return_dict=False)[0]
        loss = functional.mse_loss(found.float(), noise)
        training.update(loss, rate_share(step, scale.lora_steps, warm=10))
        seen = 0.95 * seen + 0.05 * loss.item()
        if step % 25 == 24:
            note(f"{name} {step + 1}/{scale.lora_steps} loss {seen:.4f}")
    training.settle()
    layers: dict[str, Any] = get_peft_model_state_dict(unet, adapter_name=name)
    unet.unload_lora()
    halves = {f"unet.{key}": weight.detach().half().contiguous() for key, weight in layers.items()}
    # diffusers' own format is that of peft.
    saved = convert_state_dict_to_kohya(halves) if look.kohya else halves
    save_file(saved, folder / f"{name}.safetensors", {"ss_network_dim": str(RANK)} if look.kohya else None)
    return folder / f"{name}.safetensors"


def _drawn(one: composer.Composition, lesson: Lesson, look: Callable[[styles.Unstyled], Pixels]) -> NDArray[np.uint8]:
    drawing = composer.compose(one, lesson.cutouts, np.random.default_rng(one.seed))
    return (np.clip(look(drawing), 0, 1) * 255).round().astype(np.uint8)
