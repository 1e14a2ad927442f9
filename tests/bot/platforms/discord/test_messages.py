"""Words to the bot: in direct messages, with a mention, in replies; over loopback, as Discord shows them to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.people.limits import Limits
from bot.texts import say
from engine.pixels import png_recipe
from storage import jobs, pictures
from tests.bot.platforms.discord.live import Live, lived
from tests.fakes import a_png, a_recipe
from tests.patience import until
from tests.peers.discord import Channel, Message, Person


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[Live]:
    async with lived(tmp_path) as made:
        yield made


@pytest.fixture
def at(on: Live) -> tuple[Channel, Person, str]:
    """A channel of a server, somebody in it, and how they call the bot."""
    guild = on.server.guild("Studio")
    return guild.channel("painting"), on.server.member("Ann", guild), on.server.bot.mention


async def drawn(channel: Channel, after: Message | None = None) -> Message:
    """The next picture in a channel."""
    return await channel.message(lambda one: one.files and "Step" not in one.text, after=after)


async def test_words_in_a_direct_message_are_drawn(on: Live) -> None:
    ann = on.server.user("Ann")
    asked = await ann.say(ann.private, "a red apple")
    done = await drawn(ann.private)
    assert done.reply_to is asked and "Done" in done.text
    said = await ann.say(ann.private, "画 一只猫")
    done = await drawn(ann.private, done)
    assert done.reply_to is said and "画好了" in done.text, "Chinese words are answered in Chinese"


async def test_in_a_server_it_hears_its_name_and_nothing_else(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    await ann.say(channel, "a red apple")
    await ann.say(channel, "nice weather")
    asked = await ann.say(channel, f"{name} a red apple")
    done = await drawn(channel)
    assert done.reply_to is asked and len(on.pool.drawn) == 1
    row = await pictures.get(on.studio.db, await on.picture(done))
    assert row is not None and row.recipe.prompt.text == "a red apple"


async def test_no_privilege_is_asked_for(on: Live) -> None:
    intents = on.server.gateway.intents
    assert not (intents.message_content or intents.members or intents.presences)


async def test_a_reply_changes_the_picture(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    await ann.say(channel, f"{name} a red apple")
    first = await drawn(channel)
    await ann.say(channel, "change red to green", reply_to=first)
    second = await drawn(channel, first)
    row = await pictures.get(on.studio.db, await on.picture(second))
    assert row is not None and "green" in row.recipe.prompt.positive
    assert row.parent == await on.picture(first)


async def test_talk_below_a_picture_starts_nothing(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    bob = on.server.member("Bob", channel.guild) if channel.guild else ann
    await ann.say(channel, f"{name} a red apple")
    first = await drawn(channel)
    for who, text in ((ann, "哈哈好看"), (bob, "nice!"), (bob, "make it blue"), (ann, "这是怎么画的？")):
        await who.say(channel, text, reply_to=first)
    await ann.say(channel, "make it blue", reply_to=first, ping=False)  # of which the bot sees no word
    await bob.say(channel, f"{name} make it blue", reply_to=first)
    refused = await channel.message(after=first)
    assert "Only" in refused.text and len(on.pool.drawn) == 1


async def test_a_picture_with_words_is_drawn_over(on: Live) -> None:
    ann = on.server.user("Ann")
    await ann.say(ann.private, "a red boat", file=("photo.png", a_png(side=64)))
    done = await drawn(ann.private)
    row = await pictures.get(on.studio.db, await on.picture(done))
    assert row is not None and row.recipe.source is not None
    theirs = await ann.say(ann.private, "", file=("photo.png", a_png(side=64)))
    how = await ann.private.message(after=done)
    assert say("en", "sent.what") in how.says and how.reply_to is theirs
    await ann.say(ann.private, "a blue boat", reply_to=theirs)
    done = await drawn(ann.private, how)
    row = await pictures.get(on.studio.db, await on.picture(done))
    assert row is not None and row.recipe.source is not None


async def test_a_picture_of_ours_shows_its_recipe(on: Live) -> None:
    ann = on.server.user("Ann")
    carrying = png_recipe.png(Image.new("RGB", (64, 64)), a_recipe("a violet"))
    await ann.say(ann.private, "", file=("mine.png", carrying))
    read = await ann.private.message()
    assert "it holds the recipe" in read.says and "a violet" in read.says
    await ann.press(read, "paper_draw")
    again = await drawn(ann.private, read)
    row = await pictures.get(on.studio.db, await on.picture(again))
    assert row is not None and row.recipe == a_recipe("a violet")


async def test_a_picture_without_a_word_is_painted_over_by_a_form(on: Live) -> None:
    ann = on.server.user("Ann")
    await ann.say(ann.private, "", file=("photo.png", a_png(side=64)))
    asked = await ann.private.message()
    await ann.submit(await ann.press(asked, "paint_over"), prompt="a blue boat")
    done = await drawn(ann.private, asked)
    row = await pictures.get(on.studio.db, await on.picture(done))
    assert row is not None and row.recipe.source is not None and "boat" in row.recipe.prompt.positive


async def test_somebodys_picture_in_a_server_is_not_shown_to_bots(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    theirs = await ann.say(channel, "look", file=("photo.png", a_png(side=64)))
    await ann.say(channel, f"{name} make it blue", reply_to=theirs)
    refused = await channel.message()
    assert refused.text == say("en", "discord.not_shown") and not on.pool.drawn


async def test_a_command_can_be_written(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    asked = await ann.say(channel, f"{name} /queue")
    answer = await channel.message()
    assert answer.reply_to is asked and "waiting" in answer.text
    await ann.say(channel, name)
    assert (await channel.message(after=answer)).text


async def test_a_message_delivered_twice_counts_once(on: Live) -> None:
    ann = on.server.user("Ann")
    await ann.say(ann.private, "a red apple", twice=True)
    done = await drawn(ann.private)
    await ann.say(ann.private, "/queue", twice=True)
    told = await ann.private.message(after=done)
    await ann.say(ann.private, "a pear")
    await drawn(ann.private, told)
    assert len(on.server.sent) == 3 and len(on.pool.drawn) == 2


async def test_what_holds_for_commands_holds_for_words(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    assert channel.guild is not None
    await ann.say(channel, f"{name} a nude woman")
    refused = await channel.message()
    assert say("en", "access.adult") in refused.text
    late = channel.guild.channel("late", nsfw=True)
    await ann.say(late, f"{name} a nude woman")
    await drawn(late)
    await ann.say(late, f"{name} a nude little girl")
    await late.message(lambda one: say("en", "access.minors") in one.text)
    on.studio.rules = replace(on.studio.rules, access=Limits(private=False, cooldown=60))
    await ann.say(ann.private, "a red apple")
    closed = await ann.private.message()
    assert closed.text == say("en", "access.private")
    await ann.say(ann.private, "", file=("photo.png", a_png(side=64)))
    assert (await ann.private.message(after=closed)).text == say("en", "access.private")
    await ann.say(channel, f"{name} a red apple")
    await channel.message(after=refused)
    assert len(on.pool.drawn) == 1, "nothing so soon after another"


async def test_a_burst_keeps_its_order(on: Live) -> None:
    ann = on.server.user("Ann")
    said = [await ann.say(ann.private, f"a red apple, number {number}") for number in range(6)]
    await until(lambda: len(on.pool.drawn) == 6)
    person = await on.studio.person("discord", str(ann.id))
    asked = reversed(await jobs.of_person(on.studio.db, person.id))
    assert [kept.request_key for kept in asked] == [f"discord-m-{one.id}" for one in said]
    await ann.private.until(lambda here: sum(bool(one.files) for one in here) == 6)
    assert [one.reply_to for one in on.server.sent] == said


async def test_a_change_in_time_takes_the_place_of_what_waits(on: Live) -> None:
    on.pool.seconds = None
    ann = on.server.user("Ann")
    on.server.delay("/messages", 0.5, method="POST")  # changed before the bot knows that its word stands there
    said = await ann.say(ann.private, "a red aple")
    first = await ann.private.message()
    await until(lambda: on.pool.drawn)
    await ann.edit(said, "a red apple")
    await until(lambda: len(on.pool.drawn) == 2)
    on.pool.finish(on.pool.drawn[1][0])
    await ann.private.until(lambda _: first.files)
    row = await pictures.get(on.studio.db, await on.picture(first))
    assert row is not None and row.recipe.prompt.text == "a red apple"
    assert on.server.sent == [first]
    person = await on.studio.person("discord", str(ann.id))
    states = {kept.job.recipes[0].prompt.text: kept.job.state for kept in await jobs.of_person(on.studio.db, person.id)}
    assert states == {"a red aple": "cancelled", "a red apple": "done"}


async def test_a_change_to_what_is_drawn_is_answered_once(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    said = await ann.say(channel, f"{name} a red apple")
    done = await drawn(channel)
    for text in ("a green apple", "a green apple.", "a green pear"):
        await ann.edit(said, f"{name} {text}")
    told = await channel.message(after=done)
    assert told.text == say("en", "rewritten.late") and told.reply_to is said
    await ann.say(channel, f"{name} /queue")
    await channel.message(lambda one: "waiting" in one.text, after=told)
    assert len(on.pool.drawn) == 1 and len(on.server.sent) == 3


async def test_a_change_to_what_was_refused_asks_anew(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    said = await ann.say(channel, f"{name} a cat --steps 9999")
    refused = await channel.message()
    await ann.edit(said, f"{name} a cat --steps 9")
    done = await drawn(channel, refused)
    assert done.reply_to is said


async def test_a_finished_picture_does_not_wait_for_progress(on: Live) -> None:
    """An edit of progress that is told to wait for an hour is given up when there is something better to say."""
    on.pool.seconds = None
    ann = on.server.user("Ann")
    await ann.say(ann.private, "a red apple")
    status = await ann.private.message()
    await until(lambda: on.pool.drawn)
    on.server.slow_down("/messages/", method="PATCH", seconds=3600)
    on.pool.step(on.pool.drawn[0][0], 1)
    await until(lambda: any(one.status == 429 for one in on.server.calls("PATCH")))
    on.pool.finish(on.pool.drawn[0][0])
    await ann.private.until(lambda _: status.files)


async def test_progress_leaves_room_for_the_picture(on: Live, at: tuple[Channel, Person, str]) -> None:
    """Five edits in five seconds are all that a channel takes: progress never takes the last of them."""
    on.pool.seconds = None
    channel, ann, name = at
    for number in range(4):
        await ann.say(channel, f"{name} a red apple, number {number}")
    await until(lambda: len(on.pool.drawn) == 4)
    await channel.until(lambda here: sum(one.author.bot for one in here) == 4)
    for step in (1, 2, 3):
        for job, _ in on.pool.drawn:
            on.pool.step(job, step)
        await channel.until(lambda here, step=step: any(f"Step {step}" in one.text for one in here))  # type: ignore[misc]
    edits = on.server.calls("PATCH", "/channels/")
    assert edits and all(int(one.headers["X-RateLimit-Remaining"]) > 0 for one in edits)
    on.pool.finish(on.pool.drawn[0][0])
    await channel.until(lambda here: any(one.files for one in here))
    for job, _ in on.pool.drawn[1:]:
        on.pool.finish(job)
    await channel.until(lambda here: sum(bool(one.files) for one in here) == 4)
    assert not on.server.limits.refused


async def test_a_burst_of_commands_keeps_its_order_though_the_first_brings_a_picture(
    on: Live, at: tuple[Channel, Person, str]
) -> None:
    channel, ann, _ = at
    asked = [await ann.slash(channel, "imagine", prompt="a red boat", image=a_png(side=512))]
    asked += [await ann.slash(channel, "imagine", prompt=f"a red apple, number {number}") for number in range(4)]
    await until(lambda: len(on.pool.drawn) == 5)
    person = await on.studio.person("discord", str(ann.id))
    kept = reversed(await jobs.of_person(on.studio.db, person.id))
    assert [one.request_key for one in kept] == [f"discord-{one.id}" for one in asked]
