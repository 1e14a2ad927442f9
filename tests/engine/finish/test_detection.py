"""Finding faces and hands in pictures drawn by code, with the real networks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.files import detectors
from engine.finish import blaze, detection
from engine.pixels.tiles import Box
from tests.drawn import cartoon, hand, portrait


def test_a_painted_face_is_found() -> None:
    [box] = detection.find_boxes("face", portrait(384, (230, 200), 90))
    assert box.left < 195 and box.right > 265 and box.top < 165 and box.bottom > 250  # eyes and mouth lie in it
    assert box.width < 260 and box.height < 300
    assert detection.find_boxes("face", Image.new("RGB", (256, 256), "teal")) == []
    [large] = detection.find_boxes(
        "face", portrait(2048, (1000, 1000), 500)
    )  # looked at smaller, told in its own pixels
    assert large.left < 830 and large.right > 1170 and large.width < 1500


@pytest.mark.parametrize(("size", "at", "radius"), [(384, (192, 200), 90), (640, (430, 190), 45)])
def test_a_comics_face_is_found(size: int, at: tuple[int, int], radius: int) -> None:
    [box] = detection.find_boxes("face", cartoon(size, at, radius))
    assert box.left < at[0] - 0.5 * radius and box.right > at[0] + 0.5 * radius
    assert box.top < at[1] - 0.1 * radius and box.bottom > at[1] + 0.7 * radius
    assert max(box.width, box.height) < 3.2 * radius


def test_a_small_face_in_a_large_picture_is_found() -> None:
    [box] = detection.find_boxes("face", portrait(1024, (700, 300), 60))
    assert box.left < 700 < box.right and box.width < 200


@pytest.mark.parametrize("turn", [-25.0, 35.0, 155.0])
def test_a_hand_is_found_wherever_it_points(turn: float) -> None:
    [box] = detection.find_boxes("hand", hand(512, (256, 256), 90, turn))
    paper = np.asarray(hand(512, (256, 256), 90, turn))
    inside = np.zeros(paper.shape[:2], bool)
    inside[box.top : box.bottom, box.left : box.right] = True
    skin = np.abs(paper.astype(int) - (214, 160, 128)).max(axis=2) < 12
    assert skin[inside].sum() > 0.6 * skin.sum()  # the rest is the arm
    assert inside[256 - 20 : 256 + 20, 256 - 20 : 256 + 20].all()
    assert inside.mean() < 0.6


def test_faces_are_no_hands_and_hands_no_faces() -> None:
    assert detection.find_boxes("hand", portrait(384, (230, 200), 90)) == []
    assert detection.find_boxes("hand", cartoon(384, (192, 200), 90)) == []
    assert detection.find_boxes("face", hand(512, (256, 256), 90)) == []


def test_a_second_network_looks_at_what_may_be_palms(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.fromarray(np.random.default_rng(3).integers(0, 255, (256, 256, 3), np.uint8))
    palm = blaze.Found(0.9, (60.0, 60.0, 120.0, 120.0), tuple((90.0, 110.0 - 10 * n) for n in range(7)))
    monkeypatch.setattr(blaze, "detect", lambda *_: [palm])
    assert blaze.hands(image) == []


def test_one_thing_seen_in_several_parts_is_found_once() -> None:
    found = [
        blaze.Found(sure, box, ())
        for sure, box in ((0.7, (0, 0, 10, 10)), (0.9, (1, 1, 9, 9)), (0.8, (20, 0, 30, 10)), (0.6, (24, 4, 26, 6)))
    ]
    assert [one.sure for one in blaze._once(found)] == [0.9, 0.8]


def test_boxes_lie_in_the_picture_and_the_largest_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Box(size, 10, 2 * size, 10 + size) for size in range(4, 24, 2)] + [
        Box(-20, -20, 30, 30),
        Box(99, 0, 120, 5),
    ]
    monkeypatch.setitem(detection.BUILT_IN, "face", lambda image: found)
    boxes = detection.find_boxes("face", Image.new("RGB", (64, 64)))
    assert boxes[0] == Box(0, 0, 30, 30) and len(boxes) == detection.MOST
    assert all(0 <= box.left < box.right <= 64 for box in boxes)


def test_every_row_that_is_built_in_is_found_by_something() -> None:
    assert set(detection.BUILT_IN) == {row.name for row in detectors.DETECTORS.values() if row.built_in}
