"""Reactions, inline mode, links, the list of commands, the webhook."""

from __future__ import annotations

import socket
from dataclasses import replace

import aiohttp
import pytest

from bot.platforms.telegram.settings import Webhook
from prompts.errors import Refusal
from storage import favourites
from tests.bot.platforms.telegram.conftest import House
from tests.peers.telegram import Chat, Message, TelegramServer, User


async def drawn(server: TelegramServer, chat: Chat, ann: User, text: str = "a red apple") -> Message:
    after = max((one.order for one in chat.answers), default=0)
    await chat.say(ann, text)
    return await chat.answer(lambda one: one.photo, after=after)


async def test_reactions_do_what_buttons_do(house: House, server: TelegramServer) -> None:
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    message = await drawn(server, chat, ann)
    await chat.react(ann, message, "❤")
    await server.until(lambda: message.reactions.get(server.bot.id))
    person = await house.studio.person("telegram", str(ann.id))
    [kept] = await favourites.listed(house.db, person.id)
    assert kept.text == "a red apple" and chat.answers == [message]
    await chat.react(ann, message, "❤", "🔥")
    again = await chat.answer(lambda one: one.photo, after=message.order)
    await chat.react(ann, again, "🤔")
    await chat.react(ann, again, "👎")
    await chat.until(lambda _: again.deleted)


async def test_reactions_in_a_group_need_an_administrator_and_the_owner(house: House, server: TelegramServer) -> None:
    ann, bob = server.user("Ann", language="en"), server.user("Bob", language="en")
    group = server.group("Studio", [ann, bob])
    group.bot("administrator")
    message = await drawn(server, group, ann, "/imagine a red apple")
    await group.react(bob, message, "👎")
    await house.settled()
    assert group.answers == [message] and message.photo
    await group.react(ann, message, "👎")
    await group.until(lambda _: message.deleted)


async def test_the_commands_are_listed_in_both_languages(house: House, server: TelegramServer) -> None:
    assert {"imagine", "favourites", "history", "models", "queue", "settings", "help"} <= set(server.commands())
    assert server.commands(language="zh") == server.commands()
    assert set(server.commands("all_group_chats", "zh")) < set(server.commands())
    await server.until(lambda: server.commands("all_chat_administrators", "zh"))
    assert set(server.commands("all_chat_administrators")) == {*server.commands("all_group_chats"), "admin"}


async def test_a_webhook_takes_only_what_carries_its_secret(house: House, server: TelegramServer) -> None:
    await house.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hook = Webhook(f"http://127.0.0.1:{port}/telegram", "s" * 32, port=port)
    house.settings = replace(house.settings, webhook=hook)
    await house.open()
    assert server.world.updates.webhook == {"url": hook.url}
    ann = server.user("Ann", language="en")
    chat = server.private(ann)
    said = await chat.say(ann, "a red apple")
    await chat.answer(lambda one: one.photo)
    async with aiohttp.ClientSession() as session:
        update = server.world.updates.everything[said.update or 0] | {"update_id": 1}
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}):
            async with session.post(hook.url, json=update, headers=headers) as answer:
                assert answer.status == 403
    assert len(house.pool.drawn) == 1


async def test_a_webhook_whose_port_is_taken(house: House, server: TelegramServer) -> None:
    await house.close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        house.settings = replace(house.settings, webhook=Webhook("https://bot.example.org", "s" * 32, port=port))
        with pytest.raises(Refusal, match="taken"):
            await house.open()
    await house.close()
    house.settings = replace(house.settings, webhook=None)
    await house.open()
