"""What goes wrong between the bot and Telegram: nothing is lost, nothing is answered twice."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import Update

from bot.platforms.telegram import card_messages, places, updates
from bot.platforms.telegram import chat as telegram_chat
from bot.platforms.telegram.bot_api import BotApi
from bot.texts import say
from storage import facts, jobs
from tests.bot.platforms.telegram.conftest import FAST, House
from tests.bot.platforms.telegram.test_callback_queries import menu
from tests.patience import until
from tests.peers.telegram import Chat, TelegramServer, User


def alone(server: TelegramServer) -> tuple[Chat, User]:
    ann = server.user("Ann", language="en")
    return server.private(ann), ann


async def test_an_update_delivered_twice_is_one_request(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "a red apple", twice=True)
    done = await chat.answer(lambda one: one.photo)
    server.again(await chat.say(ann, "/queue"))
    last = await chat.answer(after=done.order)
    pressed = await chat.press(ann, done, "🤍 Save")
    await pressed.answered()
    server.again(pressed)
    await chat.say(ann, "/favourites")
    listed = await chat.answer(lambda one: "favourites" in one.text, after=last.order)
    assert chat.answers == [done, last, listed] and len(house.pool.drawn) == 1
    assert listed.text.count("a red apple") == 2, "its name and its text"


async def test_a_change_to_what_is_drawn_is_answered_once(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    said = await chat.say(ann, "a red apple")
    answer = await chat.answer(lambda one: one.photo)
    for text in ("a green apple", "a green apple.", "a green pear"):
        await chat.edit(ann, said, text)
    told = await chat.answer(after=answer.order)
    assert told.text == say("en", "rewritten.late") and told.reply_to is said
    await chat.say(ann, "/queue")
    last = await chat.answer(after=told.order)
    assert chat.answers == [answer, told, last] and len(house.pool.drawn) == 1


async def test_a_change_in_time_takes_the_place_of_what_waits(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    chat, ann = alone(server)
    said = await chat.say(ann, "a red aple")
    first = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    await chat.edit(ann, said, "a red apple")
    await server.until(lambda: len(house.pool.drawn) == 2)
    await house.kill()
    house.pool.seconds = 0.0
    await house.open()
    await chat.until(lambda _: first.photo)
    assert chat.answers == [first]
    person = await house.studio.person("telegram", str(ann.id))
    kept = await jobs.of_person(house.db, person.id)
    assert {one.job.recipes[0].prompt.text: str(one.job.state) for one in kept} == {
        "a red apple": "done",
        "a red aple": "cancelled",
    }


async def test_a_change_to_what_was_refused_asks_anew(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    said = await chat.say(ann, "a cat --steps 9999")
    refused = await chat.answer()
    await chat.edit(ann, said, "a cat --steps 9")
    done = await chat.answer(lambda one: one.photo, after=refused.order)
    assert done.reply_to is said


async def test_a_burst_keeps_its_order(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    said = [await chat.say(ann, f"a red apple, number {number}") for number in range(6)]
    await chat.until(lambda _: sum(bool(one.photo) for one in chat.answers) == 6)
    assert [one.reply_to for one in chat.answers] == said
    person = await house.studio.person("telegram", str(ann.id))
    asked = [one.job.recipes[0].prompt.text for one in reversed(await jobs.of_person(house.db, person.id))]
    assert asked == [one.text for one in said]


async def test_an_update_delivered_again_after_a_restart(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    said = await chat.say(ann, "a red apple")
    done = await chat.answer(lambda one: one.photo)
    asked = await chat.say(ann, "/queue")
    answer = await chat.answer(after=done.order)
    await house.kill()
    server.again(said)
    server.again(asked)
    await house.open()
    await chat.say(ann, "/help")
    await chat.answer(after=answer.order)
    assert len(chat.answers) == 3


async def test_an_update_that_is_done_is_forgotten_though_none_follows(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "/queue")
    await chat.answer()
    kept = f"telegram.updates.{server.token.partition(':')[0]}"

    async def forgotten() -> bool:
        return await facts.fact(house.db, kept) == []

    await until(forgotten)


async def test_what_is_done_while_others_are_being_forgotten_is_forgotten_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {1: asyncio.Event(), 2: asyncio.Event()}
    written: list[object] = []
    api = cast(BotApi, SimpleNamespace(bot=SimpleNamespace(token="7:x"), message_ids=SimpleNamespace(hear=id)))
    taking = updates.Updates(api, house.db, lambda update: cast(Any, done[update.update_id].wait()))

    async def written_down(_: object, __: str, value: list[dict[str, int]]) -> None:
        left = [one["update_id"] for one in value]
        if left == [2]:  # the second is done while it is still written as under way
            done[2].set()
            await until(lambda: not taking._pending)
        written.append(left)

    monkeypatch.setattr(facts, "set_fact", written_down)
    monkeypatch.setattr(updates, "CLEARED", 0)
    await taking.accept([Update(1), Update(2)])
    done[1].set()
    await until(lambda: written == [[1, 2], [2], []])


async def test_what_was_written_while_the_bot_was_down_is_answered(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await house.kill()
    await chat.say(ann, "a red apple")
    await house.open()
    await chat.answer(lambda one: one.photo)


async def test_a_job_in_the_middle_goes_on_in_its_message(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    await house.kill()
    house.pool.seconds = 0.0
    await house.open()
    await chat.until(lambda _: status.photo)
    assert chat.answers == [status]


async def test_told_to_wait_it_waits(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    start = time.time()
    server.clock = lambda: start + (time.time() - start) * FAST
    server.fail("sendMessage", code=429, retry_after=7)
    await chat.say(ann, "/queue")
    await chat.answer()
    assert not server.limits.overruns


async def test_errors_of_the_server_are_tried_again(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    server.fail("sendMessage", code=502, times=2)
    await chat.say(ann, "/queue")
    answer = await chat.answer()
    server.fail("editMessageMedia", code=500)
    server.fail("getUpdates", code=502)
    await chat.say(ann, "a red apple")
    await chat.answer(lambda one: one.photo, after=answer.order)
    assert len(chat.answers) == 2


async def test_a_reply_that_never_came_back_is_found_not_repeated(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    server.cut("sendMessage", times=1)
    await chat.say(ann, "a red apple")
    done = await chat.answer(lambda one: one.photo)
    server.cut("sendMessage", times=1)
    await chat.say(ann, "/queue")
    server.cut("editMessageMedia", times=1)
    await chat.say(ann, "a green apple")
    other = await chat.answer(lambda one: one.photo, after=done.order)
    await server.until(lambda: len(chat.answers) >= 3)
    assert len(chat.answers) == 3 and other in chat.answers


async def test_another_copy_of_the_bot(house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "AFTER_CONFLICT", 0.1)
    chat, ann = alone(server)
    server.conflict()
    await chat.say(ann, "/queue")
    await chat.answer()


async def test_telegram_away_when_the_bot_starts(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_chat, "TRY_AGAIN", 0.1)
    chat, ann = alone(server)
    await house.kill()
    await server.down()
    await house.open(connected=False)
    await server.up()
    await chat.say(ann, "a red apple")
    await chat.answer(lambda one: one.photo)


async def test_whoever_blocks_the_bot_is_told_nothing_and_stops_nobody(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    other = server.private(bob := server.user("Bob"))
    house.pool.seconds = None
    await chat.say(ann, "a red apple")
    await chat.answer()
    await server.until(lambda: house.pool.drawn)
    chat.block()
    house.pool.finish(house.pool.drawn[0][0])
    house.pool.seconds = 0.0
    await other.say(bob, "a green apple")
    await other.answer(lambda one: one.photo)
    assert len(chat.answers) == 1


async def test_a_status_message_that_somebody_deleted(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    await chat.delete(ann, status)
    house.pool.finish(house.pool.drawn[0][0])
    await chat.answer(lambda one: one.photo)
    assert len(chat.answers) == 1


async def test_a_protected_chat_gets_its_answers(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    chat.protect()
    await chat.say(ann, "a red apple")
    await chat.answer(lambda one: one.photo)


@pytest.mark.parametrize("code", [400, 413])
async def test_a_picture_that_telegram_never_takes_is_answered_in_words(
    house: House, server: TelegramServer, code: int
) -> None:
    house.pool.seconds = None
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    server.fail("editMessageMedia", code=code, times=99)
    house.pool.finish(house.pool.drawn[0][0])
    await chat.until(lambda _: "/history" in status.text)
    assert chat.answers == [status] and not status.keyboard
    assert len(server.calls("editMessageMedia")) == 1, "what is refused for good is not sent again"
    await house.until(lambda: not house.studio._answers._open)
    asked = len(server.calls("editMessageMedia"))
    await chat.say(ann, "/queue")
    await chat.answer(after=status.order)
    assert asked == len(server.calls("editMessageMedia")) == 1


async def test_an_answer_that_telegram_takes_in_no_form_is_given_up(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    await chat.answer()
    await server.until(lambda: house.pool.drawn)
    [(job, _)] = house.pool.drawn
    for method in ("editMessageMedia", "editMessageText", "sendMessage", "sendPhoto"):
        server.fail(method, code=400, times=99)
    house.pool.finish(job)
    await house.until(lambda: not house.studio._answers._open)
    kept = await jobs.get(house.db, job)
    assert kept is not None and kept.answered
    server.http.faults.clear()
    await house.kill()
    await house.open()
    assert not await jobs.unanswered(house.db, ["telegram"])


async def test_a_listing_whose_pictures_telegram_never_takes_comes_in_words(
    house: House, server: TelegramServer
) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    done = await chat.answer(lambda one: one.photo)
    server.fail("sendPhoto", code=400, times=99)
    await chat.say(ann, "/history")
    assert "/history" in (await chat.answer(after=done.order)).text


async def test_a_photo_that_telegram_has_forgotten_is_sent_anew(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    done = await chat.answer(lambda one: one.photo)
    server.fail("sendPhoto", code=400)
    await menu(chat, ann, done)
    await chat.press(ann, done, "📋 Recipe")
    recipe = await chat.answer(lambda one: one.photo, after=done.order)
    assert recipe.photo == done.photo and len(server.calls("sendPhoto")) == 2


async def test_a_card_that_says_nothing_new_is_not_edited(house: House, server: TelegramServer) -> None:
    house.pool.seconds = None
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    [(job, _)] = house.pool.drawn
    house.pool.step(job, 1)
    await chat.until(lambda _: "Step 1" in status.text)
    edits = len(server.calls("editMessageText"))
    place = places.place(chat.id, status.id)
    card = house.studio._answers.of(job).card  # type: ignore[union-attr]
    for seconds in (0.01, 0.02, 0.03):
        again = replace(card, progress=replace(card.progress, seconds_left=card.progress.seconds_left + seconds))
        await house.chat.edit(place, again)
    house.pool.step(job, 2)
    await chat.until(lambda _: "Step 2" in status.text)
    assert len(server.calls("editMessageText")) == edits + 1


async def test_a_lost_message_is_found_among_many_others(house: House, server: TelegramServer) -> None:
    """Private chats share one row of numbers: what others say stands between a question and its answer."""
    people = [server.user(f"P{at}", language="en") for at in range(16)]
    chats = [server.private(one) for one in people]
    server.cut("sendMessage", times=2)
    for chat, person in zip(chats, people, strict=True):
        await chat.say(person, "/queue")
    for chat in chats:
        await chat.answer()
    await server.until(lambda: len({call.params["chat_id"] for call in server.calls("sendMessage")}) == 16)
    await chats[0].say(people[0], "/help")
    await chats[0].answer(after=chats[0].answers[0].order)
    assert [len(chat.answers) for chat in chats] == [2, *[1] * 15] and len(server.sent) == 17


async def test_a_lost_message_that_was_not_found_does_not_stand_twice(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_messages, "PROBED", 0)
    monkeypatch.setattr(card_messages, "UNHURRIED", 0.0)
    chat, ann = alone(server)
    server.cut("sendMessage", times=1)
    await chat.say(ann, "a red apple")
    done = await chat.answer(lambda one: one.photo)
    await chat.until(lambda _: chat.answers == [done])
    assert [one.deleted for one in server.sent] == [True, False]


async def test_looking_for_a_lost_message_leaves_others_alone(house: House, server: TelegramServer) -> None:
    chat, ann = alone(server)
    await chat.say(ann, "a red apple")
    done = await chat.answer(lambda one: one.photo)
    await menu(chat, ann, done)
    await chat.press(ann, done, "📋 Recipe")
    recipe = await chat.answer(lambda one: one.photo, after=done.order)
    server.cut("sendMessage", times=1, done=False)
    await chat.say(ann, "a green pear")
    other = await chat.answer(lambda one: one.photo and "pear" in one.text, after=recipe.order)
    assert "apple" in done.text and "Recipe" in recipe.text and chat.answers == [done, recipe, other]


async def test_a_lost_message_is_found_after_a_restart(
    house: House, server: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_chat, "TRIES", (60.0,))
    chat, ann = alone(server)
    others = [server.private(server.user(f"P{at}", language="en")) for at in range(12)]
    for other in others:
        await other.say(other.room.person, "/help")  # type: ignore[arg-type]
    for other in others:
        await other.answer()
    server.cut("sendMessage", times=1)
    await chat.say(ann, "/queue")
    lost = await chat.answer()
    await house.kill()
    await house.open()
    await chat.say(ann, "/help")
    helped = await chat.answer(lambda one: "Write a sentence" in one.text)
    assert chat.answers == [lost, helped]


async def test_what_ends_in_a_moment_is_not_edited_once_more_before(house: House, server: TelegramServer) -> None:
    """The picture would have to wait for the second that follows an edit."""
    house.pool.seconds = None
    chat, ann = alone(server)
    await chat.say(ann, "a red apple --steps 20")
    status = await chat.answer()
    await server.until(lambda: house.pool.drawn)
    job = house.pool.drawn[0][0]
    for step in range(15, 20):
        house.pool.step(job, step, seconds=0.01)
    await house.until(
        lambda: (answer := house.studio._answers.of(job)) and (now := answer.card.progress) and now.step == 19
    )
    house.pool.finish(job)
    await chat.until(lambda _: status.photo)
    edits = [one.method for one in server.world.calls if one.method.startswith("editMessage")]
    assert edits.count("editMessageMedia") == 1 and edits.count("editMessageText") <= 1
