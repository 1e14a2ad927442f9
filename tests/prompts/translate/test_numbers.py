"""Numbers: what they count, in which words, and what they say with a unit."""

from __future__ import annotations

import pytest

from prompts.translate.glossary_translator import Glossary
from prompts.translate.numbers import plural, pluralised


@pytest.mark.parametrize(
    ("clause", "first"),
    [
        ("五个穿红衣服的小孩", "five children"),
        ("三個穿紅衣服的小孩", "three children"),
        ("两个在草地上奔跑的小狗", "two puppies"),
        ("一群在天空飞的鸟", "group of birds"),
        ("三个可爱的穿红裙的女孩", "3girls"),
        ("一排穿制服的学生", "row of students"),
        ("三十只蝴蝶", "thirty butterflies"),
        ("小丑鱼三条", "three clownfish"),
        ("红玫瑰七朵", "seven red roses"),
        ("苹果两个", "two apples"),
        ("九十九朵玫瑰", "ninety-nine roses"),
        ("十一只猫", "eleven cats"),
        ("一百零八个和尚", "108 monks"),
        ("100只猫", "100 cats"),
        ("几十只鸟", "dozens of birds"),
        ("上百只鸽子", "hundreds of pigeons"),
        ("成千上万的灯笼", "thousands of lanterns"),
        ("成群的羊", "group of sheep"),
        ("一排排房子", "rows of houses"),
        ("两三个孩子", "two or three children"),
        ("十几只猫", "a dozen cats"),
        ("二十多个气球", "over twenty balloons"),
        ("不少人", "many people"),
        ("三双鞋", "three pairs of shoes"),
        ("一筐苹果", "basket of apples"),
        ("一摞书", "stack of books"),
        ("两盆绿萝", "two potted pothos"),
        ("两个美女", "2girls"),
        ("一群美少女", "multiple girls"),
        ("三四个女孩", "multiple girls"),
        ("3/4侧脸", "three-quarter view"),
        ("24小时便利店", "24-hour convenience store"),
        ("二十四小时便利店", "24-hour convenience store"),
        ("16:9屏幕", "16:9 monitor"),
        ("1920年代的街道", "1920s street"),
        ("三层小楼", "3-story small building"),
    ],
)
def test_a_number_is_read_whole_and_counts_its_own_noun(clause: str, first: str) -> None:
    assert Glossary().translate(clause)[0].text == first


@pytest.mark.parametrize("clause", ["三点透视", "八卦图", "三花猫", "十字路口", "千纸鹤", "九尾狐", "三轮车", "七分袖"])
def test_a_word_with_a_number_in_it_is_one_word(clause: str) -> None:
    [phrase] = Glossary().translate(clause)
    assert not phrase.text.startswith(("three ", "eight ", "ten ", "a thousand ", "nine ", "seven "))


@pytest.mark.parametrize(
    ("words", "many"),
    [
        ("two bodyguard", "two bodyguards"),
        ("dozens of sheep", "dozens of sheep"),
        ("thirty-five box", "thirty-five boxes"),
        ("21 years old", "21 years old"),
        ("red bodyguard", "red bodyguard"),
    ],
)
def test_what_was_counted_before_it_was_known_is_many_all_the_same(words: str, many: str) -> None:
    assert pluralised(words) == many


def test_irregular_plurals() -> None:
    assert [plural(one) for one in ("puppy", "child", "row of house")] == ["puppies", "children", "rows of house"]


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("两个红裙女孩", ["red dress", "2girls"]),
        ("三个白衣少年", ["white clothes", "3boys"]),
        ("两个长发女孩", ["long hair", "2girls"]),
        ("兩個旗袍女子", ["cheongsam", "2girls"]),
        ("五个制服警察", ["uniform", "five police officers"]),
        ("两条红裙子", ["two red dresses"]),
    ],
)
def test_people_are_counted_and_not_what_they_wear(clause: str, tags: list[str]) -> None:
    assert sorted(phrase.text for phrase in Glossary().translate(clause)) == sorted(tags)
