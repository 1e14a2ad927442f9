"""What Chinese denies: the thing itself stays, and what is denied is unwanted or said by its opposite."""

from __future__ import annotations

import pytest

from prompts.translate.clause_reader import READER
from prompts.translate.denials import opposites
from prompts.translate.glossary import entries, lengths
from prompts.translate.glossary_translator import Glossary


def said(clause: str) -> str:
    """The tags of a clause, then behind a bar what it denies."""
    phrases = Glossary().translate(clause)
    sides = (", ".join(one.text for one in phrases if one.negative is negative) for negative in (False, True))
    return " | ".join(sides)


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("不高兴的老人", "unhappy elderly person | "),
        ("女孩不开心", "1girl, unhappy | "),
        ("不亮的灯笼", "unlit lantern | "),
        ("没点亮的蜡烛", "unlit candle | "),
        ("不太亮的房间", "dim room | "),
        ("不会飞的鸟", "flightless bird | "),
        ("没睡醒的狗", "dog, sleepy | "),
        ("还没睡的孩子", "child, awake | "),
        ("没有穿鞋的女孩", "1girl, barefoot | "),
        ("手里没拿东西的男孩", "1boy, empty-handed | "),
        ("没有关上的窗", "open window | "),
        ("没打开的门", "closed door | "),
        ("无边框眼镜", "rimless eyewear | "),
        ("没有边框的眼镜", "rimless eyewear | "),
        ("没有袖子的裙子", "sleeveless dress | "),
        ("不大的房子", "small house | "),
        ("不發光的燈", "unlit lamp | "),
        ("光线不要太强", "soft lighting | "),
    ],
)
def test_what_has_an_opposite_is_said_by_it(clause: str, tags: str) -> None:
    assert said(clause) == tags


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("没有叶子的树", "tree | leaf"),
        ("沒有葉子的樹", "tree | leaf"),
        ("没有草莓的蛋糕", "cake | strawberry"),
        ("没有红色的花的花园", "garden | red flower"),
        ("没有帽子和眼镜的女孩", "1girl | hat, glasses"),
        ("没打伞的女孩", "1girl | holding umbrella"),
        ("雨伞不要", " | umbrella"),
        ("雨伞和帽子都不要了", " | umbrella, hat"),
        ("背景行人不要", " | pedestrian"),
        ("背景不要", " | background"),
        ("水印去掉", " | watermark"),
        ("眼鏡不需要", " | glasses"),
        ("不笑的女孩", "1girl | smile"),
        ("女孩不笑", "1girl | smile"),
        ("不会游泳的鱼", "fish | swimming"),
        ("不吃鱼的猫", "cat | eating fish"),
        ("不穿红色衣服的女孩", "1girl | red clothes"),
        ("一朵不红的玫瑰", "rose | red"),
        ("没开花的树", "tree | blooming"),
        ("女孩没有帽子拿着花", "1girl, holding flower | hat"),
        ("女孩不看书在睡觉", "1girl, sleeping | reading"),
        ("没有星星没有月亮的夜空", "night sky | stars, moon"),
        ("没有人在看书的图书馆", "library, no humans | reading"),
        ("没人看的书", "book, no humans | looking"),
        ("睡不着的女孩", "1girl | sleeping"),
        ("不愿意洗澡的猫", "cat | bathing"),
        ("无水印文字的海报", "poster | watermark"),
        ("无纽扣衬衫", "shirt | buttons"),
        ("不要闭眼的女孩", "1girl | closed eyes"),
    ],
)
def test_the_thing_itself_stays(clause: str, tags: str) -> None:
    assert sorted(said(clause).split(" | ")[0].split(", ")) == sorted(tags.split(" | ")[0].split(", "))
    assert said(clause).split(" | ")[1] == tags.split(" | ")[1]


@pytest.mark.parametrize("clause", ["不要戴眼镜", "别穿红色的衣服", "不要不高兴", "不要红色的帽子"])
def test_a_refusal_goes_to_the_end_of_its_clause(clause: str) -> None:
    assert all(phrase.negative for phrase in READER.read(clause, entries(), lengths()))


@pytest.mark.parametrize("clause", ["不要没有帽子", "没有不戴帽子的人"])
def test_what_is_denied_twice_is_to_be_seen(clause: str) -> None:
    assert "hat" in said(clause).split(" | ")[0]


@pytest.mark.parametrize("clause", ["不仅有猫还有狗", "不管是猫还是狗", "不得不爱的猫和狗"])
def test_some_words_only_look_like_a_denial(clause: str) -> None:
    assert said(clause).startswith("cat, dog") and said(clause).endswith("| ")


@pytest.mark.parametrize("words", ["不要", "没有", "没有帽子", "不是猫", "没", "不", "不要没有"])
def test_any_number_of_denials_is_read(words: str) -> None:
    assert all(phrase.negative or phrase.text for phrase in READER.read(words * 500, entries(), lengths()))


def test_every_word_with_an_opposite_is_read_so() -> None:
    for word, entry in opposites().items():
        assert entry.tag in said(f"没有{word}").split(" | ")[0], word
