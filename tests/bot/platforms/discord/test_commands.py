"""Every command, what completes while one types, the forms and the menus."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.commands.control import read
from bot.commands.table import COMMANDS
from bot.platforms.discord import slash_commands
from bot.texts import say
from engine.pixels import png_recipe
from prompts.compose import LIMIT, SENTENCE
from prompts.controls import asked
from storage import facts, favourites, pictures, shares
from storage.favourites import MAX_NAME
from tests.bot.commands.test_papers import PLAIN, of_camera, stamped
from tests.bot.platforms.discord.desk import House, house, ids
from tests.fakes import a_png, a_recipe


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


NAME = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
HEADER = json.dumps({
    f"{NAME}.lora_{way}.weight": {"dtype": "F16", "shape": shape, "data_offsets": [at, at + 2 * 2 * 320]}
    for at, way, shape in ((0, "down", [2, 320]), (1280, "up", [320, 2]))
}).encode()  # fmt: skip
LORA = struct.pack("<Q", len(HEADER)) + HEADER + bytes(2560)  # a LoRA file as far as a catalog looks into it


def leaves() -> list[str]:
    """Every command, with its verbs."""
    return [
        f"{command.name} {verb}".strip()
        for command in COMMANDS
        for verb in (slash_commands.slash_of(command.name).verbs or {"": None})
    ]


FILLED: dict[str, dict[str, Any]] = {
    "imagine": {"prompt": "a cat"},
    "prompt": {"text": "一只橘猫"},
    "edit": {"change": "make it blue"},
    "favourites use": {"name": "mine"},
    "favourites save": {"name": "my cat", "text": "a cat"},
    "favourites rewrite": {"name": "mine", "text": "a dog"},
    "favourites rename": {"name": "mine", "new": "other"},
    "favourites delete": {"name": "mine"},
    "settings": {"setting": "count", "value": "2"},
    "dictionary": {"text": "天青色 = celadon"},
    "styles": {"words": "ink"},
    "compare": {"text": "a cat", "axes": "steps=4,8"},
    "why": {"parameter": "steps"},
}
SAID = {
    "prompt": "this becomes",
    "favourites save": "Saved as “my cat”",
    "favourites rename": "“mine” is now “other”",
    "favourites delete": "was deleted",
    "favourites list": "favourites",
    "history": "The latest",
    "settings": "Done.",
    "dictionary": "celadon",
    "help": "Write a sentence",
    "queue": "waiting",
    "models": "Models: ",
    "samplers": "--sampler NAME",
    "link": "private",
    "mydata": "private",
    "forget": "private",
    "recipe": "Recipe ",
    "admin server": "admin",
    "compare": "Compared: steps=4,8",
    "why": "Steps are how often",
    "train": "You have taught nothing yet",
}
DRAWING = ("imagine", "edit", "favourites use", "compare", "why")


async def test_every_command_is_answered(on: House) -> None:
    await on.drawn()
    person = await on.studio.person("discord", str(on.ann.id))
    role = on.guild.create_role("mods", permissions=discord.Permissions(manage_guild=True))
    moderator = on.guild.add_member(on.env.create_user("mod"), roles=[role])
    for name in leaves():
        if name == "control":  # which needs a net: tests/stories/test_discord.py
            continue
        if name.startswith("favourites"):
            for known in await favourites.listed(on.db, person.id):
                await favourites.delete(on.db, person.id, known.id)
            await favourites.save(on.db, person.id, "mine", "a dog")
        filled = dict(FILLED.get(name, {}))
        if name in ("admin limits", "admin block", "admin unblock"):
            filled["person"] = on.bob
        if name == "recipe":
            [row] = (await pictures.search(on.db, person.id, limit=1)).pictures
            filled["share"] = await shares.share(on.db, row.id)
        before = len(on.hidden()), len(on.shown())
        asked = await (moderator if "admin" in name else on.ann).slash(on.channel, name, **filled)
        assert asked.acknowledged and asked.ephemeral is (name not in DRAWING), name
        if name in DRAWING:
            assert SAID.get(name, "Done") in (await on.finished()).content
            assert len(on.shown()) == before[1] + 1
        else:
            await on.until(lambda before=before: len(on.hidden()) > before[0])
            assert SAID.get(name, "") in on.hidden()[-1].content, name
            assert len(on.shown()) == before[1]


async def test_commands_are_told_to_discord_only_when_they_changed(on: House) -> None:
    def told() -> int:
        return sum(one.method == "PUT" and one.path.endswith("/commands") for one in on.env.http_requests)

    assert told() == 1
    await on.restart()
    assert told() == 1
    await facts.set_fact(on.db, f"discord.commands.{on.env.backend.application_id}", "other")
    await on.restart()
    assert told() == 2


def test_commands_are_within_discords_limits() -> None:
    """https://discord.com/developers/docs/interactions/application-commands#limits"""
    commands = slash_commands.registration()
    assert sum(one["type"] == 1 for one in commands) <= 100 and sum(one["type"] == 3 for one in commands) <= 15

    def walk(one: Any) -> int:
        names = [one["name"], *one.get("name_localizations", {}).values()]
        good = all(re.fullmatch(r"[-\w]{1,32}", name) and name == name.lower() for name in names)
        assert good or one.get("type") == 3, names
        told = [one.get("description", ""), *one.get("description_localizations", {}).values()]
        assert all(len(text) <= 100 for text in told)
        assert len(one.get("options", ())) <= 25 and len(one.get("choices", ())) <= 25
        required = [option.get("required", False) for option in one.get("options", ())]
        assert required == sorted(required, reverse=True), "the required come first"
        return max(map(len, told)) + max(map(len, names)) + sum(map(walk, one.get("options", ())))

    assert all(walk(one) <= 8000 for one in commands)
    assert commands[0]["name_localizations"] == {"zh-CN": "画", "zh-TW": "畫"}


