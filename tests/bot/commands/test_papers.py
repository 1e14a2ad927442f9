"""What a picture or a text says of how it was drawn: read, drawn again, its words taken, compared."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bot.chat import Card, Say, Upload
from bot.platforms.discord import layout
from bot.platforms.telegram import keyboards
from bot.platforms.web.card_json import card_body, card_words
from engine.pixels import png_recipe
from engine.recipe import Source
from prompts.prompt import Options
from storage import people
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_recipe

PAPER = (
    "a (red:1.2) fox, 雪地 <lora:gone:0.5>\nNegative prompt: blurry, dog\n"
    "Steps: 9, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 4711, Size: 128x64, "
    "Model hash: 0123456789, Model: somebodysMix_v3, VAE: strange.pt, Version: v1.10.1"
)
PLAIN = PAPER.replace(" <lora:gone:0.5>", "")


def stamped(text: str) -> bytes:
    said, out = PngInfo(), io.BytesIO()
    said.add_text("parameters", text)
    Image.new("RGB", (64, 64), "red").save(out, "PNG", pnginfo=said)
    return out.getvalue()


def of_camera(text: str) -> bytes:
    """The same in a JPEG's EXIF."""
    out, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    Image.new("RGB", (64, 64), "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


async def shown(at: House, text: str, *files: bytes, account: str = "ann") -> Card:
    return at.chat.messages[await at.say(text, account, files=tuple(Upload("fox.png", content) for content in files))]


def pressed(card: Card, action: str) -> str:
    return next(button.target for button in card.buttons if button.action == action)


def lines(card: Card) -> dict[str, object]:
    return {line.label.key: line.value for line in card.fields}


@pytest.mark.parametrize("words", ["", "/recipe", "/配方"])
async def test_a_picture_with_papers_is_read_on_a_card(tmp_path: Path, words: str) -> None:
    async with house(tmp_path) as at:
        card = await shown(at, words, stamped(PAPER))
        said = lines(card)
        assert (card.text.key, card.text.values) == ("paper.read", {"program": "A1111"})
        assert (said["recipe.steps"], said["recipe.seed"], said["recipe.size"]) == ("9", "4711", "128×64")
        assert said["recipe.negative"] == "blurry, dog" and "recipe.text" not in said
        notes = [line.value.key for line in card.fields if isinstance(line.value, Say)]
        assert any(one.startswith("missing.model") for one in notes) and any("missing.vae" in one for one in notes)
        assert any(one.startswith("lora.") for one in notes)
        first = [] if words else ["paint_over"]  # a picture that came without a word
        buttons = [*first, "paper_draw", "paper_prompt", "paper_compare"]
        assert [one.action for one in card.buttons][: len(buttons)] == buttons
        [buttons_row, *_] = layout.rows(card, "en")  # as buttons, not in a select
        assert [one["type"] for one in cast(list[dict[str, int]], buttons_row["components"])] == [2] * len(buttons)
        layout.lay_out(card, "zh")
        keyboards.keyboard(card, "zh", "our_bot", inline=False)
        page = cast(list[dict[str, str]], card_words(card_body(card), "zh")["buttons"])
        assert [one["action"] for one in page][: len(buttons)] == buttons and all(one["label"] for one in page)
        assert not at.pool.drawn


async def test_draw_this_draws_it_as_it_was_drawn(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        for number, card in enumerate([await shown(at, "", stamped(PLAIN)), await shown(at, f"/recipe {PLAIN}")], 1):
            await at.press("paper_draw", pressed(card, "paper_draw"))
            job = at.pool.workers[0].jobs[(await at.drawn(number))[-1]]
            assert (job.recipe.seed, job.recipe.steps, job.recipe.guidance) == (4711, 9, 5.5)
            assert (job.recipe.width, job.recipe.height, job.recipe.sampler) == (128, 64, "DPM++ 2M")
            assert job.recipe.like is not None and job.recipe.like.schedule == "Karras"
            at.pool.finish(job.id)


async def test_use_its_prompt_takes_the_words_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("/settings ratio 1:1")
        card = await shown(at, "", of_camera(PLAIN))
        await at.press("paper_prompt", pressed(card, "paper_prompt"))
        recipe = at.pool.workers[0].jobs[(await at.drawn())[0]].recipe
        assert recipe.like is None and recipe.width == recipe.height and recipe.seed != 4711
        assert "(red:1.2)" in recipe.prompt.positive and "dog" in recipe.prompt.negative


async def test_comparing_tells_the_differences_and_draws_both_with_one_seed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        card = await shown(at, "", stamped(PLAIN))
        await at.press("paper_compare", wish := pressed(card, "paper_compare"))
        told = at.chat.log[-1][2]
        assert told.text.key == "paper.differs" and "recipe.steps" in lines(told) and "recipe.seed" not in lines(told)
        await at.press("paper_both", pressed(told, "paper_both"))
        theirs, mine = at.pool.workers[0].jobs[(await at.drawn())[0]].recipes
        assert theirs.seed == mine.seed == 4711 and theirs.like is not None and mine.like is None
        assert pressed(told, "paper_both") == wish
        lacking = await shown(at, "", stamped(PAPER))  # a LoRA is missing: told apart all the same, and not drawn
        await at.press("paper_compare", pressed(lacking, "paper_compare"))
        assert at.chat.log[-1][2].text.key == "paper.differs"
        await at.press("paper_both", pressed(lacking, "paper_compare"))
        assert at.chat.log[-1][2].kind == "error" and len(at.pool.drawn) == 1


async def test_what_is_no_different_is_not_drawn_twice(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        own = await at.recipe("a violet --seed 77")
        card = await shown(at, "", png_recipe.png(Image.new("RGB", (64, 64)), own))
        await at.press("paper_compare", pressed(card, "paper_compare"))
        told = at.chat.log[-1][2]
        assert (told.text.key, told.buttons, lines(told)) == ("paper.same", (), {})


async def test_a_recipe_of_ours_is_drawn_to_the_last_field(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        own = a_recipe("a violet", seed=77)
        card = await shown(at, "", png_recipe.png(Image.new("RGB", (64, 64)), own))
        assert card.text == Say("sent.what_with_recipe", {"code": own.code})
        await at.press("paper_draw", pressed(card, "paper_draw"))
        made = at.pool.workers[0].jobs[(await at.drawn())[0]].recipe
        assert (made.seed, made.sampler, made.prompt.positive) == (77, own.sampler, own.prompt.positive)


async def test_what_is_not_theirs_to_draw_over_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        over = replace(a_recipe("a violet"), source=Source("a" * 64, 0.5))
        card = await shown(at, "", png_recipe.png(Image.new("RGB", (64, 64)), over))
        await at.press("paper_draw", pressed(card, "paper_draw"))
        assert at.chat.log[-1][2].text.key == "sent.base" and not at.pool.drawn


async def test_a_picture_that_says_nothing_is_told_apart(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        plain = io.BytesIO()
        Image.new("RGB", (64, 64)).save(plain, "PNG")
        assert (await shown(at, "/recipe", plain.getvalue())).text.key == "paper.none"
        assert (await shown(at, "", plain.getvalue())).text.key == "sent.what"
        await at.press("paper_draw", "nothing")
        assert at.chat.log[-1][2].text.key == "press.unknown"
        assert await people.count(at.db) == 1


@pytest.mark.parametrize(
    ("paper", "like"),
    [
        (PLAIN, True),
        ('{"positive_prompt": "a fox", "steps": 9, "seed": 3, "scheduler": "euler"}', False),
        ('{"prompt": "a fox", "num_inference_steps": 9, "seed": 3, "sampler_name": "euler"}', False),
        # a sampler that only A1111 has, of a program that drives both kinds
        ('{"prompt": "a fox", "num_inference_steps": 9, "seed": 3, "sampler_name": "dpm_fast"}', True),
    ],
)
@pytest.mark.parametrize("usual", [None, "a1111"])
async def test_a_paper_is_drawn_in_its_programs_way_whatever_is_usual(
    tmp_path: Path, paper: str, like: bool, usual: str | None
) -> None:
    async with house(tmp_path) as at:
        at.studio.rules = replace(at.studio.rules, draw=Options(like=usual))
        recipe = await at.recipe(paper)
        assert (recipe.like is not None) is like and recipe.steps == 9
