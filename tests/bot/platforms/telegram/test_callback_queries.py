"""Buttons: a sheet of four, other people's, dangerous ones, old ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from telegram import InlineKeyboardMarkup
from telegram.error import TelegramError

from bot.chat import Button, Press
from bot.platforms.telegram import button_codes, keyboards, places
from bot.platforms.telegram.bot_api import BotApi
from bot.texts import say
from storage import dictionary, favourites, people, pictures
from tests.bot.platforms.telegram.conftest import House
from tests.peers.telegram import Chat, Message, TelegramServer, User, editing


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
    once = [["🔄 Again", "🎲 Vary", "🔍 Upscale ×2"], ["✏️ Edit", "🤍 Save", "🧩 Tag table"], ["More ⋯"]]
    assert single.keyboard == once
    await chat.press(ann, sheet, "U2")
    larger = await chat.answer(lambda one: one.photo, after=single.order)
    job = house.pool.drawn[-1][0]
    found = await pictures.of_job(house.db, job)
    assert found[0].recipe.upscale is not None and larger.reply_to is sheet


@pytest.mark.parametrize("way", ["reaction", "reply", "command", "button"])
async def test_again_under_a_sheet_draws_all_of_it(
    house: House, server: TelegramServer, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cast(dict[str, str], house.settings.reactions), "👍", "again")  # as an owner may choose
    chat, ann, sheet = await drawn(server, "a red apple --n 3")
    if way == "reaction":
        await chat.react(ann, sheet, "👍")
    elif way == "reply":
        await chat.say(ann, "再来一张", reply_to=sheet)
    elif way == "command":
        await chat.say(ann, "/edit draw it again")
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


async def menu(chat: Chat, user: User, message: Message, more: str = "More ⋯", back: str = "Back") -> None:
    """Have the rest of a picture's buttons shown."""
    await chat.press(user, message, more)
    await chat.until(lambda _: message.keyboard[-1] == [back])


