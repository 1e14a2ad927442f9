"""/find: a picture found by words or by any copy of it, in one's own pictures alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.chat import Card, Request, Upload
from bot.platforms.discord import layout, slash_commands
from bot.platforms.replies import looks_at
from bot.platforms.telegram import keyboards
from engine.job import Picture
from storage import pictures
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_recipe
from tests.storage.test_likeness import DRAWN, cropped, opened, screenshot


async def kept(at: House, number: int, account: str = "ann") -> str:
    """A picture of somebody's, its id."""
    person = await at.person(account)
    drawn = Picture(recipe=a_recipe(f"picture {number}", seed=number), png=DRAWN[number].read_bytes(), seconds=1.0)
    async with at.db.writing() as session:
        [row] = await pictures.write(at.db, session, [drawn], person=person.id, job=None, parent=None)
    return row.id


async def found(at: House, content: bytes, text: str = "/find", account: str = "ann") -> Card:
    return at.chat.messages[await at.say(text, account, files=(Upload("copy.jpg", content),))]


async def test_a_copy_brings_the_picture_with_all_that_can_be_done_with_it(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first, second = await kept(at, 0), await kept(at, 1)
        for text in ("/find", "/找图", "/find 这是哪张"):
            card = await found(at, await asyncio.to_thread(screenshot, opened(DRAWN[0])), text)
            assert card.text.key == "find.alike" and [one.id for one in card.pictures] == [first]
            assert {"again", "upscale", "recipe"} <= {button.action for button in card.buttons}
            layout.lay_out(card, "en")
            assert keyboards.keyboard(card, "zh", "our_bot", inline=False)
        card = await found(at, await asyncio.to_thread(cropped, opened(DRAWN[1])))
        assert [one.id for one in card.pictures] == [second]
        assert (await found(at, DRAWN[9].read_bytes())).text.key == "find.nothing"


async def test_nobody_finds_the_pictures_of_others(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        theirs = await kept(at, 0)
        assert (await found(at, DRAWN[0].read_bytes(), account="bob")).text.key == "find.nothing"
        bob, own = await at.person("bob"), await kept(at, 1, "bob")
        for picture, key, expected in ((theirs, "a", "find.nothing"), (own, "b", "find.sure")):  # in reply to them
            request = Request(person=bob, place=Place("fake", "bob"), text="/find", key=key, reply_to=picture)
            await at.desk.request(request)
            assert at.chat.messages[key].text.key == expected


async def test_without_a_picture_words_are_looked_for(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a red apple")
        assert [one.id for one in at.chat.messages[await at.say("/find apple")].pictures] == [picture]
        assert at.chat.messages[await at.say("/find")].text.key == "find.how"


def test_every_platform_hands_over_the_picture() -> None:
    assert slash_commands.filled_in("find", "", {}).text == "/find"
    assert slash_commands.filled_in("find", "", {"words": "猫"}).text == "/find 猫"
    assert slash_commands.filled_in("recipe", "", {}).text == "/recipe"
    assert slash_commands.PICTURE in [one.name for one in slash_commands.slash_of("find").options]
    assert all(map(looks_at, ("/find", "/recipe", "/找图", "／配方", "/find@our_bot a cat")))
    assert not any(map(looks_at, ("find", "/history", "/nonsense", "", "a cat /find")))
