"""A sheet of 3 × 3 drawn by the built-in model, looked at by numbers."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.buttons.comparing import anew
from bot.chat import Request
from bot.studio import comparing
from engine.files.catalog import BUILTIN
from engine.wire import Draw
from prompts.prompt import Options
from storage.jobs import Place
from tests.bot.studio.test_studio import house
from tests.engine.worker.test_worker import drawn_by, outcome, work


# diffusers' schedulers make arrays of tensors in a way that numpy 2 wants to see changed.
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning", "ignore:__array_wrap__:DeprecationWarning"
)
async def test_every_cell_is_what_its_recipe_gives_alone_and_has_its_labels(tmp_path: Path) -> None:
    async with house(tmp_path / "house") as at:
        person = await at.studio.person("web", "ann", language="zh")
        given = Options(seed=7, guidance=4.0)
        asked = Request(person=person, place=Place("fake", "1"), text="", key="", options=given)
        said = "步数=4,5,6 引导结束=0.5,0.8,1"
        made = await comparing.compared(anew(at.studio), asked, "红色的苹果", said, comparing.MOST)
    made = replace(made, recipes=tuple(replace(one, model=BUILTIN, width=128, height=128) for one in made.recipes))
    assert made.shape == (3, 3, 1) and len(made.recipes) == 9
    one_by_one = [Draw(f"alone {at}", 0, (own,), f"person {at}") for at, own in enumerate(made.recipes)]
    heard = work(tmp_path, Draw("sheet", 0, made.recipes, "ann"), *one_by_one)
    assert outcome(heard, "sheet") == "done"
    drawn = drawn_by(heard, "sheet")
    assert any(one.recalled for one in drawn)
    [sheet] = comparing.sheets(made, [one.blob for one in drawn])
    shades = np.asarray(sheet.image).astype(int)
    seen = set()
    for place, (left, top, width, height) in enumerate(sheet.boxes):
        [alone] = drawn_by(heard, f"alone {made.shows[place]}")
        with Image.open(io.BytesIO(alone.blob)) as image:
            expected = np.asarray(image.convert("RGB")).astype(int)
        cell = shades[top : top + height, left : left + width]
        assert (width, height) == (128, 128) and np.abs(cell - expected).max() <= 1
        seen.add(cell.tobytes())
    assert len(seen) >= 6, "values that make no difference"
    first = sheet.boxes[0]
    for column in range(3):  # ink over each column and before each row, and none between them
        left = sheet.boxes[column][0]
        assert shades[: first[1], left : left + 128].min() < 100
    for row in range(3):
        top = sheet.boxes[3 * row][1]
        assert shades[top : top + 128, : first[0]].min() < 100
    assert shades[: first[1], : first[0]].min() > 200
