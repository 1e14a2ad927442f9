"""Favourite tags, blocked words and tag tables, as they are kept."""

from __future__ import annotations

import pytest

from prompts.errors import Refusal
from prompts.tag_changes import weighed
from prompts.tag_table import TagTable
from storage import kept_tags, people, tag_tables
from storage.database import Database
from tests.storage.samples import drawn, recipe


async def test_a_list_knows_a_word_by_either_name(db: Database, person: str) -> None:
    await kept_tags.add(db, person, "blocked", "red scarf", "红围巾")
    await kept_tags.add(db, person, "blocked", "Red Scarf", "红围巾")
    await kept_tags.add(db, person, "favourite", "moon")
    assert await kept_tags.blocked(db, person) == {"red scarf": "红围巾 · Red Scarf", "红围巾": "红围巾 · Red Scarf"}
    assert await kept_tags.remove(db, person, "favourite", "red scarf") is None
    gone = await kept_tags.remove(db, person, "blocked", "紅圍巾")
    assert gone and gone.tag == "Red Scarf" and await kept_tags.blocked(db, person) == {}
    assert [one.tag for one in await kept_tags.listed(db, person, "favourite")] == ["moon"]
    await kept_tags.clear(db, person, "favourite")
    assert await kept_tags.listed(db, person, "favourite") == []
    for word in ("", "x" * 81, "<lora:x:1>", "  "):
        with pytest.raises(Refusal, match=r"tags\.word"):
            await kept_tags.add(db, person, "blocked", word)


async def test_a_list_ends_somewhere(db: Database, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_tags, "MOST", 2)
    for word in ("a cat", "b dog", "b dog"):
        await kept_tags.add(db, person, "blocked", word)
    with pytest.raises(Refusal, match=r"tags\.list_full"):
        await kept_tags.add(db, person, "blocked", "c fox")


async def test_a_table_is_one_persons_of_one_picture(db: Database, person: str) -> None:
    row = await drawn(db, person, recipe("一只橘猫", "an orange cat, moon"))
    table = TagTable.of(row.recipe.prompt)
    kept = await tag_tables.opened(db, person, row.id, table)
    assert (kept.table, kept.keys) == (table, ())
    await tag_tables.put(db, tag_tables.KeptTable(kept.id, person, row.id, weighed(table, 0, 1)), "key")
    again = await tag_tables.opened(db, person, row.id, table)
    assert again.id == kept.id and again.table == weighed(table, 0, 1) and again.keys == ("key",)
    other = (await people.person_of(db, "web", "bob")).id
    assert (await tag_tables.opened(db, other, row.id, table)).id != kept.id
    assert await tag_tables.get(db, "abcdefghijkl") is None


async def test_two_who_become_one_keep_both_lists(db: Database, person: str) -> None:
    other = (await people.person_of(db, "web", "bob")).id
    row = await drawn(db, person, recipe("一只橘猫", "an orange cat"))
    table = TagTable.of(row.recipe.prompt)
    mine = await tag_tables.opened(db, person, row.id, table)
    await tag_tables.opened(db, other, row.id, table)
    await kept_tags.add(db, person, "favourite", "hat")
    await kept_tags.add(db, other, "blocked", "hat")
    await kept_tags.add(db, other, "favourite", "moon")
    await people.merge(db, person, other)
    assert [one.tag for one in await kept_tags.listed(db, person, "favourite")] == ["hat", "moon"]
    assert "hat" in await kept_tags.blocked(db, person)
    assert (await tag_tables.opened(db, person, row.id, table)).id == mine.id
