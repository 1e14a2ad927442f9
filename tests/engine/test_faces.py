"""Finding faces: a drawn one by the real detector, and what is refused."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter

from engine import faces
from engine.recipe import Fix
from engine.tiles import Box
from prompts.errors import Refusal


def portrait(size: int, at: tuple[int, int], radius: int) -> Image.Image:
    """A drawn face: skin, hair, brows, eyes, a nose and a mouth."""
    image = Image.new("RGB", (size, size), (90, 120, 150))
    draw = ImageDraw.Draw(image)

    def oval(x: float, y: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
        middle, down = at[0] + x * radius, at[1] + y * radius
        box = [middle - width * radius, down - height * radius, middle + width * radius, down + height * radius]
        draw.ellipse(box, fill=colour)

    skin, hair, shadow = (236, 188, 160), (50, 35, 30), (188, 150, 128)
    oval(0, -0.2, 1.05, 1.2, hair)
    oval(0, 0, 0.8, 1.15, skin)
    for side in (-0.35, 0.35):
        oval(side, -0.41, 0.25, 0.05, hair)
        oval(side, -0.14, 0.25, 0.06, shadow)
        oval(side, 0.01, 0.2, 0.09, (245, 245, 245))
        oval(side, 0, 0.09, 0.09, (40, 25, 20))
    oval(0, 0.12, 0.1, 0.2, (220, 172, 146))
    oval(0, 0.29, 0.16, 0.07, shadow)
    oval(0, 0.61, 0.34, 0.11, (170, 70, 70))
    return image.filter(ImageFilter.GaussianBlur(radius / 40))


def test_a_drawn_face_is_found() -> None:
    pytest.importorskip("dlib", reason="the faces extra is not installed")
    [box] = faces.find("face", portrait(384, (230, 200), 90))
    assert box.left < 195 and box.right > 265 and box.top < 165 and box.bottom > 250  # eyes and mouth lie in it
    assert box.width < 260 and box.height < 300
    assert faces.find("face", Image.new("RGB", (256, 256), "teal")) == []
    [large] = faces.find("face", portrait(2048, (1000, 1000), 500))  # looked at smaller, told in its own pixels
    assert large.left < 830 and large.right > 1170 and large.width < 1500


def test_boxes_lie_in_the_picture_and_the_largest_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Box(size, 10, 2 * size, 10 + size) for size in range(4, 24, 2)] + [
        Box(-20, -20, 30, 30),
        Box(99, 0, 120, 5),
    ]
    row = faces.Detector("face", "", "", "", lambda image: found)
    monkeypatch.setitem(faces.DETECTORS, "face", row)
    boxes = faces.find("face", Image.new("RGB", (64, 64)))
    assert boxes[0] == Box(0, 0, 30, 30) and len(boxes) == faces.MOST
    assert all(0 <= box.left < box.right <= 64 for box in boxes)


def test_detectors_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = faces.Detector("hand", "", "", "no_such_package", lambda image: [])
    monkeypatch.setitem(faces.DETECTORS, "hand", absent)
    for name, key in (("foot", "detector.unknown"), ("hand", "detector.absent")):
        with pytest.raises(Refusal) as caught:
            faces.check(Fix(name, 0.4))
        assert caught.value.key == key
    assert not faces.available("hand") and not faces.available("foot")
