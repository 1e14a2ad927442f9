from __future__ import annotations

import json
from typing import cast

import pytest

from engine.poses import placing, reading, writing
from engine.poses.skeleton import MOST, POINTS, Pose, Skeleton
from prompts.errors import Refusal
from prompts.prompt import Json

BODY = tuple((0.1 + at / 40, 0.2 + at / 30) for at in range(18))
HAND = tuple((0.3 + at / 100, 0.4 + at / 90) for at in range(21))
FACE = tuple((0.4 + at / 300, 0.1 + at / 400) for at in range(70))


def read(value: Json) -> Pose:
    return reading.read(json.dumps(value).encode())


def near(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(
        (a is None and b is None) or (a is not None and a == pytest.approx(b, abs=2e-4))
        for a, b in zip(one, other, strict=True)
    )


def test_what_is_written_is_read_again() -> None:
    body = (*BODY[:3], None, *BODY[4:])
    pose = Pose((Skeleton(body, HAND, (), FACE), Skeleton(BODY, (), HAND)), 640, 960)
    for content in (writing.written(pose).encode(), writing.png(pose, 640, 960), b"\xef\xbb\xbf" + b" [%s]"):
        if b"%s" in content:
            content = content.replace(b"%s", writing.written(pose).encode())
        found = reading.read(content)
        assert (found.width, found.height, len(found.people)) == (640, 960, 2)
        for one, other in zip(found.people, pose.people, strict=True):
            assert near(one.body, other.body) and near(one.face, other.face)
            assert near(one.left_hand, other.left_hand) and near(one.right_hand, other.right_hand)
    assert reading.readable(writing.png(pose, 64, 96)) and reading.readable(b"  [{}]") and not reading.readable(b"GIF")


def flat(points: list[tuple[float, float, float]]) -> Json:
    return cast(Json, [number for point in points for number in point])


def test_webuis_list_in_pixels_and_in_shares() -> None:
    pixels = flat([(x * 512, y * 768, 1.0) for x, y in BODY])
    shares = flat([(x, y, 1.0) for x, y in BODY])
    for points in (pixels, shares):
        said: Json = [
            {"people": [{"pose_keypoints_2d": points}], "animals": [], "canvas_width": 512, "canvas_height": 768}
        ]
        found = read(said)
        assert (found.width, found.height) == (512, 768) and near(found.people[0].body, BODY)
    nothing: Json = {
        "people": [{"pose_keypoints_2d": pixels, "face_keypoints_2d": None, "hand_left_keypoints_2d": [0] * 63}]
    }
    assert read(nothing).people[0].left_hand == ()


def test_body_25_leaves_out_the_hips_middle_and_the_feet() -> None:
    points = [(float(10 + at), float(100 + at), 0.9) for at in range(25)]
    (one,) = read({"people": [{"pose_keypoints_2d": flat(points)}], "canvas_width": 200, "canvas_height": 200}).people
    taken = (*range(8), 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
    assert near(one.body, tuple(((10 + at) / 200, (100 + at) / 200) for at in taken))


def test_coco_has_its_own_order_and_no_neck() -> None:
    points = [(float(10 * at + 5), float(3 * at + 5), 2.0) for at in range(17)]
    said: Json = {
        "images": [{"width": 200, "height": 100}],
        "annotations": [{"keypoints": flat(points), "num_keypoints": 17}],
    }
    pose = read(said)
    (one,) = pose.people
    assert (pose.width, pose.height) == (200, 100)
    wrist, ear = one.body[POINTS.index("right wrist")], one.body[POINTS.index("left ear")]
    assert wrist == pytest.approx((105 / 200, 35 / 100)) and ear == pytest.approx((35 / 200, 14 / 100))
    assert one.body[1] == pytest.approx((60 / 200, 21.5 / 100))
    points[5] = (0.0, 0.0, 0.0)  # no left shoulder: no neck is guessed from the other
    assert read([{"keypoints": flat(points)}]).people[0].body[1] is None
    unsure = [(x, y, 0.9 if at else 0.1) for at, (x, y, _) in enumerate(points)]
    assert read([{"keypoints": flat(unsure)}]).people[0].body[0] is None


def test_mediapipes_landmarks() -> None:
    marks: list[Json] = [{"x": 0.01 * at + 0.1, "y": 0.5, "z": 0.0, "visibility": 0.9} for at in range(33)]
    for said in ([marks], marks, {"pose_landmarks": [marks]}, {"landmarks": marks}):
        (one,) = read(cast(Json, said)).people
        assert one.body[POINTS.index("left eye")] == pytest.approx((0.12, 0.5))
        assert one.body[POINTS.index("right ankle")] == pytest.approx((0.38, 0.5))
        assert one.body[1] == pytest.approx((0.215, 0.5))
    raw: list[Json] = [{"x": 0.1, "y": 0.5, "visibility": -3.0 if at == 0 else 4.0} for at in range(33)]
    assert read(cast(Json, raw)).people[0].body[0] is None


def test_a_canvas_that_is_not_named_has_room_on_both_sides() -> None:
    points = [(float(50 + 10 * at), float(20 + 10 * at), 1.0) for at in range(18)]
    pose = read({"people": [{"pose_keypoints_2d": flat(points)}]})
    assert (pose.width, pose.height) == (270, 210)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "pose.unread"),
        (b"hello", "pose.unread"),
        (b"{", "pose.unread"),
        (b"3", "pose.nobody"),
        (b"null", "pose.nobody"),
        (b"[[[[[[]]]]]]", "pose.unread"),
        (b"{}", "pose.nobody"),
        (b'{"people": []}', "pose.nobody"),
        (b'{"people": 7}', "pose.nobody"),
        (b'{"people": [{}]}', "pose.unread"),
        (b'{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}', "pose.unread"),
        (b'{"people": [{"pose_keypoints_2d": "abc"}]}', "pose.unread"),
        (b'{"people": [{"pose_keypoints_2d": [%s]}]}' % b",".join([b"0"] * 54), "pose.nobody"),
        (b'{"people": [{"pose_keypoints_2d": [%s]}]}' % b",".join([b"1e999"] * 54), "pose.unread"),
        (b'{"people": [{"pose_keypoints_2d": [%s]}]}' % b",".join([b"NaN"] * 54), "pose.nobody"),
        (b"[" * 100_000, "pose.unread"),
        (b" " * (reading.LONGEST + 1), "pose.unread"),
        (b"\x89PNG\r\n\x1a\nbroken", "pose.unread"),
    ],
)
def test_what_is_no_pose_is_refused(content: bytes, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        reading.read(content)
    assert refused.value.key == key


def test_a_crowd_is_refused() -> None:
    with pytest.raises(Refusal, match="too_many"):
        reading.read(writing.written(Pose((Skeleton(BODY),) * (MOST + 1), 512, 512)).encode())


def test_a_mirror_changes_sides() -> None:
    pose = Pose((Skeleton(BODY, HAND, (), FACE),), 512, 512)
    (one,) = placing.mirrored(pose).people
    left, right = POINTS.index("left wrist"), POINTS.index("right wrist")
    there = BODY[right]
    assert one.body[left] == pytest.approx((1 - there[0], there[1])) and one.right_hand and not one.left_hand
    (again,) = placing.mirrored(placing.mirrored(pose)).people
    assert near(again.body, BODY) and near(again.face, FACE) and near(again.left_hand, HAND)
    assert one.face[36] == pytest.approx((1 - FACE[45][0], FACE[45][1]))  # the outer corners of the eyes


def test_nobody_is_stretched_on_another_canvas() -> None:
    pose = Pose((Skeleton(BODY),), 512, 1024)
    placed = placing.fitted(pose, 1000, 500)
    (one,) = placed.people
    assert one.body[0] == pytest.approx((0.375 + 0.25 * BODY[0][0], BODY[0][1]))
    (larger,) = placing.scaled(pose, 2.0, (0.0, 0.0)).people
    (moved,) = placing.shifted(pose, 0.1, -0.1).people
    assert larger.body[1] == pytest.approx((2 * BODY[1][0], 2 * BODY[1][1]))
    assert moved.body[1] == pytest.approx((BODY[1][0] + 0.1, BODY[1][1] - 0.1))
