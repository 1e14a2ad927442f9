"""What is to be known of each picture before it is learnt from, and which part of it will be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from PIL import Image

from bot.training.folder import FolderPicture
from engine.pixels import buckets, likeness, rim
from engine.pixels.sharpness import BLURRED, sharpness
from engine.tagging import FaceBox, PictureTags
from prompts.prompt import Json

CUT = 0.12  # of a picture that may be cut off unasked
NEAR = 40.0  # how far two backgrounds of one colour lie from each other at most, in RGB
ALIKE = 0.8  # of the pictures on one background from which on it is learnt as well
AROUND = 3.0  # the side of a portrait, of the face's: head and shoulders
BELOW = 0.5  # of the face's height: so far below it is the middle of what is wanted of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFlags:
    """Of a picture: that it is too small or blurred, the place (from 1) of one before it that looks the same, where
    faces are, that a person is wanted and there is none or several, the share that is cut off to fit and the part that
    is kept (left, top, right, bottom in shares), and that it lies on the background that nearly all have. `focus` is
    what is not to be cut off, `part` what alone is learnt from; () for neither. Nothing said is nothing wrong."""

    small: bool = False
    blurred: bool = False
    twin: int = 0
    faces: tuple[FaceBox, ...] = ()
    no_face: bool = False
    many_faces: bool = False
    lost: float = 0.0
    crop: tuple[float, ...] = ()
    plain: bool = False
    focus: tuple[float, ...] = ()
    part: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """What is said of it, by the names here."""
        told: dict[str, Json] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value:
                told[field.name] = _rounded(value)
        return told


def _rounded(value: object) -> Json:
    if isinstance(value, tuple):
        return [_rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value  # type: ignore[return-value]


def flags(
    pictures: Sequence[FolderPicture],
    seen: Sequence[PictureTags | None],
    *,
    kind: str,
    preset: str = "",
    sizes: Sequence[buckets.Size],
    least: int,
) -> tuple[PictureFlags, ...]:
    """The flags of pictures of a kind, which will be learnt in one of these sizes and should have a shorter side of
    `least`. `seen` is what the detectors see in each (None: they were not asked). Takes a tenth of a second a picture:
    call it in a thread."""
    twins, plains = _twins(pictures), _plains(pictures)
    found = []
    for place, (one, tags) in enumerate(zip(pictures, seen or [None] * len(pictures), strict=True)):
        faces = tags.faces if tags else None
        own = fitted(one.size, faces, kind="" if one.prior else kind, preset=preset, sizes=sizes, least=least)
        blurred = sharpness(one.image) < BLURRED
        found.append(replace(own, blurred=blurred, twin=twins.get(place, -1) + 1, plain=place in plains))
    return tuple(found)


def fitted(
    size: tuple[int, int],
    faces: Sequence[FaceBox] | None,
    *,
    kind: str,
    preset: str = "",
    sizes: Sequence[buckets.Size],
    least: int,
) -> PictureFlags:
    """What the size and the faces of a picture say of it (None: nobody looked for any); `kind` is "" of what is not to
    be forgotten."""
    person = kind == "person"
    part = portrait(size, faces) if faces and preset == "portrait" and kind else ()
    focus = focus_of(faces) if faces else ()
    place = buckets.placed_in(size, sizes, part, focus)
    wide, high = ((part[2] - part[0]) * size[0], (part[3] - part[1]) * size[1]) if part else size
    return PictureFlags(
        small=round(min(wide, high)) < least,
        faces=tuple(faces or ()),
        no_face=person and faces is not None and not faces,
        many_faces=person and len(faces or ()) > 1,
        lost=place.lost,
        crop=buckets.shares(size, place),
        focus=focus,
        part=part,
    )


def focus_of(faces: Sequence[FaceBox]) -> tuple[float, float]:
    """The place that is not to be cut off: the middle of all faces, a little below, where shoulders are."""
    left, top = min(one[0] for one in faces), min(one[1] for one in faces)
    right, bottom = max(one[2] for one in faces), max(one[3] for one in faces)
    tallest = max(one[3] - one[1] for one in faces)
    return (left + right) / 2, min(1.0, (top + bottom) / 2 + BELOW * tallest)


def portrait(size: tuple[int, int], faces: Sequence[FaceBox]) -> tuple[float, float, float, float]:
    """Head and shoulders round the largest face: a square, or as much of one as the picture has, as shares of it."""
    width, height = size
    left, top, right, bottom = max(faces, key=lambda one: (one[2] - one[0]) * (one[3] - one[1]))
    side = AROUND * max((right - left) * width, (bottom - top) * height)
    wide, high = min(side, width), min(side, height)
    x = min(max(0.0, (left + right) / 2 * width - wide / 2), width - wide)
    y = min(max(0.0, ((top + bottom) / 2 + BELOW * (bottom - top)) * height - high / 2), height - high)
    return x / width, y / height, (x + wide) / width, (y + high) / height


def _twins(pictures: Sequence[FolderPicture]) -> Mapping[int, int]:
    """The first picture before each that it looks the same as, for those where there is one."""
    prints = [likeness.print_of(one.content) for one in pictures]
    readings = [likeness.readings(small) if (small := likeness.opened(one.content)) else [] for one in pictures]
    asked = [likeness.signs(own) for own in readings]
    found: dict[int, int] = {}
    for place in range(len(pictures)):
        for other in range(place):
            if likeness.distance(prints[other], asked[place]) > likeness.NEAR or not readings[other]:
                continue
            if likeness.agreement(readings[place], readings[other][0]) >= likeness.SAME:
                found[place] = other
                break
    return found


def _plains(pictures: Sequence[FolderPicture]) -> frozenset[int]:
    """The pictures on the one background that nearly all of them have; none where there is no such."""
    rims = {place: colour for place, one in enumerate(pictures) if (colour := rim.even_rim(_small(one))) is not None}
    for colour in rims.values():
        same = {place for place, own in rims.items() if np.linalg.norm(own - colour) <= NEAR}
        if len(same) >= max(3, ALIKE * len(pictures)):
            return frozenset(same)
    return frozenset()


def _small(one: FolderPicture) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    image = one.image
    if image.has_transparency_data:  # which is learnt as white
        whole = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole)
    return rim.small(image)


def listed(pictures: Sequence[FolderPicture], found: Iterator[int]) -> str:
    """Some of these pictures by the names of their files."""
    places = list(found)
    shown = ", ".join(pictures[place].path.name for place in places[:5])
    return f"{shown} …" if len(places) > 5 else shown
