"""Pictures painted in a few colours, read as maps of regions."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from bot.studio.painted_regions import as_map
from engine.pixels import region_map
from engine.regions import Regions
from prompts.errors import Refusal
from prompts.region_colours import COLOURS, PALETTE
from tests.bot.studio.test_painted_mask import data, scene

SPOTS = ((20, 20, 150, 280), (250, 40, 380, 260), (160, 200, 240, 290))


def canvas(*shades: str, ground: str = "white", size: tuple[int, int] = (400, 300)) -> Image.Image:
    image = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(image)
    for shade, (left, top, right, bottom) in zip(shades, SPOTS, strict=False):
        pen.ellipse((left, top, right - 1, bottom - 1), fill=shade)
    return image


def masks(content: bytes, *names: str) -> list[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    made = as_map(content, names)
    found = region_map.opened(Regions(names, map="x"), {"x": made})
    return [found[name] for name in names]


def alike(image: Image.Image, content: bytes, shades: tuple[str, ...], names: tuple[str, ...]) -> float:
    """The least share that what was painted and what was read have in common, of both together."""
    least = 1.0
    for shade, mask in zip(shades, masks(content, *names), strict=True):
        true = (
            np.asarray(canvas(*(one if one == shade else "white" for one in shades), size=image.size).convert("L"))
            < 250
        )
        least = min(least, float((true & mask).sum() / (true | mask).sum()))
    return least


@pytest.mark.parametrize(
    ("shades", "names"),
    [
        (("#ff0000", "#0000ff"), ("red", "blue")),
        (
            ("#ed1c24", "#00a2e8", "#22b14c"),
            ("red", "blue", "green"),
        ),  # MS Paint: what it calls turquoise is blue to many
        (("#ff3b30", "#007aff", "#34c759"), ("red", "blue", "green")),  # a phone's pens
        (("#d81b60", "#283593"), ("red", "blue")),  # shades of their own: nothing nearer was painted
        (("#c71585", "#ff8c1a"), ("purple", "orange")),
        (("#f4b6d2", "#9fd8ef"), ("pink", "cyan")),
    ],
)
@pytest.mark.parametrize("kind", ["png", "jpeg", "soft", "black ground"])
def test_what_was_painted_is_found(shades: tuple[str, ...], names: tuple[str, ...], kind: str) -> None:
    image = canvas(*shades, ground="black" if kind == "black ground" else "white")
    if kind == "soft":
        image = image.filter(ImageFilter.GaussianBlur(4))
    out = io.BytesIO()
    image.save(out, **({"format": "JPEG", "quality": 50} if kind == "jpeg" else {"format": "PNG"}))
    assert alike(image, out.getvalue(), shades, names) > (0.85 if kind == "soft" else 0.96)


def test_what_has_the_shades_already_stays_as_it_is_to_the_pixel() -> None:
    image = Image.new("RGB", (40, 30), "white")
    image.putpixel((39, 29), COLOURS["red"].shade)
    image.paste(COLOURS["red"].shade, (0, 0, 3, 30))
    image.paste(COLOURS["blue"].shade, (3, 0, 20, 30))
    red, blue = masks(data(image), "red", "blue")
    assert red[29, 39] and red.sum() == 91 and blue.sum() == 17 * 30
    made = as_map(data(image), ("red", "blue"))
    assert as_map(made, ("red", "blue")) == made


def test_a_ground_is_a_region_where_it_is_named() -> None:
    image = canvas("#ff0000")
    white, red = masks(data(image), "white", "red")
    assert white[0, 0] and not white[150, 80] and red[150, 80]
    [only] = masks(data(image), "red")
    assert not only[0, 0]


def test_what_is_see_through_is_unpainted() -> None:
    image = canvas("#e6261f").convert("RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    with pytest.raises(Refusal) as refused:
        as_map(data(image), ("red",))
    assert refused.value.key == "regions.not_painted"


@pytest.mark.parametrize("names", [("red", "green"), ("green",)])
def test_a_colour_that_is_not_painted_or_too_little_is_named(names: tuple[str, ...]) -> None:
    image = canvas("#ff0000", "#0000ff")
    ImageDraw.Draw(image).rectangle((0, 0, 11, 11), fill="#00ff00")  # a thousandth
    with pytest.raises(Refusal) as refused:
        as_map(data(image), names)
    assert refused.value.key == "regions.not_painted" and refused.value.values["colours"] == "🟩 绿/green"


def test_a_photo_is_no_map() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    with pytest.raises(Refusal) as refused:
        as_map(data(Image.fromarray(noise)), ("red",))
    assert refused.value.key == "regions.not_flat"
    with pytest.raises(Refusal):
        as_map(data(scene(), "JPEG"), ("purple", "red"))


def test_the_colours_of_the_page_are_told_apart() -> None:
    for one in PALETTE:
        for other in PALETTE:
            if one < other:
                image = canvas(*("#{:02x}{:02x}{:02x}".format(*COLOURS[name].shade) for name in (one, other)))
                image = image.filter(ImageFilter.GaussianBlur(1)).resize((100, 75))
                first, second = masks(data(image, "JPEG"), one, other)
                assert first[37, 20] and second[37, 78] and not (first & second).any()
