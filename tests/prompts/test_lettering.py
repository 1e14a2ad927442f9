"""Words that are to be read in the picture: kept in quotes and in their script, and told of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from prompts.compose import compose
from prompts.prompt import Prompt
from prompts.translate.translator import Translator
from tests.prompts.own import own


def read(text: str, translators: Sequence[Translator]) -> Prompt:
    return asyncio.run(compose(text, translators=translators))[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("写着“欢迎光临”的招牌", 'signboard with the text "欢迎光临"'),
        ("“欢迎光临”的招牌", 'signboard with the text "欢迎光临"'),
        ("「歡迎光臨」的木牌", 'wooden sign with the text "歡迎光臨"'),
        ("“酒”的红灯笼", 'red lantern with the text "酒"'),
        ("招牌上写着「歡迎」", 'signboard with the text "歡迎"'),
        ("招牌写着“你好，世界”", 'signboard with the text "你好，世界"'),
        ("写着“福”字的灯笼", 'lantern with the text "福"'),
        ("蛋糕上写着'生日快乐'", 'cake with the text "生日快乐"'),
        ("T恤上印着“我爱北京”", 't-shirt with the text "我爱北京"'),
        ("旗帜上绣着『忠』", 'flag with the text "忠"'),
        ("女孩举着写有“加油”的牌子", 'holding sign with the text "加油"'),
        ("带有文字“高清 2张”的卡片", 'card with the text "高清 2张"'),
        ("一块木牌，上面写着“小心恶犬”", 'wooden sign with the text "小心恶犬"'),
        ("写着OPEN的招牌", 'signboard with the text "OPEN"'),
        ("灯笼上写着福字", 'lantern with the text "福"'),
        ("(写着“欢迎光临”的招牌:1.3)", '(signboard with the text "欢迎光临":1.3)'),
        ("文字“你好”", 'text "你好"'),
        ("男孩说：“你好”", 'speech bubble with the text "你好"'),
        ('a sign that says "OPEN"', 'a sign that says "OPEN"'),
        ('a sign that says "Hello, (my) world"', 'a sign that says "Hello, \\(my\\) world"'),
        ("a sign saying 'OPEN'", 'a sign saying "OPEN"'),
        ('a shop sign that reads "歡迎光臨"', 'a shop sign that reads "歡迎光臨"'),
    ],
)
def test_words_to_be_read_stay_as_they_are(text: str, said: str, translators: Sequence[Translator]) -> None:
    prompt = read(text, translators)
    assert said in own(prompt)
    assert {note.key for note in prompt.notes} >= {"note.lettering"}
    assert not {"note.untranslated", "note.dictionary"} & {note.key for note in prompt.notes}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("“猫”", "cat"),
        ("“一个女孩在雨中”", "1girl"),
        ("“水墨”风格的山水", "ink wash painting"),
        ("《红楼梦》的海报", "poster"),
        ('"a cat"', '"a cat"'),
        ("写作业的男孩", "1boy"),
        ("桌上写着信的女孩", "1girl"),
    ],
)
def test_other_quotes_and_other_writing_are_read_as_ever(
    text: str, said: str, translators: Sequence[Translator]
) -> None:
    prompt = read(text, translators)
    assert said in own(prompt)
    assert "note.lettering" not in {note.key for note in prompt.notes}


def test_a_sign_beside_a_person_keeps_its_words(translators: Sequence[Translator]) -> None:
    assert own(read('a girl holding a sign that says "HELP ME" in the rain', translators)) == [
        'a girl holding a sign that says "HELP ME"',
        "in the rain",
    ]


def test_the_source_is_what_was_written(translators: Sequence[Translator]) -> None:
    prompt = read("一只猫，写着“欢迎光临”的招牌", translators)
    assert [one.source for one in prompt.fragments if "欢迎" in one.text] == ["写着“欢迎光临”的招牌"]


def test_what_is_not_to_be_written_is_denied(translators: Sequence[Translator]) -> None:
    prompt = read("招牌 --no 文字“免费”", translators)
    assert 'text "免费"' in [one.text for one in prompt.negatives]


def test_signs_for_private_use_in_a_text_are_left_alone(translators: Sequence[Translator]) -> None:
    assert own(read("\ue000, 写着“福”的灯笼", translators))[-1] == 'lantern with the text "福"'


def test_more_letterings_than_there_are_signs(translators: Sequence[Translator]) -> None:
    assert read("文字“福”，" * 300, translators).fragments
