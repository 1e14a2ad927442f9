"""What the cards of a training say: numbers that mean the same everywhere, and words that draw what was learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import texts
from bot.chat import Card, Say
from bot.people.limits import Limits
from bot.platforms.discord import layout
from bot.platforms.web import training_json
from bot.training import cards, orders, sheets
from bot.training.contact_sheet import SheetPicture, contact_sheet
from prompts.errors import Refusal
from storage import maps, tables, uploads
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


async def test_what_was_drawn_for_a_card_stays_as_long_as_its_training(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.draft()
        [sheet] = await sheets.of_pictures(at.db, await at.teaching.now(kept))
        async with at.db.writing() as session:
            await session.execute(update(tables.Uploads).values(created=at.db.now() - timedelta(hours=23)))
        await at.teaching.round()
        async with at.db.session() as session:
            assert await session.scalar(select(tables.Uploads.created)) > at.db.now() - timedelta(hours=1)  # type: ignore[operator]
        await uploads.tidy(at.db)
        assert await at.db.files.has(sheet.hash)
        await at.teaching.add(await at.asks(), kept.id, a_set(1, 50))
        [other] = await sheets.of_pictures(at.db, await at.teaching.now(kept))
        assert other.hash != sheet.hash and not await at.db.files.has(sheet.hash)
        await at.teaching.delete(await at.asks(), kept.id)
        assert not await at.db.files.has(other.hash)


async def test_a_draft_tells_what_is_left_of_the_day(tmp_path: Path) -> None:
    async with school(tmp_path, Limits(seconds=600)) as at:
        asked = await at.asks()
        kept = await at.draft()
        assert "training.takes" in takes(await cards.training_card(at.db, await at.teaching.now(kept)))
        await maps.charge(at.db, kept.person, at.time.date(), 100.0)
        for who in (asked, None):  # and where the card is renewed, too
            card = await cards.training_card(at.db, await at.teaching.now(kept, who))
            assert takes(card)["training.takes_of"]["left"] == 500
        boss = replace(asked, person=replace(asked.person, admin=True))
        assert "training.takes" in takes(await cards.training_card(at.db, await at.teaching.now(kept, boss)))


def takes(card: Card) -> dict[str, Mapping[str, str | int | float]]:
    said = [one.value for one in card.fields if one.label.key == "training.field.takes"]
    return {one.key: one.values for one in said if isinstance(one, Say)}


async def test_an_embedding_is_called_by_its_files_name(tmp_path: Path) -> None:
    """Which has a number behind it where something else is called so."""
    async with school(tmp_path) as at:
        kept = await at.begun(preset="inversion", trigger="my cat")
        now = await at.teaching.now(replace(kept, state="done", file="my_cat-2"))
        assert cards.use_words(now) == "my_cat-2, red, thing 0"
        assert training_json.whole(now, [], "en")["use"] == "my_cat-2"
        assert cards.portrait_words(now.kept, "winter").startswith("my_cat-2, portrait")


async def test_every_button_of_a_person_who_was_learnt_has_room_on_discord(tmp_path: Path) -> None:
    """Beside the portraits to choose from, which take a row."""
    async with school(tmp_path) as at:
        kept = await at.begun()
        done = replace(kept, kind="person", state="done", file="totem", step=20, losses=(0.1,))
        card = await cards.training_card(at.db, await at.teaching.now(done))
        assert card.selects and len(card.buttons) == 6
        shown = str(layout.lay_out(card, "en").payload["components"])
        assert [one.action for one in card.buttons if one.action not in shown] == []


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
