"""A small instruct model in a process of its own, on models of a few kilobytes made here: one that says a sentence, and
one that says whatever comes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.reading.language_model import LanguageModel
from prompts.compose import compose
from prompts.translate.chain import chain
from prompts.translate.own_process import OwnProcess, Program
from prompts.translate.translator import Unavailable
from tests.engine.reading.toy import ASK, NO_SYSTEM, TEMPLATE, model
from tests.patience import PATIENCE
from tests.running import ROOT

SENTENCE = "a whole taotie, no frame"


@asynccontextmanager
async def reader(folder: Path, timeout: float = PATIENCE) -> AsyncIterator[OwnProcess]:
    command = (sys.executable, "-m", "engine.reading", "model", "--folder", str(folder))
    made = OwnProcess(Program("local 1", folder.name, "local", command, ROOT), timeout)
    try:
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("template", [TEMPLATE, NO_SYSTEM])
@pytest.mark.parametrize("llama", [True, False])
def test_it_says_what_follows_the_question(tmp_path: Path, template: str, llama: bool) -> None:
    made = LanguageModel(model(tmp_path / "m", SENTENCE, template, llama))
    assert made.english("饕餮", "zh", PATIENCE).strip() == SENTENCE


def test_without_a_template_it_is_asked_in_plain_words(tmp_path: Path) -> None:
    made = LanguageModel(model(tmp_path / "m", SENTENCE, None))
    assert made._question(f"饕餮 {ASK}").endswith(f"饕餮 {ASK}\n\n")
    assert made.english("饕餮", "zh", PATIENCE) != SENTENCE  # nothing marks the end of the question here


def test_its_time_is_limited(tmp_path: Path) -> None:
    made = LanguageModel(model(tmp_path / "m", SENTENCE))
    with pytest.raises(TimeoutError):
        made.english("饕餮", "zh", 0.0)


async def test_it_reads_clauses_in_a_process_of_its_own(tmp_path: Path) -> None:
    async with reader(model(tmp_path / "m", "a whole taotie")) as made:
        await made.ready(PATIENCE)
        prompt, _ = await compose("一只猫，饕餮囫囵耄耋", translators=chain(tmp_path, own=[made]), family="")
        assert made.pid is not None
    assert {one.text: one.origin for one in prompt.fragments} == {"cat": "glossary", "a whole taotie": "local"}


async def test_garbage_of_a_random_model_leaves_the_words_reading(tmp_path: Path) -> None:
    plain, _ = await compose("老渔夫在岸边修补饕餮", translators=chain(tmp_path), family="")
    async with reader(model(tmp_path / "m", "")) as made:
        await made.ready(PATIENCE)
        prompt, _ = await compose("老渔夫在岸边修补饕餮", translators=chain(tmp_path, own=[made]), family="")
    assert prompt.fragments == plain.fragments and prompt.negatives == plain.negatives


async def test_a_folder_that_holds_no_model_is_told(tmp_path: Path) -> None:
    for name, content in (("config.json", "{}"), ("nothing", "")):
        (tmp_path / name).write_text(content)
        async with reader(tmp_path) as made:
            with pytest.raises(Unavailable) as failure:
                await made.ready(PATIENCE)
        assert failure.value.note and failure.value.note.key == "note.reader_broken"
        (tmp_path / name).unlink()
