"""A translator in a process of its own: loaded when needed, dropped when idle, and whatever it does, the words' reading
stands."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from prompts.compose import compose
from prompts.translate.chain import chain, close
from prompts.translate.own_process import OwnProcess, Program
from prompts.translate.translator import Unavailable
from tests.patience import PATIENCE, until

# A program that does what the clause tells it; what it was asked is in a file beside it.
SPEAKS = """
import json, os, sys, time
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    with open("asked.txt", "a", encoding="utf-8") as file:
        file.write(asked["language"] + " " + asked["clause"] + "\\n")
    clause, answer = asked["clause"], {"number": asked["number"], "english": "a whole taotie"}
    if "死" in clause:
        os._exit(3)
    if "停" in clause:
        time.sleep(3600)
    while "等" in clause and not os.path.exists("go"):
        time.sleep(0.01)
    if "慢" in clause:
        answer = {"number": asked["number"], "slow": True}
    if "乱" in clause:
        print("no answer at all", flush=True)
    if "深" in clause:
        print("[" * 50000, flush=True)
    if "列" in clause:
        print("[1, 2]", flush=True)
    if "长" in clause:
        answer["english"] = "x" * 200000
    if "错" in clause:
        answer["english"] = {"a": 1}
    if "想" in clause:
        answer["english"] = "<think>taotie?</think> a whole taotie"
    print(json.dumps(answer), flush=True)
"""
BROKEN = 'import json; print(json.dumps({"broken": "OSError: no such model"}), flush=True)'
SILENT = "import time; time.sleep(3600)"
CLAUSE = "饕餮囫囵耄耋"


@asynccontextmanager
async def reader(
    folder: Path, program: str = SPEAKS, timeout: float = PATIENCE, idle: float = 3600
) -> AsyncIterator[OwnProcess]:
    made = OwnProcess(Program("fake 1", "tiny", "local", (sys.executable, "-c", program), folder), timeout, idle)
    try:
        yield made
    finally:
        await made.close()
        assert made.pid is None


def asked(folder: Path) -> list[str]:
    return (folder / "asked.txt").read_text("utf-8").splitlines()


async def test_it_is_started_by_the_first_question_and_answers_one_at_a_time(tmp_path: Path) -> None:
    async with reader(tmp_path) as made:
        assert made.pid is None
        said = await asyncio.gather(*(made.english(clause) for clause in ("猫", "想", "傘をさす女の子", "우산")))
        assert said == ["a whole taotie"] * 4
        first = made.pid
        await made.english("狗")
        assert made.pid == first is not None
        assert await made.english("网" * 700) == ""
    assert sorted(asked(tmp_path)) == ["ja 傘をさす女の子", "ko 우산", "zh 想", "zh 狗", "zh 猫"]


async def test_it_goes_when_nobody_asks_and_comes_back(tmp_path: Path) -> None:
    async with reader(tmp_path, idle=0.05) as made:
        assert await made.english("猫") == "a whole taotie"
        await until(lambda: made.pid is None)
        assert await made.english("狗") == "a whole taotie"


@pytest.mark.parametrize(
    ("clause", "key"),
    [
        ("死", "note.reader_gone"),
        ("乱", "note.reader_gone"),
        ("深", "note.reader_gone"),
        ("列", "note.reader_gone"),
        ("长", "note.reader_gone"),
        ("慢", "note.reader_slow"),
    ],
)
async def test_what_goes_wrong_is_said_once_and_it_is_left_alone(tmp_path: Path, clause: str, key: str) -> None:
    async with reader(tmp_path) as made:
        with pytest.raises(Unavailable) as failure:
            await made.english(clause)
        assert failure.value.note and failure.value.note.key == key
        with pytest.raises(Unavailable) as failure:
            await made.english("猫")
        assert failure.value.note is None
        made._silent_until = 0.0  # a minute later
        assert await made.english("猫") == "a whole taotie"


async def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompts.translate.own_process._GRACE", 0.0)
    async with reader(tmp_path) as made:
        await made.ready(PATIENCE)
        made._timeout = 0.2
        with pytest.raises(Unavailable) as failure:
            await made.english("停")
        assert failure.value.note and failure.value.note.key == "note.reader_slow" and made.pid is None


async def test_one_that_is_killed_in_the_middle_of_a_clause(tmp_path: Path) -> None:
    async with reader(tmp_path) as made:
        question = asyncio.create_task(made.english("停"))
        await until(lambda: (tmp_path / "asked.txt").exists())
        assert made.pid is not None
        os.kill(made.pid, signal.SIGKILL)
        with pytest.raises(Unavailable) as failure:
            await question
        assert failure.value.note and failure.value.note.key == "note.reader_gone"


async def test_while_it_loads_nobody_waits_for_long(tmp_path: Path) -> None:
    async with reader(tmp_path, SILENT, timeout=0.05) as made:
        for _ in range(3):
            with pytest.raises(Unavailable) as failure:
                await made.english("猫")
            assert failure.value.note and failure.value.note.key == "note.reader_loading"


@pytest.mark.parametrize("program", [BROKEN, "raise SystemExit(1)", "print('hello')"])
async def test_one_that_cannot_be_loaded_is_told_with_its_reason(tmp_path: Path, program: str) -> None:
    async with reader(tmp_path, program) as made:
        with pytest.raises(Unavailable) as failure:
            await made.english("猫")
        note = failure.value.note
        assert note and note.key == "note.reader_broken" and note.values["reader"] == "tiny"
        assert program != BROKEN or note.values["reason"] == "OSError: no such model"


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    made = OwnProcess(Program("fake 1", "tiny", "local", (str(tmp_path / "nothing"),), tmp_path), 1.0)
    with pytest.raises(Unavailable) as failure:
        await made.english("猫")
    assert failure.value.note and failure.value.note.key == "note.reader_broken"
    await made.close()


async def test_somebody_who_gives_up_leaves_no_answer_for_the_next(tmp_path: Path) -> None:
    async with reader(tmp_path) as made:
        await made.ready(PATIENCE)
        question = asyncio.create_task(made.english("等"))
        await until(lambda: (tmp_path / "asked.txt").exists())
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        (tmp_path / "go").touch()
        assert await made.english("猫") == "a whole taotie"


@pytest.mark.parametrize("sign", ["死", "乱", "长", "错", "慢"])
async def test_the_words_stand_whatever_it_does(tmp_path: Path, sign: str) -> None:
    plain, _ = await compose(f"{CLAUSE}{sign}", translators=chain(tmp_path), family="")
    async with reader(tmp_path) as made:
        translators = chain(tmp_path, own=[made])
        prompt, _ = await compose(f"{CLAUSE}{sign}", translators=translators, family="")
        await close(translators)
    assert prompt.fragments == plain.fragments
    assert len([one for one in prompt.notes if one.key.startswith("note.reader_")]) == (sign != "错")


async def test_what_it_says_is_named_as_its_own(tmp_path: Path) -> None:
    async with reader(tmp_path) as made:
        prompt, _ = await compose(f"一只猫，{CLAUSE}", translators=chain(tmp_path, own=[made]), family="")
    assert {one.text: one.origin for one in prompt.fragments} == {"cat": "glossary", "a whole taotie": "local"}


async def test_secrets_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANQING_TRANSLATE_KEY", "hunter2")
    tells = SPEAKS.replace('"a whole taotie"}', 'os.environ.get("DANQING_TRANSLATE_KEY", "nothing")}')
    async with reader(tmp_path, tells) as made:
        assert await made.english("猫") == "nothing"
