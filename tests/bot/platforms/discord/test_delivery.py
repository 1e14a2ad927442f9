"""Exactly one visible answer, whatever happens on the way: dead tokens, restarts, missing rights, deleted messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.chat import Card, Say, Shown
from bot.errors import Gone, Unreachable
from bot.platforms.discord import delivery, pending
from bot.platforms.discord.context import DiscordContext
from bot.platforms.discord.pending import Pending
from bot.platforms.discord.rest import Body
from bot.studio import cards
from storage import posts, tables
from storage.jobs import Place
from tests.bot.platforms.discord.desk import House, house
from tests.fakes import a_job
from tests.patience import until

QUARTER = 15 * 60 + 1.0


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def quarter(on: House) -> None:
    """Fifteen minutes pass."""
    on.time += QUARTER
    await on.env.advance_time(QUARTER)


async def test_a_late_answer_is_an_edit_by_the_bots_own_rights(on: House) -> None:
    await on.imagine()
    job = await on.job()
    drawing = await on.said("Drawing")
    await quarter(on)
    done = await on.finished(job)
    assert done.id == drawing.id and len(on.shown()) == 1 and done.attachments


async def test_a_token_that_died_early_is_noticed(on: House) -> None:
    await on.imagine()
    job = await on.job()
    await on.said("Drawing")
    await on.env.advance_time(QUARTER)  # our own clock has not seen it
    done = await on.finished(job)
    assert "Done" in done.content and len(on.shown()) == 1


async def test_a_message_that_was_taken_away_comes_anew_with_a_mention(on: House) -> None:
    await on.imagine()
    job = await on.job()
    stored = await on.said("Drawing")
    await quarter(on)
    on.env.backend.delete_message(stored.channel_id, stored.id)
    done = await on.finished(job)
    assert done.id != stored.id and done.content.startswith(f"<@{on.ann.id}> Done")
    assert len(on.shown()) == 1


async def test_a_channel_that_is_gone_is_answered_in_direct_messages(on: House) -> None:
    await on.imagine()
    job = await on.job()
    await on.said("Drawing")
    await quarter(on)
    on.env.backend.delete_channel(on.channel.id)
    on.pool.finish(job)
    await on.settled(job)
    (sent,) = on.direct()
    assert "Done" in sent.content and sent.attachments


async def test_a_crash_before_the_first_word_leaves_one_answer(on: House) -> None:
    on.env.inject_error("PATCH", "/webhooks/*/*/messages/@original", status=500)
    await on.imagine()
    await on.job()
    await on.restart()
    await on.finished()
    assert len(on.shown()) == 1 and "Done" in on.shown()[0].content
    assert not on.env.backend.messages[on.channel.id][on.shown()[0].id].flags & 128, "no more thinking"


async def test_a_crash_while_drawing_keeps_the_message(on: House) -> None:
    await on.imagine()
    await on.job()
    before = await on.said("Drawing")
    await on.restart()
    done = await on.finished()
    assert done.id == before.id and len(on.shown()) == 1


async def test_the_last_word_is_tried_again(on: House) -> None:
    await on.imagine()
    job = await on.job()
    await on.said("Drawing")
    on.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=500)
    done = await on.finished(job)
    assert "Done" in done.content and len(on.shown()) == 1


async def test_a_card_is_posted_once_for_a_key(on: House) -> None:
    place = Place("discord", str(on.channel.id))
    card = cards.under_way(a_job("j"), None)
    first = await on.chat.send(place, card, "one")
    assert await on.chat.send(place, card, "one") == first and first.message
    assert await on.chat.send(place, card, "two") != first and len(on.shown()) == 2


async def test_what_cannot_be_told_says_so(on: House) -> None:
    with pytest.raises(Gone):
        await on.chat.edit(Place("discord", str(on.channel.id), "123"), Card(text=Say("job.cancelled")))
    with pytest.raises(Unreachable):
        await on.chat.send(Place("discord", "123"), cards.under_way(a_job("j"), None), "nowhere")


async def test_too_long_a_text_comes_as_a_file_too(on: House) -> None:
    words = "an extraordinarily long story about a cat, " * 160
    done = await on.drawn(f"{words[:3900]} --raw")
    names = [one.filename for one in done.attachments]
    assert "danqing.txt" in names and len(done.embeds[0].description) <= 4096
    text = await done.attachments[names.index("danqing.txt")].read()
    assert text.decode().count("extraordinarily") >= 160


async def test_a_spoiler_is_veiled(on: House) -> None:
    hash = await on.db.files.put(b"\x89PNG\r\n\x1a\n")
    card = Card(text=Say("job.done"), job="x", pictures=(Shown("p", hash, 1, 1),), spoiler=True)
    there = await on.chat.send(Place("discord", str(on.channel.id)), card, "veiled")
    stored = on.env.backend.get_message(on.channel.id, int(there.message))
    assert stored.attachments[0]["filename"].startswith("SPOILER_")
    post = await posts.at(on.db, there)
    assert post is not None and post.pictures == ("p",)


async def test_an_acknowledgement_that_came_too_late_asks_for_nothing(on: House) -> None:
    on.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=10062)
    await on.imagine()
    assert not on.pool.drawn and not on.shown()
    assert await on.drawn()


async def test_an_acknowledgement_that_counted_twice_goes_on(on: House) -> None:
    real = on.chat.client.http.request
    seen: list[str] = []

    async def twice(route: Any, **given: Any) -> Any:
        if route.path.endswith("/callback") and not seen:
            seen.append(route.path)
            await real(route, **given)
        return await real(route, **given)

    on.chat.client.http.request = twice  # type: ignore[method-assign]
    assert "Done" in (await on.drawn()).content and seen


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (413, 40005)])
async def test_a_picture_that_discord_never_takes_is_answered_in_words(
    on: House, status: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on.imagine()
    job = await on.job()
    drawing = await on.said("Drawing")
    taken = delivery.edit

    async def refused(context: DiscordContext, place: Place, body: Body, pending: Pending | None) -> None:
        if body.files:
            on.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=status, code=code, message="no")
        await taken(context, place, body, pending)

    monkeypatch.setattr(delivery, "edit", refused)
    done = await on.finished(job)
    assert done.id == drawing.id and "/history" in done.content and not done.attachments and not done.components


async def test_an_answer_that_discord_takes_in_no_form_is_given_up(on: House) -> None:
    await on.imagine()
    job = await on.job()
    await on.said("Drawing")
    for method in ("PATCH", "POST"):
        on.env.inject_error(method, "/webhooks/*", status=400, code=50035, times=None)
        on.env.inject_error(method, "/channels/*", status=400, code=50035, times=None)
    on.pool.finish(job)
    assert (await on.settled(job)).answered
    on.env.backend.faults.clear()


async def test_a_card_that_says_nothing_new_is_not_edited(on: House) -> None:
    await on.imagine()
    job = await on.job()
    on.pool.step(job, 1)
    await on.said("Step 1")

    def edits() -> int:
        return sum(one.method == "PATCH" for one in on.env.http_requests)

    answer = on.studio._answers.of(job)
    assert answer is not None and answer.card.progress is not None
    before = edits()
    for seconds in (0.01, 0.02):
        progress = replace(answer.card.progress, seconds_left=answer.card.progress.seconds_left + seconds)
        await on.chat.edit(answer.place, replace(answer.card, progress=progress))
    assert edits() == before
    on.pool.step(job, 2)
    await on.said("Step 2")
    assert edits() == before + 1


async def test_tokens_are_forgotten_once_they_are_dead_though_nobody_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "TIDY", 0.02)
    async with house(tmp_path) as on:
        await on.drawn()
        assert await kept_tokens(on) == 1
        now = on.db.now
        on.db.now = lambda: now() + timedelta(seconds=QUARTER)  # type: ignore[method-assign]
        await quarter(on)

        async def forgotten() -> bool:
            return await kept_tokens(on) == 0 and not on.chat._pending._pending and not on.chat._pending._messages

        await until(forgotten)


# What Discord says for good: a message nobody may change any more, a person, a channel that never was, and the like.
FOR_GOOD = [(404, 0), (404, 10013), (405, 0), (403, 50013), (400, 30046), (409, 0)]


@pytest.mark.parametrize(("status", "code"), FOR_GOOD)
async def test_what_is_refused_for_good_is_given_up_and_said_once(
    on: House, status: int, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    await on.imagine()
    job = await on.job()
    await on.said("Drawing.")
    await quarter(on)
    before = len(on.env.http_requests)
    for method in ("PATCH", "POST"):
        for path in ("/webhooks/*", "/channels/*", "/users/*"):
            on.env.inject_error(method, path, status=status, code=code, times=None)
    on.pool.finish(job)
    assert (await on.settled(job)).answered
    tried = [(one.method, one.path, str(one.json)) for one in on.env.http_requests[before:]]
    assert len(tried) == len(set(tried)) <= 6, "nothing is sent twice"
    assert sum(one.levelname in ("ERROR", "WARNING") for one in caplog.records if one.name.startswith("bot")) <= 4
    on.env.backend.faults.clear()


async def kept_tokens(on: House) -> int:
    """Interactions whose token is written down."""
    async with on.db.session() as session:
        keys = await session.scalars(select(tables.Posts.key))
        return sum(key.startswith("open ") for key in keys)
