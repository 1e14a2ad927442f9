"""A program that speaks to A1111, at the shipped program: the same picture as by the terminal, to the bit."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from engine.pixels import png_recipe
from engine.recipe import Recipe
from tests.running import ROOT, Bot
from tests.warm_workers import SOCKET

SMALL = {"width": 128, "height": 128, "steps": 6, "cfg_scale": 4.0}


async def ask(bot: Bot, path: str, **body: Any) -> list[bytes]:
    async with bot.session.post(f"/sdapi/v1/{path}", json={**SMALL, **body}) as answer:
        said = await answer.json()
        assert answer.status == 200, said
    assert json.loads(said["info"])["danqing_left"] == []
    return [base64.b64decode(one) for one in said["images"]]


async def in_the_terminal(folder: Path, warm: str, text: str, *options: str) -> bytes:
    """The picture that `bot.py imagine` draws."""
    command = [sys.executable, *("-m", "tests.warm_bot"), "imagine", text, *options, "--out", "drawn.png"]
    environ = os.environ | {"PYTHONPATH": str(ROOT), SOCKET: warm}
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environ, stdout=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    return (folder / "drawn.png").read_bytes()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def recipe(content: bytes) -> Recipe:
    made = png_recipe.read_recipe(content)
    assert made
    return made


async def test_a_program_draws_what_the_terminal_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: str
) -> None:
    bot = Bot(tmp_path, {"DANQING_SDAPI_ENABLED": "true"}, warm=warm)
    await bot.start()
    try:
        way: dict[str, Any] = {"sampler_name": "Euler a", "scheduler": "Karras", "negative_prompt": "blurry"}
        [one] = await ask(bot, "txt2img", prompt="a (red:1.2) apple", seed=7, **way)
        first, second = await ask(bot, "txt2img", prompt="a (red:1.2) apple", seed=7, batch_size=2, **way)
        assert recipe(first) == recipe(one) and recipe(second).seed == 8
        assert (
            max(high for _, high in ImageChops.difference(opened(first), opened(one)).getextrema()) <= 1
        )  # in company
        raised = {"enable_hr": True, "hr_scale": 1.5, "denoising_strength": 0.6, "hr_second_pass_steps": 4}
        [large] = await ask(bot, "txt2img", prompt="a (red:1.2) apple", seed=7, **way, **raised)
        assert opened(large).size == (192, 192)

        mask = Image.new("L", (128, 128))
        mask.paste(255, (32, 32, 96, 96))
        file = io.BytesIO()
        mask.save(file, "PNG")
        over = {"init_images": [base64.b64encode(one).decode()], "mask": base64.b64encode(file.getvalue()).decode()}
        fields = {"mask_blur": 2, "denoising_strength": 0.9, "inpaint_full_res": False, "inpainting_fill": 1}
        [redrawn] = await ask(bot, "img2img", prompt="a blue flower", seed=3, **over, **fields)
        apart = ImageChops.difference(opened(one), opened(redrawn)).convert("L")
        assert apart.crop((40, 40, 88, 88)).getextrema()[1] > 60
        for box in ((0, 0, 128, 20), (0, 108, 128, 128), (0, 0, 20, 128), (108, 0, 128, 128)):
            assert apart.crop(box).getextrema() == (0, 0)
    finally:
        assert await bot.stop() == 0

    monkeypatch.setenv("DANQING_DATA_FOLDER", str(tmp_path / "terminal"))
    way_and_seed = ("--raw", "--like", "a1111", "--rng", "gpu", "--seed", "7", "--negative", "blurry")
    numbers = ("--size", "128x128", "--steps", "6", "--guidance", "4", "--sampler", "Euler a", "--schedule", "Karras")
    drawn = await in_the_terminal(tmp_path, warm, "a (red:1.2) apple", *way_and_seed, *numbers)
    assert opened(drawn).tobytes() == opened(one).tobytes()
    assert recipe(drawn) == recipe(one)
    said = Image.open(io.BytesIO(large)).info["parameters"]
    assert opened(await in_the_terminal(tmp_path, warm, said)).tobytes() == opened(large).tobytes()


async def test_without_the_setting_there_is_no_such_address(tmp_path: Path, warm: str) -> None:
    bot = Bot(tmp_path, warm=warm)
    await bot.start()
    try:
        async with bot.session.get("/sdapi/v1/options") as answer:
            assert answer.status == 404
    finally:
        assert await bot.stop() == 0
