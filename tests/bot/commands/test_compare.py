"""/compare: one text with several values, on one sheet, in a chat."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import Card, Request, Upload
from bot.commands.table import command_of
from bot.platforms.discord import layout
from bot.platforms.telegram.keyboards import keyboard
from bot.studio import cards, comparing
from engine.job import State
from engine.recipe import Recipe
from prompts import axes
from storage import jobs, pictures
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_png


async def told(at: House, text: str, account: str = "ann") -> Card:
    return at.chat.messages[await at.say(text, account)]


async def ended(at: House, count: int = 1) -> Card:
    """The last card of the newest of so many jobs."""
    job = (await at.drawn(count))[-1]
    at.pool.finish(job)
    await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
    return at.chat.messages[job]


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("a cat steps=10,20 cfg=3", ("a cat", "steps=10,20 cfg=3")),
        ("一只猫，步数=10,20", ("一只猫", "步数=10,20")),
        ("a cat, style: anime x:steps=1,2", ("a cat, style: anime", "x:steps=1,2")),
        ("红色的猫 把红换成 红,蓝", ("红色的猫", "把红换成 红,蓝")),
        ("a cat\nin rain\nsteps=1,2\ncfg=3,4", ("a cat\nin rain", "steps=1,2 cfg=3,4")),
        ("a cat", ("a cat", "")),
        ("步数=10,20", ("", "步数=10,20")),
    ],
)
def test_a_text_is_told_from_what_is_compared(text: str, parted: tuple[str, str]) -> None:
    assert axes.parted(text) == parted


async def test_a_small_comparison_is_drawn_at_once_and_answered_by_its_sheet(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8 cfg=2,6")
        card = await ended(at)
        assert card.text.key == "compare.done" and card.text.values["count"] == 4
        [sheet] = card.pictures
        with Image.open(io.BytesIO(await at.db.files.get(sheet.hash))) as image:
            assert image.size == (sheet.width, sheet.height)
        kept = await jobs.get(at.db, str(card.job))
        assert kept and kept.comparison == {"said": "steps=4,8 cfg=2,6", "shows": [0, 1, 2, 3]}
        rows = await pictures.of_job(at.db, kept.job.id)
        assert [button.target for button in card.buttons] == [row.id for row in rows]
        for language in ("zh", "en"):
            found = [part["label"] for row in layout.rows(card, language) for part in row["components"]]  # type: ignore[union-attr,index,call-overload]
            assert found == ["1", "2", "3", "4"]
            keys = keyboard(card, language)
            assert keys and [key.text for row in keys.inline_keyboard for key in row][:4] == ["1", "2", "3", "4"]


async def test_a_number_opens_its_picture_with_all_that_can_be_done(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/对比 一只猫 步数=4,8")
        card = await ended(at)
        second = card.buttons[1]
        opened = at.chat.messages[await at.press(second.action, second.target)]
        assert opened.recipe and opened.recipe.steps == 8 and [one.id for one in opened.pictures] == [second.target]
        assert {"again", "vary", "edit"} <= {button.action for button in opened.buttons}
        other = at.chat.messages[await at.press(second.action, second.target, account="bob")]
        assert other.kind == "error"


async def test_more_than_a_request_may_ask_for_is_shown_first(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await told(at, "/compare a cat --plain steps=4-8 cfg=2,6")
        assert card.text.key == "compare.sketch" and not at.pool.drawn
        assert (card.text.values["columns"], card.text.values["rows"], card.text.values["count"]) == (5, 2, 10)
        assert [(line.label.values["name"], line.value) for line in card.fields] == [
            ("steps", "4, 5, 6, 7, 8"), ("cfg", "2, 6"),
        ]  # fmt: skip
        [start] = card.buttons
        other = at.chat.messages[await at.press(start.action, start.target, account="bob")]
        assert other.text.key == "press.unknown"
        await at.press(start.action, start.target)
        made = await ended(at)
        kept = await jobs.get(at.db, str(made.job))
        assert kept and [one.steps for one in kept.job.recipes] == [4, 5, 6, 7, 8] * 2
        assert len({one.seed for one in kept.job.recipes}) == 1 and "--plain" in kept.job.recipe.prompt.text
        again = at.chat.messages[await at.press(start.action, start.target)]
        assert again.text.key == "compare.begun" and len(await jobs.of_person(at.db, kept.job.owner)) == 1
        refused = await told(at, "/compare a cat seed=1-37")
        assert refused.text.key == "compare.too_many" and refused.text.values["limit"] == 36


async def test_an_answered_picture_says_all_that_is_not_compared(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        recipe = await at.recipe("a fox, watercolor --steps 7 --cfg 3")
        [row] = (await pictures.search(at.db, (await at.person()).id)).pictures
        assert (await told(at, "/compare steps=4,8")).text.key == "compare.how"
        person = await at.person()
        await at.desk.request(
            Request(person=person, place=Place("fake", "ann"), text="/compare cfg=3,5", key="k", reply_to=row.id)
        )
        kept = await jobs.get(at.db, str((await ended(at, 2)).job))
        assert kept and kept.parent == row.id
        same = replace(kept.job.recipes[0], prompt=recipe.prompt)
        assert same == recipe and kept.job.recipes[1].guidance == 5
        assert kept.job.recipes[0].source is None


async def test_what_options_do_not_say_stays_with_an_answered_picture_unless_it_is_compared(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        recipe = await at.recipe("a fox --hd --fix face --no dogs")
        assert recipe.hires and recipe.fixes
        [row] = (await pictures.search(at.db, (await at.person()).id)).pictures
        person = await at.person()

        async def drawn(said: str, count: int) -> tuple[Recipe, ...]:
            place = Place("fake", "ann")
            await at.desk.request(Request(person=person, place=place, text=said, key=said, reply_to=row.id))
            kept = await jobs.get(at.db, str((await ended(at, count)).job))
            assert kept
            return kept.job.recipes

        for one in await drawn("/compare steps=4,8", 2):
            assert (one.hires, one.fixes, one.prompt, one.seed) == (
                recipe.hires,
                recipe.fixes,
                recipe.prompt,
                recipe.seed,
            )
        large, plain = await drawn("/compare 高清=开,关", 3)
        assert large == recipe
        assert plain == replace(recipe, hires=None, prompt=replace(recipe.prompt, text="a fox --fix face --no dogs"))
        none, faces = await drawn("/compare fix=none,face", 4)
        assert none == replace(recipe, fixes=(), prompt=none.prompt) and faces == recipe
        assert none.prompt.positive == recipe.prompt.positive and "--fix" not in none.prompt.text
        fox, cat = await drawn("/compare prompt s/r=fox,cat", 5)
        assert "cat" in cat.prompt.positive and "fox" in fox.prompt.positive
        for one in (fox, cat):
            assert "dogs" in one.prompt.negative and one.hires == recipe.hires and one.fixes == recipe.fixes


async def test_a_picture_sent_along_is_drawn_over_and_waits_where_it_is_asked_first(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        sent = Upload("a.png", a_png(side=64))
        text = "/compare a cat denoising=0.2-0.6(+0.1)"
        asked = at.chat.messages[await at.say(text, files=(sent,))]
        assert asked.text.key == "compare.sketch"
        await at.press("compare", asked.buttons[0].target)
        kept = await jobs.get(at.db, str((await ended(at)).job))
        assert kept and [one.source and one.source.strength for one in kept.job.recipes] == [0.2, 0.3, 0.4, 0.5, 0.6]
        two = at.chat.messages[
            await at.say("/compare a cat steps=4,8", files=(sent, Upload("b.png", a_png((1, 2, 3), 64))))
        ]
        assert two.text.key == "compare.one_picture"


async def test_each_picture_has_one_button_with_the_first_place_where_it_stands(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat size=128x128,128,96x128")
        card = await ended(at)
        assert [one.label and one.label.values["number"] for one in card.buttons] == [1, 3]
        at.studio.rules = replace(at.studio.rules, pictures_per_request=30)
        await at.say("/compare a cat --plain seed=1-26")
        many = await ended(at, 2)
        assert many.text.key == "compare.done" and len(many.buttons) == 26
        numbers, rest = list(layout.rows(many, "en"))  # in selects, where there are too many for buttons
        assert [len(row["components"][0]["options"]) for row in (numbers, rest)] == [25, 1]  # type: ignore[index,call-overload,arg-type]
        keys = keyboard(many, "en")
        assert keys and [len(row) for row in keys.inline_keyboard] == [5, 5, 5, 5, 5, 1]
        at.studio.rules = replace(at.studio.rules, pictures_per_request=100)
        await at.say("/compare a cat --plain seed=1-99")
        most = await ended(at, 3)
        assert most.text.key == "compare.done_many" and not most.buttons


async def test_the_sheet_is_there_again_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8")
        job = (await at.drawn())[-1]
        await at.restart()
        await at.drawn()
        at.pool.finish(job)
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
        assert at.chat.messages[job].text.key == "compare.done" and len(at.chat.messages[job].pictures) == 1


async def test_without_one_of_its_pictures_or_axes_a_comparison_is_answered_by_pictures(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/compare a cat steps=4,8")
        card = await ended(at)
        kept = await jobs.get(at.db, str(card.job))
        rows = await pictures.of_job(at.db, str(card.job))
        assert kept and kept.comparison
        plain = cards.ended(kept.job, rows, "", {})
        assert (await comparing.shown(at.db, kept, rows, plain)).text.key == "compare.done"
        for comparison in (None, {**kept.comparison, "said": "gone=1,2"}, {**kept.comparison, "said": "steps=4"}):
            assert await comparing.shown(at.db, replace(kept, comparison=comparison), rows, plain) == plain
        assert await comparing.shown(at.db, kept, rows[:1], plain) == plain
        at.db.files.path(rows[0].hash).unlink()
        assert await comparing.shown(at.db, kept, rows, plain) == plain


async def test_what_is_wrong_with_an_axis_is_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await told(at, "/compare a cat steps=4,many")).text.key == "compare.no_number"
        assert (await told(at, "/compare a cat")).text.key == "compare.how"
        assert (await told(at, "/compare a cat sampler=Euler a,Oiler b c d")).text.key.startswith("sampler.")


def test_it_has_its_names() -> None:
    for text in ("/compare a", "/对比 a", "/對比 a", "/比较 a", "/xyz a"):
        assert command_of(text)[0].name == "compare"


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("/compare a cat --count 3 steps=4,8", "compare.several"),
        ("/对比 画三张猫 步数=4,8", "compare.several"),
        ("/compare a cat --check steps=4,8", "compare.unchecked"),
    ],
)
async def test_what_no_comparison_does_is_not_left_out_silently(tmp_path: Path, said: str, key: str) -> None:
    async with house(tmp_path) as at:
        assert (await told(at, said)).text.key == key
        await at.say("/settings count 2")  # of pictures as they usually are
        await at.say("/compare a cat steps=4,8")
        card = await ended(at)
        assert card.text.key == "compare.done" and card.text.values["count"] == 2
