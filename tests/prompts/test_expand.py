from collections.abc import Sequence

import pytest

from bot.texts import say
from prompts import grammar
from prompts.expand import _demo, _kinds, _looks, expanded, in_chinese, seed_of
from prompts.presets import LOOKS
from prompts.prompt import Fragment, Part
from prompts.tags import part_of
from prompts.translate.chinese import CHINESE


def fragments(*texts: str) -> list[Fragment]:
    return [Fragment(text, part=part_of(text)) for text in texts]


def added(
    asked: Sequence[Fragment],
    seed: int = 1,
    family: str = "sd15",
    look: str | None = None,
    unwanted: Sequence[str] = (),
) -> dict[Part, list[str]]:
    made = expanded(asked, seed=seed, family=family, look=look, styled=False, unwanted=set(unwanted))  # type: ignore[arg-type]
    assert all(one.origin == "preset" and one.weight == 1.0 for one in made)
    parts: dict[Part, list[str]] = {}
    for one in made:
        parts.setdefault(one.part, []).append(one.text)
    return parts


def test_a_word_becomes_a_picture_in_three_parts() -> None:
    for seed in range(20):
        made = added(fragments("cat"), seed)
        assert set(made) == {"quality_style", "subject", "scene_detail"}
        assert made == added(fragments("cat"), seed)
    assert len({str(added(fragments("cat"), seed)) for seed in range(20)}) > 8


@pytest.mark.parametrize(
    "asked",
    [
        ["orange cat", "wearing red hat"],
        ["cat", "seaside", "sunset"],
        ["a cat that sleeps on the sofa"],
        ["[cat:dog:0.5]"],
        ["smile"],
        ["masterpiece", "best quality", "1girl"],
        ["felt art", "panda", "warm", "tilt-shift"],
        [],
    ],
)
def test_who_says_more_or_nothing_to_draw_gets_nothing(asked: list[str]) -> None:
    assert added(fragments(*asked)) == {}
    assert expanded([Fragment("cat", 1.3)], seed=1, family="sd15", look=None, styled=False, unwanted=()) == []


def test_what_was_said_is_left_alone() -> None:
    assert "scene_detail" not in added(fragments("cat", "seaside"))
    assert not any("close-up" in str(added(fragments("cat", "seaside"), seed)) for seed in range(20))
    assert "scene_detail" not in added(fragments("cat"), unwanted=["background"])
    assert "quality_style" not in added(fragments("cat", "watercolor"))
    seen = [word for seed in range(30) for word in added(fragments("cat", "full body"), seed).get("subject", [])]
    assert not {"close-up", "portrait composition"} & set(seen)
    asleep = [word for seed in range(30) for word in added(fragments("cat", "sleeping"), seed).get("subject", [])]
    assert asleep and not any("eyes" in word for word in asleep)
    assert not any("eyes" in str(added(fragments("a cat sleeping"), seed)) for seed in range(30))
    assert not any("eyes" in str(added(fragments("1girl", "blue eyes"), seed)) for seed in range(30))


def test_nothing_unwanted_is_added() -> None:
    for seed in range(30):
        words = [
            word
            for part in added(fragments("cat"), seed, unwanted=["close-up", "grassy meadow"]).values()
            for word in part
        ]
        assert "close-up" not in words and "grassy meadow" not in words


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("orange cat", "pet"), ("a cat", "pet"), ("eagle", "bird"), ("koi", "sea_animal"),
        ("tiger", "big_cat_or_beast"), ("frog", "reptile"), ("chinese dragon", "creature"), ("1girl", "person"),
        ("2girls", "people"), ("red apple", "food"), ("peking duck", "food"), ("cup of coffee", "food"),
        ("lotus", "plant"), ("castle", "building"), ("sports car", "vehicle"), ("snowy mountain", "landscape"),
        ("city", "city"), ("library", "place"), ("milky way", "sky"), ("book", "object"), ("red hanfu", "object"),
        ("love", "other"),
    ],
)  # fmt: skip
def test_the_kind_of_a_subject(tag: str, kind: str) -> None:
    from prompts.expand import _kind

    assert _kind([Fragment(tag)]).name == kind


def test_the_look_decides_about_light_and_lenses() -> None:
    for seed in range(10):
        assert "light" not in str(added(fragments("cat"), seed, look="flat").get("scene_detail", [])).replace(
            "even light", ""
        )
        assert added(fragments("cat"), seed, look="ink")["scene_detail"][0].split()[-1] in {"space", "texture"}


def test_the_demonstration_model_gets_only_what_it_knows() -> None:
    made = [added(fragments("cat"), seed, family="demo") for seed in range(20)]
    assert all(set(one) == {"scene_detail"} for one in made)
    assert added(fragments("cat", "red hat"), family="demo") == {}


def test_the_words_are_fit_for_a_prompt() -> None:
    colours = {
        "red",
        "blue",
        "green",
        "black",
        "white",
        "brown",
        "pink",
        "purple",
        "grey",
        "orange",
        "yellow",
        "golden",
    }
    tables = [kind.aspects for kind in _kinds()] + list(_looks().values())
    assert set(_looks()) == {"none", *LOOKS}
    for aspects in tables:
        for aspect, rows in aspects.items():
            assert rows
            for word in (word for row in rows for word in row):
                assert not CHINESE.search(word) and grammar.attention(word) == [(word, 1.0)]
                assert aspect not in ("detail", "composition") or not colours & set(word.split()), word


def test_the_demonstration_model_puts_nothing_on_a_beach() -> None:
    for seed in range(30):
        assert "background" in added(fragments("horse"), seed, family="demo")["scene_detail"][0]


@pytest.mark.parametrize(
    ("tag", "never"),
    [
        ("horse", ("beach", "snow", "room", "sea")), ("polar bear", ("grass", "forest", "garden")),
        ("penguin", ("leaves", "forest", "meadow")), ("camel", ("forest", "snow", "garden")),
        ("goldfish", ("grass", "room", "sky")), ("swan", ("room", "leaves")), ("cow", ("snow", "city", "room")),
        ("1girl", ("fur", "feathers")), ("snowy mountain", ("room", "fur", "eyes")), ("teapot", ("fur", "eyes", "sky")),
        ("love", ("fur", "eyes", "feathers", "beach")), ("galaxy", ("room", "grass")), ("castle", ("fur", "room")),
    ],
)  # fmt: skip
def test_the_filling_fits_the_subject(tag: str, never: tuple[str, ...]) -> None:
    for seed in range(60):
        said = " ".join(word for words in added(fragments(tag), seed).values() for word in words)
        assert not any(word in said.split() for word in never), said


def test_the_same_text_is_filled_up_alike() -> None:
    assert seed_of(fragments("orange cat")) == seed_of(fragments("orange cat")) != seed_of(fragments("cat"))


def test_everything_that_is_added_has_a_chinese_word() -> None:
    aspects = [*(kind.aspects for kind in _kinds()), *_looks().values(), _demo()]
    words = [word for each in aspects for rows in each.values() for row in rows for word in row]
    assert [word for word, chinese in zip(words, in_chinese(words), strict=True) if not CHINESE.search(chinese)] == []


def test_the_card_says_it_in_the_persons_language() -> None:
    values = {"words": "soft light, close-up", "words_zh": "柔光、特写"}
    assert "柔光、特写" in say("zh", "note.expanded", **values) and "soft" not in say("zh", "note.expanded", **values)
    assert "soft light, close-up" in say("en", "note.expanded", **values)
    assert "soft light" in say("zh", "note.expanded", words="soft light"), "of a picture from before there was Chinese"
