"""A map made of a picture, by a network where its preprocessor needs one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from engine.annotators import mlsd, owned
from engine.files.annotators import chosen
from engine.maps import making
from engine.maps.making import MadeMap
from engine.maps.sizing import Size, check_fit, check_size, filled, sized
from engine.preprocessors import PURE, USUAL, Preprocessor

# What this project's own networks make of a picture that is sized already, by two numbers.
BUILT_IN: Mapping[str, Callable[[Image.Image, float, float], Image.Image]] = {"mlsd": mlsd.lines}


def made(
    row: Preprocessor,
    image: Image.Image,
    size: Size,
    low: float = USUAL,
    high: float = USUAL,
    seed: int = 0,
    *,
    fit: str = "",
    mask: Image.Image | None = None,
    folders: Sequence[Path] = (),
) -> MadeMap:
    """As engine/maps/making.py makes it, with the networks in `folders` and those of this project too. Raises Refusal
    `map.no_file`, `map.absent`, and `map.damaged` for a file that is no such network."""
    if row.needs == PURE:
        return making.made(row, image, size, low, high, seed, fit=fit, mask=mask)
    numbers = row.numbers(low, high)
    check_size(size)
    check_fit(fit)
    path = chosen(row, folders)
    drawing = sized(making.opaque(image), size, fit)
    found = owned.drawn(row, path, drawing) if path else BUILT_IN[row.name](drawing, *numbers)
    return MadeMap(filled(found, size))
