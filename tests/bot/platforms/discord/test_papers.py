"""Pictures that say how they were drawn, and copies of one's own, as they come on Discord."""

from __future__ import annotations

from bot.texts import say
from tests.bot.commands.test_papers import PLAIN, stamped
from tests.bot.platforms.discord.live import Live
from tests.bot.platforms.discord.test_messages import at, drawn, on
from tests.peers.discord import Channel, Person

__all__ = ["at", "on"]  # fixtures


async def test_a_picture_with_papers_is_read(on: Live) -> None:
    ann = on.server.user("Ann")
    await ann.say(ann.private, "", file=("fox.png", stamped(PLAIN)))
    card = await ann.private.message()
    assert say("en", "paper.read", program="A1111") in card.text and "4711" in card.says
    assert not on.pool.drawn


async def test_with_a_mention_a_copy_finds_the_picture(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    await ann.say(channel, f"{name} a red apple --seed 200")
    done = await drawn(channel)
    content = done.files[0].content
    await ann.say(channel, f"{name} /find", file=("shot.png", content))
    found = await channel.message(after=done)
    assert "looks like" in found.text or say("en", "find.sure") in found.text
    assert found.files
