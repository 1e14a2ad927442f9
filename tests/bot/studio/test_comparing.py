"""Comparisons: what is drawn for them, and their sheets."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.buttons.comparing import anew
from bot.chat import Request
from bot.studio import comparing, comparison_sheet
from prompts.errors import Refusal
from prompts.prompt import Options
from storage.jobs import Place
from tests.bot.studio.test_studio import house


def a_picture(colour: str, size: tuple[int, int] = (96, 64)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


async def compared(folder: Path, text: str, said: str, **options: object) -> comparing.Comparison:
    async with house(folder) as at:
        person = await at.studio.person("web", "ann", language="en")
        asked = Request(person=person, place=Place("fake", "1"), text=text, key="", options=Options(**options))  # type: ignore[arg-type]
        return await comparing.compared(anew(at.studio), asked, text, said, comparing.MOST)


async def test_cells_have_one_seed_and_differ_in_what_is_compared(tmp_path: Path) -> None:
    made = await compared(tmp_path, "a cat --count 4", "steps=4,8 cfg=2,6")
    assert made.shape == (2, 2, 1) and made.shows == (0, 1, 2, 3)
    assert [(one.steps, one.guidance) for one in made.recipes] == [(4, 2), (8, 2), (4, 6), (8, 6)]
    assert len({one.seed for one in made.recipes}) == 1
    assert made.values(1) == {"steps": 8, "cfg": 2}


async def test_seeds_may_be_compared_and_a_text_may_say_its_own(tmp_path: Path) -> None:
    made = await compared(tmp_path, "a cat --seed 5", "seed=1-3")
    assert [one.seed for one in made.recipes] == [1, 2, 3]
    assert {one.seed for one in (await compared(tmp_path, "a cat --seed 5", "steps=4,8")).recipes} == {5}
    assert {one.seed for one in (await compared(tmp_path, "a cat", "steps=4,8", seed=6)).recipes} == {6}


async def test_what_an_axis_does_not_change_is_drawn_once(tmp_path: Path) -> None:
    made = await compared(tmp_path, "a cat", "size=128x128,128,96x128")
    assert made.shows == (0, 0, 1) and len(made.recipes) == 2
    [sheet] = comparing.sheets(made, [a_picture("red"), a_picture("blue")])
    assert [sheet.image.getpixel(box[:2]) for box in sheet.boxes] == [(255, 0, 0), (255, 0, 0), (0, 0, 255)]


async def test_nothing_else_is_added_where_words_are_compared(tmp_path: Path) -> None:
    made = await compared(tmp_path, "红色的苹果", "把“红”换成 红,蓝")
    parts = [{one.text for one in recipe.prompt.fragments} for recipe in made.recipes]
    assert {word for own in parts for word in own} - (parts[0] & parts[1]) == {"red apple", "blue apple"}


async def test_there_is_a_most(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        await compared(tmp_path, "a cat", "seed=1-20 steps=1-20")
    assert (refused.value.key, refused.value.values["count"]) == ("compare.too_many", 400)


def test_pictures_lie_where_they_are_said_to_and_labels_beside_them() -> None:
    colours = ("red", "lime", "blue", "yellow", "cyan", "magenta")
    sheet = comparison_sheet.lay_out(
        list(map(a_picture, colours)), ["步数 4", "步数 8", "步数 12"], ["甲", "乙"], "模型 a"
    )
    for colour, (left, top, width, height) in zip(colours, sheet.boxes, strict=True):
        assert (width, height) == (96, 64)
        own = sheet.image.crop((left, top, left + width, top + height))
        assert own.getcolors() == [(96 * 64, own.getpixel((0, 0)))] and own.getpixel((0, 0)) == Image.new(
            "RGB", (1, 1), colour
        ).getpixel((0, 0))
    first, last = sheet.boxes[0], sheet.boxes[-1]
    assert dark(sheet.image, (first[0], 0, first[0] + 96, first[1])), "over the first column"
    assert dark(sheet.image, (0, first[1], first[0], first[1] + 64)), "before the first row"
    assert sheet.image.size == (last[0] + 96 + comparison_sheet.GAP, last[1] + 64 + comparison_sheet.GAP)


def dark(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    return min(image.crop(box).convert("L").tobytes()) < 100


def test_without_labels_there_is_no_place_for_them() -> None:
    sheet = comparison_sheet.lay_out([a_picture("red")], [""], [""])
    assert sheet.boxes == ((comparison_sheet.GAP, comparison_sheet.GAP, 96, 64),)


def test_pictures_of_several_sizes_keep_them() -> None:
    sheet = comparison_sheet.lay_out([a_picture("red", (64, 64)), a_picture("blue", (96, 128))], ["a", "b"], [""])
    assert [box[2:] for box in sheet.boxes] == [(64, 64), (96, 128)]


def test_every_sign_of_our_sentences_can_be_written() -> None:
    from bot import texts

    font = comparison_sheet._font(20)
    missing = bytes(font.getmask("\uffff"))
    signs = {sign for language in texts.LANGUAGES for text in texts.texts(language).values() for sign in text}
    chinese = {sign for sign in signs if "一" <= sign <= "鿿"}
    assert len(chinese) > 700
    assert not {sign for sign in chinese if bytes(font.getmask(sign)) == missing}


def test_long_labels_are_broken_and_cut() -> None:
    font = comparison_sheet._font(14)
    lines = comparison_sheet._lines("DPM++ 2M SDE Karras " * 9, 96, font)
    assert len(lines) == comparison_sheet.LINES and lines[-1].endswith("…")
    assert all(font.getlength(line) <= 96 for line in lines)
    assert len(comparison_sheet._lines("很长" * 40, 96, font)) == comparison_sheet.LINES
    assert comparison_sheet._lines("", 96, font) == []


def test_a_sheet_of_many_large_pictures_keeps_to_what_programs_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [a_picture("red", (400, 200)) for _ in range(4)]
    assert comparison_sheet.share(pictures) == 1.0
    monkeypatch.setattr(comparison_sheet, "MOST_PIXELS", 80_000)
    assert comparison_sheet.share(pictures) == 0.5
    sheet = comparison_sheet.lay_out(pictures, ["a", "b"], ["c", "d"], "", comparison_sheet.share(pictures))
    assert [box[2:] for box in sheet.boxes] == [(200, 100)] * 4
