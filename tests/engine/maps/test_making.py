"""Maps made without a network: of drawn shapes, of pictures of every kind, at the size that is drawn."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.control import Control
from engine.demo import control
from engine.maps import codes, lines, making
from engine.maps.making import made, make
from engine.pixels.control_map import ControlMap
from engine.pixels.source_picture import opened
from engine.preprocessors import KINDS, PREPROCESSORS, for_kind, named, preprocessor
from prompts.errors import Refusal
from tests.drawn import cartoon, outlined, rectangle

SIZE = (192, 128)
BOX = (40, 30, 150, 100)


def away(image: Image.Image, box: tuple[int, int, int, int] = BOX) -> float:
    """How far the white pixels are from a box's outline at most, and it from them."""
    white = np.argwhere(np.asarray(image.convert("L")) > 127)
    line = np.argwhere(np.asarray(outlined(image.size, box)) > 0)
    apart = np.abs(white[:, None] - line[None]).max(axis=2)
    return float(max(apart.min(axis=0).max(), apart.min(axis=1).max()))


def test_edges_of_a_rectangle_lie_within_a_pixel() -> None:
    assert away(make("canny", rectangle(SIZE, BOX), SIZE)) <= 1
    assert away(make("edges", rectangle(SIZE, BOX), SIZE)) <= 2  # it sees a blurred picture


def test_a_map_is_made_at_the_size_that_is_drawn_and_not_enlarged() -> None:
    found = make("canny", rectangle(SIZE, BOX), (384, 256))
    assert found.size == (384, 256) and away(found, (80, 60, 300, 200)) <= 2
    white = np.asarray(found)[100:160, 70:90, 0] > 0
    assert white.sum(axis=1).max() == 1  # a line of one pixel there


def test_the_built_in_nets_edges_are_those_it_was_taught() -> None:
    for image in (cartoon(96, (48, 48), 30), rectangle(SIZE, BOX)):
        taught = control.edges(np.asarray(image)[None])[0]
        assert (np.asarray(lines.edges(image)) == taught).all() and taught.any()


@pytest.mark.parametrize("name", sorted(making.MAKERS))
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "PA", "LA", "L", "1", "CMYK", "I;16", "I", "F", "HSV"])
def test_pictures_of_every_mode(name: str, mode: str) -> None:
    image = (
        rectangle((24, 16), (4, 4, 20, 12)).convert("L") if mode in ("I;16", "I", "F") else Image.new("RGB", (24, 16))
    )
    found = make(name, image.convert(mode) if mode != "PA" else image.convert("P").convert("PA"), (40, 32))
    assert found.mode == "RGB" and found.size == (40, 32)


@pytest.mark.parametrize("name", sorted(making.MAKERS))
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_pictures_and_maps_of_a_pixel(name: str, size: tuple[int, int]) -> None:
    assert make(name, Image.new("RGB", size, "red"), size).size == size
    assert make(name, Image.new("RGB", size, "red"), (16, 8), fit="fill").size == (16, 8)
    assert make(name, rectangle(SIZE, BOX), size).size == size


def test_what_is_see_through_lies_on_white() -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert make("brightness", image, (8, 8)).getpixel((3, 3)) == (255, 255, 255)


def test_a_photograph_lies_as_its_camera_was_held() -> None:
    image, file = rectangle((40, 20), (0, 0, 10, 20)), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    image.save(file, "PNG", exif=exif)
    seen = opened(file.getvalue())
    assert seen.size == (20, 40) and make("threshold", seen, seen.size).getpixel((10, 2)) == (255, 255, 255)


def test_ways_to_fit() -> None:
    image = rectangle((100, 50), (10, 10, 40, 40))
    whole = make("brightness", image, (50, 50), fit="stretch")
    assert whole.getpixel((12, 25)) == (255, 255, 255) and whole.getpixel((40, 25)) == (0, 0, 0)
    inside = make("canny", image, (100, 100), fit="fill")
    assert not np.asarray(inside)[:30].any() and np.asarray(inside)[30:70].any()
    white = make("brightness", Image.new("RGB", (100, 50), "white"), (100, 100), fit="fill")
    assert np.asarray(white).min() == 255  # the ground is what the border is
    with pytest.raises(Refusal, match=r"map\.fit"):
        make("canny", image, (50, 50), fit="squash")


