"""`bot.py pose`: maps and JSON of poses by name and from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from bot.cli.posing import write
from engine.poses import reading
from prompts.errors import Refusal


def test_a_pose_is_written_as_a_map_and_as_points(tmp_path: Path) -> None:
    map = write("挥手", tmp_path / "w.png", (96, 128), mirror=False, wide=False)
    with Image.open(map) as image:
        assert image.size == (96, 128)
    points = write(str(map), tmp_path / "w.json", (None, None), mirror=True, wide=False)
    said = json.loads(points.read_text())
    assert (said["canvas_width"], said["canvas_height"]) == (96, 128)
    before, after = (reading.read(file.read_bytes()).people[0] for file in (map, points))
    assert before.right_hand and after.left_hand and not after.right_hand
    again = write(str(points), tmp_path / "again.png", (None, None), mirror=True, wide=False)
    with Image.open(map) as one, Image.open(again) as other:
        # A mirror may move a point across the edge of a pixel.
        changed = sum(a != b for a, b in zip(one.convert("L").tobytes(), other.convert("L").tobytes(), strict=True))
        assert changed < 0.02 * 96 * 128


@pytest.mark.parametrize(
    ("name", "out", "size", "key"),
    [
        ("nobody knows", "a.png", (None, None), "pose.unknown"),
        ("missing.json", "a.png", (None, None), "cli.not_read"),
        ("standing", "a.gif", (None, None), "cli.pose_kind"),
        ("standing", "a.png", (9, 9), "cli.size_form"),
        ("standing", "no/where/a.png", (None, None), "cli.not_written"),
    ],
)
def test_what_cannot_be_written_is_said(
    tmp_path: Path, name: str, out: str, size: tuple[int | None, int | None], key: str
) -> None:
    with pytest.raises(Refusal) as refused:
        write(name, tmp_path / out, size, mirror=False, wide=False)
    assert refused.value.key == key
