from __future__ import annotations

from storage import rules
from storage.database import Database


async def test_a_rule_holds_for_its_scope_until_it_is_taken_away(db: Database) -> None:
    server, ann = rules.of_server("discord", "1"), rules.of_person("ann")
    await rules.put(db, server, "adult", "spoiler")
    await rules.put(db, server, "chats", ["7", "8"])
    await rules.put(db, server, "adult", "refuse")
    assert await rules.of(db, [server, ann]) == {server: {"adult": "refuse", "chats": ["7", "8"]}, ann: {}}
    await rules.put(db, server, "adult", None)
    await rules.put(db, ann, "blocked", True)
    assert await rules.of(db, [server, ann]) == {server: {"chats": ["7", "8"]}, ann: {"blocked": True}}
