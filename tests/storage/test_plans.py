"""The hot queries find their rows through an index, in its order: no table is read through, nothing is sorted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Select, select

from storage import dictionary, favourites, jobs, maps, messages, pictures, posts, spare, tables
from storage.database import Database
from storage.translations import recall_query

SEARCH = {"words": "", "model": "", "since": None, "until": None, "favourite": None, "before": None, "limit": 30}
CURSOR = "2026-05-01T00:00:00.000001+00:00_abc"


def search(**asked: object) -> Select[tables.Pictures]:
    return pictures.search_query("person", **{**SEARCH, **asked})  # type: ignore[arg-type]


HOT: dict[str, tuple[Select[Any], str]] = {
    "unanswered jobs": (jobs.unanswered_query(["web", "telegram"]), "ix_job_unanswered"),
    "a person's jobs": (jobs.of_person_query("person", 20), "ix_job_person_created_id"),
    "a person's pictures": (search(), "ix_picture_person_created_id"),
    "the next page": (search(before=CURSOR), "ix_picture_person_created_id"),
    "pictures with words": (search(words="orange cat"), "ix_picture_person_created_id"),
    "pictures of some days": (
        search(since=date(2026, 5, 1), until=date(2026, 5, 2)),
        "ix_picture_person_created_id",
    ),
    "pictures of a model": (search(model="demo"), "ix_picture_person_model_created_id"),
    "favourite pictures": (search(favourite=True), "ix_picture_person_favourite_created_id"),
    "a job's request": (select(tables.Jobs.id).where(tables.Jobs.request_key == "k"), "request_key=?"),
    "favourites": (favourites.listed_query("person", "", 50, 0), "ix_favourite_person_created_id"),
    "a favourite's name": (
        select(tables.Favourites).where(tables.Favourites.person == "p", tables.Favourites.folded == "cat"),
        "ix_favourite_person_folded",
    ),
    "a picture's favourite": (
        select(tables.Favourites).where(tables.Favourites.person == "p", tables.Favourites.picture == "picture"),
        "ix_favourite_person_picture",
    ),
    "cards that show a picture": (posts.showing_query("picture"), "ix_post_pictures"),
    "a chat's messages": (messages.recent_query("chat", None, 50), "ix_message_chat_position"),
    "lessons on a picture": (jobs.lessons_query("picture"), "ix_picture_parent_created_id"),
    "older messages": (messages.recent_query("chat", "m1", 50), "ix_message_chat_position"),
    "changed messages": (messages.changed_query("chat", 41, 200), "ix_message_chat_changed"),
    "models used": (pictures.models_query("person"), "ix_picture_person_model_created_id"),
    "a picture's children": (pictures.children_query("picture"), "ix_picture_parent_created_id"),
    "a person's words": (dictionary.words_query(["room web c", "person p"]), "owner=?"),
    "a translation": (recall_query("argos", "猫"), "translator=? AND text=?"),
    "a kept map": (maps.find_query("ab" * 32, "canny"), "source=? AND how=?"),
    "who needs a file": (spare.needed_query("ab" * 32, datetime(2026, 5, 1, tzinfo=UTC)), "ix_picture_hash"),
}
SORTED = {"models used"}  # a handful of models, sorted after counting


@pytest.mark.parametrize("name", HOT)
async def test_hot_queries_use_their_index(db: Database, name: str) -> None:
    query, index = HOT[name]
    async with db.session() as session:
        dialect = session.get_bind().engine.dialect
        written = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        connection = await session.connection()
        if db.sqlite:
            plan = [str(tuple(row)[-1]) for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {written}")]
            scans = [line for line in plan if line.startswith("SCAN") and "INDEX" not in line]
            assert set(scans) <= {"SCAN CONSTANT ROW"}, plan
            assert name in SORTED or not any("TEMP B-TREE" in line for line in plan), plan
            assert any(index in line for line in plan), plan
        else:  # which of two indexes it takes for an empty table is chance; that one will do is not
            for setting in ("enable_seqscan", "enable_sort"):
                await connection.exec_driver_sql(f"SET LOCAL {setting} = off")
            plan = [str(row[0]) for row in await connection.exec_driver_sql(f"EXPLAIN {written}")]
            assert not any("Seq Scan" in line for line in plan), plan
            assert name in SORTED or not any("Sort" in line for line in plan), plan