def refusals(server: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Telegram refuses from now on."""
    found: list[str] = []
    call = BotApi.post

    async def watched(self: BotApi, *args: Any, **options: Any) -> Any:
        try:
            return await call(self, *args, **options)
        except TelegramError as error:
            found.append(str(error))
            raise

    monkeypatch.setattr(BotApi, "post", watched)
    return found


async def test_deleting_asks_first_and_takes_the_message_away(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, ann, message = await drawn(server)
    await chat.press(ann, message, "✏️ Edit")
    question = await chat.answer(after=message.order)
    await menu(chat, ann, message)
    refused, picture = refusals(server, monkeypatch), message.photo
    asked = await (await chat.press(ann, message, "🗑 Delete")).answered()
    assert "once more" in asked and message.photo == picture
    told = await (await chat.press(ann, message, "🗑 Delete")).answered()
    assert told == "Deleted." and message.deleted and question.deleted, "it showed the prompt"
    assert chat.answers == [] and refused == []


async def test_what_can_be_taken_away_no_more_is_left_without_a_word_of_it(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, ann, message = await drawn(server, "a red apple, " + "with a very long description " * 60)
    await house.until(lambda: not house.studio._answers._tasks)  # all of its words stand
    rest = [one for one in chat.answers if one is not message]
    picture = message.photo
    monkeypatch.setattr(editing, "DELETABLE", -1)
    await menu(chat, ann, message)
    calls = len(server.calls("editMessageText"))
    for _ in range(2):
        await (await chat.press(ann, message, "🗑 Delete")).answered()
    await chat.until(lambda _: message.photo != picture)
    assert message.text == "The picture was deleted." and message.keyboard == [] and {one.text for one in rest} == {"…"}
    assert len(server.calls("editMessageText")) == calls + len(rest), "of the rest alone"


async def test_a_sheet_loses_the_one_that_is_deleted(house: House, server: TelegramServer) -> None:
    chat, ann, sheet = await drawn(server, "a red apple --n 2")
    await chat.press(ann, sheet, "2")
    single = await chat.answer(lambda one: one.photo, after=sheet.order)
    await menu(chat, ann, single)
    for _ in range(2):
        await (await chat.press(ann, single, "🗑 Delete")).answered()
    assert single.deleted and not sheet.deleted and "U1" not in str(sheet.keyboard)


async def test_a_thumb_down_deletes_all_of_a_sheet_and_nothing_of_a_list(house: House, server: TelegramServer) -> None:
    chat, ann, sheet = await drawn(server, "a red apple --n 2")
    await chat.say(ann, "/history")
    listed = await chat.answer(lambda one: one.photo, after=sheet.order)
    await chat.react(ann, listed, "👎")
    await house.settled()
    assert not listed.deleted and len(await pictures.of_job(house.db, house.pool.drawn[0][0])) == 2
    await chat.react(ann, sheet, "👎")
    await chat.until(lambda _: sheet.deleted)
    assert await pictures.of_job(house.db, house.pool.drawn[0][0]) == ()


STRANGE = ("🔄 再来一张", "✏️ 改一改", "🤍 收藏", "更多 ⋯", "🗑 删除", "🏷 收藏改名")


@pytest.mark.parametrize("label", STRANGE)
async def test_a_stranger_is_told_alone_before_anything_is_shown(
    house: House, server: TelegramServer, label: str
) -> None:
    ann, bob = server.user("安", language="zh-hans"), server.user("Bob", language="en")
    group = server.group("画室", [ann, bob])
    await group.say(ann, "/imagine a red apple")
    message = await group.answer(lambda one: one.photo)
    if label in ("🗑 删除", "🏷 收藏改名"):
        await (await group.press(ann, message, "🤍 收藏")).answered()
        await group.until(lambda _: "❤ 已收藏" in str(message.keyboard))
        await menu(group, ann, message, "更多 ⋯", "返回")
    before = message.keyboard
    told = await (await group.press(bob, message, label)).answered()
    await house.settled()
    assert "Only" in told or "favourites" in told
    assert group.answers == [message] and message.keyboard == before and len(house.pool.drawn) == 1


async def test_a_strangers_pick_and_reaction_show_nothing(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    group = server.group("Studio", [ann, bob])
    group.bot("administrator")
    await group.say(ann, "/imagine a red apple --n 2")
    sheet = await group.answer(lambda one: one.photo)
    assert "Only" in await (await group.press(bob, sheet, "1")).answered()
    for emoji in ("❤", "🔥", "👎"):
        await group.react(bob, sheet, emoji)
    await house.settled()
    assert group.answers == [sheet] and len(house.pool.drawn) == 1 and not sheet.reactions.get(server.bot.id)


async def test_an_admins_more_keeps_the_owners_language(house: House, server: TelegramServer) -> None:
    ann, boss = server.user("安", language="zh-hans"), server.user("Boss", language="en")
    house.studio.rules = replace(house.studio.rules, admins=frozenset({f"telegram:{boss.id}"}))
    group = server.group("画室", [ann, boss])
    await group.say(ann, "/imagine a red apple")
    message = await group.answer(lambda one: one.photo)
    before = message.keyboard
    await menu(group, boss, message, "更多 ⋯", "返回")
    assert "🗑 删除" in message.keyboard[-2]
    await group.press(boss, message, "返回")
    await group.until(lambda _: message.keyboard == before)


async def test_one_picture_is_one_favourite_by_whatever_way(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    person = (await house.studio.person("telegram", str(ann.id))).id
    await chat.react(ann, message, "❤")
    await chat.until(lambda _: "❤ Saved" in str(message.keyboard))
    stale = button_codes.callback_data("favourite", (await pictures.search(house.db, person)).pictures[0].id)
    [kept] = await favourites.listed(house.db, person)
    await chat.react(ann, message)
    await chat.react(ann, message, "❤")
    await house.settled()
    press = Press(
        person=await house.studio.person("telegram", str(ann.id)), place=places.place(chat.id), action="favourite",
        target=stale.rpartition("|")[2], key="once-more",
    )  # fmt: skip
    await house.desk.press(press)
    assert await favourites.listed(house.db, person) == [kept] and kept.name == "a red apple"
    told = await (await chat.press(ann, message, "❤ Saved")).answered()
    assert "no favourite any more" in told
    await chat.until(lambda _: "🤍 Save" in str(message.keyboard))
    assert await favourites.listed(house.db, person) == []


async def test_a_taken_name_is_asked_about_and_can_be_given(house: House, server: TelegramServer) -> None:
    chat, ann, first = await drawn(server)
    assert await (await chat.press(ann, first, "🤍 Save")).answered() == "Saved as “a red apple”."
    await chat.press(ann, first, "🔄 Again")
    second = await chat.answer(lambda one: one.photo, after=first.order)
    told = await (await chat.press(ann, second, "🤍 Save")).answered()
    assert "“a red apple” is in use" in told and "Rename" in told
    await chat.until(lambda _: "❤ Saved" in str(second.keyboard))
    await menu(chat, ann, second)
    await chat.press(ann, second, "🏷 Rename favourite")
    question = await chat.answer(after=second.order)
    assert question.markup is not None and question.markup["force_reply"] and "a red apple · " in question.text
    await chat.say(ann, "a red apple", reply_to=question)
    taken = await chat.answer(after=question.order)
    assert "is in use" in taken.text and taken.keyboard == [["🏷 Rename favourite"]]
    await chat.say(ann, "breakfast", reply_to=question)
    named = await chat.answer(after=taken.order)
    assert "is now “breakfast”" in named.text
    person = (await house.studio.person("telegram", str(ann.id))).id
    assert {one.name for one in await favourites.listed(house.db, person)} == {"a red apple", "breakfast"}


async def test_a_list_says_on_its_buttons_what_they_do(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    person = (await house.studio.person("telegram", str(ann.id))).id
    for name in ("cat", "a name so long that no button on any phone could hold it"):
        await favourites.save(house.db, person, name, "a cat")
    await chat.say(ann, "/favourites")
    listed = await chat.answer(after=message.order)
    assert listed.keyboard == [["🎨 Use · a name so long that n…", "🎨 Use · cat"]]
    await chat.press(ann, message, "🔄 Again")
    await chat.answer(lambda one: one.photo, after=listed.order)
    await chat.say(ann, "/history")
    found = await chat.answer(lambda one: one.photo and "📋" in str(one.keyboard))
    assert found.keyboard[0] == ["📋 Recipe 1", "📋 Recipe 2"]


async def test_thumbs_up_is_thanks(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    await chat.react(ann, message, "👍")
    await house.settled()
    assert len(house.pool.drawn) == 1 and chat.answers == [message]


async def test_an_original_whose_file_is_gone_says_so(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server)
    [row] = await pictures.of_job(house.db, house.pool.drawn[0][0])
    await house.db.files.remove(row.hash)
    await menu(chat, ann, message)
    assert "is gone" in await (await chat.press(ann, message, data=original(message))).answered()
    assert chat.answers == [message]


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
    assert "Saved" in await (await chat.press(ann, message, "🤍 Save")).answered()


async def test_a_sentence_in_reply_to_the_question_changes_the_picture(house: House, server: TelegramServer) -> None:
    chat, ann, message = await drawn(server, "a red apple on a table")
    await chat.press(ann, message, "✏️ Edit")
    question = await chat.answer(after=message.order)
    assert question.markup is not None and question.markup["force_reply"]
    assert "a red apple on a table" in question.text
    await chat.say(ann, "replace the apple with a pear", reply_to=question)
    changed = await chat.answer(lambda one: one.photo, after=question.order)
    assert "a red apple on a table → a pear on a table" in changed.text


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
    await menu(chat, ann, message)
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
    assert button_codes.parse_callback_data(
        button_codes.callback_data("fix_faces", "abcdefghijkl")
    ) == button_codes.CallbackData("fix_faces", "abcdefghijkl")
    for data in ("", "1", "1|again", "2|again|x", "again|x"):
        assert button_codes.parse_callback_data(data) is None
    with pytest.raises(ValueError, match="too long"):
        button_codes.callback_data("again", "x" * 64)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_on_shows_it_in_the_language_it_has(language: str) -> None:
    keys = keyboards._short([Button("with_lora", "abc")], language)
    on = keyboards.turned(InlineKeyboardMarkup(keys), "1|with_lora|abc", "without_lora")
    [[button]] = on.inline_keyboard
    assert button.text == f"✅ {say(language, 'button.without_lora')}" and button.callback_data == "1|without_lora|abc"
    assert keyboards.turned(on, "1|without_lora|abc", "with_lora") == InlineKeyboardMarkup(keys)
    assert keyboards.turned(on, "1|other|abc", "with_lora") == on


async def test_a_word_is_corrected_in_a_reply(house: House, server: TelegramServer) -> None:
    chat, ann, done = await drawn(server, "老人拿着耒耜")
    await (await chat.press(ann, done, data=f"1|correct|{house.pool.drawn[-1][0]}")).answered()
    question = await chat.answer(lambda one: "耒耜 = plow" in one.text, after=done.order)
    await chat.say(ann, "耒耜 = wooden plow", reply_to=question)
    told = await chat.answer(after=question.order)
    assert "Noted: 耒耜 = wooden plow" in told.text
    person = await people.find_person(house.db, "telegram", str(ann.id))
    assert person and await dictionary.words(house.db, person.id) == {"耒耜": "wooden plow"}
