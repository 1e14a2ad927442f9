"""A painted map goes through second passes, tiles, faces and redrawn parts as boxes do, in a worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.finish import detection
from engine.pixels.tiles import Box
from engine.recipe import Fix, Hires, Recipe, Source, Upscale
from engine.regions import Regions
from engine.wire import Draw, PutSource
from prompts.region_colours import COLOURS
from tests.engine.drawing import gap, photograph, pixels, recipe
from tests.engine.worker.test_worker import drawn_by, opened, outcome, png, work

WORDS, MAP, OVER, MASK = "a forest AND a red cat AND a blue dog", "f" * 64, "a" * 64, "b" * 64
BOXES = ((0.0, 0.0, 0.5, 1.0), (0.5, 0.5, 1.0, 1.0))


def a_map() -> Image.Image:
    """The same as `BOXES`, in pixels of its own."""
    image = Image.new("RGBA", (48, 20), (0, 0, 0, 0))
    image.paste((*COLOURS["red"].shade, 255), (0, 0, 24, 20))
    image.paste((*COLOURS["blue"].shade, 255), (24, 10, 48, 20))
    return image


def a_mask() -> Image.Image:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (30, 20, 60, 50))
    return mask


def through(**stages: object) -> Recipe:
    return recipe(WORDS, steps=3, regions=Regions(BOXES, 0.1), **stages)


def test_what_is_painted_goes_where_boxes_go(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faces = [Box(30, 20, 50, 50)]
    monkeypatch.setitem(detection.BUILT_IN, "face", lambda image: faces)
    ways = (
        through(hires=Hires(1.5, 0.7, 3)),
        through(hires=Hires(1.0, 0.7, width=96, height=64)),
        through(upscale=Upscale("Lanczos", 2.0, 0.7)),
        through(fixes=(Fix("face", 0.7),)),
        through(source=Source(OVER, 0.9, mask=MASK, padding=4)),
    )
    painted = tuple(replace(one, regions=Regions(("red", "blue"), 0.1, MAP)) for one in ways)
    puts = (PutSource(MAP, png(a_map())), PutSource(OVER, png(photograph())), PutSource(MASK, png(a_mask())))
    # One after the other: in company the last bit of a float may be another, and a second stage makes more of it.
    heard = work(tiny_folder.parent, *puts, Draw("job", 0, (*ways, *painted)), slots=1)
    assert outcome(heard, "job") == "done"
    drawn = {message.index: pixels(opened(message)) for message in drawn_by(heard, "job")}
    assert max(gap(drawn[at], drawn[at + len(ways)]) for at, _ in enumerate(ways)) <= 1
    plain = work(tiny_folder.parent, Draw("job", 0, (replace(ways[0], regions=None),)))
    [without] = drawn_by(plain, "job")
    assert np.abs(pixels(opened(without)) - drawn[0]).max() > 5
