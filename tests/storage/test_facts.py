from __future__ import annotations

from storage import facts
from storage.database import Database


async def test_facts_are_remembered_and_replaced(db: Database) -> None:
    assert await facts.fact(db, "speed") is None
    await facts.set_fact(db, "speed", {"cpu": {"demo": 0.25}})
    await facts.set_fact(db, "speed", {"cpu": {"demo": 0.5}})
    await facts.set_fact(db, "nothing", None)
    assert await facts.fact(db, "speed") == {"cpu": {"demo": 0.5}}
    assert await facts.fact(db, "nothing") is None