def test_what_is_typed_is_no_longer_than_what_is_accepted() -> None:
    """What is too long is stopped while it is typed, not refused after."""
    options: dict[tuple[str, str], Any] = {}

    def walk(path: str, one: Any) -> None:
        for option in one.get("options", ()):
            if option["type"] == slash_commands.STRING:
                options[path, option["name"]] = option
            walk(f"{path} {option['name']}", option)

    registered: Any = slash_commands.registration(4)
    for command in registered:
        walk(command["name"], command)
    assert all("max_length" in one or "choices" in one for one in options.values())
    longest = {name: one.get("max_length") for name, one in options.items()}
    values: Any = {name: "竖" * longest["imagine", name] for name in ("prompt", "shape")}
    assert len(slash_commands.filled_in("imagine", "", values).text.removeprefix("/imagine ")) == LIMIT
    assert longest["edit", "change"] == SENTENCE
    assert longest["favourites rename", "new"] == MAX_NAME
    imagine = next(one for one in registered if one["name"] == "imagine")
    assert next(one["max_value"] for one in imagine["options"] if one["name"] == "count") == 4
    admin = next(one for one in registered if one["name"] == "admin")
    assert admin["default_member_permissions"] == discord.Permissions(manage_guild=True).value


# --- completing ---


async def test_what_is_typed_is_completed(on: House) -> None:
    folder = on.folder / "loras"
    folder.mkdir()
    for number in range(40):
        (folder / f"lora{number:02}.safetensors").write_bytes(LORA)
    person = await on.studio.person("discord", str(on.ann.id))
    await favourites.save(on.db, person.id, "my cat", "a cat")

    async def typed(option: str, text: str, name: str = "imagine") -> list[str]:
        return [one["value"] for one in await on.ann.autocomplete(on.channel, name, option, text)]

    assert await typed("model", "demo") == ["danqing-demo"]
    assert len(await typed("style", "")) == 25
    assert len(await typed("shape", "")) >= 5
    assert await typed("name", "cat", "favourites use") == ["my cat"]
    assert await typed("lora", "lora39") == ["lora39"], "also those beyond the first 25"
    assert await typed("lora", "lora01:0.5,lora39") == ["lora01:0.5,lora39"]


async def test_the_value_of_a_setting_is_completed_by_what_it_may_be(on: House) -> None:
    async def typed(setting: str, text: str) -> list[str]:
        values = {"setting": setting} if setting else {}
        offered = await on.ann.autocomplete(on.channel, "settings", "value", text, **values)
        return [one["value"] for one in offered]

    assert await typed("model", "demo") == ["danqing-demo"]
    assert "3:2" in await typed("ratio", "")
    assert await typed("quality", "快") == ["fast"] and "default" in await typed("quality", "")
    assert await typed("expand", "of") == ["off"]
    assert {"zh", "en"} <= {*await typed("language", "")} and "zh" in await typed("language", "中")
    assert await typed("", "x") == []


# --- forms ---


async def filled(on: House, message: Any, **values: Any) -> Any:
    """Press edit below a message, and send the form back."""
    shown = await on.ann.click(message, label="Edit")
    assert shown.modal is not None and len(shown.modal["components"]) <= 5
    inputs = [part["component"] for part in shown.modal["components"]]
    prefilled = {one["custom_id"]: one["value"] for one in inputs if "value" in one}
    return await on.ann.submit_modal(shown, {**prefilled, **values})


async def test_a_sentence_changes_a_picture(on: House) -> None:
    done = await on.drawn("a red apple")
    await filled(on, done, sentence="make it green")
    made = await on.finished()
    row = await pictures.get(on.db, (await on.pictures(made))[0])
    assert row is not None and "green" in row.recipe.prompt.positive and len(on.shown()) == 2


async def test_a_form_changes_what_was_changed_in_it(on: House) -> None:
    done = await on.drawn("a red apple")
    await filled(on, done, seed="77")
    row = await pictures.get(on.db, (await on.pictures(await on.finished()))[0])
    assert row is not None and row.recipe.seed == 77 and row.recipe.prompt.text == "a red apple"


