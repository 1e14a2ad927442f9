"""How much of a model stays on the card: all where there is room, and less and less on smaller cards. No torch here.

The estimates are rough; engine/models/memory.py knows what to do where they are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.files import safetensors_header

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
# Bytes a picture's pixel takes beside the weights: while the UNet draws two entries in half precision, and while the
# VAE decodes in float32. Tiles are of 512 × 512 pixels.
DRAWING, DECODING, TILE = 2600, 2000, 512 * 512


@dataclass(frozen=True, slots=True)
class Tier:
    """Which parts of a model stay on the device between calls; everything else comes for its call and leaves. `tiled`:
    the VAE works tile by tile. `layers`: the UNet's layers come one by one."""

    name: str
    stay: frozenset[str]
    tiled: bool = False
    layers: bool = False


TIERS = (
    Tier("all", frozenset(PARTS)),
    Tier("encoders", frozenset({"unet", "vae"})),
    Tier("tiles", frozenset({"unet"}), tiled=True),
    Tier("parts", frozenset(), tiled=True),
    Tier("layers", frozenset(), tiled=True, layers=True),
)
# Where a single file has each part.
STARTS = {
    "model.diffusion_model.": "unet",
    "first_stage_model.": "vae",
    "cond_stage_model.": "text_encoder",
    "conditioner.embedders.0.": "text_encoder",
    "conditioner.embedders.1.": "text_encoder_2",
}
# In main memory, which Apple's cards share, nothing is gained by sending parts there.
ON_CPU = (TIERS[0], TIERS[2])
MAIN_MEMORY = ("cpu", "mps")


def needs(tier: Tier, weights: Mapping[str, int], pixels: int) -> int:
    """The bytes a tier takes on the device at its worst moment, for parts of so many bytes and one picture of so many
    pixels."""
    staying = sum(size for part, size in weights.items() if part in tier.stay)
    unet, vae, *encoders = (0 if part in tier.stay else weights.get(part, 0) for part in PARTS)
    return staying + max(
        (0 if tier.layers else unet) + pixels * DRAWING,
        vae + (min(pixels, TILE) if tier.tiled else pixels) * DECODING,
        sum(encoders),
    )


def choose_tier(weights: Mapping[str, int], pixels: int, room: int, device: str) -> Tier:
    """The first tier that fits into `room` bytes on a device of this type; the last one where none does."""
    tiers = ON_CPU if device in MAIN_MEMORY else TIERS
    return next((tier for tier in tiers if needs(tier, weights, pixels) <= room), tiers[-1])


def drawable(tier: Tier, weights: Mapping[str, int], pixels: int, room: int) -> int:
    """The pixels of pictures for which there is room in one call of the UNet, at least those of one picture; where the
    VAE stays, one picture is decoded meanwhile."""
    beside = pixels * DECODING if "vae" in tier.stay else 0
    unet = 0 if tier.layers or "unet" in tier.stay else weights["unet"]
    staying = sum(size for part, size in weights.items() if part in tier.stay)
    return max(pixels, (room - staying - unet - beside) // DRAWING)


def weights(path: Path) -> dict[str, int]:
    """The bytes each part of a model on the disk will take on a card: half precision, the VAE whole. Raises BadFile,
    OSError."""
    sizes = dict.fromkeys(PARTS, 0)
    if path.is_file():
        for name, tensor in safetensors_header.read_header(path).tensors.items():
            part = next((part for start, part in STARTS.items() if name.startswith(start)), "")
            if part:
                sizes[part] += _bytes(part, tensor)
        return sizes
    for part in PARTS:
        files = sorted((path / part).glob("*.safetensors"))
        for file in [file for file in files if ".fp16." not in file.name] or files:
            sizes[part] += sum(_bytes(part, tensor) for tensor in safetensors_header.read_header(file).tensors.values())
    return sizes


def _bytes(part: str, tensor: safetensors_header.Tensor) -> int:
    return math.prod(tensor.shape) * (4 if part == "vae" else 2)
