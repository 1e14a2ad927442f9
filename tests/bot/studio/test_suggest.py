"""What may be meant while somebody types."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.studio.suggest import KINDS, Completion, suggest
from prompts.search import Index
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora


@pytest.fixture(scope="module")
def tags(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return Index(tmp_path_factory.mktemp("cache"))


async def found(at: House, kind: str, typed: str, language: str = "zh", limit: int = 25) -> list[Completion]:
    person = replace(await at.person(), language=language)
    return await suggest(at.studio, person, kind, typed, limit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("model", "dan", "danqing-demo"),
        ("style", "水墨", "ink-wash"),
        ("style", "水墨畫風", "ink-wash"),
        ("style", "ink", "ink-wash"),
        ("style", "shuicai", "watercolor"),
        ("tag", "双马尾", "双马尾"),
        ("tag", "一只猫，shuangmawei", "一只猫，双马尾"),
        ("tag", "1girl, twint", "1girl, twintails"),
        ("shape", "竖", "2:3"),
        ("shape", "豎", "2:3"),
        ("shape", "16：9", "16:9"),
        ("sampler", "euler", "Euler"),
        ("sampler", "karras dpm++ 2m", "DPM++ 2M Karras"),
        ("sampler", "nothing such", None),
    ],
)
async def test_what_is_typed_is_found(tmp_path: Path, tags: Index, kind: str, typed: str, value: str | None) -> None:
    async with house(tmp_path) as at:
        at.studio.tags = tags
        values = [choice.value for choice in await found(at, kind, typed)]
        assert value in values[:5] if value else values == []


async def test_favourites_are_ones_own(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/favourites save 橘猫 一只橘猫，水彩")
        await at.say("/favourites save 狗 一只狗", "bob")
        assert await found(at, "favourite", "水彩") == [Completion("橘猫", "橘猫 · 一只橘猫，水彩")]
        assert [one.value for one in await found(at, "favourite", "")] == ["橘猫"]


async def test_nothing_is_cut_before_it_is_looked_through(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        folder = tmp_path / "loras"
        for number in range(60):
            a_lora(folder, f"style {number:02}")
        at.studio.rules = replace(at.studio.rules, loras=(folder,))
        assert len(await found(at, "lora", "")) == 25
        assert [one.value for one in await found(at, "lora", "57")] == ["style 57"]
        assert [one.value for one in await found(at, "lora", "style 5", limit=3)] == [
            "style 50",
            "style 51",
            "style 52",
        ]


async def test_labels_are_in_the_persons_language(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await found(at, "style", "ink-wash", "en"))[0].label == "Ink wash"
        assert (await found(at, "style", "ink-wash", "zh"))[0].label == "水墨"
        assert (await found(at, "shape", "1:1", "en"))[0].label == "square 1:1"
        for kind in KINDS:
            assert all(one.value and one.label for one in await found(at, kind, ""))
