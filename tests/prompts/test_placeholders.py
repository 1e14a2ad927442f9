"""Place-holders: what is one, what is none, and how they are filled."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import placeholders
from prompts.placeholders import filled, missing, rest_of, values_of
from prompts.wildcards.drawing import drawn
from tests.properties import tried

PORTRAIT = "portrait: {who} in {place=a street}, rim light"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PORTRAIT, {"who": "", "place": "a street"}),
        ("肖像：{人物}在{地点＝海边}，轮廓光", {"人物": "", "地点": "海边"}),
        ("｛人物｝，夜晚", {"人物": ""}),
        ("{who} and { Who }, {hair colour=red}", {"who": "", "hair colour": "red"}),
        ("{who} {who=a girl}", {"who": "a girl"}),
        ("{a|b}, {2$$a|b}, {2::a|b}, {@a|b}, {~a|b}, ${x=a} ${x}, {{best quality}}, {}, {1}, __animal__", {}),
        ("a {red|{what}|blue} car, {{what}|b}", {"what": ""}),
        ("(a:1.2) [a:b:0.5] <lora:a:1> \\{who}", {}),
    ],
)
def test_what_is_a_placeholder(text: str, names: dict[str, str]) -> None:
    assert {one.name: one.usual for one in placeholders.placeholders(text)} == names


def test_a_text_is_filled_and_what_is_not_said_stays() -> None:
    assert filled(PORTRAIT, {"who": "an old  man"}) == "portrait: an old man in a street, rim light"
    assert filled(PORTRAIT, {"WHO": "a fox", "place": "snow"}) == "portrait: a fox in snow, rim light"
    assert filled(PORTRAIT, {"who": " "}) == "portrait: {who} in a street, rim light"
    assert missing(PORTRAIT, {}) == ("who",) and missing(PORTRAIT, {"who": "a fox"}) == ()
    assert filled("{who}, {who=a girl}", {}) == "a girl, a girl"


def test_choices_stay_choices_around_what_was_filled_in() -> None:
    said = filled("a {red|{what}} {who}, {dawn|dusk}", {"what": "blue", "who": "cat|dog"})
    assert said == "a {red|blue} cat|dog, {dawn|dusk}"
    text, _ = drawn(filled("{a|b|c}, {who}", {"who": "x"}), 3)
    assert text == drawn("{a|b|c}, x", 3)[0]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("who=an old man place=by the sea", {"who": "an old man", "place": "by the sea"}),
        ("place：海边，who：老人", {"who": "老人", "place": "海边"}),
        ('who="a = b", place=“x”', {"who": "a = b", "place": "x"}),
        ("an old man, by the sea", {"who": "an old man", "place": "by the sea"}),
        ("an old man, smiling\nby the sea", {"who": "an old man, smiling", "place": "by the sea"}),
        ("an old man", {"who": "an old man"}),
        ("", {}),
    ],
)
def test_what_somebody_says_for_them(said: str, values: dict[str, str]) -> None:
    assert values_of(said, ("who", "place")) == values


def test_one_takes_everything_and_a_name_stands_before_the_first() -> None:
    assert values_of("a man, old, by the sea", ("who",)) == {"who": "a man, old, by the sea"}
    assert rest_of("my portrait who=a fox", ("who", "place")) == "my portrait"
    assert rest_of("my portrait", ("who",)) == "my portrait"


@tried(200)
@given(st.text(st.characters(exclude_characters="{}｛｝"), max_size=60))
def test_a_text_without_braces_is_never_changed(text: str) -> None:
    assert placeholders.placeholders(text) == () and filled(text, {"a": "b"}) == text


def test_a_brace_that_never_closes_takes_no_time() -> None:
    began = time.process_time()
    for text in ("{a=" + " " * 20_000 + "x", "{a" + " " * 20_000, "{a=" * 7_000, "{" * 20_000):
        assert placeholders.placeholders(text) == ()
    assert time.process_time() - began < 2
    assert placeholders.placeholders("{who =  a fox }")[0].usual == "a fox"
