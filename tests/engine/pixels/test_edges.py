"""Edges that meet stay so while a picture is enlarged and drawn over in tiles."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.pixels import edges
from engine.pixels.edges import Edges

SIZES = [
    ((64, 48), (128, 96)),
    ((64, 48), (96, 72)),
    ((50, 40), (75, 60)),
    ((48, 64), (49, 64)),
    ((30, 20), (240, 160)),
]


def waves(width: int, height: int) -> Image.Image:
    """A picture without edges."""
    across, down = (np.arange(side) * 2 * np.pi / side for side in (width, height))
    shades = [np.sin(down[:, None] + turn) + np.cos(2 * across[None] - turn) for turn in (0, 1, 2)]
    return Image.fromarray(((np.stack(shades, -1) + 2) * 63).astype(np.uint8))


@pytest.mark.parametrize(("before", "after"), SIZES)
@pytest.mark.parametrize("axes", ["", "x", "y", "xy"])
def test_a_picture_is_enlarged_with_what_lies_beyond_its_edges(
    axes: str, before: tuple[int, int], after: tuple[int, int]
) -> None:
    picture, own = waves(*before), Edges(axes, before, after)
    wide = own.beyond(picture)
    large = own.within(wide.resize(own.enlarged, Image.Resampling.LANCZOS))
    assert large.size == after
    plain = picture.resize(after, Image.Resampling.LANCZOS)
    if not axes:
        assert wide is picture and large.tobytes() == plain.tobytes()
        return
    times = [3 if axis in axes else 1 for axis in "xy"]  # the middle one of three beside each other knows no edge
    many = Image.fromarray(np.tile(np.asarray(picture), (times[1], times[0], 1)))
    many = many.resize((after[0] * times[0], after[1] * times[1]), Image.Resampling.LANCZOS)
    left, top = (side * (count // 2) for side, count in zip(after, times, strict=True))
    expected = many.crop((left, top, left + after[0], top + after[1]))
    assert abs(np.asarray(large, np.int16) - np.asarray(expected, np.int16)).max() <= 1


def test_what_tiles_drew_beyond_an_edge_fades_out_where_it_meets_the_other() -> None:
    size, beyond = (40, 30), edges.overhang("xy", (40, 30), 8)
    picture = waves(*size)
    wide = edges.drawn_out(edges.overhanging(picture, beyond), 8)
    assert beyond == (8, 8) and wide.size == (48, 40)
    shades = np.asarray(wide, np.float32)
    assert np.allclose(edges.joined(shades, size, beyond), np.asarray(picture), atol=1e-3)
    slope = np.broadcast_to(np.arange(48, dtype=np.float32)[None, :, None], (40, 48, 3))
    met = edges.joined(np.ascontiguousarray(slope), size, beyond)
    assert met.shape == (30, 40, 3)
    assert met[0, 0, 0] > 36 and met[0, 39, 0] == 39 and met[0, 9, 0] == 9  # 40 goes on from 39 over the edge
    assert edges.overhang("y", (40, 30), 64) == (0, 30) and edges.overhang("", (40, 30), 8) == (0, 0)


def test_a_picture_without_meeting_edges_is_drawn_out_to_whole_steps() -> None:
    made = np.asarray(edges.drawn_out(waves(13, 16), 8))
    assert made.shape == (16, 16, 3) and (made[:, 13:] == made[:, 12:13]).all()
