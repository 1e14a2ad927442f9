"""Hints: every mistake is named with its column, and what is proposed instead is no mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import texts
from prompts.grammar import attention, hints, schedule
from prompts.grammar.mistakes import MOST
from tests.properties import tried


@pytest.mark.parametrize(
    ("text", "key", "column", "fixed"),
    [
        ("x, [a:1.2]", "note.delayed", 4, "x, (a:1.2)"),
        ("【猫：１．２】", "note.delayed", 1, "(猫:1.2)"),
        ("[a:b:7.0]", "note.delayed", 1, "[a:b:7]"),
        ("(a:1.3", "note.unclosed", 1, "(a:1.3)"),
        ("x, (red hair:1.3, y", "note.unclosed", 4, "x, (red hair:1.3), y"),
        ("(a, b:1.3 BREAK c", "note.unclosed", 1, "(a, b:1.3) BREAK c"),
        ("x, (red hair, y", "note.unclosed", 4, "x, (red hair), y"),
        ("((a:1.3)", "note.unclosed", 1, "(a:1.3)"),
        ("sad :( face", "note.unclosed", 6, "sad :\\( face"),
        ("[a", "note.unclosed", 1, "[a]"),
        ("{a|b", "note.unclosed", 1, "{a}|b"),
        ("x, a b:1.3), y", "note.unopened", 4, "x, (a b:1.3), y"),
        ("a), b", "note.unopened", 2, "a, b"),
        ("smile :)", "note.unopened", 8, "smile :\\)"),
        ("(a:1,2)", "note.weight_unreadable", 1, "(a:1.2)"),
        ("（猫：１，２），狗", "note.weight_unreadable", 1, "（猫:1.2)，狗"),
        ("(a:1.2.3)", "note.weight_unreadable", 1, "(a:1.2)"),
        ("(a:.)", "note.weight_unreadable", 1, "(a)"),
        ("(night sky,:1.5) b", "note.comma_in_group", 1, "(night sky:1.5), b"),
        ("（夜空，：1.5），b", "note.comma_in_group", 1, "（夜空：1.5），b"),
        ("[a|b:0.5]", "note.schedule_unreadable", 1, "[a|b]"),
        ("[a:b:c:0.5]", "note.schedule_unreadable", 1, None),
        ("red dress:1.3, x", "note.bare_weight", 1, "(red dress:1.3), x"),
        ("a,  b c :0.8", "note.bare_weight", 5, "a,  (b c :0.8)"),
        ("{a:1.2}", "note.brace_weight", 1, "(a:1.2)"),
        ("x | y [a:b:3]", "note.bar", 3, "x , y [a:b:3]"),
        ("(a AND b:1.2)", "note.and_in_group", 4, None),
        ("a ()", "note.empty_group", 3, "a "),
        ("<hypernet:x:1> a", "note.hypernet", 1, " a"),
        ("<lora:a:0,8>", "note.lora_weight", 1, "<lora:a:0.8>"),
        ("<lora:a:much>", "note.lora_weight", 1, "<lora:a:1>"),
    ],
)
def test_a_mistake_has_a_column_and_a_fix(text: str, key: str, column: int, fixed: str | None) -> None:
    [hint] = hints(text)
    assert (hint.key, hint.column) == (key, column)
    assert hint.fix is None if fixed is None else hint.applied(text) == fixed
    if fixed is not None:
        assert key not in [again.key for again in hints(fixed)]
    for language in ("zh", "en"):
        assert texts(language)[key].format(**hint.values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a cat, (red:1.2), [blue], ((c))",
        "a clock at 12:30, 16:9, f/1.8",
        "[a:b:0.5] [c|d] {e|f} __g__ <lora:h:0.8> <lora:i:0.5:0.7>",
        "a :1.2 AND b:0.8",
        r"smile \(medium\), :\)",
        "a | b",
        "(16:9:1.2)",
        "(a, b:1.2)",
        "[a:10]",
        "masterpiece, best quality, 1girl，红色汉服（精致：1.2）",
    ],
)
def test_what_is_right_has_no_hint(text: str) -> None:
    assert hints(text) == ()


def test_the_fixes_say_what_was_meant() -> None:
    def fixed(text: str) -> str:
        return hints(text)[0].applied(text)

    assert attention(fixed("x, (a:1.3, y")) == [("x, ", 1.0), ("a", 1.3), (", y", 1.0)]
    assert attention(fixed("[a:1.2]")) == [("a", 1.2)]
    assert len(schedule(fixed("a | b, [c:d:0.5]"), 10)) == 2


def test_the_hints_of_a_hostile_text_end() -> None:
    assert len(hints("(a:1,2), " * 500)) == MOST


SIGNS = [*"()[]{}:|\\,ab 1.", ":1.2)", "[a:b:0.5]", "a:1.3,", " AND ", "<lora:a:x>", ":1,2)", "，", "（"]


@tried(300)
@given(st.lists(st.sampled_from(SIGNS), max_size=16).map("".join))
def test_columns_are_inside_the_text(text: str) -> None:
    for hint in hints(text):
        assert hint.column >= 1 and hint.column - 1 + hint.length <= len(text) and hint.length
        assert hint.fix is None or hint.applied(text) != text
