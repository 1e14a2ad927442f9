"""Favourites with place-holders: kept, listed, filled in by a line, a form or within a text, changed."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat import Person
from bot.platforms.discord import modals, slash_commands
from bot.studio import named_favourites
from engine.job import State
from prompts.errors import Refusal
from prompts.prompt import Prompt
from storage import favourites, jobs, pictures
from tests.bot.commands.test_compare import ended, told
from tests.bot.studio.test_studio import House, house

PORTRAIT = "{人物}，在{地点=海边}，轮廓光"


async def newest(at: House, count: int) -> Prompt:
    """What the newest of so many jobs is drawn of; it is drawn."""
    job = (await at.drawn(count))[-1]
    kept = await jobs.get(at.db, job)
    assert kept
    at.pool.finish(job)
    await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
    return kept.job.recipe.prompt


def notes(prompt: Prompt) -> list[str]:
    return [note.key for note in prompt.notes]


async def test_a_favourite_is_filled_in_by_a_line_and_asked_about_where_something_is_missing(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(f"/收藏 save 肖像 {PORTRAIT}")
        await at.say("/favourites use 肖像 人物=老人 地点=雪地")
        prompt = await newest(at, 1)
        assert prompt.text == "老人，在雪地，轮廓光" and "{" not in prompt.positive
        assert "elderly person" in prompt.positive
        [told_of] = [note for note in prompt.notes if note.key == "note.filled_in"]
        assert told_of.values == {"name": "肖像", "values": "人物 = 老人; 地点 = 雪地"}
        card = await told(at, "/favourites use 肖像")
        assert card.text.key == "favourites.fill" and card.text.values["names"] == "人物"
        assert [one.action for one in card.buttons] == ["use", "use_as_it_stands"]
        person = (await at.person()).id
        [kept] = await favourites.listed(at.db, person)
        await at.press("use", kept.id, said="狐狸")
        assert (await newest(at, 2)).text == "狐狸，在海边，轮廓光"
        await at.press("use", kept.id, 人物="猫", 地点="")
        assert (await newest(at, 3)).text == "猫，在海边，轮廓光"
        asked = at.chat.messages[await at.press("use", kept.id)]
        assert asked.text.key == "favourites.fill" and len(at.pool.drawn) == 3
        assert (await favourites.find_favourite(at.db, person, "肖像")).used == 3


async def test_braces_that_are_none_draw_as_ever(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/favourites save 车 a {red|blue} car, {{best quality}}")
        await at.say("/favourites use 车")
        prompt = await newest(at, 1)
        assert "note.filled_in" not in notes(prompt) and ("red car" in prompt.positive) != (
            "blue car" in prompt.positive
        )
        await at.say("/favourites save 旧 a cat, {masterpiece}")
        [kept] = await favourites.listed(at.db, (await at.person()).id, "masterpiece")
        await at.press("use_as_it_stands", kept.id)
        assert (await newest(at, 2)).text == "a cat, {masterpiece}"


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("#肖像(人物=老人)，夜晚", "老人，在海边，轮廓光，夜晚"),
        ("＃肖像（老人，雪地），夜晚", "老人，在雪地，轮廓光，夜晚"),
        ("一幅画，#my cat, rain", "一幅画，a fluffy cat, rain"),
        ("#my cat", "a fluffy cat"),
        ("#MY CAT in rain, #my cat", "a fluffy cat in rain, a fluffy cat"),
        ("a dog #my cat\nSteps: 20, Seed: 7, Size: 64x64", "a dog #my cat\nSteps: 20, Seed: 7, Size: 64x64"),
        ("#my catapult, #sunset, #1", "#my catapult, #sunset, #1"),
        ("a cat (red:1.2)", "a cat (red:1.2)"),
    ],
)
async def test_favourites_stand_in_any_text(tmp_path: Path, text: str, becomes: str) -> None:
    async with house(tmp_path) as at:
        person = (await at.person()).id
        await favourites.save(at.db, person, "肖像", PORTRAIT)
        await favourites.save(at.db, person, "my cat", "a fluffy cat")
        assert await named_favourites.put_in(at.db, person, text) == becomes
        assert await named_favourites.put_in(at.db, "somebody else", text) == text


async def test_a_text_with_an_open_placeholder_is_refused_with_what_to_write(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say(f"/favourites save 肖像 {PORTRAIT}")
        card = await told(at, "#肖像，夜晚")
        assert card.text.key == "favourites.fill" and card.text.values["example"] == "人物=…"
        await at.say("#肖像(人物=老人)，夜晚 --seed 3")
        assert (await newest(at, 1)).text == "老人，在海边，轮廓光，夜晚 --seed 3"
        await at.say("/compare #肖像(人物=老人) steps=4,8")
        kept = await jobs.get(at.db, (await at.drawn(2))[-1])
        assert kept and {one.prompt.text for one in kept.job.recipes} == {"老人，在海边，轮廓光"}


async def test_the_words_of_a_favourite_are_changed_and_it_is_no_pictures_any_more(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red car")
        card = await ended(at)
        await at.press("favourite", card.pictures[0].id)
        person = (await at.person()).id
        [kept] = await favourites.listed(at.db, person)
        changed = await told(at, f'/favourites rewrite "{kept.name}" a blue car, {{where=rain}}')
        assert changed.text.key == "favourites.rewritten"
        [now] = await favourites.listed(at.db, person, "blue")
        assert (now.name, now.text, now.recipe, now.picture) == (kept.name, "a blue car, {where=rain}", None, None)
        row = await pictures.get(at.db, card.pictures[0].id)
        assert row and not row.favourite
        assert not await favourites.listed(at.db, person, "red car --")
        with pytest.raises(Refusal):
            await favourites.rewrite(at.db, person, "nobody", "x")


async def test_names_with_blanks_and_commands_on_discord(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say('/favourites save "my portrait" portrait of {who}, rim light')
        for at_line, line in enumerate(("my portrait who=a fox", '"my portrait" who=a fox', '"my portrait" a fox'), 1):
            await at.say(f"/favourites use {line}")
            assert (await newest(at, at_line)).text == "portrait of a fox, rim light"
    said = slash_commands.filled_in("favourites", "use", {"name": "my portrait", "values": "who=a fox"})
    assert said.text == '/favourites use "my portrait" who=a fox'
    said = slash_commands.filled_in("favourites", "rewrite", {"name": "mine", "text": "a {what}"})
    assert said.text == "/favourites rewrite mine a {what}"


async def test_hundreds_of_favourites_and_signs_do_not_hold_up_everybody(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        person = (await at.person()).id
        await favourites.save(at.db, person, "long", "very " * 700)
        for number in range(120):
            await favourites.save(at.db, person, f"a favourite with the number {number}", "x")
        began = time.process_time()
        assert (await named_favourites.put_in(at.db, person, "#a" * 2_000)) == "#a" * 2_000
        assert time.process_time() - began < 2
        with pytest.raises(Refusal) as refused:
            await named_favourites.put_in(at.db, person, "#long, #long")
        assert refused.value.key == "prompt.too_long"


async def test_favourites_are_put_in_once(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        person = (await at.person()).id
        await favourites.save(at.db, person, "outer", "a fox, #inner")
        await favourites.save(at.db, person, "inner", "at night")
        await at.say("#outer")
        assert (await newest(at, 1)).text == "a fox, #inner"


async def test_values_a_line_each_and_an_option_within_a_favourite(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/favourites save pair {who}, {where} --check")
        await at.say("/favourites use pair an old man, smiling\nby the sea")
        assert (await newest(at, 1)).text == "an old man, smiling, by the sea --check"
        await at.say("#pair(a fox, snow)")
        assert (await newest(at, 2)).text == "a fox, snow --check"
        kept = await jobs.get(at.db, (await at.drawn(2))[-1])
        assert kept and kept.check


async def test_a_form_asks_for_five_placeholders_and_more_are_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms: list[list[str]] = []

    async def show(context: object, interaction: object, custom: str, title: str, parts: list[Any]) -> None:
        forms.append([one["label"] for one in parts])

    async with house(tmp_path) as at:
        ann = await at.person()

        async def person_of(context: object, interaction: object) -> Person:
            return ann

        monkeypatch.setattr(modals, "person_of", person_of)
        monkeypatch.setattr(modals, "_show", show)
        for name, first in (("few", ""), ("usual", "{z=1}, "), ("open", "{z}, ")):
            kept = await favourites.save(at.db, ann.id, name, first + "{a}, {b}, {c}, {d}, {e}")
            filled = await modals.fill(SimpleNamespace(db=at.db), SimpleNamespace(), kept.id)  # type: ignore[arg-type]
            assert filled is (name != "open")
        assert forms == [[*"abcde"], [*"abcde"]]
