"""Canny's edges: to the pixel what OpenCV finds, whose thresholds people know."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from engine.maps.canny import _joined, canny


def drawing() -> Image.Image:
    """An oval on two slopes, 32 × 16."""
    y, x = np.mgrid[:16, :32]
    oval = np.where((x - 16) ** 2 + 4 * (y - 8) ** 2 < 130, 180, 40)
    shades = np.stack([oval, np.clip(12 * y + 3 * x, 0, 255), np.where(x + 2 * y > 40, 90, 60)], axis=-1)
    return Image.fromarray(shades.astype(np.uint8))


# As cv2.Canny(drawing, 100, 200) of OpenCV 5.0.0 has it.
OPENCV = (
    "................................",
    "................................",
    "............#########...........",
    ".........###.........###........",
    ".......##...............##......",
    "......##.................##.....",
    ".....##...................##....",
    ".....#.....................#....",
    "....#......................#....",
    ".....#.....................#....",
    ".....##...................##....",
    "......##.................##.....",
    ".......###.............###......",
    "..........#############.........",
    "................................",
    "................................",
)
# The white pixels that OpenCV 5.0.0 finds in noise of 97 × 61 pixels and 60 shades.
NOISE = {(100, 200): (1826, 284), (50.0, 60.5): (2110, 334), (100, 100): (2088, 333), (160, 255): (269, 41)}


def rows(image: Image.Image) -> tuple[str, ...]:
    marks = np.asarray(image.convert("L")) > 0
    return tuple("".join(".#"[int(one)] for one in row) for row in marks)


def test_edges_are_opencvs() -> None:
    assert rows(canny(drawing(), 100, 200)) == OPENCV


@pytest.mark.parametrize("numbers", NOISE)
def test_in_noise_there_are_as_many(numbers: tuple[float, float]) -> None:
    shades = np.random.default_rng(3).integers(0, 60, (61, 97, 3), dtype=np.uint8)
    found = np.asarray(canny(Image.fromarray(shades), *numbers))
    assert (int((found[..., 0] > 0).sum()), int((found[..., 0] > 0)[:, ::7].sum())) == NOISE[numbers]


def test_thresholds_may_be_given_the_wrong_way_round() -> None:
    assert rows(canny(drawing(), 200, 100)) == OPENCV


def test_a_weak_edge_needs_a_strong_one_to_begin_from() -> None:
    assert "#" not in "".join(rows(canny(drawing(), 100, 2040)))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.42, 0.6])
def test_edges_hang_together_as_labels_do(share: float) -> None:
    random = np.random.default_rng(7)
    marks = random.random((70, 90)) < share
    sure = marks & (random.random(marks.shape) < 0.01)
    labels, _ = ndimage.label(marks, np.ones((3, 3)))
    assert (_joined(marks, sure) == (np.isin(labels, labels[sure]) & marks)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_pictures_of_a_pixel(size: tuple[int, int]) -> None:
    assert canny(Image.new("RGB", size, "white"), 100, 200).size == size
