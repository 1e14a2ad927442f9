import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.english import split

SENTENCES = [
    ("a red apple on a blue background", "| a red apple | blue background"),
    ("a castle under the night sky", "| a castle | under the night sky"),
    ("a penguin in the snow", "| a penguin | in the snow"),
    ("a photo of a dog running through a field", "photo | a dog running | through a field"),
    (
        "an oil painting of a cat in a hat in the garden at night",
        "oil painting | a cat in a hat | in the garden, at night",
    ),
    ("photo of cat", "photo | cat |"),
    ("cat in forest", "| cat | in forest"),
    ("a picture of a cute cat", "| a cute cat |"),
    ("a samurai on a cliff at sunset in the style of ukiyo-e", "ukiyo-e style | a samurai | on a cliff, at sunset"),
    ("two cats sleeping on a sofa by the window", "| two cats sleeping on a sofa | by the window"),
]
KEPT = [
    "a girl with a pearl earring",
    "a cute cat sitting on a chair",
    "a bowl of ramen on a plate",
    "the queen of hearts",
    "the great wave off kanagawa",
    "a statue of liberty made of ice",
    "cat on mat",
    "[a cat:a dog:0.5] on a blue background",
    "__animal__ on a blue background",
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[row[0] for row in SENTENCES])
def test_a_sentence_says_what_and_where(text: str, expected: str) -> None:
    found = split(text)
    style = [said for said, part in found if part == "quality_style"]
    scene = [said for said, part in found if part == "scene_detail"]
    subject = [said for said, part in found if part in (None, "subject")]
    assert " | ".join(map(", ".join, (style, subject, scene))).strip() == expected


@pytest.mark.parametrize("text", KEPT)
def test_a_phrase_that_is_one_thing_stays_whole(text: str) -> None:
    assert split(text) == ((text, None),)


SMALL = ("a", "the", "on", "in", "of", "with", "at", "by", "under", "style")
WORDS = st.sampled_from([*SMALL, "cat", "red", "night", "beach", "background", "photo", "and", "blue", "sea"])


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=14))
def test_no_word_is_lost_but_articles_and_what_leads_a_place_in(words: list[str]) -> None:
    found = split(" ".join(words))
    assert all(text.strip() for text, _ in found)
    assert sorted(w for text, _ in found for w in text.split() if w not in SMALL) == sorted(
        word for word in words if word not in SMALL
    )
