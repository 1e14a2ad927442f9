import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.english import denied, split
from tests.properties import tried

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


DENIED = [
    ("no text or watermark", "", "text, watermark"),
    ("don't draw any people", "", "people"),
    ("not blue", "", "blue"),
    ("a girl without a hat", "a girl", "hat"),
    ("a girl without a hat and glasses", "a girl", "hat, glasses"),
    ("a house with no windows in the forest", "a house in the forest", "windows"),
    ("a man without shoes walking on the beach", "a man walking on the beach", "shoes"),
    ("a cat with no collar and a red bow", "a cat and a red bow", "collar"),
    ("a red car that is not green", "a red car", "green"),
    ("a boy not wearing a shirt", "a boy", "shirt"),
    ("a boy who isn't wearing a hat", "a boy", "hat"),
    ("a girl who is not smiling", "a girl", "smiling"),
    ("a girl who never smiles", "a girl", "smiles"),
    ("a never smiling girl", "a girl", "smiling"),
    ("a dog that doesn't bark", "a dog", "bark"),
    ("a man with neither hat nor beard", "a man", "hat, beard"),
    ("a dog instead of a cat", "a dog", "cat"),
    ("a street with nobody", "a street", "people"),
    ("no cat no dog no bird", "", "cat, dog, bird"),
    ("a boy with no shoes on", "a boy", "shoes"),
]


@pytest.mark.parametrize(("text", "rest", "unwanted"), DENIED, ids=[row[0] for row in DENIED])
def test_what_a_phrase_denies_is_taken_out_of_it(text: str, rest: str, unwanted: str) -> None:
    assert denied(text) == (rest, tuple(unwanted.split(", ")))


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a lantern that is not lit", "an unlit lantern"),
        ("a lantern that isn't lit", "an unlit lantern"),
        ("the door is not open", "the closed door"),
        ("a bird that cannot fly", "a flightless bird"),
        ("a bird that can't fly", "a flightless bird"),
    ],
)
def test_what_has_an_opposite_is_said_by_it(text: str, rest: str) -> None:
    assert denied(text) == (rest, ())


@pytest.mark.parametrize(
    "text",
    [
        "no humans",
        "without a doubt the best cat",
        "no doubt a cat",
        "unlit lantern",
        "a hatless man",
        "no more than two cats",
        "no shoes",
        "a no parking sign",
        "a girl, no longer young",
        "not only cats",
        "no man's land",
        "nothing but a cat",
        "[no hat:hat:0.5]",
        "a notebook",
        "a knot in a rope",
    ],
)
def test_a_tag_and_a_figure_of_speech_deny_nothing(text: str) -> None:
    assert denied(text) == (text, ())


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


@tried(300)
@given(st.lists(WORDS, min_size=1, max_size=14))
def test_no_word_is_lost_but_articles_and_what_leads_a_place_in(words: list[str]) -> None:
    found = split(" ".join(words))
    assert all(text.strip() for text, _ in found)
    assert sorted(w for text, _ in found for w in text.split() if w not in SMALL) == sorted(
        word for word in words if word not in SMALL
    )
