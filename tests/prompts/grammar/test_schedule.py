"""Schedules and AND: A1111's own answers, and the rules said once more by a slow reader."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.grammar import multicond, schedule
from tests.properties import tried


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(10, "")]),
        ("test", [(10, "test")]),
        ("a [b:3]", [(3, "a "), (10, "a b")]),
        ("a [b: 3 ]", [(3, "a "), (10, "a b")]),
        ("a [[[b]]:2]", [(2, "a "), (10, "a [[b]]")]),
        ("[(a:2):3]", [(3, ""), (10, "(a:2)")]),
        ("a [b : c : 1] d", [(1, "a b  d"), (10, "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [(1, "abe"), (2, "ace"), (10, "ade")]),
        ("a [unbalanced", [(10, "a [unbalanced")]),
        ("a [b:.5] c", [(5, "a  c"), (10, "a b c")]),
        ("[a::0.5]b", [(5, "ab"), (10, "b")]),
        ("((a][:b:c [d:3]", [(3, "((a][:b:c "), (10, "((a][:b:c d")]),
        ("[a|(b:1.1)]", [(step, "a" if step % 2 else "(b:1.1)") for step in range(1, 11)]),
        ("[fe|]male", [(step, "female" if step % 2 else "male") for step in range(1, 11)]),
        ("[fe|||]male", [(step, "female" if step % 4 == 1 else "male") for step in range(1, 11)]),
        # a share of the steps where there is a point, and never more than all of them
        ("[a:b:1.2]", [(10, "a")]),
        ("[a:b:1.0]", [(10, "a")]),
        ("[a:b:1]", [(1, "a"), (10, "b")]),
        ("[a:b:0.29]", [(2, "a"), (10, "b")]),
        ("[a:b:99]", [(10, "a")]),
        ("[a:b:1e400]", [(10, "a")]),
        ("[a:b:1e0]", [(1, "a"), (10, "b")]),
        ("[a:b:0]", [(10, "b")]),
        ("[a:b:-3]", [(10, "b")]),
        ("[a:b:0.01]", [(10, "b")]),
        # what is no schedule
        ("[a:b]", [(10, "[a:b]")]),
        ("[a:b:c:0.5]", [(10, "[a:b:c:0.5]")]),
        ("[a:b:0.5x]", [(10, "[a:b:0.5x]")]),
        ("[a(:b:2]", [(10, "[a(:b:2]")]),
        ("(a[b)c:2]", [(10, "(a[b)c:2]")]),
        (r"[a\:b:2]", [(2, ""), (10, r"a\:b")]),
        (r"\[a:b:2]", [(10, r"\[a:b:2]")]),
        ("[(a:b:c):[d:2]:3]", [(2, "[(a:b:c)::3]"), (10, "[(a:b:c):d:3]")]),
        # one bar too many, or a backslash before nothing, and nothing is read at all
        ("a|b [c:d:2]", [(10, "a|b [c:d:2]")]),
        ("[a|b:0.5] [c:d:2]", [(10, "[a|b:0.5] [c:d:2]")]),
        ("[c:d:2]\\", [(10, "[c:d:2]\\")]),
        ("[c:d:2]\\\n", [(10, "[c:d:2]\\\n")]),
        # a run of signs swallows the end of a group, or does not
        ("[a:2])", [(2, ")"), (10, "a)")]),
        ("[a:2]))", [(10, "[a:2]))")]),
        ("[a:2])))", [(2, ")))"), (10, "a)))")]),
        ("[a|b])", [(step, "a)" if step % 2 else "b)") for step in range(1, 11)]),
        ("[a|b]))", [(step, "a))" if step % 2 else "b))") for step in range(1, 11)]),
        ("[a:2](x)", [(2, "(x)"), (10, "a(x)")]),
    ],
)
def test_schedules_are_a1111s(text: str, expected: list[tuple[int, str]]) -> None:
    assert schedule(text, 10) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", 1.0)]),
        ("a cat", [("a cat", 1.0)]),
        ("a AND b", [("a", 1.0), (" b", 1.0)]),
        ("a cat :1.2 AND a dog: -.5\n AND b:2.", [("a cat", 1.2), (" a dog", -0.5), (" b", 2.0)]),
        ("a\nb:1.5", [("a\nb", 1.5)]),
        ("a:1.2.3 AND b:", [("a:1.2.3", 1.0), (" b:", 1.0)]),
        ("a:1:2", [("a:1", 2.0)]),
        ("ANDROID AND_ sAND AND", [("ANDROID AND_ sAND", 1.0), ("", 1.0)]),
        ("(a AND b:1.2)", [("(a", 1.0), (" b:1.2)", 1.0)]),
        (":1.2", [("", 1.2)]),
    ],
)
def test_and_joins_what_a1111_joins(text: str, expected: list[tuple[str, float]]) -> None:
    assert multicond(text) == expected


# --- the same, said slowly ---


def by_the_book(text: str, steps: int) -> list[tuple[int, str]]:
    """Try at every place every form that may begin there, whole groups first; what remains is only a sign."""
    at = 0
    read: list[object] = []
    while at < len(text):
        group = any_group(text, at)
        if group is None:
            read.append(text[at])
            at += 1
        else:
            read.append(group[0])
            at = group[1]
    ends = {steps, *(end for node in read for end in changing(node, steps) if end >= 1)}
    return [(end, "".join(at_step(node, end, steps) for node in read)) for end in sorted(ends)]


def words(text: str, at: int) -> tuple[list[object], int]:
    """What may stand in a group: text, escapes and groups, as much as there is."""
    read: list[object] = []
    while at < len(text):
        if text[at] == "\\":
            read.append(text[at : at + 2])
            at += 2
        elif text[at] not in "()[]:|":
            read.append(text[at])
            at += 1
        elif group := any_group(text, at):
            read.append(group[0])
            at = group[1]
        else:
            break
    return read, at


def any_group(text: str, at: int) -> tuple[object, int] | None:
    if text[at] == "\\":
        return text[at : at + 2], at + 2
    if text[at] not in "([":
        return None
    sides, marks, end = [], "", at
    while True:
        side, end = words(text, end + 1)
        sides.append(side)
        if end >= len(text):
            return None
        if text[end] in "()[]":
            break
        marks += text[end]
    if text[end] != {"(": ")", "[": "]"}[text[at]]:
        return None
    if marks == "" or (marks == ":" and text[at] == "("):
        joined: list[object] = [text[at]]
        for side, mark in zip(sides, [*marks, text[end]], strict=True):
            joined += [*side, mark]
        return joined, end + 1
    if text[at] == "[" and set(marks) == {"|"}:
        return {"options": sides}, end + 1
    last = "".join(character for character in sides[-1] if isinstance(character, str))
    simple = all(isinstance(character, str) for character in sides[-1])
    if text[at] == "[" and marks in (":", "::") and simple and re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*", last):
        return {"options": [[], *sides[:-1]][-2:], "when": last.strip()}, end + 1
    return None


def last_step(when: str, steps: int) -> int:
    return min(steps, int(float(when) * steps) if "." in when else int(when))


def changing(node: object, steps: int) -> list[int]:
    if isinstance(node, str):
        return []
    if isinstance(node, list):
        return [end for inner in node for end in changing(inner, steps)]
    assert isinstance(node, dict)
    own = [last_step(node["when"], steps)] if "when" in node else list(range(1, steps + 1))
    return own + [end for side in node["options"] for end in changing(side, steps)]


def at_step(node: object, step: int, steps: int) -> str:
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        return "".join(at_step(inner, step, steps) for inner in node)
    assert isinstance(node, dict)
    options = node["options"]
    if "when" in node:
        return at_step(options[0 if step <= last_step(node["when"], steps) else 1], step, steps)
    return at_step(options[(step - 1) % len(options)], step, steps)


WORDS = st.sampled_from(["a", " b, c ", "", r"\(", r"\:", "(red:1.2)", "猫", "\n", "12", " "])
WHEN = st.sampled_from(["0.5", "3", " .25 ", "1.2", "-1", "7.", "+2", "0", "12"])


def deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        some,
        some.map("({})".format),
        some.map("[{}]".format),
        st.builds("({}:{})".format, some, some),
        st.builds("[{}:{}]".format, some, WHEN),
        st.builds("[{}:{}:{}]".format, some, some, WHEN),
        st.lists(some, min_size=2, max_size=3).map("|".join).map("[{}]".format),
        some.map(" ) {} ".format),
        some.map("x: {} [ y".format),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a:b:0.5]", [(5, "a"), (10, "b")]),
        ("[a:b:1.0]", [(1, "a"), (10, "b")]),  # a step, though with a point
        ("[a:b:2.7]", [(2, "a"), (10, "b")]),
        ("[a:b:3]", [(3, "a"), (10, "b")]),
        ("[a:b:0]", [(10, "b")]),
        ("[a:b:1e-1]", [(1, "a"), (10, "b")]),
        ("[a:b:-1]", [(10, "b")]),
        ("[a:b:99]", [(10, "a")]),
        ("[a|b]", [(step, "a" if step % 2 else "b") for step in range(1, 11)]),
    ],
)
def test_before_1_6_what_was_below_one_was_a_share(text: str, expected: list[tuple[int, str]]) -> None:
    assert schedule(text, 10, old=True) == expected


@tried(600)
@given(st.recursive(WORDS, deeper, max_leaves=12), st.integers(1, 12))
def test_schedules_equal_the_rules_said_slowly(text: str, steps: int) -> None:
    # Beside signs without a partner A1111's grammar is ambiguous, and a bar on its own ends all: see the table above.
    if re.search(r"(?<!\\)[\]):(\[][\]):(\[]", text) and not balanced(text):
        return
    if any("|" in str(node) for node in flat(text)):
        assert schedule(text, steps) == [(steps, text)]
    else:
        assert schedule(text, steps) == by_the_book(text, steps)


def balanced(text: str) -> bool:
    return words(text, 0)[1] == len(text)


def flat(text: str) -> list[object]:
    """The signs and words that stand in no group."""
    at = 0
    read: list[object] = []
    while at < len(text):
        group = any_group(text, at)
        if group is None:
            read.append(text[at])
        at = at + 1 if group is None else group[1]
    return read


@tried(300)
@given(st.lists(st.sampled_from(["a", " ", "AND", " AND ", ":", "1", ".5", "-", "\n", "(", ")", "٣"]), max_size=14))
def test_and_equals_the_rules_said_slowly(signs: list[str]) -> None:
    text = "".join(signs)
    weighed = re.compile(r"((?:\s|.)*?)(?:\s*:\s*([-+]?(?:\d+\.?|\d*\.\d+)))?\s*", re.DOTALL)
    expected = []
    for part in re.split(r"\bAND\b", text):
        match = weighed.fullmatch(part)
        assert match is not None
        expected.append((match.group(1), float(match.group(2) or 1)))
    assert multicond(text) == expected
