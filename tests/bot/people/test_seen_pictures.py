"""The rule on pictures for adults, applied to what a checker sees in a picture and not only to the words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat import Card, Room
from bot.people.limits import Adult
from bot.studio.last_cards import last_card
from engine.job import State
from storage import jobs, pictures, rules
from tests.bot.studio.test_studio import House, house

SERVER = Room(server="guild")
ADULTS = Room(server="guild", adult=True)


def ruled(at: House, adult: Adult) -> None:
    at.studio.rules = replace(at.studio.rules, access=replace(at.studio.rules.access, adult=adult))


async def drawn(at: House, room: Room, adult: Collection[int] = (0,), text: str = "a garden") -> Card:
    """The last card of a job in whose pictures a checker saw something."""
    before = len(at.pool.drawn)
    await at.say(text, room=room)
    job = (await at.drawn(before + 1))[-1]
    at.pool.finish(job, adult=adult)
    await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state in (State.DONE, State.FAILED))
    return at.chat.messages[job]


@pytest.mark.parametrize(
    ("rule", "room", "outcome"),
    [
        ("refuse", SERVER, "refused"),
        ("refuse", ADULTS, "shown"),
        ("spoiler", SERVER, "veiled"),
        ("spoiler", ADULTS, "shown"),
        ("allow", SERVER, "shown"),
        ("never", ADULTS, "refused"),
        ("never", SERVER, "refused"),
    ],
)
async def test_what_is_seen_is_treated_as_what_is_said(tmp_path: Path, rule: Adult, room: Room, outcome: str) -> None:
    async with house(tmp_path) as at:
        ruled(at, rule)
        card = await drawn(at, room)
        if outcome == "refused":
            assert (card.state, card.text.key, card.pictures) == (State.FAILED, "picture.unsafe", ())
            assert (await pictures.search(at.db, (await at.person()).id)).pictures == ()
        else:
            assert card.state is State.DONE and len(card.pictures) == 1
            assert card.spoiler is (outcome == "veiled")


async def test_a_server_has_its_own_rule(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await rules.put(at.db, rules.of_server("fake", "guild"), "adult", "spoiler")
        assert (await drawn(at, SERVER)).spoiler
        assert (await drawn(at, Room(server="other"))).state is State.FAILED


async def test_the_other_pictures_of_a_job_are_shown(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await drawn(at, SERVER, adult=(1, 2), text="a garden --count 3")
        assert (card.state, card.text.key, card.text.values) == (State.DONE, "job.left_out", {"count": 2})
        assert len(card.pictures) == 1
        person = await at.person()
        spent = await jobs.spent(at.db, at.db.now() - timedelta(hours=1), person.id)
        assert (spent.pictures, spent.seconds) == (3, 3.0), "what is not shown was drawn all the same"


async def test_a_picture_that_is_refused_is_on_its_persons_account(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await drawn(at, SERVER)
        assert (card.state, card.text.key) == (State.FAILED, "picture.unsafe")
        person = await at.person()
        assert (await jobs.spent(at.db, at.db.now() - timedelta(hours=1), person.id)).seconds == 1.0


async def test_it_is_veiled_wherever_it_is_shown_again(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await drawn(at, ADULTS)
        assert not card.spoiler
        asked = await at.say("/history", room=SERVER)
        assert at.chat.messages[asked].spoiler
        asked = await at.say("/history", room=ADULTS)
        assert not at.chat.messages[asked].spoiler
        assert at.chat.messages[await at.press("original", card.pictures[0].id)].spoiler


async def test_what_is_drawn_over_it_is_for_adults_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ruled(at, "spoiler")
        picture = (await drawn(at, SERVER)).pictures[0].id
        await at.press("larger", picture)
        job = (await at.drawn(2))[-1]
        await at.chat.until(lambda: job in at.chat.messages)
        assert at.chat.messages[job].spoiler


async def test_it_is_veiled_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ruled(at, "spoiler")
        card = await drawn(at, SERVER)
        assert card.job
        kept = await jobs.get(at.db, card.job)
        assert kept and (await last_card(at.db, kept)).spoiler
