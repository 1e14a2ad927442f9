"""English and Chinese in one phrase."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from prompts.compose import compose
from prompts.translate.translator import Translator
from tests.prompts.own import own_of as own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a girl holding 油纸伞", ["a girl holding oil-paper umbrella"]),
        ("a girl holding a 油紙傘 in the rain", ["a girl holding an oil-paper umbrella", "in the rain"]),
        ("a girl holding (油纸伞:1.3)", ["a girl holding (oil-paper umbrella:1.3)"]),
        ("girl wearing 汉服 and 绣花鞋", ["girl wearing hanfu and embroidered shoes"]),
        ("a girl in 红色旗袍, night", ["a girl in red cheongsam", "night"]),
        ("a man in 唐装 drinking tea", ["a man in tang suit drinking tea"]),
        ("beautiful 旗袍 girl", ["beautiful cheongsam girl"]),
        ("1girl with 双马尾", ["1girl with twintails"]),
        ("photo of 长城 at sunset", ["photo", "great wall of china", "at sunset"]),
        ("a dragon flying over 长城", ["a dragon flying", "over great wall of china"]),
    ],
)
def test_english_around_a_chinese_noun_stays_one_phrase(
    text: str, said: list[str], translators: Sequence[Translator]
) -> None:
    assert own(text, translators) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("手持 lightsaber 的武士", ["samurai", "holding lightsaber"]),
        ("一个穿着 kimono 的女孩", ["1girl", "kimono"]),
    ],
)
def test_a_latin_word_stays_in_its_chinese_clause(
    text: str, said: list[str], translators: Sequence[Translator]
) -> None:
    assert own(text, translators) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1girl 长发 红裙", ["1girl", "long hair", "red dress"]),
        ("masterpiece 女孩 smile", ["masterpiece", "1girl", "smile"]),
        ("女孩 holding sword", ["1girl", "holding sword"]),
    ],
)
def test_a_list_of_both_stays_a_list(text: str, said: list[str], translators: Sequence[Translator]) -> None:
    assert own(text, translators) == said


def test_what_english_denies_in_chinese_is_denied(translators: Sequence[Translator]) -> None:
    prompt = asyncio.run(compose("a girl without 帽子", translators=translators))[0]
    assert [one.text for one in prompt.negatives if one.origin != "preset"] == ["hat"]
