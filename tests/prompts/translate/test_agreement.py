"""Which translations of a clause are taken: those that say what the words are sure of and deny what they deny."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompts.translate.agreement import agrees
from prompts.translate.chain import chain, word_by_word
from prompts.translate.chinese import traditional
from prompts.translate.glossary_translator import Glossary
from prompts.translate.sentences import answered

TAKEN = (
    ("盖被子的婴儿", "baby under a blanket"),
    ("打瞌睡", "dozing"),
    ("蓝色百褶短裙", "short blue pleated skirt"),
    ("五个穿红衣服的小孩", "five kids in red clothing"),
    ("撑着油纸伞的姑娘站在断桥上", "a young woman with an oil-paper umbrella standing on a broken bridge"),
    ("猫咪趴在窗台上晒太阳", "a cat lying on the windowsill basking in the sun"),
    ("少女踮起脚尖够书架上的书", "a girl on tiptoe reaching for a book on the shelf"),
    ("没有叶子的树", "a tree without leaves"),
    ("没有叶子的树", "a leafless tree"),
    ("没有戴帽子的男孩在雨中奔跑", "a bareheaded boy running in the rain"),
    ("画面里不要出现文字和水印", "no text, no watermark"),
    ("没有人的空荡荡的教室", "an empty classroom with nobody"),
    ("无边框眼镜", "rimless eyewear"),
)
LEFT = (
    ("撑着油纸伞的姑娘站在断桥上", "a girl on a bridge"),  # the umbrella is lost
    ("一只橘猫蜷缩在毛线球旁边", "an orange cat"),
    ("没有叶子的树", "a tree with leaves"),  # turned round
    ("没有叶子的树", "a tree"),  # the denial is lost
    ("没有戴帽子的男孩在雨中奔跑", "a boy in a hat running in the rain"),
    ("没有人的空荡荡的教室", "an empty classroom with people"),
    ("画面里不要出现文字和水印", "text and watermark appear"),
    ("画面里不要出现文字和水印", "no text"),
    ("戴着草帽的农民在田里插秧", "a farmer without a straw hat transplanting rice"),  # denied, which nobody did
    ("戴着草帽的农民在田里插秧", "a straw hat, a farmer, no seedlings"),
)


@pytest.fixture(scope="module")
def glossary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def taken(folder: Path, clause: str, answer: str) -> bool:
    translators = chain(folder)
    words, _ = word_by_word(clause, translators)
    assert isinstance(translators[0], Glossary)
    said = answered(answer, clause, "argos")
    return bool(said) and agrees(said, words, translators[0].sure(clause), clause)


@pytest.mark.parametrize(("clause", "answer"), TAKEN)
def test_what_keeps_all_that_is_sure_is_taken(glossary: Path, clause: str, answer: str) -> None:
    assert taken(glossary, clause, answer)
    assert taken(glossary, traditional(clause), answer)


@pytest.mark.parametrize(("clause", "answer"), LEFT)
def test_what_loses_something_or_turns_a_denial_round_is_not(glossary: Path, clause: str, answer: str) -> None:
    assert not taken(glossary, clause, answer)
    assert not taken(glossary, traditional(clause), answer)
