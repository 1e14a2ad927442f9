"""Pictures that say how they were drawn, and copies of one's own, as they come on Telegram."""

from __future__ import annotations

from storage import pictures
from tests.bot.commands.test_papers import PLAIN, stamped
from tests.bot.platforms.telegram.conftest import House
from tests.bot.platforms.telegram.test_photos import alone
from tests.peers.telegram import TelegramServer


async def test_a_document_with_papers_is_read_in_the_language_of_its_sender(
    house: House, server: TelegramServer
) -> None:
    chat, ann = alone(server)
    await chat.say(ann, document=stamped(PLAIN))
    card = await chat.answer()
    assert "读自 A1111" in card.text and "4711" in card.text and "somebodysMix_v3" in card.text
    assert not house.pool.drawn
    bob = server.user("Bob", language="en")
    group = server.group("Studio", [ann, bob])
    theirs = await group.say(bob, document=stamped(PLAIN))
    await group.say(ann, "/recipe", reply_to=theirs)
    assert "读自 A1111" in (await group.answer()).text


async def test_a_copy_in_a_photo_finds_the_picture(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "一只红苹果 种子200")
    drawn = await chat.answer(lambda one: one.photo)
    assert drawn.photo is not None
    [row] = await pictures.of_job(house.db, house.pool.drawn[-1][0])
    await chat.say(ann, "/find", photo=drawn.photo)
    found = await chat.answer(lambda one: one.photo, after=drawn.order)
    assert str(row.recipe.seed) in found.text
    bob = server.user("Bob", language="en")
    group = server.group("Studio", [ann, bob])
    await group.say(bob, "/find", reply_to=await group.say(ann, photo=drawn.photo))
    assert "None of your pictures" in (await group.answer()).text
