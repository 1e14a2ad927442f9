"""A picture that somebody painted in a few colours, read as a map of regions: with soft brushes, JPEG's noise and
shades of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bot.studio.contact_sheet import encoded
from engine.pixels import source_picture
from engine.pixels.region_map import SEEN, exactly
from prompts.errors import Refusal
from prompts.region_colours import COLOURS, told

Lab = NDArray[np.float64]  # (…, 3), OKLab: equal distances look equal; white to black is 1

SIDE = 1024  # pixels, the longer one of a map that is kept: eight times as fine as what is drawn at 1024
LOOKED = 160  # pixels, the longer side on which the paints are looked for
ALIKE = 0.07  # apart, one paint; JPEG moves a flat red by 0.02, the palettes' nearest shades of two names are 0.1 apart
PAINT = 0.003  # share of the picture that a paint covers: less are edges and noise
MOST = 48  # paints that are told apart: four times the colours there are names for
LEAST = 0.005  # share that a region has to cover, a fifteenth of the side of a square
NEAR = 0.25  # a shade so far from a name may be meant by it, where nothing nearer was painted
FLAT = 0.6  # share of the picture that the paints make up; of photos far less
GROUNDS = ("white", "grey", "black")  # are meant only where they are named
SPECKLE = 5  # pixels a side within which the commonest colour counts

# Björn Ottosson, "A perceptual color space for image processing" (2020).
_TO_CONES = np.array(
    (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
)
_TO_LAB = np.array(
    (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
)


def lab(shades: NDArray[np.uint8]) -> Lab:
    """Shades of sRGB, (…, 3) of 0…255, in OKLab."""
    linear = shades / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T)


def as_map(content: bytes, colours: Sequence[str]) -> bytes:
    """The map in which what a picture shows painted in these colours has their shades, and all else is a hole: a PNG of
    at most `SIDE` pixels a side. A picture that is of these shades already stays as it is to the pixel. Takes a moment:
    call it in a thread.

    Raises Refusal `regions.not_flat` for a photo, `regions.not_painted` for colours that cover less than `LEAST`."""
    image = source_picture.opened(content).convert("RGBA")
    shades = np.asarray(image)
    exact = {name: exactly(shades, name) for name in colours}
    ground = shades[..., 3] < SEEN
    for name in GROUNDS:
        ground = ground | exactly(shades, name)
    if (ground | np.logical_or.reduce(list(exact.values()))).all():
        labels = np.zeros(shades.shape[:2], np.uint8)
        for at, name in enumerate(colours, 1):
            labels[exact[name]] = at
    else:
        if max(image.size) > SIDE:
            image.thumbnail((SIDE, SIDE), Image.Resampling.NEAREST)
        labels = _labels(image, colours)
        labels = np.asarray(Image.fromarray(labels).filter(ImageFilter.ModeFilter(SPECKLE)))
    covered = np.bincount(labels.reshape(-1), minlength=len(colours) + 1)[1:] / labels.size
    if missing := [name for name, share in zip(colours, covered, strict=True) if share < LEAST]:
        raise Refusal("regions.not_painted", colours=told(missing), least=f"{100 * LEAST:g}")
    palette = np.array([(0, 0, 0, 0), *((*COLOURS[name].shade, 255) for name in colours)], np.uint8)
    return encoded(Image.fromarray(palette[labels]), "PNG")


def _labels(image: Image.Image, colours: Sequence[str]) -> NDArray[np.uint8]:
    """For each pixel the number of its colour, from 1; 0 for what is none of them."""
    paints = _paints(image)
    if not len(paints):
        raise Refusal("regions.not_flat")
    meant = _meant(paints, colours)
    shades = np.asarray(image)
    seen, where, _ = _distinct(shades[..., :3], 2)
    nearest = np.argmin(_apart(lab(seen), paints), axis=1)
    numbers = np.array([colours.index(meant[at]) + 1 if at in meant else 0 for at in range(len(paints))], np.uint8)
    labels = numbers[nearest][where.reshape(-1)].reshape(shades.shape[:2])
    return np.where(shades[..., 3] < SEEN, np.uint8(0), labels)


def _paints(image: Image.Image) -> Lab:
    """The colours that make up a picture, (colours, 3), the commonest first; none where too little of it is flat."""
    small = image.copy()
    small.thumbnail((LOOKED, LOOKED), Image.Resampling.NEAREST)  # no mixture of two paints is one
    shades = np.asarray(small)
    opaque = shades[shades[..., 3] >= SEEN][:, :3]
    if not len(opaque):
        return np.empty((0, 3))
    seen, _, counts = _distinct(opaque, 3)
    order = np.argsort(-counts, kind="stable")
    of_boxes, counts = lab(seen[order]), counts[order]
    paints, shares, count = np.empty((MOST, 3)), np.zeros(MOST), 0
    for one, share in zip(of_boxes, counts / len(opaque), strict=True):
        distances = np.linalg.norm(paints[:count] - one, axis=1)
        if count and distances.min() < ALIKE:
            shares[distances.argmin()] += share
        elif count < MOST:
            paints[count], shares[count] = one, share
            count += 1
    flat = np.sort(shares)[-len(COLOURS) :].sum()
    return paints[shares >= PAINT] if flat >= FLAT else np.empty((0, 3))


def _meant(paints: Lab, colours: Sequence[str]) -> Mapping[int, str]:
    """Which of the colours each paint is, by its place: the one whose name is nearest to it, and for a colour that none
    is nearest to the paint nearest to it, if that is no ground and no other's."""
    shades = {name: np.array((one.shade, *one.like), np.uint8) for name, one in COLOURS.items()}
    distances = {name: _apart(paints, lab(some)).min(axis=1) for name, some in shades.items()}
    names = list(distances)
    called = [names[at] for at in np.argmin(np.stack(list(distances.values())), axis=0)]
    meant = {at: name for at, name in enumerate(called) if name in colours}
    for name in colours:
        if name in meant.values():
            continue
        free = [at for at, other in enumerate(called) if at not in meant and other not in GROUNDS]
        if free and distances[name][best := min(free, key=lambda at: distances[name][at])] <= NEAR:
            meant[best] = name
    return meant


def _distinct(shades: NDArray[np.uint8], bits: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """The shades there are, (shades, 3), without so many of their last bits; which each pixel has, and how many do."""
    coarse = (shades.reshape(-1, 3) >> bits).astype(np.int64)
    packed = coarse @ np.array((1 << 16, 1 << 8, 1))
    found, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    unpacked = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=-1)
    return ((unpacked << bits) + (1 << bits >> 1)).astype(np.uint8), where, counts


def _apart(some: Lab, others: Lab) -> NDArray[np.float64]:
    """How far each of some colours is from each of others, (some, others)."""
    return np.asarray(np.linalg.norm(some[:, None] - others[None], axis=-1))
