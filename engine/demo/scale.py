"""How large a run is: all its settings, and three ready ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Settings of one run. Steps are steps of the optimiser; shares are probabilities of a picture."""

    concepts: int
    styles: tuple[str, ...] = ("3d", "flat", "pixel", "line", "watercolor", "neon", "monochrome", "sticker")
    pictures: int  # made once, before training
    captions: int = 4  # per picture
    whole_parts: int = 8  # files of 1,024 pictures that keep the pictures and not only their latents
    pairs: float = 0.0  # two different things
    counts: float = 0.0  # two to four of a thing
    sides: float = 0.0  # a small thing at the left, right, top or bottom
    vae_channels: tuple[int, ...] = (16, 32, 64, 96)
    vae_steps: int
    vae_batch: int = 24
    text_width: int = 128
    text_layers: int = 2
    text_steps: int
    text_batch: int = 256
    unet_channels: tuple[int, ...] = (64, 128, 192)
    unet_steps: int
    unet_batch: int = 48
    lora_steps: int = 250
    embedding_steps: int = 120
    control_steps: int = 500
    tiny_steps: int = 600
    sibling_words_steps: int = 400
    sibling_steps: int = 1200
    seed: int = 1


SCALES = {
    # Seconds: for tests of the recipe itself.
    "toy": Scale(
        concepts=3, pictures=16, captions=2, vae_channels=(8, 8, 16, 16), vae_steps=2, vae_batch=2, text_width=16,
        text_layers=1, text_steps=2, text_batch=4, unet_channels=(16, 16, 32), unet_steps=4, unet_batch=4, lora_steps=2,
        embedding_steps=2, control_steps=2, tiny_steps=2, sibling_words_steps=2, sibling_steps=2,
    ),
    # Two hours of two cores with matrix units; what the shipped weights were trained at, in several runs (README.md).
    "laptop": Scale(
        concepts=120, pictures=65_536, whole_parts=12, pairs=0.32, counts=0.06, sides=0.06, vae_steps=1600,
        vae_batch=20, text_steps=500, text_batch=128, unet_steps=4800,
    ),
    # Half an hour of a large graphics card. A guess from the other scale: not run yet.
    "gpu": Scale(
        concepts=120, pictures=400_000, whole_parts=48,
        pairs=0.32, counts=0.08, sides=0.08, vae_steps=12_000, vae_batch=128, text_steps=6_000, text_batch=1024,
        unet_steps=40_000, unet_batch=512,
    ),
}  # fmt: skip
