"""Numbers that OpenCV 5 gave when the published drawing was run with it over the same points."""

from __future__ import annotations

import zlib
from collections import Counter

import numpy as np

from engine.poses.drawing import COLOURS, draw, widened
from engine.poses.skeleton import Pose, Skeleton

# A figure 512 pixels high that is alike on no two sides; the left foot lies below the canvas.
SPOTS = (
    (256, 80), (256, 140), (200, 142), (160, 230), (150, 320), (312, 138), (360, 220), (330, 150), (222, 330),
    (214, 420), (230, 505), (290, 332), (300, 430), (290, 520), (246, 70), (266, 70), (230, 78), (282, 78),
)  # fmt: skip
BODY = tuple((x / 512, y / 512) for x, y in SPOTS)
FIGURE = Pose((Skeleton(BODY),), 512, 512)
# How often each colour of a limb stands in the map; later limbs and all points lie over earlier ones.
LIMB_PIXELS = {
    (153, 0, 0): 383, (153, 51, 0): 377, (153, 102, 0): 683, (153, 153, 0): 647, (102, 153, 0): 444, (51, 153, 0): 541,
    (0, 153, 0): 1374, (0, 153, 51): 633, (0, 153, 102): 605, (0, 153, 153): 1405, (0, 102, 153): 701,
    (0, 51, 153): 621, (0, 0, 153): 415, (51, 0, 153): 65, (102, 0, 153): 97, (153, 0, 153): 67, (153, 0, 102): 99,
}  # fmt: skip
LINE = [0, 1, 4, 6, 8, 7, 8, 6, 4, 1, 0]  # pixels in each row of the middle of a line from 10, 10 to 40, 22
A_POINT = 49  # pixels of a disc of radius 4


def pixels(pose: Pose, side: int, *, wide: bool = False) -> np.ndarray:
    return np.asarray(draw(pose, side, side, wide=wide))


def counted(map: np.ndarray) -> dict[tuple[int, ...], int]:
    lit = map.reshape(-1, 3)[map.reshape(-1, 3).any(1)]
    return dict(Counter(tuple(row) for row in lit.tolist()))


def test_every_colour_has_the_pixels_that_the_annotator_gives_it() -> None:
    found = counted(pixels(FIGURE, 512))
    ankle = COLOURS[13]
    assert found == LIMB_PIXELS | {one: A_POINT for one in COLOURS if one != ankle}
    assert zlib.crc32(pixels(FIGURE, 512).tobytes()) == 26643141  # and each stands where it stands there


def test_points_cover_limbs_and_later_limbs_cover_earlier_ones() -> None:
    found = pixels(FIGURE, 512)
    expected = {(256, 80): (255, 0, 0), (228, 141): (153, 0, 0), (256, 143): (255, 85, 0), (256, 110): (0, 0, 153)}
    expected |= {(239, 235): (0, 153, 0), (288, 500): (0, 0, 0), (290, 508): (0, 51, 153)}
    assert {at: tuple(found[at[1], at[0]].tolist()) for at in expected} == expected


def test_wide_lines_grow_with_the_picture() -> None:
    found = counted(pixels(FIGURE, 1024, wide=True))
    assert widened(1024, 1024) == 3 and found[(255, 0, 0)] == len(disc(12))
    assert [widened(side, 100) for side in (499, 500, 999, 1000, 2048, 9000)] == [1, 2, 2, 3, 4, 7]
    assert counted(pixels(FIGURE, 400, wide=True)) == counted(pixels(FIGURE, 400))


def disc(radius: int) -> list[tuple[int, int]]:
    around = range(-radius, radius + 1)
    return [(x, y) for x in around for y in around if x * x + y * y <= radius * radius]


def test_a_missing_point_takes_its_limbs_along() -> None:
    without = Pose((Skeleton((*BODY[:6], None, *BODY[7:])),), 512, 512)
    found = counted(pixels(without, 512))
    assert not {COLOURS[6], (102, 153, 0), (51, 153, 0)} & set(found) and found[COLOURS[7]] == A_POINT


def test_points_outside_are_cut_at_the_edges() -> None:
    far = tuple((x * 3 - 1, y * 3 - 1) for x, y in BODY)
    found = pixels(Pose((Skeleton(far),), 512, 512), 512)
    assert found.shape == (512, 512, 3) and found.any()
    corner = Skeleton(((0.0, 0.0), *(None,) * 17))
    assert counted(pixels(Pose((corner,), 64, 64), 64)) == {(255, 0, 0): 17}  # a quarter of a disc, with its edges


def test_hands_and_faces() -> None:
    hand = tuple((0.2 + at / 40, 0.3 + (at % 4) / 20) for at in range(21))
    alone = Skeleton((None,) * 18, right_hand=hand)
    found = counted(pixels(Pose((alone,), 512, 512), 512))
    assert found[(0, 0, 255)] >= 21 * A_POINT * 0.8 and (255, 0, 0) in found and len(found) == 21
    face = Skeleton((None,) * 18, face=((0.5, 0.5), *(None,) * 69))
    assert counted(pixels(Pose((face,), 512, 512), 512)) == {(255, 255, 255): 29}


def test_a_line_of_a_hand_is_two_pixels_wide_with_round_ends() -> None:
    two = tuple((x / 60, y / 60) for x, y in ((10, 10), (40, 22)))
    found = pixels(Pose((Skeleton((None,) * 18, left_hand=(*two, *(None,) * 19)),), 60, 60), 60)
    assert [int((row[18:33] == (255, 0, 0)).all(1).sum()) for row in found[11:22]] == LINE
