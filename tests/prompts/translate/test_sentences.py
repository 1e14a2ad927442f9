"""Translators of sentences: asked in turn, judged, remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from prompts.compose import compose
from prompts.prompt import Note, Origin
from prompts.translate.chain import chain
from prompts.translate.personal_dictionary import with_personal
from prompts.translate.sentences import CachedTranslator, sound, trusted, whole_clause
from prompts.translate.translator import EVERY_LANGUAGE, Translator, Unavailable


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dictionary takes seconds to be made: once for all."""
    return tmp_path_factory.mktemp("cache")


class Says:
    """A translator that says one thing, or that it cannot."""

    sentences: Literal[True] = True
    languages = EVERY_LANGUAGE

    def __init__(self, english: str | Note | None, origin: Origin = "argos") -> None:
        self.name = f"{origin} 1"
        self.origin: Origin = origin
        self.asked: list[str] = []
        self.said = english

    async def english(self, clause: str) -> str:
        self.asked.append(clause)
        if not isinstance(self.said, str):
            raise Unavailable(self.said)
        return self.said

    async def close(self) -> None:
        pass


class Notebook:
    """A memory in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def recall(self, translator: str, text: str) -> str | None:
        return self.kept.get((translator, text))

    async def keep(self, translator: str, text: str, english: str) -> None:
        self.kept[translator, text] = english


async def test_the_first_that_can_be_trusted_is_taken() -> None:
    silent, wrong, right, spare = Says(""), Says("a 猫"), Says("A cat, in the forest."), Says("never asked")
    reading = await whole_clause("森林裡的貓", [silent, wrong, right, spare])
    assert [phrase.text for phrase in reading.phrases] == ["a cat", "in the forest"]
    assert {phrase.source for phrase in reading.phrases} == {"森林裡的貓"}
    assert right.asked == ["森林里的猫"]  # both scripts are one question
    assert spare.asked == []


async def test_one_that_fails_is_named_and_the_next_is_asked() -> None:
    note = Note("note.service_slow", {"host": "h", "seconds": "1"})
    reading = await whole_clause("囫囵", [Says(note, "service"), Says("whole")])
    assert [(phrase.text, phrase.origin) for phrase in reading.phrases] == [("whole", "argos")]
    assert reading.notes == (note,)
    assert await whole_clause("囫囵", [Says(None, "service")]) == await whole_clause("囫囵", [])


async def test_a_failure_is_a_note_of_the_prompt(cache: Path) -> None:
    note = Note("note.service_slow", {"host": "h", "seconds": "1"})
    words = chain(cache)
    prompt, _ = await compose("囫囵饕餮耄耋", translators=(words[0], Says(note), words[-1]), family="")
    assert note in prompt.notes
    assert prompt.fragments and not any("一" <= sign <= "鿿" for sign in prompt.positive)


@pytest.mark.parametrize("clause", ["掖被子的婴儿", "吆骆驼的牧民", "掖被子的嬰兒"])
async def test_a_clause_with_one_sign_in_the_dark_is_read_whole(cache: Path, clause: str) -> None:
    words = chain(cache)
    lacking, right = Says("Somebody under something"), Says("A baby under a blanket, herdsman leading a camel")
    prompt, _ = await compose(clause, translators=(words[0], lacking, right, words[-1]), family="")
    assert {one.origin for one in prompt.fragments} == {"argos"}, prompt.positive
    assert lacking.asked  # and not believed: it names nothing that the words are sure of


async def test_a_clause_that_the_words_read_whole_asks_nobody(cache: Path) -> None:
    words, reader = chain(cache), Says("anything")
    await compose("穿红色汉服的女孩站在桥上", translators=(words[0], reader, words[-1]), family="")
    assert reader.asked == []


async def test_a_worse_translation_leaves_the_words_reading(cache: Path) -> None:
    words = chain(cache)
    plain, _ = await compose("盖被子的婴儿", translators=words, family="")
    for said in ("A child", "", "a baby a baby a baby a baby", "A baby, no blanket", "baby blanket 被子"):
        prompt, _ = await compose("盖被子的婴儿", translators=(words[0], Says(said), words[-1]), family="")
        assert prompt.fragments == plain.fragments and prompt.negatives == plain.negatives, said


async def test_ones_own_words_are_in_what_is_asked_and_must_be_in_the_answer() -> None:
    lost, kept = Says("a vase of heavenly colour"), Says("A Celadon vase by ganyu of genshin impact")
    words = {"天青色": "celadon", "甘雨": "ganyu (genshin impact)"}
    translators: tuple[Translator, ...] = with_personal(words, (lost, kept))
    reading = await whole_clause("天青色的囫囵，甘雨的", translators)
    assert lost.asked == ["celadon 的囫囵， ganyu genshin impact 的"]
    assert reading.phrases == ()
    kept.said = "A Celadon vase by Ganyu Genshin Impact"
    (phrase,) = (await whole_clause("天青色的囫囵，甘雨的", translators)).phrases
    assert phrase.text == r"a celadon vase by ganyu \(genshin impact\)"


async def test_what_was_said_is_remembered_in_both_memories() -> None:
    notebook, said = Notebook(), Says("a cat")
    for _ in range(2):
        first = CachedTranslator(said, notebook)
        assert [await first.english("猫") for _ in range(3)] == ["a cat"] * 3
    assert said.asked == ["猫"]
    assert notebook.kept == {("argos 1", "猫"): "a cat"}
    said.name = "argos 2"
    assert await CachedTranslator(said, notebook).english("猫") == "a cat"
    assert said.asked == ["猫", "猫"]  # another version is asked anew


async def test_what_cannot_be_trusted_and_failures_are_not_kept() -> None:
    notebook, wrong = Notebook(), Says("a 猫")
    remembered = CachedTranslator(wrong, notebook)
    assert [await remembered.english("猫") for _ in range(2)] == ["a 猫"] * 2
    assert wrong.asked == ["猫"] and notebook.kept == {}
    away = Says(None)
    remembered = CachedTranslator(away, notebook)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await remembered.english("猫")
    assert away.asked == ["猫", "猫"]


async def test_the_memory_of_a_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompts.translate.sentences._REMEMBERED", 2)
    said = Says("a cat")
    remembered = CachedTranslator(said)
    for clause in ("猫", "狗", "猫", "鸟", "猫", "狗"):
        await remembered.english(clause)
    assert said.asked == ["猫", "狗", "鸟", "狗"]  # the one asked for longest ago goes


@pytest.mark.parametrize(
    ("english", "clause", "trusted"),
    [
        ("a cat in the forest", "森林里的猫", True),
        ("", "猫", False),
        ("a 猫", "猫", False),
        ("the the the cat", "一只猫", False),
        ("red hat red hat red hat red hat", "一顶红色的帽子", False),
        (" ".join(map(str, range(50))), "猫", False),
    ],
)
def test_what_can_be_trusted(english: str, clause: str, trusted: bool) -> None:
    assert sound(english, clause) is trusted


@pytest.mark.parametrize(
    ("english", "tags"),
    [
        ("A cat, in the forest.", ("a cat", "in the forest")),
        ("“A cat”; (very cute:1.2)", ("a cat", "very cute 1.2")),
        ("ClauseTranslation:\na cat", ()),
        ("...", ()),
        ("", ()),
        ("x" * 60, ()),
    ],
)
def test_tags_of_a_translation(english: str, tags: tuple[str, ...]) -> None:
    assert trusted(english, "一只在森林里的猫") == tags
