"""A pose as OpenPose's JSON, and as a map that carries it, so that the file can be edited again."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.poses.drawing import draw
from engine.poses.placing import fitted
from engine.poses.skeleton import Point, Pose
from prompts.prompt import Json

CHUNK = "openpose"  # the PNG text chunk with the JSON


def openpose(pose: Pose) -> dict[str, Json]:
    """The pose in pixels of its canvas, as sd-webui-controlnet and OpenPose write it; missing points are 0, 0, 0."""

    def flat(points: Sequence[Point]) -> list[Json]:
        numbers: list[Json] = []
        for at in points:
            seen: list[Json] = [0, 0, 0]
            if at is not None:
                seen = [round(at[0] * pose.width, 3), round(at[1] * pose.height, 3), 1]
                if seen[:2] == [0, 0]:
                    seen[0] = 0.001  # the corner itself would be read as a missing point
            numbers += seen
        return numbers

    people: list[Json] = [
        {
            "pose_keypoints_2d": flat(one.body),
            "face_keypoints_2d": flat(one.face),
            "hand_left_keypoints_2d": flat(one.left_hand),
            "hand_right_keypoints_2d": flat(one.right_hand),
        }
        for one in pose.people
    ]
    return {"people": people, "canvas_width": pose.width, "canvas_height": pose.height}


def written(pose: Pose) -> str:
    """The text of a JSON file."""
    return json.dumps(openpose(pose), ensure_ascii=True, separators=(", ", ": "))


def png(pose: Pose, width: int, height: int, *, wide: bool = False) -> bytes:
    """The map of that size as a PNG, people fitted into it, with the JSON in its chunk `openpose`."""
    placed = fitted(pose, width, height)
    texts = PngInfo()
    texts.add_itxt(CHUNK, written(placed))
    out = io.BytesIO()
    draw(placed, width, height, wide=wide).save(out, "PNG", pnginfo=texts)
    return out.getvalue()


def thumbnail(pose: Pose, side: int) -> Image.Image:
    """A small map in a square of that side, with lines as wide as they look in a large one."""
    large = draw(fitted(pose, 512, 512), 512, 512)
    return large.resize((side, side), Image.Resampling.LANCZOS)
