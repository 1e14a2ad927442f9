"""What the companions of the built-in model learn from: the finished model, and pictures drawn as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor
from transformers import CLIPTextModel

from engine.demo import captions, composer, sources
from engine.demo.concepts import Concept, concepts
from engine.demo.guide import guide
from engine.demo.scale import Scale
from engine.demo.sources import Cutouts
from engine.demo.store import floats
from engine.demo.tokens import Tokens
from engine.demo.unet import noised

STRANGER = 7  # a token that is in no caption


@dataclass(frozen=True, slots=True)
class Lesson:
    """The finished UNet and text encoder, frozen, and all that draws and describes pictures."""

    unet: Any
    encoder: Any
    tokens: Tokens
    things: tuple[Concept, ...]
    cutouts: Cutouts

    def compositions(self, scale: Scale, count: int, random: np.random.Generator) -> list[composer.Composition]:
        """Single things, thrown by the scale."""
        plain = replace(scale, pairs=0.0, counts=0.0, sides=0.0)
        return [composer.throw(plain, random) for _ in range(count)]

    def words(self, written: Sequence[captions.Pieces]) -> Tensor:
        """Word vectors of captions, (n, 77, width)."""
        ids, weights = (np.stack(parts) for parts in zip(*map(self.tokens, written), strict=True))
        rows = torch.from_numpy(np.where(ids < 0, STRANGER, ids).astype(np.int64))
        vectors: Tensor = self.encoder(input_ids=rows)[0]
        return vectors * torch.from_numpy(weights.astype(np.float32))[..., None]


def prepare(scale: Scale, model: Path, packages: Path) -> Lesson:
    """The lesson of a model folder and the packages of the emoji."""
    things = concepts(scale.concepts)
    unet: Any = UNet2DConditionModel.from_pretrained(model / "unet")
    encoder: Any = CLIPTextModel.from_pretrained(model / "text_encoder", dtype=torch.float32)
    return Lesson(
        unet.requires_grad_(False).float(),
        encoder.requires_grad_(False).eval(),
        Tokens(model / "tokenizer"),
        things,
        sources.cutouts(things, packages),
    )


def noisy(pictures: NDArray[np.uint8], random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """The latents of pictures under noise; the times of that (n,); the noise to be found."""
    return noised(guide(floats(pictures)), random)
