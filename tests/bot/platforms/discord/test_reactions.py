"""Reactions do what buttons do, for those who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from storage import favourites, pictures
from tests.bot.platforms.discord.desk import House, house


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


@pytest.mark.parametrize("emoji", ["🔁", "⬆️", "🎲"])
async def test_a_reaction_draws_and_calls_whoever_gave_it(on: House, emoji: str) -> None:
    done = await on.drawn()
    await on.ann.react(done, emoji)
    made = await on.finished()
    row = await pictures.get(on.db, (await on.pictures(made))[0])
    assert row is not None and row.parent == (await on.pictures(done))[0]
    assert made.content.startswith(f"<@{on.ann.id}>") or "Done" in made.content
    assert any(f"<@{on.ann.id}>" in (one.json or {}).get("content", "") for one in on.env.http_requests
               if isinstance(one.json, dict))  # fmt: skip


@pytest.mark.parametrize("way", ["reaction", "button", "menu"])
async def test_again_under_several_pictures_draws_them_all(on: House, way: str) -> None:
    done = await on.drawn(count=3)
    if way == "reaction":
        await on.ann.react(done, "🔁")
    elif way == "button":
        await on.ann.click(done, label="All again")
    else:
        await on.ann.context_menu(on.channel, "Again", done)
    made = await on.pictures(await on.finished())
    rows = [await pictures.get(on.db, one) for one in (*await on.pictures(done), *made)]
    assert len(made) == 3 and len({row.recipe.seed for row in rows if row}) == 6
    await on.bob.react(done, "🔁")
    await on.ann.react(done, "❤️")
    await on.until(lambda: any("/reactions/" in one.path for one in on.env.http_requests))
    assert len(on.pool.drawn) == 2


async def test_a_heart_keeps_a_picture_and_is_nodded_to(on: House) -> None:
    done = await on.drawn()
    await on.ann.react(done, "❤️")
    await on.until(lambda: any("/reactions/" in one.path for one in on.env.http_requests))
    person = await on.studio.person("discord", str(on.ann.id))
    assert len(await favourites.listed(on.db, person.id)) == 1 and not on.direct()


async def test_the_original_and_the_recipe_come_directly(on: House) -> None:
    done = await on.drawn(count=2)
    await on.ann.react(done, "✉️")
    await on.until(lambda: sum(len(one.attachments) for one in on.direct()) == 2)
    await on.ann.react(done, "ℹ️")
    await on.until(lambda: any("Recipe" in one.content for one in on.direct()))
    assert len(on.shown()) == 1


async def test_a_cross_deletes_for_the_owner_and_for_moderators_only(on: House) -> None:
    done = await on.drawn()
    await on.bob.react(done, "❌")
    await on.bob.react(done, "🔁")
    await on.ann.react(done, "👍")
    again = await on.drawn("a pear")
    (kept,) = await on.pictures(done)
    assert await pictures.get(on.db, kept) and len(on.shown()) == 2
    role = on.guild.create_role("mods", permissions=discord.Permissions(manage_messages=True))
    moderator = on.guild.add_member(on.env.create_user("mod"), roles=[role])
    await moderator.react(done, "❌")
    await on.until(lambda: len(on.shown()) == 1)
    assert await pictures.get(on.db, kept), "a moderator takes the message away, not the picture"
    await on.ann.react(again, "❌")
    await on.until(lambda: not on.shown())


async def test_reactions_outlive_the_program(on: House) -> None:
    done = await on.drawn()
    await on.restart()
    await on.ann.react(done, "🔁")
    await on.finished()
    assert len(on.shown()) == 2
