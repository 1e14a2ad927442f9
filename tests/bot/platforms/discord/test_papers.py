"""Pictures that say how they were drawn, and copies of one's own, as they come on Discord."""

from __future__ import annotations

from bot.texts import say
from storage import jobs
from tests.bot.commands.test_papers import PLAIN, stamped
from tests.bot.platforms.discord.live import Live
from tests.bot.platforms.discord.test_messages import at, drawn, on
from tests.patience import until
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


async def test_a_lone_picture_is_compared_and_drawn_by_buttons(on: Live) -> None:
    ann = on.server.user("Ann")
    await ann.say(ann.private, "", file=("fox.png", stamped(PLAIN)))
    card = await ann.private.message()
    labels = [say("en", f"button.{name}") for name in ("paint_over", "paper_draw", "paper_prompt", "paper_compare")]
    assert card.buttons[: len(labels)] == labels
    told = await (await ann.press(card, "paper_compare")).response()
    assert say("en", "paper.differs") in told.text and told.buttons == [say("en", "button.paper_both")]
    assert not on.pool.drawn
    await ann.press(told, "paper_both")
    await until(lambda: len(on.pool.drawn) == 1)
    kept = await jobs.get(on.studio.db, on.pool.drawn[0][0])
    assert kept is not None
    theirs, mine = kept.job.recipes
    assert (theirs.seed, mine.seed) == (4711, 4711) and theirs.like is not None and mine.like is None
