"""What can be told of a picture without a file of the owner's, and no more than that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import engine
from engine.demo.samples import SHEET
from engine.finish import detection
from engine.pixels.tiles import Box
from engine.taggers import brought
from engine.taggers.reading import tags_of
from engine.tagging import DETECTORS, JUDGE, PictureTags
from prompts.errors import Refusal

SHEET_FILE = Path(engine.__file__).parent / "demo" / "sheet.png"


def names(found: PictureTags) -> set[str]:
    return {one.name for one in found.tags}


def test_backgrounds_and_colours_are_told_where_they_are_even() -> None:
    white = Image.new("RGB", (300, 200), "white")
    white.paste((200, 30, 30), (100, 50, 200, 150))
    [found] = tags_of([white], asked=["white background", "A blue_background", "red scarf", "solo"])
    assert found.reader == DETECTORS and names(found) == {"simple background", "white background"}
    assert found.asked == {"white background": 1.0, "A blue_background": 0.0}, "no word on what it cannot know"
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    assert names(tags_of([noise])[0]) == set()
    grey = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8))
    assert names(tags_of([grey])[0]) == {"greyscale"}
    assert names(tags_of([Image.new("RGB", (1600, 1200), (40, 95, 220))])[0]) == {
        "simple background",
        "blue background",
        "highres",
    }


@pytest.mark.parametrize(
    ("faces", "told"),
    [
        ([60], {"solo", "portrait"}),
        ([24], {"solo", "upper body"}),
        ([9], {"solo", "wide shot"}),
        ([24, 22], {"multiple people"}),
    ],
)
def test_a_face_tells_how_a_picture_is_framed(
    faces: list[int], told: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = [Box(0, 0, side, side) for side in faces]
    monkeypatch.setattr(brought, "find_boxes", lambda *_: boxes)
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (100, 100, 3), np.uint8))
    [found] = tags_of([image], asked=["solo", "portrait", "upper body"])
    assert names(found) == told and set(found.asked) == {"solo", "portrait", "upper body"}
    assert detection.find_boxes is not brought.find_boxes


def cell(text: str) -> Image.Image:
    """The picture of a text on the sheet that shows what the built-in model draws."""
    at = SHEET.index(text)
    left, top = at % 8 * 130, at // 8 * 144
    with Image.open(SHEET_FILE) as sheet:
        return sheet.convert("RGB").crop((left, top, left + 128, top + 128))


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("a puppy", ["puppy", "a dog"]),
        ("a castle", ["castle"]),
        ("a white rabbit, green background", ["bunny", "green background"]),
        ("a dog on the beach", ["dog", "on the beach"]),
        ("a whale underwater", ["whale", "underwater"]),
        ("a cat and a dog", ["cat", "dog"]),
        ("a butterfly, line art", ["butterfly", "line drawing"]),
        ("a guitar, neon", ["guitar", "neon lights"]),
    ],
)
def test_the_judge_knows_what_the_built_in_model_draws(text: str, drawn: list[str]) -> None:
    other = "penguin" if "cat" in drawn else "night"
    asked = [*drawn, other, "red scarf", "three stars", "stars"]
    [found] = tags_of([cell(text)], JUDGE, asked=asked)
    assert found.reader == JUDGE and set(found.asked) == {*drawn, other}
    assert all(found.asked[word] > 0.5 for word in drawn), found.asked
    assert found.asked[other] < 0.1
    assert "3d" not in names(found) and not found.of("rating")


def test_a_reader_that_is_not_here_is_refused() -> None:
    with pytest.raises(Refusal, match=r"tags\.no_clip"):
        tags_of([Image.new("RGB", (9, 9))], "clip")
    with pytest.raises(Refusal, match=r"tags\.no_reader"):
        tags_of([Image.new("RGB", (9, 9))], "wd-vit")
