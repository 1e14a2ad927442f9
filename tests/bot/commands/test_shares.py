"""What somebody shares, others open by its code and draw at their own cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Card, Room
from bot.commands.recipe import CODE
from bot.people.limits import Limits
from engine.job import State
from storage import pictures
from tests.bot.commands.test_commands import said
from tests.bot.studio.test_studio import House, house

ADULT = Room(server="guild", adult=True)


async def shared(at: House, picture: str = "") -> str:
    """The code of a picture of Ann's."""
    card = at.chat.messages[await at.press("share", picture or await at.picture())]
    assert card.text.key == "share.made" and [one.action for one in card.buttons] == ["unshare"]
    assert card.text.values == {"code": card.share}
    return card.share


def actions(card: Card) -> list[str]:
    return [one.action for one in card.buttons]


async def test_anybody_with_the_code_opens_it_and_draws_it_as_their_own(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        code = await shared(at, picture)
        opened = await said(at, f"/recipe {code}", "bob")
        assert opened.pictures[0].id == picture and opened.share == code and actions(opened) == ["draw"]
        await at.restart()
        await at.press("draw", code, "bob")
        job = (await at.drawn())[-1]
        at.pool.finish(job)
        await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
        done = at.chat.messages[job]
        mine, theirs = (await pictures.get(at.db, done.pictures[0].id), await pictures.get(at.db, picture))
        assert mine and theirs and mine.recipe == theirs.recipe
        assert mine.person == (await at.person("bob")).id and mine.parent is None


async def test_only_the_owner_shares_and_takes_back(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        assert at.chat.messages[await at.press("share", picture, "bob")].text.key == "access.not_yours"
        code = await shared(at, picture)
        assert code == await shared(at, picture), "one picture, one code"
        assert at.chat.messages[await at.press("unshare", code, "bob")].text.key == "access.not_yours"
        assert actions(await said(at, f"/recipe {code}", "ann")) == ["draw", "unshare"]
        assert at.chat.messages[await at.press("unshare", code)].text.key == "share.taken_back"
        for account in ("ann", "bob"):
            assert (await said(at, f"/recipe {code}", account)).text.key == "share.unknown"
            assert at.chat.messages[await at.press("draw", code, account)].text.key == "share.unknown"
        assert at.chat.messages[await at.press("unshare", code)].text.key == "share.unknown"


async def test_a_picture_that_is_not_shared_stays_closed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        for text in (picture, "nothing", "aaaaaaaaaaaaaaaa", "%" * 16):
            assert (await said(at, f"/recipe {text}", "bob")).text.key == "share.unknown"
        assert (await said(at, "/recipe", "bob")).text.key == "recipe.how"
        code = await shared(at, picture)
        await at.press("delete", picture)
        assert (await said(at, f"/recipe {code}", "bob")).text.key == "share.unknown"


async def test_drawing_what_is_shared_costs_whoever_presses(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        code = await shared(at)
        at.studio.rules = replace(at.studio.rules, access=Limits(pictures=1))
        await at.press("draw", code, "bob")
        assert len(await at.drawn(2)) == 2
        assert at.chat.messages[await at.press("draw", code, "bob")].text.key == "access.pictures"


async def test_what_was_drawn_over_a_private_picture_can_be_seen_but_not_drawn(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.picture()
        await at.press("larger", first)
        job = (await at.drawn(2))[-1]
        at.pool.finish(job)
        await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
        code = await shared(at, at.chat.messages[job].pictures[0].id)
        assert actions(await said(at, f"/recipe {code}", "bob")) == []
        assert at.chat.messages[await at.press("draw", code, "bob")].text.key == "share.source"
        assert actions(await said(at, f"/recipe {code}")) == ["draw", "unshare"]


async def test_adult_pictures_open_only_where_they_could_be_drawn(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, access=Limits(adult="allow"))
        await at.say("a nude woman")
        job = (await at.drawn())[0]
        at.pool.finish(job)
        await at.chat.until(lambda: at.chat.messages[job].state is State.DONE)
        code = await shared(at, at.chat.messages[job].pictures[0].id)
        for rule, key, veiled in (("allow", "recipe.title", False), ("spoiler", "recipe.title", True)):
            at.studio.rules = replace(at.studio.rules, access=Limits(adult=rule))  # type: ignore[arg-type]
            card = await said(at, f"/recipe {code}", "bob")
            assert (card.text.key, card.spoiler) == (key, veiled)
        at.studio.rules = replace(at.studio.rules, access=Limits(adult="refuse"))
        refused = await said(at, f"/recipe {code}", "bob")
        assert refused.text.key == "share.adult" and not refused.pictures
        grown_up = at.chat.messages[await at.say(f"/recipe {code}", "bob", room=ADULT)]
        assert grown_up.pictures and not grown_up.spoiler


async def test_ones_own_recipe_has_a_button_to_share_it(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.press("recipe", await at.picture())]
        assert actions(card) == ["share"] and not card.share


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abcdefghij234567", "abcdefghij234567"),
        ("ABCDEFGHIJ234567", "ABCDEFGHIJ234567"),
        ("https://t.me/danqing_bot?start=abcdefghij234567", "abcdefghij234567"),
        ("看看这张 abcdefghij234567", "abcdefghij234567"),
        ("abcdefghij2345678", None),
        ("abcdefghij234501", None),
    ],
)
def test_a_code_is_found_alone_or_in_its_link(text: str, code: str | None) -> None:
    found = CODE.fullmatch(text)
    assert (found[1] if found else None) == code
