"""The button that corrects a word: on whose cards it stands, what it writes down, and how each platform asks."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from bot.platforms.web.card_json import card_body, card_words
from bot.studio.corrections import CORRECT, doubtful, pair_of
from prompts.prompt import Note, Prompt
from storage import dictionary
from tests.bot.platforms.discord.desk import house as discord_house
from tests.bot.platforms.discord.desk import labels
from tests.bot.studio.test_studio import house

LOOKED_UP = "老人拿着耒耜"  # the plow is in the dictionary alone


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("烟斗 = smoking pipe", ("烟斗", "smoking pipe")),
        ("煙斗＝pipe", ("煙斗", "pipe")),
        ("烟斗：pipe", ("烟斗", "pipe")),
        ("烟斗 smoking pipe", ("烟斗", "smoking pipe")),
        ("烟斗 =", ("烟斗", "")),
        ("pipe", ("", "pipe")),
        ("", ("", "")),
    ],
)
def test_a_word_and_its_english(text: str, pair: tuple[str, str]) -> None:
    assert pair_of(text) == pair


def test_the_words_in_doubt_are_those_that_the_notes_name() -> None:
    notes = (
        Note("note.dictionary", {"words": "耒耜 = plow; 斗 = dipper"}),
        Note("note.untranslated", {"words": "囫、ツ"}),
    )
    assert doubtful(Prompt("", (), notes=notes)) == ("囫 = ", "耒耜 = plow", "斗 = dipper")
    assert doubtful(Prompt("", ())) == ()


async def test_it_stands_on_cards_with_a_word_in_doubt_and_what_it_says_holds_from_then_on(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("一只猫")
        (plain,) = await at.drawn(1)
        await at.chat.until(lambda: plain in at.chat.messages)
        assert CORRECT not in {one.action for one in at.chat.messages[plain].buttons}
        at.pool.finish(plain)
        await at.say(LOOKED_UP)
        job = (await at.drawn(2))[-1]
        await at.chat.until(lambda: job in at.chat.messages)
        (button,) = (one for one in at.chat.messages[job].buttons if one.action == CORRECT)
        on_the_page = cast(list[dict[str, str]], card_words(card_body(at.chat.messages[job]), "zh")["buttons"])
        assert [one["written"] for one in on_the_page if one["action"] == CORRECT] == ["耒耜 = plow"]
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        assert button in at.chat.messages[job].buttons
        asked = at.chat.messages[await at.press(CORRECT, button.target)]
        assert asked.text.key == "correct.how" and asked.text.values["example"] == "耒耜 = plow"
        told = at.chat.messages[await at.press(CORRECT, button.target, pair="耒耜 = wooden plow")]
        assert told.text.key == "correct.kept" and told.fleeting
        refused = at.chat.messages[await at.press(CORRECT, button.target, pair="耒耜 = <lora:x:1>")]
        assert refused.text.key == "dictionary.english"
        await at.say(LOOKED_UP)
        again = (await at.drawn(3))[-1]
        await at.chat.until(lambda: again in at.chat.messages)
        prompt = at.chat.messages[again].prompt
        assert prompt is not None and "wooden plow" in prompt.positive
        assert CORRECT not in {one.action for one in at.chat.messages[again].buttons}


async def test_discord_asks_in_a_form_that_holds_the_word(tmp_path: Path) -> None:
    async with discord_house(tmp_path) as on:
        done = await on.drawn(LOOKED_UP)
        assert "Correct a word" in labels(done)
        shown = await on.bob.click(done, label="Correct a word")
        assert shown.modal is not None
        (part,) = shown.modal["components"]
        assert part["component"]["value"] == "耒耜 = plow"
        await on.bob.submit_modal(shown, {"pair": "耒耜 = wooden plow"})
        told = await on.said("Noted: 耒耜 = wooden plow")
        assert told.flags & 64
        bob = await on.studio.person("discord", str(on.bob.id))
        assert await dictionary.words(on.db, bob.id) == {"耒耜": "wooden plow"}
