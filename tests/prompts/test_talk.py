"""What is said to the painter is no tag, and what is said of the picture stays."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from prompts.errors import Refusal
from prompts.talk import without_talk
from prompts.translate.translator import Translator
from tests.prompts.own import own_of as own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("大佬帮忙跑一张女孩", ["1girl"]),
        ("老师好，能画一只猫吗", ["cat"]),
        ("老師好，能畫一隻貓嗎", ["cat"]),
        ("求大佬画一个蓝发少女，谢谢！", ["blue hair", "1girl"]),
        ("麻烦大佬整一张雪山", ["snowy mountain"]),
        ("机器人，给我画一只狗", ["dog"]),
        ("@bot 画只猫", ["cat"]),
        ("亲，画个小狗呗", ["puppy"]),
        ("老铁来一张赛博朋克城市", ["cyberpunk city"]),
        ("好棒啊，画一只狗", ["dog"]),
        ("一只猫，谢谢老师", ["cat"]),
        ("一只猫，拜托了", ["cat"]),
        ("can you draw a cat for me, please", ["a cat"]),
        ("a cat, thanks!", ["a cat"]),
        ("一只猫^_^", ["cat"]),
        ("一只猫 (｡･ω･｡)", ["cat"]),
        ("一只猫 (≧▽≦) 谢谢", ["cat"]),
        ("一只猫QAQ", ["cat"]),
        ("一隻貓 T_T", ["cat"]),
        ("女孩 ヽ(✿ﾟ▽ﾟ)ノ", ["1girl"]),
        ("a cat :)", ["a cat"]),
        ("a cat (^_^)", ["a cat"]),
    ],
)
def test_what_is_said_to_the_painter_is_no_tag(text: str, said: list[str], translators: Sequence[Translator]) -> None:
    assert own(text, translators) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("机器人画一只猫", "robot"),
        ("机器人，给老人倒茶", "robot"),
        ("老师，黑板，教室", "teacher"),
        ("老师", "teacher"),
        ("女孩，好看", "beautiful"),
        ("来一张床", "bed"),
        ("一杯咖啡", "cup of coffee"),
        ("女孩(微笑)", "(smile:1.1)"),
        ("(口)", "(mouth:1.1)"),
        ("1girl, (smile:1.2)", "(smile:1.2)"),
        ("跑步的女孩", "running"),
        ("做饭的妈妈", "cooking"),
    ],
)
def test_the_same_words_about_the_picture_stay(text: str, said: str, translators: Sequence[Translator]) -> None:
    assert said in own(text, translators)


@pytest.mark.parametrize(
    "text",
    ["谢谢老师", "帮我画", "大佬帮忙跑一张", "来张图", "再来一张", "666", "(｡･ω･｡)", "draw me something"],
)
def test_nothing_but_talk_names_nothing_to_draw(text: str, translators: Sequence[Translator]) -> None:
    with pytest.raises(Refusal) as refusal:
        own(text, translators)
    assert refusal.value.key == "prompt.empty"


@pytest.mark.parametrize("text", ["请" * 4000, "大佬" * 2000, "(^" * 2000, "谢谢，" * 1300, "o(" * 2000, "哈" * 4000])
def test_a_hostile_text_takes_linear_time(text: str) -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        without_talk(text)
        return time.process_time() - start

    # Four times the text may take some more than four times as long; squared it would be sixteen times.
    assert seconds(text) < 10 * max(seconds(text[: len(text) // 4]), 0.02)
