"""What the files of sent pictures say of themselves: a person's choice, a server's rule, the owner's usual."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat import Card, Room, Shown
from bot.platforms.discord import message_body
from engine.job import State
from engine.pixels import papers, png_recipe
from storage import jobs
from tests.bot.studio.test_studio import House, house
from tests.engine.drawing import photograph, recipe

SERVER = Room(server="guild", moderator=True)


async def card_of(at: House, number: int, room: Room) -> Card:
    """The last card of a job asked for there."""
    await at.say("a red apple", room=room)
    job = (await at.drawn(number))[-1]
    at.pool.finish(job)
    await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
    kept = await jobs.get(at.db, job)
    assert kept is not None and kept.papers == at.chat.messages[job].papers  # a restart knows, too
    return at.chat.messages[job]


@pytest.mark.parametrize(
    ("usual", "person", "server", "expected"),
    [
        ("embed", "", "", "embed"),
        ("strip", "", "", "strip"),
        ("strip", "embed", "", "embed"),
        ("embed", "stealth", "", "stealth"),
        ("embed", "embed", "strip", "strip"),
        ("embed", "strip", "stealth", "strip"),
        ("embed", "隐写", "写入", "stealth"),
    ],
)
async def test_the_stricter_of_person_and_place_holds(
    tmp_path: Path, usual: str, person: str, server: str, expected: str
) -> None:
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, metadata=usual)  # type: ignore[arg-type]
        if person:
            await at.say(f"/settings metadata {person}")
        if server:
            shown = at.chat.messages[await at.say(f"/admin server 参数 {server}", room=SERVER)]
            assert shown.text.key == "admin.server"
        assert (await card_of(at, 1, SERVER)).papers == expected
        assert at.chat.messages[await at.say("/history", room=SERVER)].papers == expected
        alone = {"隐写": "stealth"}.get(person, person) or usual
        assert (await card_of(at, 2, Room())).papers == alone  # a server's rule holds in the server


async def test_settings_show_it_in_both_languages_and_refuse_nonsense(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say("/设置 参数 去除")]
        assert "settings.metadata.strip" in [getattr(line.value, "key", "") for line in card.fields]
        assert at.chat.messages[await at.say("/settings metadata loudly")].text.key == "settings.metadata_form"
        wrong = at.chat.messages[await at.say("/admin server metadata loudly", room=SERVER)]
        assert wrong.text.key == "settings.metadata_form"


async def test_what_is_kept_says_all_and_what_is_sent_as_much_as_it_may(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        content = png_recipe.png(photograph(128, 128), recipe())
        hash = await at.db.files.put(content)
        for wanted in ("embed", "stealth", "strip"):
            sent = await message_body.fetched(at.db, Shown("id", hash, 128, 128), wanted)  # type: ignore[arg-type]
            assert sent is not None
            assert bool(papers.infotexts(sent)) == (wanted != "strip")
            assert (png_recipe.read_recipe(sent) is not None) == (wanted == "embed")
        assert await at.db.files.get(hash) == content
