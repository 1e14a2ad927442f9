"""What nobody wants to see is a negative, wherever it was said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.translate.translator import Translator


def read(text: str, translators: Sequence[Translator]) -> Prompt:
    return asyncio.run(compose(text, translators=translators))[0]


def own(prompt: Prompt) -> tuple[list[str], list[str]]:
    wanted = [str(one) for one in prompt.fragments if one.origin != "preset"]
    return wanted, [str(one) for one in prompt.negatives if one.origin != "preset"]


@pytest.mark.parametrize(
    "text",
    [
        "最差质量，模糊，水印",
        "最差質量，模糊，水印",
        "低质量，模糊，多余的手指，变形，丑陋",
        "worst quality, lowres, blurry, watermark",
        "(worst quality:1.4), (low quality:1.4), monochrome",
        "bad hands, extra fingers, bad anatomy",
        "模糊，水印，签名",
    ],
)
def test_nothing_but_faults_is_no_picture(text: str, translators: Sequence[Translator]) -> None:
    with pytest.raises(Refusal) as refusal:
        read(text, translators)
    assert refusal.value.key == "prompt.only_faults"


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("一个女孩，最差质量，模糊，水印", ["1girl"], ["worst quality", "blurry", "watermark"]),
        ("最差质量，模糊，水印，一个女孩", ["1girl"], ["worst quality", "blurry", "watermark"]),
        ("1girl, bad hands, (worst quality:1.3)", ["1girl"], ["bad hands", "(worst quality:1.3)"]),
    ],
)
def test_faults_among_what_is_wanted_go_to_the_negative(
    text: str, wanted: list[str], unwanted: list[str], translators: Sequence[Translator]
) -> None:
    prompt = read(text, translators)
    assert own(prompt) == (wanted, unwanted)
    assert "note.faults" in {note.key for note in prompt.notes}


@pytest.mark.parametrize("text", ["女孩，模糊", "pixel art, lowres, 1girl", "模糊", "女孩，水印", "1girl, monochrome"])
def test_what_may_be_wanted_stays(text: str, translators: Sequence[Translator]) -> None:
    wanted, unwanted = own(read(text, translators))
    assert wanted
    assert not unwanted
