"""Cards that are turned over: the help by topics and the panel of settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import people
from tests.bot.platforms.discord.desk import House, house, labels


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def test_settings_are_chosen_from_selects_in_one_hidden_message(on: House) -> None:
    asked = await on.ann.slash(on.channel, "settings")
    assert asked.ephemeral
    panel = await on.said("Your settings")
    await on.ann.select(on.message(panel), ["watercolor"], custom_id="dq1:set:style")
    await on.said("Done.")
    assert [one.id for one in on.hidden()] == [panel.id] and not on.shown()
    person = await on.studio.person("discord", str(on.ann.id))
    assert await people.setting(on.db, person.id, "style") == "watercolor"
    await on.ann.click(on.message(on.hidden()[-1]), label="Language")
    await on.until(lambda: "Back" in labels(on.message(on.hidden()[-1])))
    await on.ann.select(on.message(on.hidden()[-1]), ["zh"], custom_id="dq1:set:language")
    await on.said("以后我说中文")
    await on.ann.click(on.message(on.hidden()[-1]), label="关闭扩写")
    await on.until(lambda: "打开扩写" in labels(on.message(on.hidden()[-1])))
    assert len(on.hidden()) == 1


async def test_help_turns_over_and_a_button_that_fails_does_not_take_it_away(on: House) -> None:
    await on.ann.slash(on.channel, "help")
    card = await on.said("Write a sentence")
    assert "Admin" not in labels(on.message(card))
    await on.ann.click(on.message(card), label="More")
    await on.said("All commands")
    assert [one.id for one in on.hidden()] == [card.id]
