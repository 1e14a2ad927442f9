"""Verbs of daily life, with what they are done to."""

from collections.abc import Sequence

import pytest

from prompts.translate.chain import word_by_word
from prompts.translate.senses import doing
from prompts.translate.translator import Translator


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("拉着马的牧民", "herdsman, leading horse"),
        ("拉小提琴的女孩", "1girl, playing violin"),
        ("拉着红色窗帘", "drawing red curtains"),
        ("打红领带的男人", "1boy, red necktie"),
        ("打着红伞的女人", "1girl, holding red umbrella"),
        ("打怪兽的奥特曼", "ultraman, fighting monster"),
        ("吹长笛的少年", "1boy, playing flute"),
        ("吹灭蜡烛", "blowing out candles"),
        ("开卡车的司机", "driver, driving truck"),
        ("盖着毯子", "under covers"),
        ("盖着红色毛毯的婴儿", "baby, under red blanket"),
        ("光着脚", "barefoot"),
        ("打瞌睡", "dozing"),
        ("扛着锄头的农民", "farmer, carrying hoe"),
        ("舔着冰淇淋的小孩", "child, licking ice cream"),
        ("挖土豆", "digging potato"),
        ("投掷长矛", "throwing spear"),
        ("倒牛奶", "pouring milk"),
        ("养金鱼", "raising goldfish"),
        ("烤玉米", "roasted corn"),
    ],
)
def test_verbs(clause: str, tags: str, translators: Sequence[Translator]) -> None:
    assert ", ".join(phrase.text for phrase in word_by_word(clause, translators)[0]) == tags


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("burn incense", "burning incense"),
        ("stir", "stirring"),
        ("make tea", "making tea"),
        ("lie down", "lying down"),
        ("see a doctor", "seeing a doctor"),
        ("draw", "drawing"),
        ("quit", "quitting"),
        ("begin", "beginning"),
        ("fix", "fixing"),
        ("harvest", "harvesting"),
    ],
)
def test_a_verb_of_the_dictionary_is_said_as_it_is_drawn(verb: str, said: str) -> None:
    assert doing(verb) == said