def test_a_drawing_on_white_is_inverted_and_a_light_one_on_black_is_not() -> None:
    drawing = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(drawing).line((8, 8, 56, 56), fill="black", width=3)
    found = made(preprocessor("invert"), drawing, (64, 64))
    assert found.notes[0].key == "map.inverted" and found.image.getpixel((30, 30)) == (255, 255, 255)
    again = made(preprocessor("invert"), found.image, (64, 64))
    assert again.notes[0].key == "map.not_inverted" and again.image.tobytes() == found.image.tobytes()


@pytest.mark.parametrize("name", ["scribble_xdog", "lineart_standard", "sketch"])
def test_strokes_become_white_on_black(name: str) -> None:
    drawing = Image.new("RGB", (96, 64), "white")
    ImageDraw.Draw(drawing).line((10, 32, 86, 32), fill="black", width=2)
    shades = np.asarray(make(name, drawing, drawing.size))[..., 0]
    assert shades[32:34, 20:76].min() > 100 and shades[:20].max() < 30 and shades[46:].max() < 30


def test_shuffled_content_hangs_on_the_seed_alone() -> None:
    image = cartoon(96, (48, 48), 30)
    one, same, other = (make("shuffle", image, SIZE, seed=seed) for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes() != other.tobytes()
    assert abs(np.asarray(one).mean() - np.asarray(image).mean()) < 50


def test_colours_and_light() -> None:
    image = rectangle((128, 128), (32, 32, 96, 96), ground="blue", colour="yellow")
    assert make("tile_resample", image, image.size).tobytes() == image.tobytes()
    assert make("tile_resample", image, image.size, 8).tobytes() != image.tobytes()
    blocks = np.asarray(make("color_grid", image, image.size))
    assert (blocks[:64, :64] == blocks[0, 0]).all() and len(np.unique(blocks.reshape(-1, 3), axis=0)) <= 4
    assert make("recolor_intensity", image, image.size).getpixel((0, 0)) == (255, 255, 255)
    # CIE L* of pure blue is 32.3, and of yellow 97.1.
    light = make("recolor_luminance", image, image.size)
    assert light.getpixel((0, 0)) == (82, 82, 82) and light.getpixel((64, 64)) == (248, 248, 248)
    assert make("recolor_luminance", image, image.size, 2).getpixel((0, 0)) == (27, 27, 27)
    assert make("brightness", image, image.size).getpixel((64, 64)) == (226, 226, 226)
    soft = np.asarray(make("blur_gaussian", image, image.size, 4), np.float32)
    assert np.abs(np.diff(soft, axis=1)).max() < 40 and make("blur_gaussian", image, image.size) != image


def test_what_is_to_be_drawn_again_is_see_through() -> None:
    image, mask = rectangle((64, 64), (0, 0, 64, 32)), rectangle((128, 128), (0, 0, 64, 128)).convert("L")
    found = make("inpaint_only", image, (32, 32), mask=mask)
    assert found.mode == "RGBA" and found.getpixel((4, 4)) == (255, 255, 255, 0)
    assert found.getpixel((28, 4)) == (255, 255, 255, 255) and found.getpixel((28, 30)) == (0, 0, 0, 255)
    cut = image.convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 32, 64))
    assert make("inpaint_only", cut, (32, 32)).getchannel("A").tobytes() == found.getchannel("A").tobytes()
    with pytest.raises(Refusal, match=r"map\.no_mask"):
        make("inpaint_only", image, (32, 32))


