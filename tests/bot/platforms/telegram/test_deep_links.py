"""Links that open the bot: what is shared, and who may open it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

from bot.people.limits import Limits
from tests.bot.platforms.telegram.conftest import House
from tests.bot.platforms.telegram.test_sharing import drawn
from tests.peers.telegram import Chat, Message, TelegramServer, User


async def shared(chat: Chat, ann: User, picture: Message) -> tuple[Message, str]:
    """The message that shares a picture, and the payload of its link."""
    await chat.press(ann, picture, "More ⋯")
    await chat.until(lambda _: any("🔗 Share" in row for row in picture.keyboard))
    await chat.press(ann, picture, "🔗 Share")
    made = await chat.answer(after=picture.order)
    buttons = {one["text"]: one for one in made.content.buttons}
    link = buttons["Copy link"]["copy_text"]["text"]
    assert unquote(buttons["Send the link"]["url"]).endswith(f"url={link}")
    code = parse_qs(urlsplit(link).query)["start"][0]
    assert buttons["Send the picture"]["switch_inline_query"] == code and code in made.text
    assert link.startswith("https://t.me/danqing_bot?start=") and len(code) == 16
    return made, code


async def test_a_shared_picture_opens_by_its_link_and_is_drawn_at_ones_own_cost(
    house: House, server: TelegramServer
) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    chat, other = server.private(ann), server.private(bob)
    _, code = await shared(chat, ann, await drawn(server, chat, ann))
    await house.settled()
    await house.kill()
    await house.open()
    await other.start(bob, code)
    opened = await other.answer(lambda one: one.photo)
    assert "a red apple" in opened.text and "Recipe" in opened.text
    labels = [label for row in opened.keyboard for label in row]
    assert labels[:3] == ["🎨 Draw this", "Copy seed", "Copy text"] and "Stop sharing" not in labels
    house.studio.rules = replace(house.studio.rules, access=Limits(pictures=1))
    await other.press(bob, opened, "🎨 Draw this")
    done = await other.answer(lambda one: one.photo, after=opened.order)
    assert "Done" in done.text
    pressed = await other.press(bob, opened, "🎨 Draw this")
    assert "left" in await pressed.answered()


async def test_a_link_that_was_taken_back_says_so(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    chat, other = server.private(ann), server.private(bob)
    made, code = await shared(chat, ann, await drawn(server, chat, ann))
    pressed = await chat.press(ann, made, "Stop sharing")
    assert "No longer shared" in await pressed.answered()
    order = 0
    for payload in (code, "nothinglikethat", "-_" * 32):
        await other.start(bob, payload)
        answer = await other.answer(after=order)
        assert "opens nothing" in answer.text and not answer.photo
        order = answer.order


async def test_the_code_works_as_a_command_in_a_group_too(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="zh-hans")
    chat, group = server.private(ann), server.group("Studio", [bob])
    picture = await drawn(server, chat, ann)
    _, code = await shared(chat, ann, picture)
    await group.say(bob, f"/recipe {code}")
    opened = await group.answer(lambda one: one.photo)
    assert opened.keyboard[0] == ["🎨 画这张"]
    await chat.say(ann, "/recipe", reply_to=picture)
    own = await chat.answer(lambda one: "Recipe" in one.text, after=opened.order)
    assert own.keyboard[0] == ["🔗 Share"]


async def test_links_and_greetings_pass_the_gate(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    chat, other = server.private(ann), server.private(bob)
    _, code = await shared(chat, ann, await drawn(server, chat, ann))
    house.studio.rules = replace(house.studio.rules, access=Limits(blocked=frozenset({f"telegram:{bob.id}"})))
    order = 0
    for payload in (code, "", "inline"):
        await other.start(bob, payload)
        answer = await other.answer(after=order)
        assert "may not use this bot" in answer.text and not answer.photo
        order = answer.order


async def test_a_group_that_is_not_on_the_list_is_told_so_when_the_bot_is_added(
    house: House, server: TelegramServer
) -> None:
    ann = server.user("Ann", language="en")
    group = server.group("Studio", [ann])
    house.studio.rules = replace(house.studio.rules, access=Limits(servers=frozenset({"telegram:-1"})))
    group.bot("left")
    group.bot("member")
    told = await group.answer()
    assert "is not open here" in told.text and "/imagine" not in told.text
    house.studio.rules = replace(house.studio.rules, access=Limits(servers=frozenset({f"telegram:{group.id}"})))
    group.bot("left")
    group.bot("member")
    assert "/imagine" in (await group.answer(after=told.order)).text


async def test_files_and_sheets_pass_the_gate(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    group, other = server.group("Studio", [ann, bob]), server.private(bob)
    await group.say(ann, "/imagine a red apple, 2张")
    sheet = await group.answer(lambda one: one.photo)
    house.studio.rules = replace(house.studio.rules, access=Limits(blocked=frozenset({f"telegram:{bob.id}"})))
    assert "may not use this bot" in await (await group.press(bob, sheet, "1")).answered()
    await other.say(bob, document=sheet.photo or b"")
    assert "may not use this bot" in (await other.answer()).text
    assert group.answers == [sheet]
