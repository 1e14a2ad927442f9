"""Nothing is read the other way round: what is denied is never drawn, and what is wished for never denied."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.compose import compose
from prompts.prompt import Options
from prompts.translate.chinese import traditional
from prompts.translate.glossary import entries
from prompts.translate.translator import Translator
from tests.properties import tried

_LINES = (Path(__file__).parent / "reversals.tsv").read_text(encoding="utf-8").splitlines()
CASES = [line.split("\t") for line in _LINES if line and not line.startswith("#")]


def sides(text: str, translators: Sequence[Translator]) -> tuple[str, str]:
    """What a text asks for and what it does not, each as one line, without what the program adds."""
    prompt, _ = asyncio.run(compose(text, translators=translators, given=Options(plain=True)))
    wanted, unwanted = (
        ", ".join(str(one) for one in some if one.origin != "preset") for some in (prompt.fragments, prompt.negatives)
    )
    return wanted, unwanted


def says(side: str, ways: str) -> bool:
    """Whether one of the ways to say a thing ("person|people", "new~year") stands on a side, alone or counted."""
    either = "|".join(re.escape(way.replace("~", " ")) for way in ways.split("|"))
    return re.search(rf"\b\d?(?:{either})(?:e?s)?\b", side) is not None


@pytest.mark.parametrize(("text", "wished", "denied"), CASES, ids=[case[0] for case in CASES])
def test_a_wish_is_drawn_and_a_denial_is_not(
    text: str, wished: str, denied: str, translators: Sequence[Translator]
) -> None:
    wanted, unwanted = sides(text, translators)
    assert [ways for ways in wished.split() if ways != "-" and not says(wanted, ways)] == []
    if denied == "-":
        assert unwanted == ""
        return
    assert [ways for ways in denied.split() if says(wanted, ways.rstrip("!"))] == []
    assert [ways for ways in denied.split() if not ways.endswith("!") and not says(unwanted, ways)] == []


_KINDS = frozenset({"clothing", "object", "food", "animal", "plant", "vehicle"})
THINGS = sorted(
    key
    for key, entry in entries().items()
    if entry.category in _KINDS and re.fullmatch("[一-鿿]{2,4}", key) and not entry.tag.startswith("no ")
)
TAGS = sorted({entries()[thing].tag for thing in THINGS if re.fullmatch("[a-z]+(?: [a-z]+)?", entries()[thing].tag)})
FRAMES = (
    "女孩，不要{}", "女孩，别画{}", "没有{}的女孩", "不带{}的女孩", "女孩，不用画{}", "女孩，免{}", "女孩，谢绝{}",
    "女孩，除了{}", "女孩，除{}外", "女孩，看不到{}", "女孩，少了{}", "女孩，省略{}", "女孩，千万别画{}",
    "女孩，请不要出现{}", "女孩，{}不要", "女孩，{}就算了", "女孩，{}就免了", "女孩，{}不用画", "女孩，{}就别了",
    "女孩，{}就不必了", "女孩，{}略", "女孩，{}去掉", "女孩，把{}去掉", "女孩，{}可以不要", "女孩，{}没必要",
    "女孩，一个{}也没有", "女孩，连{}都没有", "女孩，{}和书都不要", "女孩，书、{}都不要", "女孩，{}、书和花都不要",
    "女孩，{}，不要", "女孩 不要 {}", "不要{}要女孩", "女孩身边没有{}",
)  # fmt: skip
ENGLISH_FRAMES = (
    "a girl, no {}", "a girl without {}", "a girl, skip the {}", "a girl, remove the {}", "a girl, leave out the {}",
    "a girl, take the {} out", "a girl, {} not needed", "a girl, {} isn't needed", "a girl, {} is not necessary",
    "a girl, {}: no", "a girl, {} optional", "a girl, no need for a {}", "a girl, don't draw {}",
    "a girl, I don't want {}", "a girl, do not include any {}", "a girl free of {}", "a girl devoid of {}",
    "a girl lacking {}", "a girl minus the {}", "a girl with neither {} nor book", "a girl, no book, pen or {}",
    "a girl, no {}, pen or book", "not a {} but a girl", "a girl rather than a {}", "a girl instead of a {}",
    "instead of a {}, a girl", "a girl, except for the {}", "anything but a {}, a girl", "a girl, no {} please",
    "a girl with no {} at all",
)  # fmt: skip


@tried(150)
@given(st.sampled_from(THINGS), st.sampled_from(FRAMES), st.booleans())
def test_no_thing_that_is_denied_is_drawn(
    translators: Sequence[Translator], thing: str, frame: str, in_traditional: bool
) -> None:
    text = frame.format(thing)
    wanted, _ = sides(traditional(text) if in_traditional else text, translators)
    assert "girl" in wanted
    assert not re.search(rf"(?<!no )\b{re.escape(entries()[thing].tag)}\b", wanted.replace("1girl", "", 1))


@tried(100)
@given(st.sampled_from(TAGS), st.sampled_from(ENGLISH_FRAMES))
def test_no_tag_that_is_denied_is_drawn(translators: Sequence[Translator], tag: str, frame: str) -> None:
    wanted, _ = sides(frame.format(tag), translators)
    assert "girl" in wanted
    assert not re.search(rf"(?<!no )\b{re.escape(tag)}\b", wanted)
