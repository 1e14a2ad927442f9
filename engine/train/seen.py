"""The pictures of a training as its model sees them: latents in their buckets, encoded once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from engine.errors import BadPlan
from engine.models.loaded import Loaded
from engine.pixels import buckets
from engine.training_plan import TrainingPicture, TrainingPlan
from engine.worker import autoencoder


@dataclass(frozen=True, slots=True, eq=False)
class SeenPicture:
    """A picture with its latents (1, 4, h, w), those of its mirror image where pictures are flipped, its bucket, and
    its size (6,): height and width before anything was cut off, what was above and to the left, and what is left."""

    picture: TrainingPicture
    latents: Tensor
    mirrored: Tensor | None
    bucket: buckets.Size
    size: Tensor


def seen(loaded: Loaded, plan: TrainingPlan, folder: Path, pictures: Sequence[TrainingPicture]) -> list[SeenPicture]:
    """The pictures from the plan's folder. Raises BadPlan for a file that is gone, no picture, or another than the
    plan's."""
    sizes = buckets.sizes(plan.resolution, plan.bucket_step)
    return [_seen(loaded, plan, one, opened(folder, one), sizes) for one in pictures]


def opened(folder: Path, picture: TrainingPicture) -> Image.Image:
    """A picture of a plan, upright. Raises BadPlan."""
    try:
        content = (folder / picture.file).read_bytes()
        if hashlib.sha256(content).hexdigest() != picture.hash:
            raise BadPlan(f"{picture.file} is not the picture that the plan was made with")
        image = Image.open(BytesIO(content))
        image.load()
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadPlan(f"{picture.file} cannot be read: {error}") from error
    return ImageOps.exif_transpose(image)


def _seen(
    loaded: Loaded, plan: TrainingPlan, picture: TrainingPicture, image: Image.Image, sizes: Sequence[buckets.Size]
) -> SeenPicture:
    place = buckets.placed(image.size, sizes)
    shown = buckets.cropped(image, place)
    latents = autoencoder.latents(loaded, shown, None)
    if not torch.isfinite(latents).all():
        raise BadPlan(f"the VAE makes no latents of {picture.file}")
    mirrored = autoencoder.latents(loaded, ImageOps.mirror(shown), None) if plan.flips and not picture.prior else None
    (left, top), (width, height) = place.corner, place.bucket
    size = torch.tensor([place.size[1], place.size[0], top, left, height, width], dtype=torch.float32)
    return SeenPicture(picture, latents, mirrored, place.bucket, size)
