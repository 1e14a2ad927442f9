"""Editing a picture by a sentence, by command and by button; and what the doctor says on cards."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bot.chat import Request
from bot.people import owned
from bot.platforms.web.card_json import card_body, card_words
from bot.studio.findings import glance, known
from bot.texts import say
from engine.files import catalog
from engine.recipe import Recipe
from prompts.compose import compose
from prompts.prompt import Json, Options
from prompts.translate.chain import chain
from prompts.translate.chinese import CHINESE
from storage import pictures
from storage.jobs import Place
from storage.translations import Translations
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora
from tests.prompts.edit.instructing import Model, form, instructed

GIRL = "黑色长发的女孩，（红色帽子：1.2），白天 --seed 7 --steps 9"


async def edited(at: House, count: int) -> Recipe:
    """The recipe of the newest job."""
    job = (await at.drawn(count))[-1]
    return (await owned.job(at.db, await at.person(), job)).job.recipe


async def test_the_last_picture_is_drawn_again_as_the_sentence_wants(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        row = await pictures.get(at.db, await at.picture(GIRL))
        assert row
        await at.say("/edit 头发改成蓝色，去掉帽子")
        recipe = await edited(at, 2)
        assert "blue hair" in recipe.prompt.positive and "hat" not in recipe.prompt.positive
        assert (recipe.seed, recipe.steps, recipe.width) == (7, 9, row.recipe.width)
        assert recipe.model == row.recipe.model and recipe.sampler == row.recipe.sampler
        job = at.pool.drawn[-1][0]
        assert (await owned.job(at.db, await at.person(), job)).parent == row.id
        await at.chat.until(lambda: job in at.chat.messages)
        card = at.chat.messages[job]
        assert card.prompt and [note.key for note in card.prompt.notes] == ["edit.replaced", "edit.removed"]


@pytest.mark.parametrize(
    "sentence", ["头发改成蓝色，帽子不要了", "把头髮改成藍色，去掉帽子", "make the hair blue, remove the hat"]
)
async def test_words_that_can_only_be_about_the_last_picture_change_it(tmp_path: Path, sentence: str) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(GIRL)
        recipe = await at.recipe(sentence)
        assert "blue hair" in recipe.prompt.positive and "hat" not in recipe.prompt.positive and recipe.seed == 7
        job = at.pool.drawn[-1][0]
        assert (await owned.job(at.db, await at.person(), job)).parent == first
        card = at.chat.messages[job]
        assert card.prompt and card.prompt.notes[-1].key == "edit.of_last", "and says how to draw a new one"


async def test_once_more_needs_no_reply(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.picture(GIRL)
        recipe = await at.recipe("再来一张")
        assert "black hair" in recipe.prompt.positive and recipe.seed != 7


@pytest.mark.parametrize(
    "text",
    [
        "/画 头发改成蓝色",
        "一只猫，不要帽子",
        "来一只猫",
        "把一个女孩画成水彩",
        "a cat, no hat",
        "turn a cat into a tiger",
    ],
)
async def test_what_is_called_or_is_a_picture_of_its_own_is_drawn_anew(tmp_path: Path, text: str) -> None:
    async with house(tmp_path) as at:
        await at.picture(GIRL)
        recipe = await at.recipe(text)
        assert "black hair" not in recipe.prompt.positive and recipe.seed != 7


async def test_only_a_picture_of_this_place_is_the_last(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.picture(GIRL)
        elsewhere = Place("fake", "a group")
        asked = Request(person=await at.person(), place=elsewhere, text="换成夜景", key="elsewhere")
        await at.desk.request(asked)
        assert "black hair" not in (await edited(at, 2)).prompt.positive


async def test_what_a_message_is_rewritten_to_changes_the_picture_before(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(GIRL)
        await at.say("帽子改成绿色")
        (*_, waits) = await at.drawn(2)
        place = Place("fake", "ann")
        asked = Request(person=await at.person(), place=place, text="头发改成蓝色", key="again", instead_of=waits)
        await at.desk.request(asked)
        recipe = await edited(at, 3)
        assert "blue hair" in recipe.prompt.positive and "red hat" in recipe.prompt.positive
        assert (await owned.job(at.db, await at.person(), at.pool.drawn[-1][0])).parent == first


async def test_options_beside_the_words_are_of_a_new_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.picture(GIRL)
        place, options = Place("fake", "ann"), Options(steps=3)
        asked = Request(person=await at.person(), place=place, text="头发改成蓝色", key="beside", options=options)
        await at.desk.request(asked)
        recipe = await edited(at, 2)
        assert recipe.steps == 3 and "red hat" not in recipe.prompt.positive


async def test_a_picture_that_is_still_drawn_cannot_be_changed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.picture("一只猫")
        await at.say(GIRL)
        await at.drawn(2)
        key = await at.say("头发改成蓝色")
        assert at.chat.messages[key].text.key == "edit.not_yet"
        refused = await at.say("/画 头发改成蓝色")
        assert refused not in at.chat.messages, "a job of its own"


async def test_a_picture_may_be_named_or_pressed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(GIRL)
        await at.picture("一只猫")
        await at.say(f"/改 {first} 换成夜景，竖图，种子8")
        recipe = await edited(at, 3)
        assert "night" in recipe.prompt.positive and recipe.seed == 8 and recipe.height > recipe.width
        at.pool.finish(at.pool.drawn[-1][0])
        await at.press("edit", first, sentence="帽子的权重调到1.3")
        assert "(red hat:1.3)" in (await edited(at, 4)).prompt.positive


async def test_a_reply_says_which_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(GIRL)
        await at.picture("一只猫")
        ann = await at.person()
        place = Place("fake", "ann")
        await at.desk.request(Request(person=ann, place=place, text="/edit 去掉帽子", key="reply", reply_to=first))
        assert "black hair" in (await edited(at, 3)).prompt.positive


async def test_an_enlarged_picture_is_edited_as_it_was_drawn(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(GIRL)
        await at.press("upscale", first)
        job = (await at.drawn(2))[-1]
        at.pool.finish(job)
        await at.chat.until(lambda: bool(job in at.chat.messages and at.chat.messages[job].pictures))
        await at.press("edit", at.chat.messages[job].pictures[0].id, sentence="换成夜景")
        recipe = await edited(at, 3)
        assert recipe.source is None and recipe.upscale is None and "night" in recipe.prompt.positive


async def pressed(at: House, action: str, picture: str, **values: str) -> str:
    """The picture that a button draws."""
    before = len(at.pool.drawn)
    await at.press(action, picture, **values)
    job = (await at.drawn(before + 1))[-1]
    at.pool.finish(job)
    await at.chat.until(lambda: bool(job in at.chat.messages and at.chat.messages[job].pictures))
    return at.chat.messages[job].pictures[0].id


@pytest.mark.parametrize("way", [("pan_right",), ("zoom_out",), ("pan_up", "pan_left"), ("zoom_out", "fix_faces")])
@pytest.mark.parametrize("by", ["sentence", "form"])
async def test_an_extended_picture_is_edited_as_a_whole(tmp_path: Path, way: tuple[str, ...], by: str) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("一只狐狸，森林，（红色帽子：1.2） --seed 7 --steps 9")
        for action in way:
            picture = await pressed(at, action, picture)
        row = await pictures.get(at.db, picture)
        assert row and "fox" not in row.recipe.prompt.positive  # only what is around it was drawn
        if by == "sentence":
            again = await pressed(at, "edit", picture, sentence="帽子改成绿色")
        else:
            again = await pressed(at, "edit", picture, prompt="一只狐狸，森林，（绿色帽子：1.2）")
        made = await pictures.get(at.db, again)
        assert made and made.recipe.source and made.parent == picture
        assert (made.recipe.source.picture, made.recipe.source.margins) == (row.hash, (0, 0, 0, 0))
        assert (made.width, made.height) == (row.width, row.height) and made.recipe.source.strength >= 0.5
        assert "green hat" in made.recipe.prompt.positive and "red hat" not in made.recipe.prompt.positive
        assert "fox" in made.recipe.prompt.positive and "forest" in made.recipe.prompt.positive


async def test_an_enlarged_extended_picture_is_edited_at_the_size_it_was_drawn_at(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        wide = await pressed(at, "pan_right", await at.picture("一只狐狸，森林"))
        large = await pressed(at, "upscale", wide)
        row = await pictures.get(at.db, wide)
        made = await pictures.get(at.db, await pressed(at, "edit", large, sentence="换成夜景"))
        assert row and made and made.recipe.source and made.recipe.source.picture == row.hash
        assert (made.recipe.width, made.recipe.height) == (row.width, row.height)
        assert "fox" in made.recipe.prompt.positive and "night" in made.recipe.prompt.positive


@pytest.mark.parametrize(
    ("text", "key"),
    [("/edit 去掉帽子", "edit.no_picture"), ("/edit", "edit.no_picture")],
)
async def test_without_a_picture_there_is_nothing_to_edit(tmp_path: Path, text: str, key: str) -> None:
    async with house(tmp_path) as at:
        said = await at.say(text)
        assert at.chat.messages[said].text.key == key


async def test_what_cannot_be_edited_is_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(GIRL)
        assert at.chat.messages[await at.press("edit", first)].text.key == "edit.how"
        assert at.chat.messages[await at.say("/edit")].text.key == "edit.empty"
        refused = at.chat.messages[await at.say("/edit 把飞机换成火车")].text
        assert (refused.key, refused.values) == ("edit.near", {"before": "飞机", "after": "女孩、黑色长发、红色帽子"})
        assert at.chat.messages[await at.press("edit", first, "bob", sentence="去掉帽子")].kind == "error"


@pytest.mark.parametrize(
    ("text", "sentence", "named"),
    [
        ("女孩，气泡，海边", "气球去掉", ["“气球”", "“气泡”"]),
        ("女孩，海边，日落", "把飞船换成帆船", ["“飞船”", "“女孩、海边、日落”"]),
        ("a girl with a balloon", "remove the baloon", ["“baloon”", "“balloon”"]),
    ],
)
async def test_every_entrance_says_what_is_not_there(
    tmp_path: Path, text: str, sentence: str, named: list[str]
) -> None:
    async with house(tmp_path) as at:
        first = await at.picture(text)
        ann, place = await at.person(), Place("fake", "ann")
        reply = Request(person=ann, place=place, text=f"/edit {sentence}", key="reply", reply_to=first)
        await at.say(f"/edit {sentence}")
        await at.press("edit", first, sentence=sentence)
        await at.desk.request(reply)
        refusals = [card.text for card in at.chat.messages.values() if card.kind == "error"]
        language = "zh" if CHINESE.search(text) else "en"
        said = {say(language, one.key, **one.values) for one in refusals}
        assert len(refusals) == 3 and len(said) == 1
        assert re.findall("“.+?”", said.pop()) == named
        assert len(at.pool.drawn) == 1


@pytest.mark.parametrize("way", ["command", "reply", "button", "words"])
async def test_every_entrance_asks_the_model_for_what_the_rules_do_not_read(tmp_path: Path, way: str) -> None:
    sentence = "replace the horse with something scarier"
    model = Model(form((1, "horse", "dragon"), asks=("a dragon",)))
    async with house(tmp_path) as at, instructed(model, tmp_path / "cache", memory=Translations(at.db)) as translators:
        at.studio._translators = translators
        first = await at.picture("a knight on a horse, castle --seed 7")
        place, ann = Place("fake", "ann"), await at.person()
        for count in (2, 3):
            if way == "reply":
                said = Request(person=ann, place=place, text=f"/edit {sentence}", key=f"r{count}", reply_to=first)
                await at.desk.request(said)
            elif way == "button":
                await at.press("edit", first, sentence=sentence)
            else:
                await at.say(sentence if way == "words" else f"/edit {first} {sentence}")
            recipe = await edited(at, count)
            assert "a knight on a dragon" in recipe.prompt.positive and recipe.seed == 7
            job = at.pool.drawn[-1][0]
            await at.chat.until(lambda job=job: job in at.chat.messages)  # type: ignore[misc]
            card = at.chat.messages[job]
            assert card.prompt
            (told,) = [note for note in card.prompt.notes if note.key == "edit.read"]
            assert say("zh", told.key, **told.values) == f"{told.values['reader']} 的读法：a dragon"
            shown = cast(dict[str, Json], card_words(card_body(card), "en")["understood"])
            changes = [cast(dict[str, str], one)["text"] for one in cast(list[Json], shown["changes"])]
            assert changes[0] == "a knight on a horse → a knight on a dragon"
            assert changes[1] == f"read by {told.values['reader']}: a dragon"
            if way == "words":
                break  # the last picture is another one now
            at.pool.finish(job)
        assert len(model.asked) == 1, "the second answer is remembered"


async def test_a_refusal_says_that_the_model_was_not_to_be_had(tmp_path: Path) -> None:
    async with house(tmp_path) as at, instructed(Model("", status=500), tmp_path / "cache") as translators:
        first = await at.picture("a knight on a horse, castle")
        at.studio._translators = translators
        for key, said in (
            ("note.service_status", await at.say("/edit ditch that thing he's got on")),
            ("note.reader_rests", await at.press("edit", first, sentence="what if it was raining")),
        ):
            card = at.chat.messages[said]
            assert card.kind == "error" and card.text.key.startswith("edit.") and not card.fleeting
            assert card.prompt and [note.key for note in card.prompt.notes] == [key]
            assert "did without it" in str(card_words(card_body(card), "en")["understood"])
        assert len(at.pool.drawn) == 1


async def test_what_the_prompt_command_finds_comes_with_a_fix(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say("/prompt (cat:3), masterpeice, <lora:foo:1>")]
        assert [one.key for one in card.findings] == ["lora.none", "note.weight", "doctor.typo"]
        assert card.findings[1].fix == "(cat:1.6), masterpeice, <lora:foo:1>"
        assert card.fields[0].label.key == "prompt.meter" and str(card.fields[0].value).endswith("/ 75")


async def test_a_jobs_card_has_the_findings_too(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("(cat:3)")
        (job,) = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        assert [one.key for one in at.chat.messages[job].findings] == ["note.weight"]


async def test_an_unknown_lora_is_refused_with_a_fix(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say("一只猫 <lora:foo:1>")]
        assert (card.kind, card.text.key) == ("error", "lora.none")
        assert card.prompt and [one.fix for one in card.findings] == ["一只猫"]
        shown = cast(dict[str, Json], card_words(card_body(card), "zh")["understood"])
        assert [cast(dict[str, Json], one)["text"] for one in cast(list[Json], shown["findings"])] == ["改成：一只猫"]
        assert at.pool.drawn == []


async def test_a_missing_trigger_word_shows_while_it_is_drawn(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        a_lora(tmp_path / "loras", "ink", "inkstyle")
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        await at.say("一只猫 <lora:ink:0.8>")
        (job,) = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        assert [one.fix for one in at.chat.messages[job].findings] == ["一只猫 <lora:ink:0.8>，inkstyle"]


async def test_a_glance_is_remembered(tmp_path: Path) -> None:
    prompt, _ = await compose("(cat:3)", translators=chain(tmp_path))
    assert glance(prompt) is glance(prompt) and glance(prompt)


def test_trigger_words_stand_in_the_file_or_beside_it(tmp_path: Path) -> None:
    for name, triggers in (("ink", "inkstyle, ink splash,"), ("none", ""), ("beside", "of the file"), ("notes", "")):
        a_lora(tmp_path, name, triggers)
    beside = {"trainedWords": ["shuimo"], "baseModel": "SDXL 1.0"}
    (tmp_path / "beside.civitai.info").write_text(json.dumps(beside), "utf-8")
    (tmp_path / "notes.json").write_text('{"activation text": "a, b", "preferred weight": 0.6}', "utf-8")
    found = {one.name: (one.triggers, one.weight) for one in known(catalog.loras([tmp_path]))}
    assert found["ink"] == (("inkstyle", "ink splash"), 1.0) and found["none"] == ((), 1.0)
    assert found["beside"] == (("shuimo",), 1.0) and found["notes"] == (("a", "b"), 0.6)
