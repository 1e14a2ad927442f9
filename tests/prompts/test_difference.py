"""What is said of a prompt written anew."""

from __future__ import annotations

import pytest

from prompts.difference import changes
from prompts.edit.draft import Change
from prompts.prompt import Fragment, Prompt


def prompt(*texts: str, no: tuple[str, ...] = (), raw: bool = False) -> Prompt:
    """A prompt of these fragments; "text*1.2" has a weight, "+text" comes from a preset."""
    return Prompt("", tuple(map(_fragment, texts)), tuple(map(_fragment, no)), raw=raw)


def _fragment(written: str) -> Fragment:
    text, _, weight = written.partition("*")
    return Fragment(text.removeprefix("+"), float(weight or 1), origin="preset" if text.startswith("+") else "person")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (["red apple", "table"], ["green apple", "table"], [Change("replaced", "red apple", "green apple")]),
        (["cat", "park"], ["dog", "park"], [Change("replaced", "cat", "dog")]),
        (["cat"], ["cat", "rain"], [Change("added", after="rain")]),
        (["cat", "hat", "rain"], ["cat", "rain"], [Change("removed", "hat")]),
        (["cat", "rain"], ["rain", "cat"], []),
        (["cat", "rain"], ["rain", "cat*1.2"], [Change("weighed", "cat ×1", "×1.2")]),
        (["a red hat", "cat"], ["a blue hat", "snow", "fox"], [
            Change("replaced", "a red hat", "a blue hat"), Change("removed", "cat"),
            Change("added", after="snow"), Change("added", after="fox")]),
        (["cat", "+masterpiece"], ["cat", "+sketch"], []),
        (["cat"], ["cat"], []),
    ],
)  # fmt: skip
def test_changes_are_told_apart(before: list[str], after: list[str], found: list[Change]) -> None:
    assert list(changes(prompt(*before), prompt(*after))) == found


def test_of_a_long_sentence_only_the_words_that_changed_are_said() -> None:
    long = "an old man in a red coat sitting on a bench under a tree"
    anew = "an old man in a blue coat sitting on a bench under a large tree at night"
    assert list(changes(prompt(long), prompt(anew))) == [
        Change("replaced", "red", "blue"),
        Change("added", after="large"),
        Change("added", after="at night"),
    ]


def test_the_negative_is_compared_too() -> None:
    before, after = prompt("cat", no=("text", "+blurry")), prompt("cat", no=("people",))
    assert list(changes(before, after)) == [Change("denied", after="people"), Change("removed", "--no text")]


def test_a_prompt_taken_as_it_stands_is_compared_piece_by_piece() -> None:
    before, after = prompt("cat, (hat:1.2), rain", raw=True), prompt("cat, (hat:1.2), snow", raw=True)
    assert list(changes(before, after)) == [Change("replaced", "rain", "snow")]
