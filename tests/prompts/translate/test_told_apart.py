"""Sentences in which two are told apart, made one, or put side by side; hours, eyes, and how things have become."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from prompts.translate.glossary_translator import Glossary
from prompts.translate.translator import Translator
from tests.prompts.own import own_of


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("两个女孩，一个穿红裙子，一个穿蓝裙子", "2girls, girl wearing red dress, girl wearing blue dress"),
        ("兩個女孩，一個穿紅裙子，另一個穿藍裙子", "2girls, girl wearing red dress, girl wearing blue dress"),
        ("两个女孩，一个红头发一个蓝头发", "2girls, girl with red hair, girl with blue hair"),
        ("两个男孩，一个高一个矮", "2boys, tall boy, short boy"),
        ("一个穿红裙子的女孩和一个穿蓝裙子的女孩", "2girls, girl wearing red dress, girl wearing blue dress"),
        ("穿西装的男人和穿婚纱的女人", "1boy, 1girl, boy wearing suit, girl wearing wedding dress"),
        ("戴眼镜的老师和穿校服的学生", "teacher wearing glasses, student wearing school uniform"),
        ("两只猫，一只黑色，另一只白色", "two cats, black cat, white cat"),
        ("一只猫是黑的，另一只是白的", "black cat, white cat"),
        ("猫，眼睛一蓝一黄", "cat, heterochromia, blue eyes, yellow eyes"),
        ("一只眼睛蓝色，另一只绿色", "heterochromia, blue eyes, green eyes"),
    ],
)
def test_each_of_two_keeps_what_is_its_own(text: str, tags: str, translators: Sequence[Translator]) -> None:
    assert ", ".join(own_of(f"{text} --plain", translators)) == tags


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("猫左边是狗右边是兔子", "cat, dog to the left of cat, rabbit to the right of cat"),
        ("左边是猫右边是狗", "cat on the left, dog on the right"),
        ("中间是猫左边是狗右边是兔子", "cat in the middle, dog on the left, rabbit on the right"),
        ("把猫和狗合在一起", "hybrid of cat and dog"),
        ("狮子和鹰的结合体", "hybrid of lion and eagle"),
        ("貓與龍的融合", "hybrid of cat and dragon"),
        ("左眼蓝色右眼金色", "heterochromia, blue left eye, golden right eye"),
        ("左眼藍右眼綠的貓", "heterochromia, blue left eye, green right eye, cat"),
        ("左眼是红色", "red left eye"),
        ("街道两边的树", "on both sides of street, tree"),
        ("塞尚的画风", "paul cezanne style"),
        ("漫画style", "manga style"),
    ],
)
def test_what_stands_side_by_side(clause: str, tags: str) -> None:
    said = [phrase.text for phrase in Glossary().translate(clause)]
    assert sorted(said) == sorted(tags.split(", "))


@pytest.mark.parametrize(
    ("clause", "tags"),
    [
        ("三点半", "half past three"),
        ("九点一刻", "quarter past nine"),
        ("七点三刻", "quarter to eight"),
        ("晚上十点", "night, ten o'clock"),
        ("三十年代", "1930s"),
        ("头发都湿了", "wet hair"),
        ("头发染成绿色", "green hair"),
        ("頭髮染成綠色", "green hair"),
        ("天空灰蒙蒙", "grey sky"),
        ("花瓶碎了", "broken vase"),
        ("蜡烛全灭了", "unlit candle"),
        ("三分之二身", "cowboy shot"),
    ],
)
def test_hours_and_how_things_have_become(clause: str, tags: str) -> None:
    assert ", ".join(phrase.text for phrase in Glossary().translate(clause)) == tags


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("一个老爷爷在公园下象棋，对面没有人", "old man"),
        ("地铁车厢空无一人，只有一个女孩", "1girl"),
    ],
)
def test_nobody_else_is_there(text: str, wanted: str, translators: Sequence[Translator]) -> None:
    said = own_of(text, translators)
    assert wanted in said
    assert "no humans" not in said


def test_what_stands_beside_is_around_it(translators: Sequence[Translator]) -> None:
    said = own_of("一个男人站在路边，旁边停着一辆摩托车", translators)
    assert said.index("motorcycle") > said.index("roadside")
