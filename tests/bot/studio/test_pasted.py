"""A pasted infotext draws the same picture: with its words, its fields, and without what a person always wants."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.chat import Say, Upload
from engine.recipe import Soft
from storage import jobs
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora, a_png

LINE = "Steps: 12, Sampler: DPM++ 2M Karras, CFG scale: 5.5, Seed: 424242, Size: 128x192, Clip skip: 2"


async def recipe_of(at: House, text: str, count: int = 1):  # type: ignore[no-untyped-def]
    await at.say(text)
    kept = await jobs.get(at.db, (await at.drawn(count))[-1])
    assert kept
    return kept.job.recipe


async def test_it_is_drawn_with_its_words_and_fields(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        a_lora(tmp_path / "loras", "always")
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        await at.say("/settings loras always:0.5")
        await at.say("/settings style anime")
        made = await recipe_of(
            at, f"snow, a red fox\nNegative prompt: lowres\n{LINE}, Model: gone, Model hash: 0011223344"
        )
        assert (made.prompt.positive, made.prompt.negative, made.prompt.loras) == ("snow, a red fox", "lowres", ())
        assert (made.steps, made.sampler, made.guidance, made.seed) == (12, "DPM++ 2M", 5.5, 424242)
        assert (made.width, made.height, made.clip_skip, made.model) == (128, 192, 2, "danqing-demo")
        assert made.like and (made.like.schedule, made.like.rng) == ("Karras", "GPU")
        assert [note.key for note in made.prompt.notes] == ["note.read", "missing.model"]


async def test_what_it_says_of_a_mask_needs_one(tmp_path: Path) -> None:
    said = "Soft inpainting enabled: True, Soft inpainting schedule bias: 2, "
    said += "Mask blur: 6, Masked content: latent noise, Inpaint area: Only masked, Masked area padding: 48"
    async with house(tmp_path) as at:
        made = await at.recipe(f"a red fox\n{LINE}, {said}")
        assert made.source is None and [note.key for note in made.prompt.notes] == ["note.read", "note.no_mask"]
        assert made.prompt.notes[1].values == {
            "options": "Masked content, Mask blur, Masked area padding, Soft inpainting"
        }
        over = await at.recipe(f"a red fox\n{LINE}, {said}", files=(Upload("whole.png", a_png(side=64)),))
        assert over.source and (over.source.fill, over.source.blur, over.source.padding) == ("", 0, None)
        assert over.source.soft is None
        content = io.BytesIO()
        marked = Image.new("RGBA", (64, 64), "red")
        marked.paste((0, 0, 0, 0), (16, 16, 48, 48))
        marked.save(content, "PNG")
        over = await at.recipe(f"a red fox\n{LINE}, {said}", files=(Upload("marked.png", content.getvalue()),))
        assert over.source and (over.source.fill, over.source.blur, over.source.padding) == ("latent noise", 6, 48)
        assert over.source.soft == Soft(bias=2.0)
        assert [note.key for note in over.prompt.notes] == ["note.read"]


@pytest.mark.parametrize("said", ["Mask blur: 4", "Inpaint area: Only masked", "Masked content: fill"])
async def test_the_card_of_one_that_was_drawn_in_a_mask_is_no_refusal(tmp_path: Path, said: str) -> None:
    async with house(tmp_path) as at:
        card = at.chat.messages[await at.say(f"/recipe a red fox\n{LINE}, {said}")]
        notes = [line.value.key for line in card.fields if isinstance(line.value, Say)]
        assert (card.text.key, notes) == ("paper.read", ["note.no_mask"])


async def test_a_lora_is_drawn_with_under_the_name_it_has_here(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        from engine.files import model_folders

        path = a_lora(tmp_path / "loras", "my-ink")
        digest = model_folders.hashed(path).network
        at.studio.rules = replace(at.studio.rules, loras=(tmp_path / "loras",))
        made = await recipe_of(at, f'a cat <lora:inkWash:0.7>\n{LINE}, Lora hashes: "inkWash: {digest}"')
        assert [(one.name, one.weight) for one in made.prompt.loras] == [("my-ink", 0.7)]


@pytest.mark.parametrize(
    "paper",
    [
        '{"prompt": "a child", "uc": "nude, lowres", "steps": 8, "scale": 5.0, "seed": 1, "sampler": "k_euler"}',
        f"a child\nNegative prompt: nude\n{LINE}",
    ],
)
async def test_what_it_does_not_want_is_not_held_against_it(tmp_path: Path, paper: str) -> None:
    async with house(tmp_path) as at:
        assert (await recipe_of(at, paper)).prompt.positive == "a child"


@pytest.mark.parametrize(
    "paper",
    [
        '{"prompt": "a child, nude", "uc": "lowres", "steps": 8, "scale": 5.0, "seed": 1, "sampler": "k_euler"}',
        '{"c": "a child, nude", "uc": "lowres", "steps": 8, "scale": 5, "seed": 1, "sampler": "Euler a"}',
        f"a child\nNegative prompt: lowres\n{LINE}, Hires prompt: nude child, Hires upscale: 2",
    ],
)
async def test_what_is_never_drawn_is_refused_in_every_form(tmp_path: Path, paper: str) -> None:
    async with house(tmp_path) as at:
        await at.say(paper)
        assert at.chat.log[-1][2].text.key == "access.minors"
