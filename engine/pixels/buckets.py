"""Buckets: the sizes that pictures of different shapes are learnt at, all of about one area, and how each fits in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

Size = tuple[int, int]
NARROWEST = 0.5  # of the resolution: the shortest side that a bucket has
WIDEST = 2.0


def sizes(resolution: int, step: int) -> tuple[Size, ...]:
    """Width and height of every bucket: whole steps, at most as much area as the square has, upright ones and wide
    ones alike."""
    area = resolution**2
    least, most = (max(step, int(resolution * share) // step * step) for share in (NARROWEST, WIDEST))
    found = set()
    for width in range(least, most + 1, step):
        height = min(most, area // width // step * step)
        if height >= least:
            found |= {(width, height), (height, width)}
    side = max(step, resolution // step * step)
    return tuple(sorted(found | {(side, side)}))


@dataclass(frozen=True, slots=True)
class Placed:
    """How a picture fits a bucket: the bucket, the size that the whole picture gets, and the left upper corner of what
    of that is kept; `lost` is the share of the picture that is cut off. Of a picture of which a part alone is wanted,
    `part` (left, top, right, bottom; pixels) is that, and all else is said of it."""

    bucket: Size
    size: Size
    corner: tuple[int, int]
    part: tuple[int, int, int, int] | None = None

    @property
    def lost(self) -> float:
        """From 0 to 1."""
        return 1 - (self.bucket[0] * self.bucket[1]) / (self.size[0] * self.size[1])


def placed(picture: Size, buckets: Sequence[Size], focus: tuple[float, float] | None = None) -> Placed:
    """A picture of so many pixels in the bucket that is nearest in shape, which it covers. What is cut off lies away
    from the `focus`, the place that counts as shares of width and height (0…1): without one the middle, of an upright
    picture the upper third, where heads are."""
    width, height = picture
    shape = width / height
    bucket = min(buckets, key=lambda one: (abs(one[0] / one[1] - shape), -one[0] * one[1]))
    scale = max(bucket[0] / width, bucket[1] / height)
    size = max(bucket[0], round(width * scale)), max(bucket[1], round(height * scale))
    across, down = focus or (0.5, 1 / 3 if height > width else 0.5)
    corner = tuple(
        min(max(0, round(share * whole - kept / 2)), whole - kept)
        for share, whole, kept in zip((across, down), size, bucket, strict=True)
    )
    return Placed(bucket, size, (corner[0], corner[1]))


def placed_in(
    picture: Size, buckets: Sequence[Size], crop: Sequence[float] = (), focus: Sequence[float] = ()
) -> Placed:
    """The same of the part of a picture that `crop` says (left, top, right, bottom), all of it for (), and with the
    `focus` that is said or none for (), both in shares of the whole picture."""
    across, down = (focus[0], focus[1]) if focus else (None, None)
    if not crop:
        return placed(picture, buckets, (across, down) if across is not None and down is not None else None)
    width, height = picture
    left, top = min(width - 1, round(crop[0] * width)), min(height - 1, round(crop[1] * height))
    right, bottom = max(left + 1, round(crop[2] * width)), max(top + 1, round(crop[3] * height))
    own = None
    if across is not None and down is not None:
        own = (across * width - left) / (right - left), (down * height - top) / (bottom - top)
    return replace(placed((right - left, bottom - top), buckets, own), part=(left, top, right, bottom))


def shares(picture: Size, place: Placed) -> tuple[float, float, float, float]:
    """What is kept of a picture, (left, top, right, bottom) in shares of it."""
    left, top, right, bottom = place.part or (0, 0, *picture)
    wide, high = (right - left) / place.size[0], (bottom - top) / place.size[1]  # pixels of the picture for one of it
    (x, y), (width, height) = place.corner, place.bucket
    first, second = (left + x * wide) / picture[0], (top + y * high) / picture[1]
    return first, second, first + width * wide / picture[0], second + height * high / picture[1]


def cropped(image: Image.Image, place: Placed) -> Image.Image:
    """The RGB picture as it lies in its bucket; what is see-through is white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        whole = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole)
    left, top = place.corner
    image = image.crop(place.part) if place.part else image
    resized = image.convert("RGB").resize(place.size, Image.Resampling.LANCZOS)
    return resized.crop((left, top, left + place.bucket[0], top + place.bucket[1]))