def test_a_code_can_be_read_back() -> None:
    found = making.code("https://example.org/画", (512, 384))
    assert codes.read(found.image) == "https://example.org/画" and found.notes[0].key == "map.qr_read"
    pale = found.image.point(lambda shade: 90 + shade // 4)
    again = made(preprocessor("二维码"), pale, (512, 384), low=100)
    assert again.notes[0].key == "map.qr_read"
    assert made(preprocessor("qr"), rectangle(SIZE, BOX), SIZE).notes[0].key == "map.qr_unread"
    for text, key in ((" ", "map.qr_empty"), ("a" * 1001, "map.qr_long"), ("a" * 900, "map.qr_small")):
        with pytest.raises(Refusal, match=key.replace(".", r"\.")):
            making.code(text, (512, 384))


def test_a_picture_drawn_by_a_code_is_tried_with_a_reader() -> None:
    says = "https://example.org"
    code = codes.written(says, (512, 512))
    shape = ControlMap(Control("net", "a" * 64, preprocessor="qr"), code)

    def told(picture: Image.Image, *maps: ControlMap) -> list[tuple[str, dict[str, object]]]:
        return [(one.key, dict(one.values)) for one in codes.judged(picture, 7, maps)]

    noise = np.random.default_rng(0).integers(-60, 61, (512, 512, 3))
    # Duller than a code and with a texture in its modules, as such pictures are.
    painted = Image.fromarray((np.asarray(code, np.int64) // 2 + 60 + noise).clip(0, 255).astype(np.uint8))
    for picture in (code, painted):
        assert told(picture, shape, shape) == [("note.qr_scans", {"text": says, "seed": "7"})]
    grey = Image.new("RGB", (512, 512), "grey")
    assert told(grey, shape) == [("note.qr_unreadable", {"text": says, "seed": "7"})]
    other = codes.written("https://example.com", (512, 512))
    assert told(other, shape)[0][0] == "note.qr_unreadable"  # it can be read, and says something else
    finished = replace(shape, control=Control("net", "a" * 64))
    assert told(code, finished)[0][0] == "note.qr_scans"  # a map that came ready-made
    assert told(code, replace(shape, control=Control("net", "a" * 64, preprocessor="canny"))) == []
    assert told(code, replace(finished, image=grey)) == [] and told(code) == []


def test_what_cannot_be_is_refused() -> None:
    image = Image.new("RGB", (8, 8))
    for call, key in (
        (lambda: make("cany", image, (8, 8)), "map.unknown"),
        (lambda: make("canny", image, (8, 8), 300), "map.out_of_range"),
        (lambda: make("canny", image, (8, 8), float("inf")), "map.out_of_range"),
        (lambda: make("invert", image, (8, 8), 3), "map.no_number"),
        (lambda: make("canny", image, (8, 8), 3, float("nan")), "map.out_of_range"),
        (lambda: make("canny", image, (0, 8)), "map.size"),
        (lambda: make("canny", image, (9000, 9000)), "map.size"),
        (lambda: make("depth", image, (8, 8)), "map.no_network"),
    ):
        with pytest.raises(Refusal) as refused:
            call()
        assert refused.value.key == key


def test_the_table() -> None:
    said: dict[str, str] = {}
    for row in PREPROCESSORS.values():
        for name in {row.name, *row.modules, *row.aliases, row.zh, row.en}:
            assert said.setdefault(name.casefold(), row.name) == row.name, name
            assert named(name.upper()) is row
        for number in (row.low, row.high):
            assert number is None or number.least <= number.usual <= number.most
        assert bool(row.files) == bool(row.needs) or row.needs == "net"
        assert (row.name in {*making.MAKERS, "inpaint_only"}) == (not row.needs)
    assert {"canny", "depth", "openpose", "tile", "edges", "qr"} <= set(KINDS)
    assert [row.name for row in for_kind("lineart")][:2] == ["lineart", "invert"]
    assert for_kind("canny")[0].name == "canny" and for_kind("edges")[0].name == "edges"
    assert for_kind("something") == ()
