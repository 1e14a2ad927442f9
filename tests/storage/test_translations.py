from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from prompts.errors import Refusal
from prompts.translate.sentences import CachedTranslator
from storage.database import Database
from storage.translations import LONGEST, Translations
from tests.prompts.translate.test_sentences import Says


async def test_a_translation_outlives_the_process(db: Database) -> None:
    said = Says("a cat")
    for _ in range(2):  # each with a memory of its own, as after a start
        assert await CachedTranslator(said, Translations(db)).english("猫") == "a cat"
    assert said.asked == ["猫"]
    kept = Translations(db)
    assert await kept.recall("argos 1", "猫") == "a cat"
    assert await kept.recall("argos 2", "猫") is None
    assert await kept.recall("argos 1", "狗") is None


async def test_the_first_that_was_kept_stays(db: Database) -> None:
    kept = Translations(db)
    await asyncio.gather(*(kept.keep("t", "猫", f"cat {n}") for n in range(8)))
    assert (await kept.recall("t", "猫") or "").startswith("cat ")


async def test_long_and_odd_texts(db: Database) -> None:
    kept = Translations(db)
    await kept.keep("t", "猫" * LONGEST, "x")
    assert await kept.recall("t", "猫" * LONGEST) == "x"
    await kept.keep("t", "𠮷" * LONGEST, "y")  # four bytes each: the most that a key has to hold
    assert await kept.recall("t", "𠮷" * LONGEST) == "y"
    await kept.keep("t", "猫" * (LONGEST + 1), "x")
    assert await kept.recall("t", "猫" * (LONGEST + 1)) is None
    await kept.keep("t", "猫\0\ud800", "z\0")
    assert await kept.recall("t", "猫\0\ud800") == "z\ufffd"


async def test_the_oldest_go(db: Database) -> None:
    kept = Translations(db)
    for number in range(5):
        await kept.keep("t", str(number), "x")
    assert await kept.tidy(5) == 0
    assert await kept.tidy(2) == 3
    assert [await kept.recall("t", str(number)) for number in range(5)] == [None, None, None, "x", "x"]


async def test_a_database_in_trouble_costs_no_translation(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def full() -> AsyncIterator[AsyncSession]:
        raise Refusal("storage.full", where="disk")
        yield

    for name in ("session", "writing"):
        monkeypatch.setattr(db, name, full)
    said = Says("a cat")
    assert await CachedTranslator(said, Translations(db)).english("猫") == "a cat"
    assert said.asked == ["猫"]
