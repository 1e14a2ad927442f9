"""The people of a pose, each as the points that OpenPose has of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Point = tuple[float, float] | None  # shares of the canvas, from its upper left corner; None where it is not seen

# Left and right are the person's own.
POINTS = (
    "nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist",
    "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle", "right eye", "left eye",
    "right ear", "left ear",
)  # fmt: skip
HAND = 21  # the wrist, then four of each finger from its root to its tip, the thumb first
FACES = (68, 70)  # 70 are 68 and the pupils
MOST = 12  # people in one pose


@dataclass(frozen=True, slots=True)
class Skeleton:
    """One person: the 18 points of `POINTS`, 21 of each hand and 68 or 70 of the face, or none of these."""

    body: tuple[Point, ...]
    left_hand: tuple[Point, ...] = ()
    right_hand: tuple[Point, ...] = ()
    face: tuple[Point, ...] = ()

    def __post_init__(self) -> None:
        hands_fit = all(len(hand) in (0, HAND) for hand in (self.left_hand, self.right_hand))
        if len(self.body) != len(POINTS) or not hands_fit or len(self.face) not in (0, *FACES):
            raise ValueError("a skeleton of other points")

    @property
    def seen(self) -> Iterator[tuple[float, float]]:
        """Every point that is seen."""
        for points in (self.body, self.left_hand, self.right_hand, self.face):
            yield from filter(None, points)


@dataclass(frozen=True, slots=True)
class Pose:
    """People on a canvas of this width and height: pixels where it was measured in any, else only its shape counts."""

    people: tuple[Skeleton, ...]
    width: int
    height: int
