"""Words for parts of a picture, as a text says them."""

from __future__ import annotations

import pytest

from prompts import grammar, regions
from prompts.compose import compose
from prompts.errors import Refusal
from prompts.region_colours import COLOURS, colour
from prompts.regions import AskedRegions
from prompts.translate.translator import Translator

LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("text", "left", "boxes"),
    [
        ("左边：一只猫 | 右边：一条狗 | 背景：森林", "森林 AND 一只猫 AND 一条狗", (LEFT, RIGHT)),
        ("Left: a cat | Right: a dog", "AND a cat AND a dog", (LEFT, RIGHT)),
        ("left 30%: a cat, red hat| 背景: sea", "sea AND a cat, red hat", ((0.0, 0.0, 0.3, 1.0),)),
        ("@0,0,0.5,1: cat | @50%,0,100%,1: dog", "AND cat AND dog", (LEFT, RIGHT)),
        ("左上：日 ｜ 右下：月", "AND 日 AND 月", ((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0))),
    ],
)
def test_parts_that_begin_with_a_place_are_regions(text: str, left: str, boxes: tuple[regions.Corners, ...]) -> None:
    assert regions.taken_out(grammar.normalise(text)) == (left, boxes)


def test_three_beside_each_other_are_thirds() -> None:
    _, boxes = regions.taken_out("left: a | middle: b | right: c")
    assert [(round(box[0], 2), round(box[2], 2)) for box in boxes] == [(0.0, 0.33), (0.33, 0.67), (0.67, 1.0)]
    _, boxes = regions.taken_out("top: a | middle: b | bottom: c")
    assert [(round(box[1], 2), round(box[3], 2)) for box in boxes] == [(0.0, 0.33), (0.33, 0.67), (0.67, 1.0)]


@pytest.mark.parametrize(
    "text",
    [
        "a cat | a dog",
        "[cat|dog], forest",
        "左边：一只猫",
        "背景：森林 | 光线：好",
        "1:2 | 3:4",
        "left: | right: a dog",
        "left 0%: a | right: b",
    ],
)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert regions.taken_out(grammar.normalise(text)) == (grammar.normalise(text), ())


async def test_each_region_is_translated_by_itself(translators: tuple[Translator, ...]) -> None:
    prompt, options = await compose("左边：一只黑猫 | 右边：一条白狗，不要帽子 | 背景：森林", translators=translators)
    base, cat, dog = (text for text, _ in grammar.multicond(prompt.positive))
    assert "forest" in base and "cat" not in base and (cat.strip(), dog.strip()) == ("black cat", "white dog")
    assert "hat" in prompt.negative and options.regions == "0/0/0.5/1+0.5/0/1/1"


def test_what_is_written_is_read_again() -> None:
    said = AskedRegions((LEFT, RIGHT), 0.3), AskedRegions(("red", LEFT), None, "3f2a9c11"), AskedRegions(("red",), 0.5)
    for one in said:
        assert regions.read("regions", str(one)) == one
    assert regions.read("regions", "0/0/50%/1") == AskedRegions((LEFT,))
    assert regions.read("regions", "红色+Blue:map=3F2A9C11:30%") == AskedRegions(("red", "blue"), 0.3, "3f2a9c11")
    for wrong in ("0/0/0.5", "left", "0.5/0/0.5/1", "0/0/2/1", "0/0/1/1:2", "", "red:map=xyz", "red:0.1:0.2", "mauve"):
        with pytest.raises(Refusal) as refused:
            regions.read("regions", wrong)
        assert refused.value.key == "option.bad_value"


@pytest.mark.parametrize(
    ("text", "left", "places"),
    [
        ("红：一只猫 | 蓝：一条狗 | 背景：森林", "森林 AND 一只猫 AND 一条狗", ("red", "blue")),
        ("Red: a cat, hat | the grey part: a dog", "AND a cat, hat AND a dog", ("red", "grey")),
        ("紅色區域：日｜左边：月｜in green: a star", "AND 日 AND 月 AND a star", ("red", LEFT, "green")),
    ],
)
def test_colours_are_places_where_something_is_painted(
    text: str, left: str, places: tuple[regions.RegionPlace, ...]
) -> None:
    said = grammar.normalise(text)
    assert regions.taken_out(said, painted=True) == (left, places) and regions.names_colours(text)
    assert regions.taken_out(said) == (said, ()), "without a map the text is what it always was"


@pytest.mark.parametrize(
    "text", ["左边：猫 | 右边：狗", "红：一只猫", "红 30%：猫 | 蓝：狗", "红：猫 | 光：好", "a red cat | a dog"]
)
def test_texts_without_colours_for_places_name_none(text: str) -> None:
    assert not regions.names_colours(text)


def test_every_name_and_shade_is_of_one_colour() -> None:
    said = [word for one in COLOURS.values() for word in (one.name, *one.zh, *one.en)]
    assert len(set(said)) == len(said) and all(colour(word.upper()) for word in said)
    shades = [shade for one in COLOURS.values() for shade in (one.shade, *one.like)]
    assert len(set(shades)) == len(shades)


async def test_a_map_that_an_option_names_makes_colours_places(translators: tuple[Translator, ...]) -> None:
    text = "红：一只黑猫 | 蓝：一条白狗 | 背景：森林"
    prompt, options = await compose(f"{text} --regions red+blue:0.3:map=3f2a9c11", translators=translators)
    assert options.regions == "red+blue:0.3:map=3f2a9c11"
    assert [one.strip() for one, _ in grammar.multicond(prompt.positive)][1:] == ["black cat", "white dog"]
    _, plain = await compose(text, translators=translators)
    assert plain.regions is None
    _, painted = await compose(text, translators=translators, painted=True)
    assert painted.regions == "red+blue"
    _, cut = await compose(f"a AND b --regions red:map={'a' * 64}", translators=translators)
    assert cut.regions == f"red:map={'a' * 32}", "a text cannot name a file in full"
