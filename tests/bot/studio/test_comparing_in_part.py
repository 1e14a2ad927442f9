"""Comparisons that are given up keep what is drawn, and are drawn to their end later."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import Card, Room
from bot.studio import comparing, comparing_in_part, last_cards
from bot.studio.uploads import measured
from engine.job import State
from prompts import axes
from storage import jobs, pictures
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_recipe


async def given_up(at: House, count: int, drawn: tuple[int, ...]) -> Card:
    """The last card of the newest of so many jobs, given up when these pictures of it were finished."""
    job = (await at.drawn(count))[-1]
    for index in drawn:
        at.pool.draw_one(job, index)
    await at.press("cancel", job)
    return await last(at, job)


async def last(at: House, job: str) -> Card:
    await at.chat.until(
        lambda: job in at.chat.messages and at.chat.messages[job].state in (State.DONE, State.CANCELLED)
    )
    return at.chat.messages[job]


async def sheet_of(at: House, card: Card) -> Image.Image:
    [shown] = card.pictures
    return Image.open(io.BytesIO(await at.db.files.get(shown.hash))).convert("RGB")


def empty(sheet: Image.Image, made: comparing.Comparison) -> list[bool]:
    """Which cells of the sheet have no picture."""
    laid = comparing.sheets(made, [cell()] * len(made.recipes))[0]
    return [sheet.getpixel((box[0] + 2, box[1] + 2)) == comparing_in_part.EMPTY for box in laid.boxes]


def cell() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (128, 128)).save(out, "PNG")
    return out.getvalue()


async def test_what_is_finished_stays_and_the_rest_is_drawn_later(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/对比 一只猫 步数=4,8 cfg=2,6")
        card = await given_up(at, 1, (0, 3))
        first = str(card.job)
        assert card.text.key == "compare.in_part" and (card.text.values["count"], card.text.values["all"]) == (2, 4)
        kept = await jobs.get(at.db, first)
        assert kept and kept.job.state is State.CANCELLED
        made = comparing.kept_comparison(kept)
        assert made and empty(await sheet_of(at, card), made) == [False, True, True, False]
        rest, *numbers = card.buttons
        assert [one.label and one.label.values["number"] for one in numbers] == [1, 4]
        opened = at.chat.messages[await at.press(numbers[1].action, numbers[1].target)]
        assert opened.recipe and (opened.recipe.steps, opened.recipe.guidance) == (8, 6)
        other = at.chat.messages[await at.press(rest.action, rest.target, account="bob")]
        assert other.text.key == "access.not_yours"

        await at.press(rest.action, rest.target)
        card = await given_up(at, 2, (0,))  # once more
        assert card.text.key == "compare.in_part" and card.text.values["count"] == 3
        assert empty(await sheet_of(at, card), made) == [False, False, True, False]
        assert card.buttons[0].target == first

        await at.press(card.buttons[0].action, card.buttons[0].target)
        job = (await at.drawn(3))[-1]
        assert len((await jobs.get(at.db, job) or kept).job.recipes) == 1
        await at.restart()
        await at.drawn()
        at.pool.finish(job)
        card = await last(at, job)
        assert card.text.key == "compare.done" and card.text.values["count"] == 4
        assert empty(await sheet_of(at, card), made) == [False] * 4
        rows = await pictures.of_job(at.db, first)
        assert [row.recipe for row in rows] == list(kept.job.recipes)
        again = await jobs.get(at.db, first)
        assert again and again.job.state is State.DONE
        assert not await pictures.of_job(at.db, job)
        assert len((await pictures.search(at.db, kept.job.owner)).pictures) == 4
        nothing = at.chat.messages[await at.press("compare_rest", first)]
        assert nothing.text.key == "compare.nothing_left"


async def test_the_rest_is_drawn_once_and_its_sheet_takes_votes_and_loses_what_is_deleted(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8,12", room=Room(server="group"))
        first = await given_up(at, 1, (0,))
        assert first.job
        pressed = await asyncio.gather(*(at.press("compare_rest", first.job) for _ in range(2)))
        job = (await at.drawn(2))[-1]
        told = [at.chat.messages[one].text.key for one in pressed if one in at.chat.messages]
        assert told == ["compare.under_way"]
        at.pool.finish(job)
        whole = await last(at, job)
        await at.press("vote_for", whole.buttons[0].target)
        assert {place for what, place, _ in at.chat.log if what == "renew"} == {first.job, job}
        await at.press("delete", whole.buttons[0].target)
        left = {one.target for one in whole.buttons[1:3]}
        for one in (first.job, job):
            assert {shown.id for shown in at.chat.messages[one].pictures} == left


def test_many_large_pictures_are_no_larger_a_sheet_than_programs_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.studio.comparison_sheet.MOST_PIXELS", 4 * 64 * 64)
    read = axes.read("steps=1-4")
    made = comparing.Comparison("steps=1-4", read, axes.cells(read), (a_recipe(),) * 4, (0, 1, 2, 3))
    content = comparing_in_part._sheet(made, [cell(), None, None, None], "not drawn", (128, 128))
    assert measured(content)[0] < 3 * 128


async def test_without_a_finished_picture_there_is_no_sheet_and_other_jobs_keep_none(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8")
        card = await given_up(at, 1, ())
        assert card.state is State.CANCELLED and card.text.key == "job.cancelled" and not card.pictures
        await at.say("two cats --count 3")
        card = await given_up(at, 2, (0, 1))
        assert card.text.key == "job.cancelled" and not await pictures.of_job(at.db, str(card.job))


async def test_what_is_not_fit_to_be_shown_is_an_empty_cell(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8,12")
        job = (await at.drawn())[-1]
        at.pool.draw_one(job, 0)
        at.pool.draw_one(job, 1, adult=True)
        await at.press("cancel", job)
        card = await last(at, job)
        assert card.text.key == "compare.in_part" and card.text.values["count"] == 1


async def test_after_a_restart_it_is_the_same_answer(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8")
        card = await given_up(at, 1, (1,))
        kept = await jobs.get(at.db, str(card.job))
        assert kept
        anew = await last_cards.last_card(at.db, kept)
        assert (anew.text, anew.buttons, anew.pictures) == (card.text, card.buttons, card.pictures)
        at.db.files.path((await pictures.of_job(at.db, kept.job.id))[0].hash).unlink()
        assert (await last_cards.last_card(at.db, kept)).text.key == "job.cancelled"