async def test_a_sentence_and_fields_are_too_much(on: House) -> None:
    done = await on.drawn("a red apple")
    await filled(on, done, sentence="make it green", prompt="a pear")
    await on.said("do one of the two")


async def test_somebody_elses_form_stays_shut(on: House) -> None:
    done = await on.drawn()
    shown = await on.bob.click(done, label="Edit")
    assert shown.modal is None
    await on.said("Only its owner or an admin can do that.")


# --- menus ---


async def test_menus_do_what_buttons_do(on: House) -> None:
    done = await on.drawn()
    await on.ann.context_menu(on.channel, "Again", done)
    assert "Done" in (await on.finished()).content
    await on.ann.context_menu(on.channel, "Save", done)
    await on.said("Saved as")
    await on.ann.context_menu(on.channel, "Read the recipe", done)
    await on.said("Recipe ")


async def test_a_picture_is_drawn_over_from_its_menu(on: House) -> None:
    done = await on.drawn()
    shown = await on.ann.context_menu(on.channel, "Draw over it", done)
    await on.ann.submit_modal(shown, {"prompt": "a dog"})
    row = await pictures.get(on.db, (await on.pictures(await on.finished()))[0])
    assert row is not None and row.recipe.source is not None and row.parent == (await on.pictures(done))[0]


async def test_anybodys_picture_can_be_drawn_over_and_read(on: House) -> None:
    from PIL import Image

    carrying = png_recipe.png(Image.new("RGB", (64, 64)), a_recipe("a violet"))
    theirs = await on.bob.send(on.channel, "look", attachments=[("theirs.png", carrying), ("more.png", a_png())])
    shown = await on.ann.context_menu(on.channel, "Draw over it", theirs)
    await on.ann.submit_modal(shown, {"prompt": "a dog"})
    rows = [await pictures.get(on.db, one) for one in await on.pictures(await on.finished())]
    assert len(rows) == 2 and len({row.recipe.source.picture for row in rows if row and row.recipe.source}) == 2
    await on.ann.context_menu(on.channel, "Read the recipe", theirs)
    stored = await on.said("Recipe ")
    assert "a violet" in [field["value"] for field in stored.embeds[0]["fields"]]
    await on.ann.context_menu(on.channel, "Upscale", theirs)
    await on.said("was not drawn here")


@pytest.mark.parametrize("written", [stamped, of_camera])
async def test_the_menu_reads_what_another_program_wrote(on: House, written: Callable[[str], bytes]) -> None:
    theirs = await on.bob.send(on.channel, "look", attachments=[("fox.png", written(PLAIN))])
    await on.ann.context_menu(on.channel, "Read the recipe", theirs)
    stored = await on.said("Read from A1111")
    shown = {field["name"]: field["value"] for field in stored.embeds[0]["fields"]}
    assert shown[say("en", "recipe.seed")] == "4711" and shown[say("en", "recipe.steps")] == "9"
    assert not on.pool.drawn
    assert any("paper_draw" in one for one in ids(stored)) and any("paper_compare" in one for one in ids(stored))
    nothing = await on.bob.send(on.channel, "look", attachments=[("plain.png", a_png())])
    await on.ann.context_menu(on.channel, "Read the recipe", nothing)
    await on.said(say("en", "discord.no_recipe"))


async def test_a_menu_without_a_picture_says_so(on: House) -> None:
    words = await on.bob.send(on.channel, "just words")
    await on.ann.context_menu(on.channel, "Upscale", words)
    await on.said("That message has no picture.")


async def test_in_direct_messages_everything_works(on: House) -> None:
    user = on.ann.user
    await user.slash("imagine", prompt="a red apple")
    job = await on.job()
    on.pool.finish(job)
    await on.settled(job)
    (answer,) = on.direct()
    assert "Done" in answer.content and not on.shown()
    shown = simcord.ResponseMessage(on.env, answer)
    (target,) = await on.pictures(shown)
    await user.select(shown, [f"recipe:{target}"])
    await on.until(lambda: len(on.direct()) == 2)
    await user.select(shown, [f"ask_delete:{target}"])
    asked = await on.until(lambda: next((one for one in on.direct() if "Really delete" in one.content), None))
    await user.click(simcord.ResponseMessage(on.env, asked), label="Delete")
    told = await on.until(lambda: next((one for one in on.direct() if one.content == "Deleted."), None))
    await on.until(lambda: on.direct() == [told])  # the recipe that showed it is gone, too
    assert not told.components


def test_what_a_code_says_is_a_field_of_its_own() -> None:
    filled = {"guide": "qr", "prompt": "a town", "weight": "1.3", "qr": "https://example.org/a,b"}
    for code in (filled["qr"], 'say "hi": now'):
        text = slash_commands.filled_in("control", "", {**filled, "qr": code}).text
        control, words = read(text.removeprefix("/control "))
        assert (asked(control).name, asked(control).strength, asked(control).text, words) == ("qr", 1.3, code, "a town")
