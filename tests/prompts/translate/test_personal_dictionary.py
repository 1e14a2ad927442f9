"""Somebody's own dictionary: its words win, wherever they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Fragment
from prompts.translate.chain import chain, word_by_word
from prompts.translate.chinese import CHINESE
from prompts.translate.personal_dictionary import ENGLISH, WORD, PersonalDictionary, checked, key, with_personal
from prompts.translate.translator import Translator
from tests.properties import tried

WORDS = {
    "天青色": "celadon",
    "小红": "1girl, red hair, freckles",
    "甘雨": "ganyu (genshin impact)",
    "猫": "maine coon cat",
    "瓔珞": "yingluo necklace",
    "OC狐": "my fox",
}


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> tuple[Translator, ...]:
    return chain(tmp_path_factory.mktemp("cache"))


async def said(text: str, translators: tuple[Translator, ...]) -> list[Fragment]:
    prompt, _ = await compose(text, translators=with_personal(WORDS, translators), family="")
    return [*prompt.fragments, *prompt.negatives]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("天青色", ["celadon"]),
        ("天青色的裙子", ["celadon dress"]),
        ("一个穿着天青色汉服的女孩", ["1girl", "celadon hanfu"]),
        ("女孩的头发是天青色的", ["1girl", "celadon hair"]),
        ("小红，雪山", ["1girl", "red hair", "freckles", "snowy mountain"]),
        ("甘雨", [r"ganyu \(genshin impact\)"]),
        ("三只猫", ["three maine coon cats"]),
        ("一隻貓", ["maine coon cat"]),
        ("戴著璎珞", ["wearing yingluo necklace"]),
        ("oc狐", ["my fox"]),
        ("一只狗，不要猫", ["dog", "maine coon cat"]),
        ("[猫:狗:0.5]", ["[maine coon cat:dog:0.5]"]),
    ],
)
async def test_they_win_inside_clauses(text: str, tags: list[str], words: tuple[Translator, ...]) -> None:
    assert [fragment.text for fragment in await said(text, words)] == tags


async def test_a_single_sign_leaves_longer_words_alone(words: tuple[Translator, ...]) -> None:
    alone, _ = await compose("一只橘猫", translators=words, family="")
    mine, _ = await compose("一只橘猫", translators=with_personal(WORDS, words), family="")
    assert mine.fragments == alone.fragments


@tried(60)
@given(
    st.lists(
        st.sampled_from([*WORDS, "的", "穿着", "不要", "囫囵", "\ue000", " ", "a", "𠮷", "红色", "在", "上"]),
        max_size=12,
    )
)
def test_any_clause_has_an_answer(words: tuple[Translator, ...], pieces: list[str]) -> None:
    clause = "".join(pieces)
    phrases, _ = word_by_word(clause, with_personal(WORDS, words))
    said = " ".join(phrase.text for phrase in phrases)
    assert "\ue000" not in said or not CHINESE.search(clause)
    sources = "".join(phrase.source for phrase in phrases)
    assert set(sources) <= set(clause) | {" "}


async def test_where_a_word_came_from_is_shown(words: tuple[Translator, ...]) -> None:
    celadon, snow = await said("(天青色漢服:1.2)，雪山", words)
    assert (celadon.origin, celadon.source, celadon.weight) == ("person", "天青色漢服", 1.2)
    assert (snow.origin, snow.source) == ("glossary", "雪山")


async def test_the_longest_word_wins(words: tuple[Translator, ...]) -> None:
    mine = with_personal({"天青": "azure", "天青色": "celadon", "色": "colour"}, words)
    prompt, _ = await compose("天青色，天青", translators=mine, family="")
    assert prompt.positive == "celadon, azure"


async def test_what_is_not_theirs_is_untouched(words: tuple[Translator, ...]) -> None:
    text = "一个穿着红色汉服的女孩站在樱花树下，\ue000\ue000\ue000天青色\ue001"
    alone, _ = await compose(text.partition("，")[0], translators=words, family="")
    mine, _ = await compose(text, translators=with_personal(WORDS, words), family="")
    assert "celadon" in mine.positive and not CHINESE.search(mine.positive) and "\ue000" not in mine.positive
    assert [fragment for fragment in mine.fragments if fragment.text != "celadon"] == list(alone.fragments)
    assert with_personal({}, words) == words


def test_forms_of_a_word_are_one() -> None:
    assert key("漢 服") == key("汉服") == "汉服"
    assert key("ＯＣ狐") == "oc狐"
    assert PersonalDictionary({"漢服": "x"}).translate("汉服")[0].text == "x"


@pytest.mark.parametrize("word", ["", "cat", "红，蓝", "a" * 3 + "红" * WORD, "<红>", "红\ue000", "(红)"])
def test_what_is_no_word(word: str) -> None:
    with pytest.raises(Refusal, match=r"dictionary\.word"):
        checked(word, "red")


@pytest.mark.parametrize(
    "english", ["", "红", ", ,", "a\ue000", "<lora:x:1>", "[a]", "a|b", "a:1.2", "{a}", "x" * (ENGLISH + 1)]
)
def test_what_is_no_english(english: str) -> None:
    with pytest.raises(Refusal, match=r"dictionary\.english"):
        checked("红", english)


def test_what_is_kept_is_tidy() -> None:
    assert checked(" 天青 色 ", " celadon ，  pale  green,") == ("天青色", "celadon, pale green")
