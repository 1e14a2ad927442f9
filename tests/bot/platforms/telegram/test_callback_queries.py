"""Buttons: a sheet of four, other people's, dangerous ones, old ones."""

from __future__ import annotations

import pytest

from bot.platforms.telegram import keyboards
from storage import pictures
from tests.bot.platforms.telegram.conftest import House
from tests.peers.telegram import Chat, Message, TelegramServer, User


async def drawn(server: TelegramServer, text: str = "a red apple") -> tuple[Chat, User, Message]:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, text)
    return chat, ann, await chat.answer(lambda one: one.photo)


async def test_four_pictures_are_a_sheet_with_u_and_v(house: House, server: TelegramServer) -> None:
    chat, ann, sheet = await drawn(server, "a red apple --n 4")
    assert sheet.keyboard[:3] == [
        ["U1", "U2", "U3", "U4"],
        ["V1", "V2", "V3", "V4"],
        ["1", "2", "3", "4"],
    ]
    assert chat.answers == [sheet]
    await chat.press(ann, sheet, "3")
    single = await chat.answer(lambda one: one.photo, after=sheet.order)
    assert "🗑 Delete" in single.keyboard[-1]
    await chat.press(ann, sheet, "U2")
    larger = await chat.answer(lambda one: one.photo, after=single.order)
    job = house.pool.drawn[-1][0]
    found = await pictures.of_job(house.db, job)
    assert found[0].recipe.upscale is not None and larger.reply_to is sheet


@pytest.mark.parametrize("way", ["reaction", "button"])
async def test_again_under_a_sheet_draws_all_of_it(house: House, server: TelegramServer, way: str) -> None:
    chat, ann, sheet = await drawn(server, "a red apple --n 3")
    if way == "reaction":
        await chat.react(ann, sheet, "👍")
    else:
        await (await chat.press(ann, sheet, "🔄 All again")).answered()
    again = await chat.answer(lambda one: one.photo, after=sheet.order)
    first, second = [await pictures.of_job(house.db, job) for job, _ in house.pool.drawn]
    assert len(second) == 3 and len({row.recipe.seed for row in (*first, *second)}) == 6
    assert again.keyboard[0] == ["U1", "U2", "U3"] and {row.parent for row in second} == {first[0].id}


async def test_more_buttons_and_back(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    before = message.keyboard
    await chat.press(ann, message, "More ⋯")
    await chat.until(lambda _: message.keyboard[-1] == ["Back"])
    assert any("Original" in label for row in message.keyboard for label in row)
    await (await chat.press(ann, message, "Back")).answered()
    await chat.until(lambda _: message.keyboard == before)


async def test_the_original_comes_as_a_document_with_its_recipe(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    await chat.press(ann, message, "More ⋯")
    await chat.until(lambda _: message.keyboard[-1] == ["Back"])
    await chat.press(ann, message, data=original(message))
    document = (await chat.answer(lambda one: one.document)).document
    assert document is not None and document.content.startswith(b"\x89PNG") and document.name.endswith(".png")


def original(message: Message) -> str:
    return next(str(one["callback_data"]) for one in message.content.buttons if "|original|" in one["callback_data"])


async def test_deleting_asks_first_and_leaves_no_picture(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    picture = message.photo
    asked = await (await chat.press(ann, message, "🗑 Delete")).answered()
    assert "once more" in asked and message.photo == picture
    told = await (await chat.press(ann, message, "🗑 Delete")).answered()
    assert told == "Deleted."
    assert message.photo != picture and message.keyboard == []


async def test_what_costs_drawing_time_is_the_owners(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann"), server.user("Bob", language="en")
    group = server.group("Studio", [ann, bob])
    await group.say(ann, "/imagine a red apple")
    message = await group.answer(lambda one: one.photo)
    told = await (await group.press(bob, message, "🔄 Again")).answered()
    assert "Only" in told and len(house.pool.drawn) == 1


async def test_buttons_work_after_a_restart(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    await house.kill()
    await house.open()
    await chat.press(ann, message, "🔄 Again")
    await chat.answer(lambda one: one.photo, after=message.order)
    assert "Saved" in await (await chat.press(ann, message, "❤ Favourite")).answered()


async def test_a_sentence_in_reply_to_the_question_changes_the_picture(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server, "a red apple on a table")
    await chat.press(ann, message, "✏️ Edit")
    question = await chat.answer(after=message.order)
    assert question.markup is not None and question.markup["force_reply"]
    assert "a red apple on a table" in question.text
    await chat.say(ann, "replace the apple with a pear", reply_to=question)
    changed = await chat.answer(lambda one: one.photo, after=question.order)
    assert "a red apple on a table → a red pear on a table" in changed.text


async def test_the_whole_text_written_anew_does_too(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server, "a red apple on a wooden table")
    await chat.press(ann, message, "✏️ Edit")
    question = await chat.answer(after=message.order)
    await chat.say(ann, "a green apple on a wooden table, rain", reply_to=question)
    changed = await chat.answer(lambda one: one.photo, after=question.order)
    [before], [after] = [await pictures.of_job(house.db, job) for job, _ in house.pool.drawn]
    assert "a green apple on a wooden table, rain" in changed.text and before.recipe.seed == after.recipe.seed
    assert "✏️ a red apple on a wooden table → a green apple on a wooden table" in changed.text
    assert "✏️ added rain" in changed.text


async def test_the_recipe_has_what_one_wants_to_copy(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    await chat.press(ann, message, "📋 Recipe")
    recipe = await chat.answer(lambda one: "Recipe" in one.text, after=message.order)
    copied = [one["copy_text"]["text"] for one in recipe.content.buttons if "copy_text" in one]
    assert copied[1] == "a red apple" and copied[0].isdigit() and copied[0] in recipe.text


async def test_a_cancelled_job_can_be_tried_again(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    await chat.say(ann, "a red apple")
    status = await chat.answer()
    await chat.press(ann, status, "✖️ Cancel")
    await chat.until(lambda _: "Cancelled" in status.text)
    assert status.keyboard == [["🔁 Try again"]]


def test_codes_come_back_as_they_were() -> None:
    assert keyboards.parse_callback_data(
        keyboards.callback_data("fix_faces", "abcdefghijkl")
    ) == keyboards.CallbackData("fix_faces", "abcdefghijkl")
    for data in ("", "1", "1|again", "2|again|x", "again|x"):
        assert keyboards.parse_callback_data(data) is None
    with pytest.raises(ValueError, match="too long"):
        keyboards.callback_data("again", "x" * 64)
