"""What the cards of a training say: numbers that mean the same everywhere, and words that draw what was learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot import texts
from bot.chat import Say
from bot.platforms.web import training_json
from bot.training import cards, orders, sheets
from bot.training.contact_sheet import SheetPicture, contact_sheet
from prompts.errors import Refusal
from tests.bot.training.school import a_set, school


async def test_a_picture_has_one_number_on_the_sheet_and_in_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures of what is not to be forgotten may stand between two albums."""
    shown: list[int] = []

    def noted(pictures: Sequence[SheetPicture]) -> bytes:
        shown.extend(one.number for one in pictures)
        return contact_sheet(pictures)

    monkeypatch.setattr(sheets, "contact_sheet", noted)
    async with school(tmp_path) as at:
        kept = await at.draft(count=5)
        await at.teaching.add(await at.asks(), kept.id, [*a_set(2, 30, prior=True), *a_set(2, 40)])
        now = await at.teaching.now(kept)
        await sheets.of_pictures(at.db, now)
        assert shown == [1, 2, 3, 4, 5, 8, 9]
        assert [field.label.values["number"] for field in cards.tags_card(now).fields] == shown


async def test_an_embedding_is_called_by_its_files_name(tmp_path: Path) -> None:
    """Which has a number behind it where something else is called so."""
    async with school(tmp_path) as at:
        kept = await at.begun(preset="inversion", trigger="my cat")
        now = await at.teaching.now(replace(kept, state="done", file="my_cat-2"))
        assert cards.use_words(now) == "my_cat-2, red, thing 0"
        assert training_json.whole(now, [], "en")["use"] == "my_cat-2"
        assert cards.portrait_words(now.kept, "winter").startswith("my_cat-2, portrait")


async def test_whoever_chooses_a_word_that_the_model_knows_is_told(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.draft()
        for trigger, told in (("zwxqv", False), ("smile", True)):
            kept = await at.teaching.change(kept.person, kept.id, trigger=trigger)
            now = await at.teaching.now(kept)
            card = await cards.training_card(at.db, now)
            said = [one.value for one in card.fields if one.label.key == "training.field.trigger"]
            assert isinstance(said[0], Say) is told
            assert any("smiledq" in str(note) for note in training_json.whole(now, [], "zh")["notes"]) is told  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["删除 小红", "刪除 小紅", "delete 小红", "Delete: 小红"])
def test_whose_is_deleted_is_said_in_either_script(text: str) -> None:
    assert orders.deletes(text) in ("小红", "小紅")


def test_what_there_is_is_named_in_the_persons_language() -> None:
    with pytest.raises(Refusal) as refused:
        orders.preset_called("别的", ("thing", "portrait"))
    for language, words in (("zh", "物品、写真"), ("zh-TW", "物品、寫真"), ("en", "thing, portrait")):
        assert words in texts.say(language, refused.value.key, **refused.value.values)
    with pytest.raises(Refusal) as refused:
        orders.kind_called("别的")
    assert "物品、人物、画风" in texts.say("zh", refused.value.key, **refused.value.values)
