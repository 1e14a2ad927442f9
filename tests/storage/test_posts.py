from __future__ import annotations

from datetime import timedelta

from storage import posts
from storage.database import Database
from storage.jobs import Place
from storage.posts import Post

HERE = Place("discord", "room", "7")


async def test_a_card_is_found_by_its_key_and_by_its_place(db: Database) -> None:
    await posts.put(db, HERE, "job-1", job="job-1", pictures=["a", "b"])
    kept = Post(HERE, "job-1", "job-1", ("a", "b"))
    assert await posts.by_key(db, "discord", "job-1") == kept == await posts.at(db, HERE)
    assert await posts.by_key(db, "telegram", "job-1") is None
    assert await posts.at(db, Place("discord", "room", "8")) is None


async def test_what_a_card_shows_can_change(db: Database) -> None:
    await posts.put(db, HERE, "job-1", job="job-1")
    there = Place("discord", "other", "9")
    await posts.put(db, there, "job-1", job="job-1", pictures=["a"])
    assert await posts.at(db, HERE) is None
    assert await posts.at(db, there) == Post(there, "job-1", "job-1", ("a",))


async def test_what_is_only_good_for_a_while_is_forgotten(db: Database) -> None:
    for key in ("open 1", "open_2", "job-1"):
        await posts.put(db, HERE, key)
    assert await posts.forget(db, "discord", "open ", timedelta(minutes=15)) == 0
    now = db.now
    db.now = lambda: now() + timedelta(minutes=16)  # type: ignore[method-assign]
    await posts.put(db, HERE, "open 3")
    assert await posts.forget(db, "telegram", "open ", timedelta(minutes=15)) == 0
    assert await posts.forget(db, "discord", "open ", timedelta(minutes=15)) == 1
    left = [key for key in ("open 1", "open_2", "job-1", "open 3") if await posts.by_key(db, "discord", key)]
    assert left == ["open_2", "job-1", "open 3"]
