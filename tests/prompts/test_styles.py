import pytest

from engine.samplers import SAMPLERS
from prompts import grammar, styles
from prompts.errors import Refusal
from prompts.presets import excluded, key, phrases, speaking_against
from prompts.styles import GROUPS
from prompts.translate.chinese import CHINESE

ALL = list(styles.styles().values())


def test_there_are_styles_in_every_group() -> None:
    assert len(ALL) >= 60
    assert [group.name for group in styles.groups()] == list(GROUPS)
    assert all(len(group.styles) >= 8 for group in styles.groups())


@pytest.mark.parametrize("style", ALL, ids=[style.name for style in ALL])
def test_a_style_is_well_formed(style: styles.Style) -> None:
    assert CHINESE.search(style.zh) or style.zh == "C4D"
    assert not CHINESE.search(style.en) and style.aliases and style.positive and style.negative
    words = [*style.positive, *style.scene, *style.negative]
    for word in words:
        assert not CHINESE.search(word) and grammar.attention(word)[0][0] == word
    assert len({key(word) for word in words}) == len(words)
    options = style.options
    assert options.ratio and 0.5 <= options.ratio <= 2
    assert options.sampler in SAMPLERS
    assert options.steps and 20 <= options.steps <= 32


@pytest.mark.parametrize("style", ALL, ids=[style.name for style in ALL])
def test_a_style_does_not_speak_against_itself(style: styles.Style) -> None:
    own = [key(word) for word in (*style.positive, *style.scene)]
    spoken = {said: word for word in own for said in phrases(word)}
    assert not [word for word in style.negative if speaking_against(key(word), spoken)]
    assert not [word for word in own if excluded(word, own)]


def test_no_name_means_two_styles() -> None:
    called: dict[str, str] = {}
    for style in ALL:
        for name in (style.name, style.zh, style.en, *style.aliases):
            assert called.setdefault(name.casefold(), style.name) == style.name, name
            assert styles.find_style(name) is style


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("水墨", "ink-wash"),
        ("水墨画风格", "ink-wash"),
        ("水墨畫", "ink-wash"),
        ("Ink Wash", "ink-wash"),
        ("INK-WASH", "ink-wash"),
        ("賽博龐克", "cyberpunk"),
        ("pixel art style", "pixel-art"),
        ("3D", "3d-render"),
    ],
)
def test_a_style_is_found_by_any_of_its_names(text: str, name: str) -> None:
    assert styles.find_style(text).name == name


@pytest.mark.parametrize(("text", "near"), [("水彩笔画", "水彩"), ("watercolr", "Watercolor"), ("ukiyoo-e", "Ukiyo-e")])
def test_an_unknown_style_is_refused_with_the_nearest(text: str, near: str) -> None:
    assert styles.named(text) is None
    with pytest.raises(Refusal) as caught:
        styles.find_style(text)
    assert (caught.value.key, caught.value.values) == ("style.unknown", {"name": text, "near": near})


def test_search_finds_groups_and_words() -> None:
    assert [group.name for group in styles.search("国风")] == ["chinese"]
    assert {style.name for group in styles.search("neon") for style in group.styles} == {"cyberpunk"}
    assert sum(len(group.styles) for group in styles.search("")) == len(ALL)
    assert styles.search("qqqq") == ()


@pytest.mark.parametrize("language", ["zh", "zh-TW", "zh-HK", "en"])
def test_a_style_is_found_by_the_name_it_is_shown_under(language: str) -> None:
    lost = [one.called(language) for one in styles.styles().values() if styles.named(one.called(language)) is not one]
    assert lost == []
