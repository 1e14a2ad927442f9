"""The buttons that mend what the doctor found, on jobs, on refusals and on /prompt; and how they look on the chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.chat import Button, Card, Request, Say, Upload
from bot.platforms.discord import layout
from bot.platforms.telegram import keyboards
from bot.platforms.telegram.message_html import pages
from bot.platforms.web.card_json import card_body, card_words
from bot.studio.last_cards import last_card
from bot.studio.mends import mends as mended_by
from engine.recipe import Recipe
from prompts.doctor import Finding
from prompts.prompt import Json, LoraUse, Options
from storage import jobs
from storage.jobs import Place
from tests.bot.models.test_model_cards import a_model
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora, a_png
from tests.model_shapes import vae_folder

WRONG = "(猫：2.5)，longhair，白天"


def mends(card: Card) -> list[Button]:
    return [one for one in card.buttons if one.action.startswith("mend")]


async def begun(at: House, count: int) -> tuple[str, Card]:
    """The newest of so many jobs, with its card."""
    job = (await at.drawn(count))[-1]
    await at.chat.until(lambda: job in at.chat.messages)
    return job, at.chat.messages[job]


async def made(at: House, job: str) -> Sequence[Recipe]:
    kept = await jobs.get(at.db, job)
    assert kept
    return kept.job.recipes


def shelved(at: House, folder: Path) -> None:
    at.studio.rules = replace(at.studio.rules, models=(folder,), loras=(folder,))


async def test_one_finding_of_a_job_is_mended_and_all_else_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(f"{WRONG} --seed 7 --steps 9 --count 2 --style watercolor")
        job, card = await begun(at, 1)
        first, *_, every = mends(card)
        assert [one.action for one in mends(card)] == ["mend", "mend", "mend_all"]
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        assert mends(at.chat.messages[job]) == mends(card)
        await at.press(first.action, first.target)
        again, card = await begun(at, 2)
        old, new = await made(at, job), await made(at, again)
        assert new[0].prompt.text == "(猫:1.6)，longhair，白天 --seed 7 --steps 9 --count 2 --style watercolor"
        assert "(cat:1.6)" in new[0].prompt.positive and "(cat:2.5)" not in new[0].prompt.positive
        assert [replace(one, prompt=old[0].prompt) for one in new] == list(old)
        assert [one.action for one in mends(card)] == ["mend"]
        assert every.target == job


async def test_all_findings_are_mended_at_once_and_what_was_being_drawn_is_not_wanted_any_more(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(WRONG)
        job, card = await begun(at, 1)
        await at.press("mend_all", mends(card)[-1].target)
        await at.chat.until(lambda: str(at.chat.messages[job].state) == "cancelled")
        again, card = await begun(at, 2)
        assert (await made(at, again))[0].prompt.text == "(猫:1.6)，long hair，白天"
        assert not mends(card) and not card.findings


async def test_what_was_said_beside_the_text_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        a_lora(tmp_path / "loras", "ink", "inkstyle")
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        request = Request(
            person=await at.person(),
            place=Place("fake", "ann"),
            text="a cat",
            key="beside",
            options=Options(style="watercolor", steps=7),
            negative="dog",
            loras=(LoraUse("ink", 0.5),),
        )
        await at.desk.request(request)
        job, card = await begun(at, 1)
        await at.press(mends(card)[0].action, mends(card)[0].target)
        (old,), (new,) = await made(at, job), await made(at, (await begun(at, 2))[0])
        assert new.prompt.text == "a cat, inkstyle" and "inkstyle" in new.prompt.positive
        assert (new.prompt.loras, new.prompt.negative, new.steps) == (old.prompt.loras, old.prompt.negative, 7)
        said = {one.text for one in new.prompt.fragments}
        assert {one.text for one in old.prompt.fragments} <= said == {*said} and len(said) == len(new.prompt.fragments)


async def test_an_enlarged_picture_is_mended_as_it_was_drawn(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.press("upscale", await at.picture("(a cat:3) --seed 5"))
        job, card = await begun(at, 2)
        await at.press("mend", mends(card)[0].target)
        (recipe,) = await made(at, (await begun(at, 3))[0])
        assert (recipe.prompt.text, recipe.seed) == ("(a cat:1.6) --seed 5", 5)
        assert recipe.source is None and recipe.upscale is None
        assert job != (await at.drawn(3))[-1]


async def test_what_was_deleted_has_no_buttons(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("(a cat:3)")
        await at.press("delete", picture)
        job = (await at.drawn())[0]
        kept = await jobs.get(at.db, job)
        assert kept and not (await last_card(at.db, kept)).buttons


async def test_a_refused_text_is_mended_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = Upload("a.png", a_png(side=64))
        card = at.chat.messages[await at.say("一只猫 <lora:foo:1> --seed 3", files=(picture,))]
        (button,) = mends(card)
        assert card.kind == "error" and button.action == "mend"
        await at.restart()
        await at.press("mend", button.target)
        (recipe,) = await made(at, (await begun(at, 1))[0])
        assert (recipe.prompt.text, recipe.prompt.loras, recipe.seed) == ("一只猫  --seed 3", (), 3)
        assert recipe.source is not None


async def test_a_lora_for_another_model_is_drawn_with_one_that_takes_it_or_without(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        shelved(at, shelf := tmp_path / "shelf")
        a_lora(shelf, "old-ink", width=768)
        card = at.chat.messages[await at.say("a cat <lora:old-ink:0.8>")]
        assert card.text.key == "lora.made_for" and [one.fix for one in card.findings] == ["a cat"]
        a_model(shelf, "velvet")
        card = at.chat.messages[await at.say("a cat <lora:old-ink:0.8>")]
        assert [one.fix for one in card.findings] == ["a cat <lora:old-ink:0.8> --model velvet"]
        await at.press(mends(card)[0].action, mends(card)[0].target)
        (recipe,) = await made(at, (await begun(at, 1))[0])
        assert (recipe.model, recipe.prompt.loras) == ("velvet", (LoraUse("old-ink", 0.8),))


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a cat --vae xl-vae", "a cat"),
        ("a cat --vae xl-vae, in the snow", "a cat, in the snow"),
        ("--vae=xl-vae, a cat --seed 3", "a cat --seed 3"),
        ('一只猫 --vae "xl-vae"，水彩 --steps 7', "一只猫，水彩 --steps 7"),
        ("a cat --vae xl-vae --vae xl-vae", "a cat"),
    ],
)
async def test_a_vae_for_another_model_is_left_out_by_one_button(tmp_path: Path, text: str, mended: str) -> None:
    async with house(tmp_path) as at:
        shelved(at, shelf := tmp_path / "shelf")
        vae_folder(shelf / "xl-vae", scaling_factor=0.13025)
        card = at.chat.messages[await at.say(text)]
        assert (card.kind, card.text.key) == ("error", "vae.made_for")
        (button,) = mends(card)
        await at.press(button.action, button.target)
        (recipe,) = await made(at, (await begun(at, 1))[0])
        assert (recipe.prompt.text, recipe.vae) == (mended, "")


async def test_a_lora_and_a_model_chosen_beside_the_text_are_mended_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        shelved(at, shelf := tmp_path / "shelf")
        a_lora(shelf, "old-ink", width=768)
        request = Request(
            person=await at.person(),
            place=Place("fake", "ann"),
            text="a cat",
            key="beside",
            options=Options(model="danqing-demo"),
            loras=(LoraUse("old-ink", 0.5),),
        )
        await at.desk.request(request)
        (button,) = mends(at.chat.messages["beside"])
        await at.press(button.action, button.target)
        (recipe,) = await made(at, (await begun(at, 1))[0])
        assert (recipe.model, recipe.prompt.loras) == ("danqing-demo", ())
        at.pool.finish((await at.drawn())[0])
        a_model(shelf, "velvet")
        await at.press(button.action, button.target)  # as it can be mended best now
        (recipe,) = await made(at, (await begun(at, 2))[0])
        assert (recipe.model, recipe.prompt.loras) == ("velvet", (LoraUse("old-ink", 0.5),))


async def test_a_text_that_was_only_looked_at_is_drawn_mended(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say(f"/prompt {WRONG}")]
        assert [one.action for one in mends(card)] == ["mend", "mend", "mend_all"]
        await at.press("mend_all", mends(card)[-1].target)
        (recipe,) = await made(at, (await begun(at, 1))[0])
        assert recipe.prompt.text == "(猫:1.6)，long hair，白天"
        assert not mends(at.chat.messages[await at.say("/prompt a cat")])


@pytest.mark.parametrize(("target", "key"), [("nothing.abcdef", "mend.gone"), ("nothing", "mend.gone")])
async def test_what_is_gone_cannot_be_mended(tmp_path: Path, target: str, key: str) -> None:
    async with house(tmp_path) as at:
        assert at.chat.messages[await at.press("mend", target)].text.key == key


async def test_only_its_owner_mends(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(WRONG)
        _, card = await begun(at, 1)
        said = await at.press("mend", mends(card)[0].target, "bob")
        assert at.chat.messages[said].text.key == "access.not_yours"
        card = at.chat.messages[await at.say("a cat <lora:foo:1>")]
        said = await at.press("mend", mends(card)[0].target, "bob")
        assert at.chat.messages[said].text.key == "access.not_yours"
        assert len(at.pool.drawn) == 1


# --- how they look ---


def labels(row: Json) -> list[str]:
    parts = cast(list[dict[str, Json]], cast(dict[str, Json], row)["components"])
    return [str(one.get("label", "")) for one in parts if one["type"] == 2]


async def test_the_chats_number_what_can_be_mended_and_the_page_has_its_own_buttons(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(f"{WRONG} --count 4")
        job, card = await begun(at, 1)
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        card = at.chat.messages[job]
        rows = list(layout.rows(card, "en"))
        assert len(rows) == layout.ROWS
        assert labels(rows[-1]) == ["Fix and draw 1", "Fix and draw 2", "Fix all and draw"]
        said = str(layout.lay_out(card, "en").payload["embeds"])
        assert "1\\\\. " in said and "2\\\\. " in said
        keyboard = keyboards.keyboard(card, "en")
        assert keyboard
        texts = [one.text for row in keyboard.inline_keyboard for one in row]
        assert {"🩹 Fix and draw 1", "🩹 Fix and draw 2", "🩹 Fix all and draw"} <= set(texts)
        assert "⚠️ 1. " in pages(card, "en")[0] and "⚠️ 2. " in pages(card, "en")[0]
        shown = cast(list[dict[str, Json]], card_words(card_body(card), "en")["buttons"])
        assert shown and not any(str(one["action"]).startswith("mend") for one in shown)


async def test_one_picture_keeps_its_buttons_beside_those_that_mend(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("(a cat:3)")
        job, card = await begun(at, 1)
        assert [labels(row) for row in layout.rows(card, "en")] == [["Cancel"], ["Fix and draw"]]
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        rows = [labels(row) for row in layout.rows(at.chat.messages[job], "en")]
        assert rows[-1] == ["Fix and draw"] and len(rows[0]) == 5 and len(rows) <= layout.ROWS


async def test_a_message_that_holds_no_more_rows_has_them_in_the_last(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, pictures_per_request=5)
        await at.say(f"{WRONG} --count 5")
        job, _ = await begun(at, 1)
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        rows = list(layout.rows(at.chat.messages[job], "en"))
        assert len(rows) == layout.ROWS and "Fix all and draw" in labels(rows[-1])


async def test_a_mend_tells_what_it_changed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(f"{WRONG} --seed 7")
        job, card = await begun(at, 1)
        at.pool.finish(job)
        await at.chat.until(lambda: bool(at.chat.messages[job].pictures))
        await at.press(mends(card)[-1].action, mends(card)[-1].target)
        mended, _ = await begun(at, 2)
        [recipe] = await made(at, mended)
        changes = [note for note in recipe.prompt.notes if note.key.startswith("edit.")]
        assert [note.key for note in changes] == ["edit.weighed", "edit.replaced"]
        assert "2.5" in changes[0].values["before"]


def test_every_finding_that_can_be_mended_has_its_button_everywhere() -> None:
    found = [Finding("doctor.x", {"n": str(at)}, fix=f"fixed {at}") for at in range(12)]
    buttons = mended_by(found, "abcdefghijkl")
    assert len(buttons) == 13 and buttons[-1].action == "mend_all"
    rest = (Button("cancel", "abcdefghijkl"),)
    card = Card(text=Say("job.done"), findings=tuple(found), buttons=(*rest, *buttons))
    [_, select] = [row["components"] for row in layout.rows(card, "zh")]
    options = cast(list[dict[str, Json]], cast(list[dict[str, Json]], select)[0]["options"])
    assert [one["value"] for one in options] == [f"{one.action}:{one.target}" for one in (buttons[-1], *buttons[:-1])]
    keys = keyboards.keyboard(card, "zh")
    assert keys and sum("mend" in str(key.callback_data) for row in keys.inline_keyboard for key in row) == 13
    few = Card(text=Say("job.done"), findings=tuple(found[:3]), buttons=(*rest, *mended_by(found[:3], "abcdefghijkl")))
    parts = [part for row in layout.rows(few, "zh") for part in cast(list[dict[str, Json]], row["components"])]
    assert len(parts) == 5 and all(part["type"] == 2 for part in parts)
