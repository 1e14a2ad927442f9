from __future__ import annotations

import asyncio

from storage import messages
from storage.database import Database


async def test_a_message_keeps_its_time_and_place_when_its_body_changes(db: Database) -> None:
    first = await messages.put(db, "m1", "chat", "person", {"text": "一只猫"})
    await messages.put(db, "m2", "chat", "bot", {"state": "waiting"})
    again = await messages.put(db, "m1", "chat", "person", {"text": "一只狗", "list": [1, None, 0.5]})
    assert (again.created, again.body) == (first.created, {"text": "一只狗", "list": [1, None, 0.5]})
    assert again.changed > first.changed
    assert [m.id for m in await messages.recent(db, "chat")] == ["m1", "m2"]
    assert await messages.get(db, "m1") == again


async def test_older_messages_page_by_page(db: Database) -> None:
    for n in range(7):
        await messages.put(db, f"m{n}", "chat", "person", {})
        await messages.put(db, f"other{n}", "other", "person", {})
    assert [m.id for m in await messages.recent(db, "chat", limit=3)] == ["m4", "m5", "m6"]
    assert [m.id for m in await messages.recent(db, "chat", before="m4", limit=3)] == ["m1", "m2", "m3"]
    assert [m.id for m in await messages.recent(db, "chat", before="m1")] == ["m0"]
    assert await messages.recent(db, "chat", before="unknown") == []


async def test_what_changed_since(db: Database) -> None:
    seen = (await messages.put(db, "a", "chat", "bot", {})).changed
    await messages.put(db, "b", "chat", "bot", {})
    await messages.put(db, "c", "other", "bot", {})
    assert [m.id for m in await messages.changed_since(db, "chat", seen)] == ["b"]
    await messages.put(db, "a", "chat", "bot", {"n": 1})
    assert [m.id for m in await messages.changed_since(db, "chat", seen)] == ["b", "a"]


async def test_a_number_is_never_given_twice(db: Database) -> None:
    last = await messages.put(db, "a", "chat", "bot", {})
    assert await messages.delete(db, "a")
    assert not await messages.delete(db, "a")
    assert await messages.get(db, "a") is None
    assert (await messages.put(db, "b", "chat", "bot", {})).changed > last.changed


async def test_many_at_once_get_numbers_of_their_own(db: Database) -> None:
    put = await asyncio.gather(*(messages.put(db, f"m{n}", "chat", "bot", {"n": n}) for n in range(30)))
    assert len({m.changed for m in put}) == 30
    assert len(await messages.recent(db, "chat")) == 30
