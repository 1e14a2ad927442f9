"""What people in Taiwan and Hong Kong call things, in either script."""

from collections.abc import Sequence

import opencc
import pytest

from prompts.translate.chain import word_by_word
from prompts.translate.chinese import CHINESE, _aliases, readings, sign_by_sign, simplified
from prompts.translate.glossary import entries
from prompts.translate.translator import Translator


def test_there_are_many_and_each_leads_to_a_word_of_ours() -> None:
    words = _aliases().words
    assert sum(theirs != ours for theirs, ours in words.items()) >= 400
    assert all(simplified(ours) == ours for ours in words.values())
    known = [ours for theirs, ours in words.items() if ours.lower() in entries() or len(theirs) == 1]
    assert len(known) > 0.95 * len(words)


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("公車站", "bus stop"),
        ("公车站", "bus stop"),
        ("機車騎士", "motorcyclist"),
        ("解析度很高", "highres"),
        ("穿洋裝的老闆娘", "female shop owner, dress"),
        ("在便利商店買便當", "convenience store, buying bento"),
        ("打領呔的男人", "necktie, 1boy"),
        ("的士司機", "taxi driver"),
        ("士多啤梨", "strawberry"),
        ("睇書嘅女仔", "1girl, reading"),
        ("冷氣機", "air conditioner"),
        ("土豆", "potato"),
        ("土豆湯", "peanut soup"),
        ("系着围裙的女孩", "1girl, apron"),
        ("衞星", "satellite"),
    ],
)
def test_words_of_taiwan_and_hong_kong(clause: str, tags: str, translators: Sequence[Translator]) -> None:
    said = [phrase.text for phrase in word_by_word(clause, translators)[0]]
    assert ", ".join(said) == tags and not CHINESE.search(tags)


def test_simplified_text_of_the_mainland_stays_as_it_is() -> None:
    for text in ("土豆", "手机", "系统", "沙发上的猫", "摩托车", ""):
        assert readings(text) == (text,)


def test_no_word_of_the_glossary_is_cut_by_one_that_stands_in_it() -> None:
    known = set(entries())
    to_traditional = opencc.OpenCC("s2t")
    for word in known:
        if _aliases().anywhere.search(word):
            said = readings(to_traditional.convert(word))[0]
            assert said == word or said in known, (word, said)
    assert readings("洛可可時代") == ("洛可可时代",)  # also in front of a word that we do not have


@pytest.mark.parametrize("text", ["女仆，咖啡厅", "穿黑色皮夹克的男人", "公车站", "一只猫"])
def test_what_is_simplified_stays_so_sign_by_sign(text: str) -> None:
    assert sign_by_sign(text) == text
