"""Who may do what: lists, quotas, cooldown, words for adults; and what the admins and moderators set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Card, Press, Request, Room, Say
from bot.people.limits import Limits
from bot.people.quotas import until_midnight
from engine.job import State
from storage import people, rules
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house

SERVER = Room(server="guild", roles=frozenset({"painter"}))
GROWN_UP = replace(SERVER, adult=True)


def limited(at: House, **values: Any) -> None:
    at.studio.rules = replace(at.studio.rules, access=Limits(**values))


async def answer(at: House, text: str, account: str = "ann", room: Room = SERVER) -> Card:
    """The card that answers a text, or that of the job it became."""
    before = len(at.chat.log)

    def sent() -> list[Card]:
        return [card for verb, _, card in at.chat.log[before:] if verb == "send"]

    await at.say(text, account, room=room)
    await at.chat.until(lambda: bool(sent()))
    return sent()[0]


async def administer(at: House, text: str, room: Room = SERVER) -> Card:
    """The card that answers an admin."""
    boss = replace(await at.person("boss"), admin=True)
    key = f"admin-{next(at.numbers)}"
    await at.desk.request(Request(person=boss, place=Place("fake", "boss"), text=text, key=key, room=room))
    return at.chat.messages.get(key) or Card(text=Say("job"), kind="job")


@pytest.mark.parametrize(
    ("limits", "room", "key"),
    [
        ({"servers": frozenset({"fake:other"})}, SERVER, "access.server"),
        ({"chats": frozenset({"fake:other"})}, SERVER, "access.chat"),
        ({"roles": frozenset({"fake:artist"})}, SERVER, "access.role"),
        ({"private": False}, Room(), "access.private"),
        ({"blocked": frozenset({"fake:ann"})}, SERVER, "access.blocked"),
    ],
)
async def test_who_is_not_on_a_list_is_told_so_and_admins_are_not_asked(
    tmp_path: Path, limits: dict[str, Any], room: Room, key: str
) -> None:
    async with house(tmp_path) as at:
        limited(at, **limits)
        assert (await answer(at, "a red apple", room=room)).text.key == key
        assert (await answer(at, "/help", room=room)).text.key == key
        assert (await administer(at, "/help", room=room)).text.key == "help.title"
        assert at.pool.drawn == []


async def test_who_is_on_the_lists_draws(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        known = {"servers": {"fake:guild"}, "chats": {"fake:ann"}, "roles": {"fake:painter"}}
        limited(at, **{name: frozenset(value) for name, value in known.items()})
        assert (await answer(at, "a red apple")).state is State.WAITING
        assert (await answer(at, "a red apple", room=Room())).state is State.WAITING, "private is not a server"


async def test_a_days_pictures_are_counted_and_the_refusal_says_what_is_left(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        limited(at, pictures=3)
        assert (await answer(at, "a red apple, 2张")).state
        refused = await answer(at, "a red apple, 2张")
        assert refused.text.key == "access.pictures"
        assert refused.text.values == {"limit": 3, "left": 1, "asked": 2, "hours": until_midnight(at.studio.now())}
        left = (await answer(at, "/queue")).fields[-1].value
        assert isinstance(left, Say) and (left.key, left.values["left"]) == ("queue.left", 1)
        at.pool.fail((await at.drawn())[0])
        await at.until(lambda: not at.studio._answers._open)
        assert (await answer(at, "a red apple, 3张")).state, "what failed is given back"
        assert (await answer(at, "a red apple")).text.values["left"] == 0
        assert (await answer(at, "a red apple", "bob")).state, "a quota is one's own"
        tomorrow = at.studio.now() + timedelta(days=1)
        at.studio.now = lambda: tomorrow
        assert (await answer(at, "a red apple")).state is State.WAITING


async def test_drawing_time_is_counted_and_buttons_count_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        limited(at, seconds=2)
        first = await at.picture()
        second = await at.picture()
        key = await at.press("vary", first)
        assert at.chat.messages[key].text.key == "access.seconds" and at.chat.messages[key].fleeting
        key = await at.press("recipe", second)
        assert at.chat.messages[key].text.key == "recipe.title"


async def test_the_best_role_counts_and_a_persons_own_limit_before_it(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        limited(at, pictures=1, role_pictures={"fake:painter": 2, "fake:master": 3})
        master = replace(SERVER, roles=frozenset({"painter", "master"}))
        for _ in range(2):
            assert (await answer(at, "a red apple", room=master)).state
        assert (await answer(at, "a red apple")).text.values["limit"] == 2
        assert (await answer(at, "a red apple", room=Room())).text.values["limit"] == 1
        await administer(at, "/admin limits fake:ann pictures 0")
        assert (await answer(at, "a red apple", room=Room())).state is State.WAITING


async def test_a_pause_between_two_requests(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        limited(at, cooldown=60.0)
        assert (await answer(at, "a red apple")).state
        refused = await answer(at, "a red apple")
        assert refused.text.key == "access.cooldown" and 50 < float(refused.text.values["seconds"]) <= 60
        later = at.studio.now() + timedelta(seconds=61)
        at.studio.now = lambda: later
        assert (await answer(at, "a red apple")).state


async def test_an_update_delivered_twice_is_no_second_request(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        limited(at, cooldown=60.0, pictures=1)
        await at.say("a red apple", key="update-1")
        await at.say("a red apple", key="update-1")
        await at.drawn()
        assert [card.kind for _, _, card in at.chat.log if card.kind == "error"] == []


async def test_many_requests_at_once_are_weighed_one_by_one(tmp_path: Path) -> None:
    import asyncio

    async with house(tmp_path) as at:
        limited(at, pictures=2)
        cards = await asyncio.gather(*(at.say("a red apple") for _ in range(3)))
        refused = [at.chat.messages[key].text.key for key in cards if key in at.chat.messages]
        assert refused == ["access.pictures"]


@pytest.mark.parametrize(
    ("rule", "room", "outcome"),
    [
        ("refuse", SERVER, "access.adult"),
        ("refuse", Room(), "access.adult"),
        ("refuse", GROWN_UP, "open"),
        ("spoiler", SERVER, "veiled"),
        ("spoiler", GROWN_UP, "open"),
        ("allow", SERVER, "open"),
        ("never", GROWN_UP, "access.adult_never"),
    ],
)
async def test_words_for_adults(tmp_path: Path, rule: str, room: Room, outcome: str) -> None:
    async with house(tmp_path) as at:
        limited(at, adult=rule)
        card = await answer(at, "a nude woman on a sofa", room=room)
        assert outcome == (card.text.key if card.kind == "error" else "veiled" if card.spoiler else "open")


async def test_admins_alone_with_the_bot_draw_what_they_like(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await administer(at, "a nude woman", room=Room())
        assert len(await at.drawn()) == 1
        assert (await administer(at, "a nude woman")).text.key == "access.adult", "others would see it"
        limited(at, adult="never")
        assert (await administer(at, "a nude woman", room=Room())).text.key == "access.adult_never"


@pytest.mark.parametrize("text", ["裸体的小女孩", "a sexy schoolgirl", "lolicon"])
async def test_children_are_never_made_sexual_not_even_for_admins(tmp_path: Path, text: str) -> None:
    async with house(tmp_path) as at:
        limited(at, adult="allow")
        card = await administer(at, text, room=GROWN_UP)
        assert card.text.key == "access.minors"
        assert at.pool.drawn == []


async def test_what_is_veiled_stays_so_over_a_restart_and_in_history(tmp_path: Path) -> None:
    at = House(tmp_path)
    await at.open()
    limited(at, adult="spoiler")
    await at.say("a nude woman", room=SERVER)
    (job,) = await at.drawn()
    at.pool.step(job, 1, preview=b"jpeg")
    await at.chat.until(lambda: bool((known := at.chat.messages[job].progress) and known.step))
    progress = at.chat.messages[job].progress
    assert progress and progress.preview is None, "what is veiled has no previews"
    await at.restart()
    limited(at, adult="spoiler")
    await at.drawn()
    at.pool.finish(job)
    await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
    assert at.chat.messages[job].spoiler
    assert (await answer(at, "/history")).spoiler
    assert not (await answer(at, "/history", room=GROWN_UP)).spoiler
    await at.close()


async def test_moderators_set_their_servers_rules(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        moderator = replace(SERVER, moderator=True)
        assert (await answer(at, "/admin server adult allow")).text.key == "admin.not_you"
        assert (await answer(at, "/admin pause", room=moderator)).text.key == "admin.not_you"
        card = await answer(at, "/admin server adult spoiler", room=moderator)
        assert card.text.key == "admin.server" and card.fields[0].value == "spoiler"
        assert (await answer(at, "a nude woman")).spoiler
        elsewhere = replace(SERVER, server="another")
        assert (await answer(at, "a nude woman", room=elsewhere)).text.key == "access.adult"
        await answer(at, "/admin server 张数 1", room=moderator)
        assert (await answer(at, "a red apple")).text.key == "access.pictures"
        await answer(at, "/admin server pictures 默认", room=moderator)
        await answer(at, "/admin server chats <#77>", room=moderator)
        assert (await answer(at, "a red apple")).text.key == "access.chat"
        await answer(at, "/admin server chats here", "ann", room=moderator)
        await answer(at, "/admin server roles <@&5>", room=moderator)
        assert (await answer(at, "a red apple")).text.key == "access.role"
        assert (await answer(at, "a red apple", room=replace(SERVER, roles=frozenset({"5"})))).state
        for text, key in {
            "server adult never": "admin.adult",
            "server pictures many": "admin.number",
            "server colour red": "admin.rule",
            "server chats": "admin.ids",
            "colour": "admin.verb",
        }.items():
            assert (await administer(at, f"/admin {text}", room=moderator)).text.key == key
        assert (await administer(at, "/admin server", room=Room())).text.key == "admin.no_server"


async def test_blocking(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ann = await at.person("ann")
        assert (await administer(at, "/admin block <@ann>")).text.key == "admin.blocked"
        assert (await answer(at, "/help")).text.key == "access.blocked"
        assert (await rules.of(at.db, [rules.of_person(ann.id)]))[rules.of_person(ann.id)] == {"blocked": True}
        assert (await administer(at, f"/admin unblock {ann.id}")).text.key == "admin.unblocked"
        assert (await answer(at, "/help")).text.key == "help.title"
        assert (await administer(at, "/admin block fake:nobody")).text.key == "admin.person"
        assert await people.find_person(at.db, "fake", "nobody") is None


async def test_pausing_and_draining(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await administer(at, "/admin pause")
        assert (await answer(at, "a red apple")).state is State.WAITING
        assert (await administer(at, "/admin")).text.key == "admin.statistics"
        assert len(at.studio.queue) == 1 and at.pool.drawn == []
        await administer(at, "/admin drain")
        await at.drawn(1)
        assert (await answer(at, "a red apple")).text.key == "access.draining"
        assert (await administer(at, "/admin resume")).text.key == "admin.resumed"
        assert (await answer(at, "a red apple")).state
        assert (await administer(at, "/admin reload")).text.values == {"models": 1, "loras": 0}


def test_hours_until_midnight() -> None:
    assert until_midnight(datetime(2026, 5, 1, 23, 30, tzinfo=UTC)) == 1
    assert until_midnight(datetime(2026, 5, 1, 0, 0, tzinfo=UTC)) == 24


async def test_a_press_is_weighed_like_a_request(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        limited(at, blocked=frozenset({"fake:ann"}))
        ann = await at.person("ann")
        press = Press(person=ann, place=Place("fake", "ann"), action="vary", target=picture, key="p", room=SERVER)
        await at.desk.press(press)
        assert at.chat.messages["p"].text.key == "access.blocked" and at.chat.messages["p"].fleeting
