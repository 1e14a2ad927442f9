"""Pictures of all shapes in sizes that can be learnt together."""

from __future__ import annotations

import pytest
from PIL import Image

from engine.pixels import buckets


@pytest.mark.parametrize(("resolution", "step"), [(512, 64), (1024, 64), (128, 8), (64, 16)])
def test_buckets_are_whole_steps_and_no_larger_than_the_square(resolution: int, step: int) -> None:
    sizes = buckets.sizes(resolution, step)
    assert (resolution, resolution) in sizes and len(set(sizes)) == len(sizes)
    for width, height in sizes:
        assert width % step == height % step == 0 and width * height <= resolution**2
        assert (height, width) in sizes and resolution // 2 <= min(width, height)
        assert width * height >= 0.7 * resolution**2


def test_a_picture_goes_where_least_is_cut_off() -> None:
    sizes = buckets.sizes(512, 64)
    assert buckets.placed((2000, 2000), sizes).bucket == (512, 512)
    wide = buckets.placed((1920, 1080), sizes)
    assert wide.bucket[0] > wide.bucket[1] and wide.lost < 0.1
    assert buckets.placed((1080, 1920), sizes).bucket == wide.bucket[::-1]


def test_what_is_cut_off_lies_away_from_what_counts() -> None:
    sizes = ((64, 64),)
    assert buckets.placed((64, 192), sizes).corner == (0, 32)  # heads are in the upper third
    assert buckets.placed((192, 64), sizes).corner == (64, 0)
    assert buckets.placed((192, 64), sizes, focus=(0.9, 0.5)).corner == (128, 0)
    assert buckets.placed((192, 64), sizes, focus=(0.0, 0.5)).corner == (0, 0)


def test_a_cropped_picture_is_the_part_at_the_corner_and_see_through_is_white() -> None:
    image = Image.new("RGBA", (128, 64), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (64, 0, 128, 64))
    cropped = buckets.cropped(image, buckets.Placed((64, 64), (128, 64), (64, 0)))
    assert (cropped.size, cropped.mode, cropped.getpixel((60, 30))) == ((64, 64), "RGB", (255, 0, 0))
    assert buckets.cropped(image, buckets.Placed((64, 64), (128, 64), (0, 0))).getpixel((5, 5)) == (255, 255, 255)
