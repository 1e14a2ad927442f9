"""Linked accounts, LoRAs by card, cancelling, what runs here, and the buttons that go beyond the picture."""

from __future__ import annotations

import io
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot import VERSION
from bot.buttons.loras import code_of
from bot.chat import Card, Request, Room, Say
from bot.people import owned
from bot.people.links import MINUTES, TRIES, Codes
from bot.platforms.web import recipe_text
from bot.platforms.web.card_json import card_body, card_words
from bot.studio import cards
from bot.texts import say
from engine.job import State
from engine.recipe import Recipe
from prompts.errors import Refusal
from storage import people, pictures
from storage.jobs import Place
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora
from tests.running import ROOT


async def said(at: House, text: str, account: str = "ann") -> Card:
    return at.chat.messages[await at.say(text, account)]


# --- /link ---


async def test_two_accounts_become_one_person(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/favourites save cat a cat", "ann")
        await at.picture()
        card = await said(at, "/link", "ann")
        code = str(card.text.values["code"])
        await at.say("/favourites save dog a dog", "bob")
        done = await said(at, f"/link {code.lower()}", "bob")
        assert done.text.key == "link.done"
        assert (await at.person("bob")).id == (await at.person("ann")).id
        listed = await said(at, "/favourites", "bob")
        assert {line.value for line in listed.fields} == {"a cat", "a dog"}
        assert len((await said(at, "/history", "bob")).pictures) == 1
        assert (await said(at, f"/link {code}", "carl")).text.key == "link.unknown", "a code is good once"


async def test_a_job_under_way_is_answered_after_linking(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        code = (await said(at, "/link", "ann")).text.values["code"]
        await at.say("a red apple", "bob")
        (job,) = await at.drawn()
        await at.say(f"/link {code}", "bob")
        at.pool.finish(job)
        await at.chat.until(lambda: job in at.chat.messages and at.chat.messages[job].state is State.DONE)
        row = await pictures.get(at.db, at.chat.messages[job].pictures[0].id)
        assert row and row.person == (await at.person("ann")).id


async def test_links_are_private_and_not_to_oneself(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        key = await at.say("/link", room=Room(server="guild"))
        assert at.chat.messages[key].text.key == "link.private"
        code = (await said(at, "/link")).text.values["code"]
        assert (await said(at, f"/link {code}")).text.key == "link.own"


def test_codes_end_and_cannot_be_guessed() -> None:
    now = 0.0
    codes = Codes(lambda: now)
    old, new = codes.make("ann"), codes.make("ann")
    assert old != new and len(new) == 11

    def refused(code: str, person: str) -> str:
        with pytest.raises(Refusal) as caught:
            codes.take(code, person)
        return caught.value.key

    assert refused(old, "bob") == "link.unknown", "the newest code counts"
    for _ in range(TRIES - 1):
        assert refused("AAAAA-AAAAA", "bob") == "link.unknown"
    assert refused(new, "bob") == "link.too_many_tries"
    assert codes.take(new.replace("-", " "), "carl") == "ann"
    late = codes.make("ann")
    now = MINUTES * 60 + 1.0
    assert refused(late, "bob") == "link.unknown", "bob may try again, the code is old"


# --- /loras ---


async def test_loras_are_listed_shown_and_put_into_every_picture(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await said(at, "/loras")).text.key == "loras.none"
        a_lora(tmp_path / "loras", "ink", "inkstyle", preview=True)
        a_lora(tmp_path / "loras", "a very long name 水墨" * 4)
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        assert (await said(at, "/loras")).text.values == {"count": 2, "shown": 2}
        assert (await said(at, "/loras nothing")).text.key == "loras.nothing"
        card = await said(at, "/loras INKSTYLE")
        values = {line.label.key: line.value for line in card.fields}
        assert values["loras.triggers"] == "inkstyle" and values["loras.write"] == "<lora:ink:1>"
        (shown,) = card.pictures
        assert (shown.width, shown.height) == (40, 30)
        assert Image.open(io.BytesIO(await at.db.files.get(shown.hash))).size == (40, 30)
        (button,) = card.buttons
        assert button.action == "with_lora" and len(button.target) == 10

        told = at.chat.messages[await at.press(button.action, button.target)]
        assert told.turned == "without_lora", "the button shows that it is on"
        settings = await said(at, "/settings")
        assert "ink:1" in [line.value for line in settings.fields]
        assert settings.buttons[-1].action == "without_lora"
        (button,) = (await said(at, "/loras ink")).buttons
        assert button.action == "without_lora"
        assert at.chat.messages[await at.press(button.action, button.target)].turned == "with_lora"
        assert {one.action for one in (await said(at, "/settings")).buttons} == {"set"}
        gone = await at.press("with_lora", code_of("gone"))
        assert at.chat.messages[gone].text.key == "loras.gone"


async def test_standing_loras_give_way_to_those_named_and_are_left_out_where_they_do_not_fit(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for name in ("ink", "line"):
            a_lora(tmp_path / "loras", name)
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        ann = await at.person()
        assert (await said(at, "/settings lora ink:0.5, line:0.7")).text.key == "settings.changed"
        prompt, _, _ = await at.studio.understand(ann, "a cat <lora:ink:1.2>")
        assert {use.name: use.weight for use in prompt.loras} == {"ink": 1.2, "line": 0.7}
        (tmp_path / "loras" / "line.safetensors").unlink()
        prompt, _, _ = await at.studio.understand(ann, "a cat")
        assert [str(use) for use in prompt.loras] == ["<lora:ink:0.5>"]
        assert (await said(at, "/settings loras nothing")).text.key == "lora.unknown"
        a_lora(tmp_path / "loras", "big", width=768)
        await at.say("/settings loras ink, big")
        assert [use.name for use in (await at.studio.understand(ann, "a cat"))[0].loras] == ["ink"]
        assert (await said(at, "a cat <lora:big:1>")).text.key == "lora.made_for", "before anything waits for it"
        await at.say("/settings loras off")
        assert (await at.studio.understand(ann, "a cat"))[0].loras == ()


async def test_a_standing_quality_says_what_it_was_measured_to_cost(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await said(at, "/settings 画质 快")
        [shown] = [line.value for line in card.fields if line.label.key == "settings.quality"]
        assert isinstance(shown, Say) and shown.key == "quality.measured"
        assert shown.values == {"name": "fast", "percent": 66, "off": "0.8"}
        assert [line.value for line in (await said(at, "/help draw")).fields if line.label.key == "quality.usage"] == [
            shown
        ]
        rows = [await pictures.get(at.db, await at.picture(text)) for text in ("a cat", "a dog --quality full")]
        cat, dog = [row.recipe for row in rows if row]
        assert (cat.quality, dog.quality) == ("fast", "")
        [line] = [line for line in cards.recipe_fields(cat) if line.label.key == "recipe.quality"]
        assert line.value == shown
        assert (await said(at, "/settings quality best")).text.key == "quality.unknown"
        await at.say("/settings quality 完整")
        [shown] = [line.value for line in (await said(at, "/settings")).fields if line.label.key == "settings.quality"]
        assert shown == "full"


# --- /cancel, /info ---


async def test_cancel_the_latest_all_or_a_named_one(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert (await said(at, "/cancel")).text.key == "cancel.nothing"
        for text in ("a cat", "a dog", "a cow"):
            await at.say(text)
        (first,) = await at.drawn()
        assert (await said(at, "/cancel")).text.values == {"count": 1}
        await at.chat.until(lambda: any(card.state is State.CANCELLED for card in at.chat.messages.values()))
        texts = [one.prompt.text for one in at.chat.messages.values() if one.state is State.CANCELLED and one.prompt]
        assert texts == ["a cow"]
        assert (await said(at, f"/cancel {first}", "bob")).text.key == "access.not_yours"
        assert (await said(at, f"/cancel {first}")).text.values == {"count": 1}
        assert (await said(at, "/cancel all")).text.values == {"count": 1}
        assert (await said(at, "/cancel all")).text.key == "cancel.nothing"


async def test_info_says_what_runs_here(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, link="https://paint.example.org")
        lines = {line.label.key: line.value for line in (await said(at, "/info")).fields}
        assert lines["info.model"] == "danqing-demo" and lines["info.page"] == "https://paint.example.org"
        assert lines["info.version"] == VERSION
        assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == VERSION


# --- buttons ---


async def made(at: House, picture: str, action: str) -> Recipe:
    count = len(at.pool.drawn)
    await at.press(action, picture)
    job = (await at.drawn(count + 1))[-1]
    at.pool.finish(job)
    return (await owned.job(at.db, await at.person(), job)).job.recipe


@pytest.mark.parametrize(
    ("action", "size", "margins"),
    [
        ("zoom_out", (192, 192), (32, 32, 32, 32)),
        ("pan_left", (192, 128), (64, 0, 0, 0)),
        ("pan_right", (192, 128), (0, 0, 64, 0)),
        ("pan_up", (128, 192), (0, 64, 0, 0)),
        ("pan_down", (128, 192), (0, 0, 0, 64)),
    ],
)
async def test_a_picture_is_extended(
    tmp_path: Path, action: str, size: tuple[int, int], margins: tuple[int, int, int, int]
) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        row = await pictures.get(at.db, picture)
        recipe = await made(at, picture, action)
        assert row and recipe.source and (recipe.width, recipe.height) == size
        assert recipe.source.margins == margins and recipe.source.picture == row.hash


@pytest.mark.parametrize("way", [("upscale",), ("fix_faces",), ("pan_right",), ("zoom_out",), ("pan_up", "upscale")])
async def test_a_recipe_as_text_draws_the_same_from_the_same_picture(tmp_path: Path, way: tuple[str, ...]) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("a red apple, snow --seed 7")
        for action in way:
            recipe = await made(at, picture, action)
            job = at.pool.drawn[-1][0]
            await at.chat.until(lambda job=job: bool(job in at.chat.messages and at.chat.messages[job].pictures))
            picture = at.chat.messages[job].pictures[0].id
        text = recipe_text.as_text(recipe)
        again = await at.recipe(text)
        assert replace(again, prompt=recipe.prompt) == recipe
        assert again.prompt.positive == recipe.prompt.positive
        assert at.chat.messages[await at.say(text, account="bob")].text.key == "over.unknown"  # it is not his


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("upscale", "enlarged ×2 from "),
        ("fix_faces", "faces drawn again"),
        ("pan_right", "extended to the right by 64 pixels"),
        ("pan_up", "extended upwards by 64 pixels"),
        ("zoom_out", "zoomed out of "),
    ],
)
async def test_a_card_says_what_was_done_and_leads_to_what_it_was_made_from(
    tmp_path: Path, action: str, told: str
) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        recipe = await made(at, picture, action)
        job = at.pool.drawn[-1][0]
        await at.chat.until(lambda: bool(job in at.chat.messages and at.chat.messages[job].pictures))
        for fields in (at.chat.messages[job].fields, cards.recipe_fields(recipe, picture)):
            [line] = [one for one in fields if one.label.key == "recipe.source"]
            assert line.picture == picture and isinstance(line.value, Say) and recipe.source
            text = say("en", line.value.key, **line.value.values)
            assert told in text and recipe.source.picture[:8] in text
            assert say("zh", line.value.key, **line.value.values) != text
        assert picture in str(card_words(card_body(at.chat.messages[job]), "en")["fields"])


async def test_detail_faces_and_strong_variation(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        row = await pictures.get(at.db, picture)
        assert row
        hires = await made(at, picture, "hires")
        assert hires.hires and hires.seed == row.recipe.seed and hires.source is None
        fixed = await made(at, picture, "fix_faces")
        assert fixed.fixes and fixed.source and (fixed.source.picture, fixed.source.strength) == (row.hash, 0.0)
        hands = await made(at, picture, "fix_hands")
        assert [fix.detector for fix in hands.fixes] == ["hand"] and hands.source == fixed.source
        strong, subtle = await made(at, picture, "vary_strong"), await made(at, picture, "vary")
        assert strong.variation and subtle.variation and strong.variation.strength > subtle.variation.strength


async def test_another_filling_for_a_short_text(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture("一只猫")
        row = await pictures.get(at.db, picture)
        assert row and "refill" in [one.action for one in cards.picture_buttons(row)]
        recipe = await made(at, picture, "refill")
        assert replace(recipe, prompt=row.recipe.prompt) == row.recipe, "all but the words is as it was"
        assert recipe.prompt.positive != row.recipe.prompt.positive and recipe.prompt.text == "一只猫"
        whole = await at.picture("一只戴红色帽子的橘猫坐在雪地里，水彩")
        row = await pictures.get(at.db, whole)
        assert row and "refill" not in [one.action for one in cards.picture_buttons(row)]
        assert at.chat.messages[await at.press("refill", whole)].text.key == "refill.none"


async def test_the_original_is_its_owners(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        picture = await at.picture()
        card = at.chat.messages[await at.press("original", picture)]
        assert card.originals and card.pictures[0].id == picture
        assert at.chat.messages[await at.press("original", picture, "bob")].text.key == "access.not_yours"


# --- a server's dictionary ---


async def test_a_dictionary_is_the_whole_servers(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        ann = await at.person()

        async def ask(text: str, chat: str, room: Room) -> Card:
            key = f"{chat}-{next(at.numbers)}"
            request = Request(person=ann, place=Place("fake", chat), text=text, key=key, room=room)
            await at.desk.request(request)
            return at.chat.messages[key]

        guild = Room(server="guild")
        await ask("/dictionary room 天青色 = celadon glaze", "first channel", guild)
        there = await ask("/prompt 天青色", "second channel", guild)
        assert there.prompt and "celadon glaze" in there.prompt.positive
        elsewhere = await ask("/prompt 天青色的碗", "second channel", Room(server="other"))
        assert elsewhere.prompt and "celadon glaze" not in elsewhere.prompt.positive
        assert await people.count(at.db) == 1


# --- Traditional Chinese ---


async def test_commands_settings_and_values_are_understood_in_both_scripts(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await said(at, "/設定 語言 繁體")
        assert card.text.key == "settings.language_changed" and card.language == "zh-TW"
        assert (await at.person()).language == "zh-TW"
        for value, line in (("開", "settings.on"), ("關閉", "settings.off"), ("預設", "settings.default")):
            await said(at, f"/設置 擴寫 {value}")
            card = await said(at, "/設置")
            [shown] = [one.value for one in card.fields if one.label.key == "settings.expand"]
            assert line == (shown if isinstance(shown, str) else shown.key)
        assert (await said(at, "/歷史")).text.key == "history.empty"
        assert (await said(at, "/settings language English")).language == "en"
        assert (await said(at, "/settings language klingon")).text.key == "settings.language_form"
