"""The pictures of a training as its model sees them: latents in their buckets, encoded once."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import torch
from PIL import Image, ImageOps
from torch import Tensor

from engine.errors import BadPlan
from engine.models.loaded import Loaded
from engine.pixels import buckets
from engine.pixels.shades import shallow
from engine.training_plan import TrainingPicture, TrainingPlan
from engine.worker import autoencoder

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "AVIF")


@dataclass(frozen=True, slots=True, eq=False)
class SeenPicture:
    """A picture with its latents (1, 4, h, w), those of its mirror image where pictures are flipped, its bucket, and
    its size (6,): height and width of the file, what of the picture was cut off above and to the left, and what is
    left. `map` reads a net's, (1, 3, 8h, 8w) in 0…1, anew each time: all of them together fill more than memory."""

    picture: TrainingPicture
    latents: Tensor
    mirrored: Tensor | None
    bucket: buckets.Size
    size: Tensor
    map: Callable[[], Tensor] | None = None


def seen(
    loaded: Loaded,
    plan: TrainingPlan,
    folder: Path,
    pictures: Sequence[TrainingPicture],
    known: Mapping[TrainingPicture, SeenPicture] = MappingProxyType({}),
) -> list[SeenPicture]:
    """The pictures from the plan's folder, but for those that are `known` already. Raises BadPlan for a file that is
    gone, no picture, or another than the plan's."""
    sizes = buckets.sizes(plan.resolution, plan.bucket_step)
    each = {one: known.get(one) or _seen(loaded, plan, one, folder, sizes) for one in dict.fromkeys(pictures)}
    return [each[one] for one in pictures]  # which count several times where they are named so often


def opened(folder: Path, picture: TrainingPicture) -> Image.Image:
    """A picture of a plan, upright. Raises BadPlan."""
    return _opened(folder, picture.file, picture.hash)


def _opened(folder: Path, file: str, wanted: str) -> Image.Image:
    try:
        content = (folder / file).read_bytes()
        if hashlib.sha256(content).hexdigest() != wanted:
            raise BadPlan(f"{file} is not the picture that the plan was made with", "train.other_picture", file=file)
        return shallow(ImageOps.exif_transpose(Image.open(BytesIO(content), formats=FORMATS)))
    except BadPlan:
        raise
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error, EOFError, Image.DecompressionBombError) as why:
        raise BadPlan(f"{file} cannot be read: {why}", "train.unreadable", file=file) from why


def _seen(
    loaded: Loaded, plan: TrainingPlan, picture: TrainingPicture, folder: Path, sizes: Sequence[buckets.Size]
) -> SeenPicture:
    image = opened(folder, picture)
    place = buckets.placed_in(image.size, sizes, picture.crop, picture.focus)
    shown = buckets.cropped(image, place)
    latents = autoencoder.latents(loaded, shown, None)
    if not torch.isfinite(latents).all():
        raise BadPlan(f"the VAE makes no latents of {picture.file}", "train.no_latents", file=picture.file)
    mirrored = autoencoder.latents(loaded, ImageOps.mirror(shown), None) if plan.flips and not picture.prior else None
    guide = None
    if picture.map:
        guide = partial(_map, folder, picture, place.bucket)
        guide()  # what cannot be read is told before anything is learnt
    (left, top), (width, height) = place.corner, place.bucket
    if place.part:  # cut off as well, in pixels of the size that the part was brought to
        scale = place.size[0] / (place.part[2] - place.part[0])
        left, top = left + round(place.part[0] * scale), top + round(place.part[1] * scale)
    # As SDXL was trained: the size of the file, whatever it was brought to, so that small ones teach no blur.
    size = torch.tensor([image.height, image.width, top, left, height, width], dtype=torch.float32)
    return SeenPicture(picture, latents, mirrored, place.bucket, size, guide)


def _map(folder: Path, picture: TrainingPicture, bucket: buckets.Size) -> Tensor:
    drawn = _opened(folder, picture.map, picture.map_hash)
    place = buckets.placed_in(drawn.size, [bucket], picture.crop, picture.focus)
    return (autoencoder.pixels(buckets.cropped(drawn, place)) + 1) / 2
