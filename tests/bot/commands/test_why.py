"""/why and its buttons: one parameter moved, both pictures, and words."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image

from bot import texts
from bot.buttons import explaining
from bot.cli import terminal
from bot.platforms.discord import layout
from bot.platforms.telegram.keyboards import keyboard
from bot.studio import lesson_cards, lessons
from bot.studio.lesson_moves import LessonFiles
from engine.control import Control
from engine.files import catalog
from engine.recipe import A1111, Hires, Recipe, Source
from engine.regions import Regions
from prompts.errors import Refusal
from prompts.prompt import Fragment, LoraUse, Prompt
from storage import jobs, pictures
from tests.bot.commands.test_compare import ended, told
from tests.bot.studio.test_studio import house
from tests.documents import ROOT

PAIRS = ROOT / "docs" / "pictures" / "lessons"
APART = 3.0  # of 255, on average: below it nobody sees what a lesson is about


def a_recipe(**changes: object) -> Recipe:
    words = (Fragment("a red car"), Fragment("forest", part="scene_detail"))
    prompt = Prompt("a red car, forest", words, (Fragment("blurry"),), (LoraUse("ink", 0.8),))
    whole: dict[str, object] = {"prompt": prompt, "model": "danqing-demo", "width": 128, "height": 128, "steps": 20}
    whole |= {"sampler": "DPM++ 2M Karras", "guidance": 4.0, "seed": 7, "hires": Hires(1.5, 0.4)}
    whole |= {"source": Source("f" * 64, 0.6), "controls": (Control("edges", "e" * 64),)}
    whole |= {"regions": Regions.of("0/0/0.5/1+0.5/0/1/1")}
    return Recipe(**(whole | changes))  # type: ignore[arg-type]


def beside() -> LessonFiles:
    demo = catalog.builtin()
    vae = catalog.Companion("vae", "other", Path("other"))
    return LessonFiles(demo, models=(demo,), refiners=(demo,), vaes=(vae,))


def test_every_parameter_of_a_recipe_has_a_lesson() -> None:
    moved = {field for lesson in lessons.LESSONS.values() for field in lesson.fields}
    assert moved == {field.name for field in fields(Recipe)} - {"schema"}
    wanted = {"steps", "guidance", "sampler", "schedule", "seed", "size", "clip_skip", "denoising", "hires", "lora"}
    assert wanted | {"emphasis", "negative", "style", "vae", "control"} <= set(lessons.LESSONS)


@pytest.mark.parametrize("name", lessons.LESSONS)
def test_a_lesson_moves_its_own_fields_alone_there_and_back(name: str) -> None:
    lesson, old = lessons.LESSONS[name], a_recipe(model="other") if name == "model" else a_recipe()
    if name == "size":
        old = a_recipe(source=None, controls=(), regions=None)
    new = lesson.moved(old, beside())
    assert new is not None and new != old
    changed = {field.name for field in fields(Recipe) if getattr(new, field.name) != getattr(old, field.name)}
    assert changed and changed <= set(lesson.fields)
    assert lesson.shown(new) != lesson.shown(old)
    if "prompt" in changed:  # one thing of it: the words, the negative or the LoRAs
        own = [
            part
            for part in ("fragments", "negatives", "loras")
            if getattr(new.prompt, part) != getattr(old.prompt, part)
        ]
        assert len(own) == 1
    if name not in ("model", "seed"):
        back = lesson.moved(new, beside())
        assert back is not None and lesson.shown(back) != lesson.shown(new)


def test_the_way_of_a1111_has_its_own_schedules() -> None:
    like = a_recipe(sampler="DPM++ 2M", like=A1111("Automatic"))
    schedule, way = lessons.LESSONS["schedule"], lessons.LESSONS["like"]
    assert schedule.shown(schedule.moved(like, beside()) or like) == "SGM Uniform"
    ours = way.moved(like, beside())
    assert ours and (ours.sampler, ours.like) == ("DPM++ 2M", None)
    assert schedule.moved(a_recipe(sampler="DDIM", like=A1111("Automatic")), beside()) is None


def test_emphasis_moves_the_text_too_so_that_editing_goes_on_from_it() -> None:
    new = lessons.LESSONS["emphasis"].moved(a_recipe(), beside())
    assert new and new.prompt.text == "(a red car:1.5), forest" and new.prompt.positive == "(a red car:1.5), forest"
    back = lessons.LESSONS["emphasis"].moved(new, beside())
    assert back and back.prompt == a_recipe().prompt


def test_what_is_not_there_is_not_offered() -> None:
    bare = a_recipe(hires=None, source=None, controls=(), regions=None)
    offered = lessons.offered(bare, LessonFiles(catalog.builtin()))
    assert not {"denoising", "control", "control_end", "regions", "hires_denoising", "vae", "model", "refiner"} & set(
        offered
    )
    assert {"steps", "guidance", "seed", "lora", "size", "tiling"} <= set(offered)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_lesson_is_two_sentences_with_both_values(language: str) -> None:
    for name in lessons.LESSONS:
        said = texts.say(language, f"lesson.{name}.why", old="甲", new="乙")
        assert "甲" in said and "乙" in said, name
        ends = (
            said.count("。") if language != "en" else len(said.rstrip(".").split(". ")) + said.rstrip(".").count("? ")
        )
        assert ends == 2, (name, said)


def test_every_lesson_has_a_pair_that_shows_it() -> None:
    told = json.loads((PAIRS / "pairs.json").read_text("utf-8"))
    assert set(told) == set(lessons.LESSONS) == {path.stem for path in PAIRS.glob("*.webp")}
    for name, pair in told.items():
        assert pair["apart"] >= APART or (pair["from"] != pair["to"] and name == "upscale"), name
        with Image.open(PAIRS / f"{name}.webp") as picture:
            assert picture.height <= 160
    assert sum(path.stat().st_size for path in PAIRS.glob("*.webp")) < 500_000


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("steps", "steps"),
        ("步数", "steps"),
        ("CFG", "guidance"),
        ("引導強度", "guidance"),
        ("采样器", "sampler"),
        ("重绘幅度", "denoising"),
        ("denoising strength", "denoising"),
        ("clip skip", "clip_skip"),
        ("高清修复", "hires"),
        ("LoRA", "lora"),
        ("控制权重", "control"),
        ("反向提示词", "negative"),
        ("VAE", "vae"),
        ("种子", "seed"),
        ("perp neg", "perpendicular"),
    ],
)
def test_parameters_are_known_by_what_people_call_them(said: str, name: str) -> None:
    assert explaining.lesson_of(said, "zh") == name


def test_a_parameter_that_is_none_is_refused_with_what_is_near() -> None:
    with pytest.raises(Refusal) as refused:
        explaining.lesson_of("stepps", "en")
    assert (refused.value.key, refused.value.values["near"]) == ("why.unknown", "steps")
    with pytest.raises(Refusal) as refused:
        explaining.lesson_of("洗衣机", "zh")
    assert refused.value.values["near"] == ""


async def test_why_draws_the_moved_picture_alone_and_shows_both(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red car, forest --seed 5")
        first = await ended(at)
        old = first.pictures[0].id
        offer = at.chat.messages[await at.press("why", old)]
        assert offer.text.key == "why.choose" and float(offer.text.values["least"]) > 0
        assert 10 < len(offer.buttons) <= explaining.OFFERED + 1
        steps = next(button for button in offer.buttons if button.target.endswith(".steps"))
        more = at.chat.messages[await at.press(offer.buttons[-1].action, offer.buttons[-1].target)]
        assert not {one.target for one in more.buttons} & {one.target for one in offer.buttons[:-1]}
        for card in (offer, more):
            for language in texts.LANGUAGES:
                rows = list(layout.rows(card, language))
                assert len(rows) <= 3 and all(part["type"] == 2 for row in rows for part in row["components"])  # type: ignore[union-attr,index,call-overload]
                assert keyboard(card, language)

        await at.press(steps.action, steps.target)
        card = await ended(at, 2)
        kept = await jobs.get(at.db, str(card.job))
        assert kept and kept.comparison == {"lesson": "steps", "picture": old} and kept.parent == old
        [drawn] = kept.job.recipes
        before = await pictures.get(at.db, old)
        assert before and drawn.seed == before.recipe.seed == 5 and (before.recipe.steps, drawn.steps) == (20, 5)
        assert card.text.key == "lesson.steps.why" and card.text.values == {"old": "20", "new": "5"}
        [sheet] = card.pictures
        with Image.open(io.BytesIO(await at.db.files.get(sheet.hash))) as image:
            assert image.size == (sheet.width, sheet.height) and image.width > 2 * before.width
        [new] = await pictures.of_job(at.db, kept.job.id)
        assert [one.target for one in card.buttons] == [old, new.id, old]
        assert texts.say("zh", card.buttons[1].label.key, **card.buttons[1].label.values) == "步数 5"  # type: ignore[union-attr]
        written = await terminal._sheet(
            at.studio, card, [new], tmp_path / "why.png"
        )  # as `bot.py imagine "/why steps"`
        assert written == tmp_path / "why-sheet.png" and written.read_bytes() == await at.db.files.get(sheet.hash)
        assert await terminal._sheet(at.studio, first, await pictures.of_job(at.db, str(first.job)), None) is None
        opened = at.chat.messages[await at.press(card.buttons[1].action, card.buttons[1].target)]
        assert opened.recipe and opened.recipe.steps == 5
        await at.restart()  # its last card can be had again, as under a favourite that turns
        from bot.studio import last_cards

        again = await last_cards.last_card(at.db, kept)
        assert again.text == card.text and [one.target for one in again.buttons] == [old, new.id, old]
        await pictures.delete(at.db, old)
        alone = await last_cards.last_card(at.db, kept)
        assert alone.text.key == "job.done" and alone.pictures[0].id == new.id


async def test_the_command_takes_a_picture_a_parameter_or_neither(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await told(at, "/why steps")).text.key == "why.no_picture"
        await at.say("a red car --seed 5")
        first = await ended(at)
        assert (await told(at, "/为什么")).text.key == "why.choose"
        assert (await told(at, "/why 洗衣机")).text.key == "why.unknown"
        assert (await told(at, "/为什么 控制权重")).text.key == "why.not_here"
        await at.say("a blue car --seed 6")
        await ended(at, 2)
        await at.say(f"/why {first.pictures[0].id} cfg")
        card = await ended(at, 3)
        assert card.text.key == "lesson.guidance.why" and card.buttons[0].target == first.pictures[0].id
        again = await told(at, "/why")  # of the same, not of what the lesson drew
        assert again.buttons[0].target == f"{first.pictures[0].id}.steps"
        refused = await told(at, f"/why {first.pictures[0].id} cfg", "bob")
        assert refused.text.key == "access.not_yours"
        await at.press("sheet", str(card.job), asks="again")  # with another seed it would teach something untrue
        kept = await jobs.get(at.db, (await at.drawn(4))[-1])
        assert kept and kept.comparison is None and kept.job.recipes[0].seed != 5


async def test_a_stranger_gets_no_lesson(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red car")
        card = await ended(at)
        target = card.pictures[0].id
        for action, at_what in (("why", target), ("lesson", f"{target}.steps")):
            assert at.chat.messages[await at.press(action, at_what, "bob")].text.key == "access.not_yours"
        assert at.chat.messages[await at.press("lesson", f"{target}.washing")].text.key == "press.unknown"


def test_long_values_are_cut() -> None:
    said = lesson_cards.label(lessons.LESSONS["negative"], "worst quality, low quality, blurry, jpeg artifacts")
    assert len(str(said.values["value"])) == lesson_cards.CUT


async def test_a_long_negative_leaves_room_for_what_it_does(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red car --no " + ", ".join(f"thing {number}" for number in range(90)))
        first = await ended(at)
        await at.say("/why negative")
        card = await ended(at, 2)
        assert card.text.key == "lesson.negative.why" and first.pictures
        assert len(str(card.text.values["old"])) == lesson_cards.CUT_WHY
        assert len(texts.say("en", card.text.key, **card.text.values)) < 600


async def test_a_lesson_goes_with_the_picture_it_was_about_and_is_none_with_another_seed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red car, forest --seed 5")
        old = (await ended(at)).pictures[0].id
        await at.press("lesson", f"{old}.steps")
        card = await ended(at, 2)
        job = str(card.job)
        [new] = await pictures.of_job(at.db, job)
        await at.press("sheet", job, asks="again")
        assert (await ended(at, 3)).text.key == "job.done"
        await at.press("delete", old)
        await at.chat.until(lambda: at.chat.messages[job].pictures[0].id == new.id)


async def test_what_is_veiled_where_it_is_asked_about_is_veiled_beside_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hidden(*_: object) -> bool:  # as of a LoRA for adults, that the lesson leaves out
        return True

    async with house(tmp_path) as at:
        await at.say("a red car --seed 5")
        old = (await ended(at)).pictures[0].id
        monkeypatch.setattr(explaining, "veiled", hidden)
        await at.press("lesson", f"{old}.steps")
        assert (await ended(at, 2)).spoiler
