"""Words for parts of a picture, as a text says them."""

from __future__ import annotations

import pytest

from prompts import grammar, regions
from prompts.compose import compose
from prompts.errors import Refusal
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
    assert regions.read("regions", regions.written((LEFT, RIGHT), 0.3)) == ((LEFT, RIGHT), 0.3)
    assert regions.read("regions", "0/0/50%/1") == ((LEFT,), None)
    for wrong in ("0/0/0.5", "left", "0.5/0/0.5/1", "0/0/2/1", "0/0/1/1:2", ""):
        with pytest.raises(Refusal) as refused:
            regions.read("regions", wrong)
        assert refused.value.key == "option.bad_value"
