"""Tags read out of pictures, and the check of what was drawn, as they are asked for on Discord."""

from __future__ import annotations

from bot.texts import say
from engine.tagging import PictureTags, SeenTag
from tests.bot.platforms.discord.live import Live
from tests.bot.platforms.discord.test_messages import at, drawn, on
from tests.fakes import a_png
from tests.patience import until
from tests.peers.discord import Channel, Person

__all__ = ["at", "on"]  # fixtures
MANY = tuple(SeenTag(f"thing number {number}", 0.9) for number in range(60))


async def test_an_attached_picture_is_read_and_its_caption_comes_as_a_file(on: Live) -> None:
    ann = on.server.user("Ann")
    on.pool.tags = lambda wish: PictureTags("wd", MANY)
    await ann.say(ann.private, "/tags", file=("photo.png", a_png((1, 2, 3))))
    long = await ann.private.message()
    assert "60" in long.text and long.files, "more than a field holds stands whole in a file"
    on.pool.tags = lambda wish: PictureTags("wd", (SeenTag("red scarf", 0.9), SeenTag("general", 0.8, "rating")))
    await ann.say(ann.private, "/tags 0.2", file=("photo.png", a_png()))
    read = await ann.private.message(after=long)
    assert "red scarf" in read.says and "90%" in read.says and say("en", "tags.rating") in read.says
    assert read.buttons == [say("en", f"button.{name}") for name in ("draw_read", "add_read", "caption_read")]
    caption = await (await ann.press(read, "caption_read")).response()
    assert [one.content for one in caption.files] == [b"red scarf\n"] and not on.pool.drawn
    await ann.press(read, "draw_read")
    await until(lambda: len(on.pool.drawn) == 1)


async def test_a_picture_is_checked_from_its_menu(on: Live, at: tuple[Channel, Person, str]) -> None:
    channel, ann, name = at
    on.pool.tags = lambda wish: PictureTags("wd", (), {word: 0.0 for word in wish.asked if word == "red apple"})
    await ann.say(channel, f"{name} a red apple")
    done = await drawn(channel)
    card = await (await ann.choose(done, "More…", say("en", "button.check_drawn"))).response()
    assert say("en", "drawn_check.missing", words="red apple") in card.text
    before = len(on.pool.drawn)
    await ann.press(card, "raise_missing")
    await until(lambda: len(on.pool.drawn) == before + 1)
