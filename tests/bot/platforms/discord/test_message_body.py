"""The files of a message on Discord."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.chat import Card, Field, Say, Shown
from bot.platforms.discord import message_body
from engine.control import Control
from engine.job import State
from tests.database import opened
from tests.fakes import a_png, a_recipe


async def test_the_map_that_a_picture_follows_stands_small_beside_the_words(tmp_path: Path) -> None:
    db = await opened(tmp_path)
    try:
        picture, guide = await db.files.put(a_png()), await db.files.put(a_png((0, 0, 200)))
        recipe = replace(a_recipe(), controls=(Control("net", guide),))
        card = Card(
            text=Say("job.done"),
            kind="job",
            job="j",
            state=State.DONE,
            recipe=recipe,
            fields=(Field(Say("recipe.seed"), "7"),),
            pictures=(Shown("id", picture, 64, 64),),
        )
        body = await message_body.body(db, card, "en", 2**20)
        assert [file.name for file in body.files] == ["danqing-id.png", message_body.MAP]
        [embed] = body.payload["embeds"]  # type: ignore[misc]
        assert embed["thumbnail"] == {"url": "attachment://map.webp"}  # type: ignore[call-overload,index]
        for other in (
            replace(card, spoiler=True),
            replace(card, fields=()),  # said quietly, without an embed
            replace(card, recipe=a_recipe()),
            replace(card, recipe=replace(recipe, controls=(Control("net", "0" * 64),))),
        ):
            sent = await message_body.body(db, other, "en", 2**20)
            assert len(sent.files) == 1 and "thumbnail" not in str(sent.payload)
    finally:
        await db.close()
