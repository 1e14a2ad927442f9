"""Pictures that say how they were drawn, and copies of one's own, as they come on Telegram."""

from __future__ import annotations

import pytest

from engine.pixels import papers, png_recipe
from storage import jobs, pictures
from tests.bot.commands.test_papers import PLAIN, stamped
from tests.bot.platforms.telegram.conftest import House
from tests.bot.platforms.telegram.test_callback_queries import menu, original
from tests.bot.platforms.telegram.test_photos import alone
from tests.peers.telegram import Message, TelegramServer
from tests.scene import scene


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


@pytest.mark.parametrize(
    ("policy", "told", "as_ours"), [("embed", True, True), ("stealth", True, False), ("strip", False, False)]
)
async def test_a_document_says_as_much_as_its_owner_wants(
    policy: str, told: bool, as_ours: bool, house: House, server: TelegramServer
) -> None:
    chat, ann = alone(server)
    await chat.say(ann, f"/设置 参数 {policy}")
    await chat.answer()
    await chat.say(ann, "一只红苹果 种子200")
    message = await chat.answer(lambda one: one.photo)
    [row] = await pictures.of_job(house.db, house.pool.drawn[-1][0])
    house.db.files.path(row.hash).write_bytes(png_recipe.png(scene(128), row.recipe))
    await menu(chat, ann, message, "更多 ⋯", "返回")
    await chat.press(ann, message, data=original(message))
    document = (await chat.answer(lambda one: one.document)).document
    assert document is not None and papers.told(document.content) is told
    found = papers.infotexts(document.content)
    assert bool(found) is told and all(one.fields["Seed"] == "200" for one in found)
    assert (png_recipe.read_recipe(document.content) is not None) is as_ours


def labelled(message: Message, words: str) -> str:
    """The label of a message's button that says this, with its sign."""
    return next(label for row in message.keyboard for label in row if label.endswith(words))


async def test_a_lone_picture_is_compared_and_drawn_by_buttons(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, document=stamped(PLAIN))
    card = await chat.answer()
    for words in ("在上面画", "照着画", "只用提示词", "和我的比"):
        assert labelled(card, words)
    await chat.press(ann, card, labelled(card, "和我的比"))
    told = await chat.answer(lambda one: one.keyboard and "两种都画" in str(one.keyboard))
    assert not house.pool.drawn
    await chat.press(ann, told, labelled(told, "两种都画"))
    await chat.until(lambda _: len(house.pool.drawn) == 1)
    kept = await jobs.get(house.db, house.pool.drawn[0][0])
    assert kept is not None
    theirs, mine = kept.job.recipes
    assert (theirs.seed, mine.seed) == (4711, 4711) and theirs.like is not None and mine.like is None
