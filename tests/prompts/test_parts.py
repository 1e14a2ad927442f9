"""Which of the three parts things belong to: somebody, what they wear and hold, what stands around, light and look."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from prompts.compose import compose
from prompts.prompt import Part
from prompts.tags import around, part_of
from prompts.translate.translator import Translator
from tests.prompts.measure import score_prompts


def test_parts_of_prompts(translators: Sequence[Translator]) -> None:
    score = score_prompts(Path(__file__).parent / "unseen" / "tune-parts.txt", translators, misses=True)
    assert score.phrases.exact >= 0.95 * score.phrases.asked


@pytest.mark.parametrize(
    ("phrase", "part"),
    [
        ("moody atmosphere", "scene_detail"),
        ("raindrops on glass", "scene_detail"),
        ("bubbles of light", "scene_detail"),
        ("crumbling watchtower ruins", "scene_detail"),
        ("cobwebs", "scene_detail"),
        ("harsh overhead lighting", "scene_detail"),
        ("oil on canvas", "quality_style"),
        ("shallow focus", "quality_style"),
        ("grainy texture", "quality_style"),
        ("kodak portra", "quality_style"),
        ("chrome plating", "subject"),
        ("bruised cheek", "subject"),
        ("quiver", "subject"),
    ],
)
def test_an_english_phrase_has_the_part_of_its_head(phrase: str, part: Part) -> None:
    assert part_of(phrase) == part


@pytest.mark.parametrize(
    ("phrase", "there"),
    [
        ("persian carpet", True),
        ("shelves of bottles", True),
        ("hanging lanterns", True),
        ("fishing boat", True),
        ("holding lantern", False),
        ("holding umbrella", False),
        ("riding bicycle", False),
        ("girl with lamp", False),
        ("wool cardigan", False),
    ],
)
def test_what_stands_around_is_held_by_nobody(phrase: str, there: bool) -> None:
    assert around(phrase) is there


@pytest.mark.parametrize(
    ("text", "subject", "scene"),
    [
        ("书架，地毯，一个穿毛衣的老人", {"elderly person", "sweater"}, {"bookshelf", "carpet"}),
        ("書架，地毯，一個穿毛衣的老人", {"elderly person", "sweater"}, {"bookshelf", "carpet"}),
        ("an old man, ornate mirror, persian carpet", {"an old man"}, {"ornate mirror", "persian carpet"}),
        ("一只睡着的猫，沙发，台灯", {"sleeping cat"}, {"sofa", "desk lamp"}),
        ("沙发，台灯", {"sofa", "desk lamp"}, set()),
        ("提着灯笼的女孩", {"1girl", "holding lantern"}, set()),
    ],
)
def test_things_around_somebody_are_of_the_scene(
    text: str, subject: set[str], scene: set[str], translators: Sequence[Translator]
) -> None:
    prompt = asyncio.run(compose(text, translators=translators))[0]
    assert {one.text for one in prompt.part("subject") if one.origin != "preset"} == subject
    assert {one.text for one in prompt.part("scene_detail") if one.origin != "preset"} == scene
