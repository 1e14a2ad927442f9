"""What English nouns are kinds of."""

from __future__ import annotations

import pytest

from prompts.sorts import is_a, is_noun, kind_of


@pytest.mark.parametrize(
    ("word", "general"),
    [("husky", "dog"), ("gown", "dress"), ("bike", "bicycle"), ("couch", "sofa"), ("taxi", "car"), ("owl", "bird")],
)
def test_one_thing_is_a_kind_of_another(word: str, general: str) -> None:
    assert is_a(word, general)


@pytest.mark.parametrize(
    ("word", "general"), [("cat", "dog"), ("bus", "car"), ("dog", "husky"), ("gibberish", "dog"), ("dog", "gibberish")]
)
def test_and_is_no_kind_of_others(word: str, general: str) -> None:
    assert not is_a(word, general)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("axolotl", "animal"),
        ("bagel", "food"),
        ("gown", "clothing"),
        ("jeep", "vehicle"),
        ("samurai", "person"),
        ("mug", "object"),  # a fool is called so, too, and a face
        ("lighthouse", "building"),
        ("gibberish", ""),
    ],
)
def test_what_a_noun_names(word: str, kind: str) -> None:
    assert kind_of(word) == kind
    assert is_noun(word) == bool(kind)
