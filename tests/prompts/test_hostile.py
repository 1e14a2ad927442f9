"""Texts that nobody means well: each is answered or refused, and soon."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.compose import LIMIT, compose
from prompts.errors import Refusal
from prompts.translate.translator import Translator
from tests.properties import tried

# What the grammars and the options are made of, and what has been slow or has failed before.
PIECES = (
    *"猫的在和把被不没无未别三手上左（），。、：；！“”《》—…·　",
    "不要", "没有", "没有帽子", "不是猫", "不要没有", "没V", "不高兴", "睡不醒", "非写实", "无边框", "一只",
    "几十只", "3/4", "囫囵", "红色", "红色和", "和红色", "长长的", "穿红裙子", "在桌子上", "猫在狗左边", "双手放在",
    "头发金色", "著", "貓", "囉", "负面:", "负面：", "negative prompt:", "AND ", "BREAK ", "a ", "no ", "no hat ",
    "without a ", "a girl without ", "on a ", "wearing ", "not ", "the painting of ", "4张 ", "要2张", "1:1",
    "16:9", "--no ", "--ar ", "--", "seed=", "12", "a. ", "(", ")", "((", "[", "]", "{", "}", "|", ":", ":1.2)",
    "(a:1.2)", "(猫:1.2", "[a:b:3]", "[a|b]", "{a|b}", "__a__", "\\", "<", ">", "<lora:a:1>", "<lora:", "2-3$$",
    "${x=", "@", "~", "#", "\t", "\n", "\0", "\u200b", "\ud800", "é", "ﷺ", "🐱", "👩‍👩‍👧",
)  # fmt: skip


async def seconds(text: str, translators: Sequence[Translator]) -> float:
    """How long the processor is busy with a text; raises whatever is no Refusal."""
    start = time.process_time()
    with contextlib.suppress(Refusal):
        await compose(text, translators=translators, seed=1)
    return time.process_time() - start


@tried(200)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.integers(1, 12))
async def test_any_text_is_answered_or_refused(
    translators: Sequence[Translator], pieces: list[str], times: int
) -> None:
    await seconds(("".join(pieces) * times)[:LIMIT], translators)


@pytest.mark.long
async def test_twenty_thousand_texts_are_answered_or_refused(translators: Sequence[Translator]) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for number in range(20_000):
        text = "".join(chance.choices(PIECES, k=chance.choice((3, 8, 20, 60))))
        try:
            await seconds(text, translators)
        except Exception as error:
            raise AssertionError(f"text {number} of seed {seed}: {text!r}") from error


async def test_the_time_grows_with_the_text(translators: Sequence[Translator]) -> None:
    await seconds("一位老人拿着铜锣", translators)  # what is loaded once
    for piece in PIECES:
        many = await seconds((piece * LIMIT)[:LIMIT], translators)
        if many > 0.2:  # usual is less; four times the text, and what takes time squared takes sixteen times as long
            few = await seconds((piece * LIMIT)[: LIMIT // 4], translators)
            many = min(many, await seconds((piece * LIMIT)[:LIMIT], translators))
            assert many < 0.1 + 8 * few, f"{piece!r}: {few:.3f} s, then {many:.3f} s"
            assert many < 1, f"{piece!r}: {many:.3f} s"  # squared it was up to 4
