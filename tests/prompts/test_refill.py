"""Another filling for a short text."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Options, Prompt
from prompts.refill import filling, refilled
from prompts.translate.translator import Translator


def made(text: str, translators: Sequence[Translator], family: str = "sd15", style: str | None = None) -> Prompt:
    return asyncio.run(compose(text, translators=translators, family=family, given=Options(style=style)))[0]


def added(prompt: Prompt) -> str:
    note = filling(prompt)
    assert note
    return note.values["words"]


@pytest.mark.parametrize("family", ["sd15", "sdxl", "demo"])
@pytest.mark.parametrize("text", ["猫", "a red ball", "水墨 马", "1girl"])
def test_only_the_filling_is_another(text: str, family: str, translators: Sequence[Translator]) -> None:
    first = made(text, translators, family)
    assert filling(first), "otherwise this shows nothing"
    seen = [added(first)]
    prompt = first
    for _ in range(4):
        again = refilled(prompt, family)
        assert again == refilled(prompt, family), "the same prompt is always filled up with the same next"
        assert added(again) != added(prompt)
        texts = [one.text for one in again.fragments]
        assert set(added(again).split(", ")) <= set(texts) and len(texts) == len(set(texts))
        assert not (set(seen[-1].split(", ")) - set(added(again).split(", "))) & set(texts)

        def kept(one: Prompt) -> list[str]:
            return [f.text for f in one.fragments if f.text not in added(one).split(", ")]

        assert kept(again) == kept(first)
        assert Prompt.from_json(again.to_json()) == again
        seen.append(added(again))
        prompt = again
    assert len(set(seen)) >= (2 if family == "demo" else 3)


def test_the_persons_own_words_stay_where_a_style_was_chosen(translators: Sequence[Translator]) -> None:
    first = made("猫", translators, style="Watercolor")
    again = refilled(first, "sd15")
    style = [one.text for one in first.fragments if one.part == "quality_style"]
    assert [one.text for one in again.fragments if one.part == "quality_style"] == style
    assert [one for one in again.fragments if one.origin != "preset"] == [
        one for one in first.fragments if one.origin != "preset"
    ]


def test_what_was_not_filled_up_has_no_other(translators: Sequence[Translator]) -> None:
    with pytest.raises(Refusal, match=r"refill\.none"):
        refilled(made("猫 --plain", translators), "sd15")
