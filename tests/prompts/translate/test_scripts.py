import asyncio
from collections.abc import Sequence

import pytest

from prompts.compose import compose
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.translate.personal_dictionary import with_personal
from prompts.translate.scripts import unread, without_unread
from prompts.translate.translator import Translator


def composed(text: str, translators: Sequence[Translator]) -> Prompt:
    return asyncio.run(compose(text, translators=translators, family=""))[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("アニメ風の女の子", ["アニメ"]),
        ("猫と犬", ["と"]),
        ("한국 전통 의상을 입은 소녀", ["한국 전통 의상을 입은 소녀"]),
        ("кот в шляпе, red hat", ["кот в шляпе"]),
        ("แมวน้อย", ["แมวน้อย"]),
        ("قطة بيضاء", ["قطة بيضاء"]),
        ("少女の部屋", []),
        ("café, naïve girl, señora", []),
        ("(´・ω・`), ¯\\_(ツ)_/¯, Ω", []),
        ('招牌写着"こんにちは"', []),
    ],
)
def test_words_of_other_scripts(text: str, words: list[str]) -> None:
    assert unread(text) == words
    assert not unread(without_unread(text))


@pytest.mark.parametrize("text", ["可爱ガール", "女孩，さくら，红裙", "red hat, кот в шляпе", "[さくら:猫:0.5]"])
def test_what_is_not_understood_is_named_and_left_out(text: str, translators: Sequence[Translator]) -> None:
    prompt = composed(text, translators)
    assert not unread(prompt.positive)
    [note] = [note for note in prompt.notes if note.key == "note.untranslated"]
    assert str(note.values["words"]) in text


def test_nothing_but_another_script_is_refused_by_its_words(translators: Sequence[Translator]) -> None:
    with pytest.raises(Refusal) as refused:
        composed("고양이", translators)
    assert refused.value.key == "prompt.not_understood" and refused.value.values["words"] == "고양이"


def test_a_persons_own_word_and_a_network_stay(translators: Sequence[Translator]) -> None:
    own = with_personal({"初音ミク": "hatsune miku"}, translators)
    prompt = composed("初音ミク站着，<lora:さくら:0.7>", own)
    assert "hatsune miku" in prompt.positive and [lora.name for lora in prompt.loras] == ["さくら"]
    assert not [note for note in prompt.notes if note.key == "note.untranslated"]
