import pytest

from prompts import grammar
from prompts.presets import LOOKS, clashes, contradictions, excluded, look_of, preset
from prompts.translate.chinese import CHINESE

FAMILIES = ("sd15", "sdxl", "pony", "illustrious", "noobai", "animagine", "demo")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("look", [None, *LOOKS])
def test_every_family_has_a_preset_for_every_look(family: str, look: str | None) -> None:
    made = preset(family, look)  # type: ignore[arg-type]
    assert made.quality and made.negative
    for text in (*made.quality, *made.negative):
        assert not CHINESE.search(text) and len(grammar.pieces(text)[0]) == 1 and not grammar.pieces(text)[1]


def test_families_have_their_own_ways() -> None:
    assert preset("pony").quality[0] == "score_9"
    assert len(preset("sdxl").negative) < len(preset("sd15").negative) / 2
    assert "photorealistic" in preset("sd15", "photo").quality
    assert "photorealistic" in preset("sd15", "anime").negative
    assert preset("nobody's") == preset("") == preset("looks") == preset("contradictions")


@pytest.mark.parametrize(
    ("tags", "look"),
    [
        (["cat", "food photography"], "photo"),
        (["a photo of a cat"], "photo"),
        (["1girl", "anime"], "anime"),
        (["ink wash painting"], "ink"),
        (["pixel art"], "flat"),
        (["cat", "watercolor"], None),
    ],
)
def test_words_tell_the_look(tags: list[str], look: str | None) -> None:
    assert look_of(tags) == look


def test_tags_that_cannot_both_be() -> None:
    assert clashes(["day", "cat", "night"]) == [("day", "night")]
    assert clashes(["indoors", "outdoors", "full body", "close-up"]) == [
        ("indoors", "outdoors"),
        ("full body", "close-up"),
    ]
    assert clashes(["spring", "summer", "sitting", "standing"]) == []  # the doctor asks
    assert excluded("night", ["day"]) and excluded("sitting", ["standing"]) and not excluded("cat", ["dog"])


def test_every_contradiction_is_of_a_negative_that_is_used() -> None:
    from prompts.styles import styles

    used = {
        piece.text
        for f in FAMILIES
        for look in (None, *LOOKS)
        for t in preset(f, look).negative
        for piece in grammar.pieces(t)[0]
    }  # type: ignore[arg-type]
    used |= {text for style in styles().values() for text in style.negative}
    assert contradictions().keys() - used == {"photorealistic", "colorful", "dark", "bright"} - used
