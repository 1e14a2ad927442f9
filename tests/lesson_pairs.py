"""Draws docs/pictures/lessons: what each lesson shows (bot/studio/lessons.py), by the built-in model, both pictures
beside each other; prints how far they are apart. `python -m tests.lesson_pairs [NAME …]` draws some, or all."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from rich.console import Console
from safetensors.numpy import load_file, save_file

from bot.app import studio
from bot.chat import Request, Upload
from bot.cli.terminal import Seat
from bot.desk import StudioDesk
from bot.platforms.console import ConsoleChat
from bot.settings.config import Config
from bot.settings.sections.drawing import EngineSection
from bot.settings.sections.storage import DataSection
from bot.studio import lessons
from bot.studio.lesson_moves import lying_beside
from bot.studio.studio import new_id
from engine.files.catalog import COMPANIONS, DEMO
from engine.recipe import Recipe
from prompts.prompt import Options
from storage.jobs import Place
from storage.pictures import of_job
from tests.drawn import portrait

FOLDER = Path(__file__).parents[1] / "docs" / "pictures" / "lessons"
SIDE, GAP = 160, 6  # pixels: how high a picture is shown, and what is between two
SEED = 11
CAR = "a red car, forest"


@dataclass(frozen=True)
class Example:
    """The text whose picture a lesson begins with, and what it is drawn over or guided by: another text, or "face"."""

    text: str = CAR
    seed: int = SEED
    over: str = ""
    options: Mapping[str, object] = field(default_factory=dict)


EXAMPLES: Mapping[str, Example] = {
    "schedule": Example(f"{CAR} --steps 6"),
    "quality": Example(f"{CAR} --steps 10"),
    "rescale": Example(f"{CAR} --cfg 12"),
    "threshold": Example(f"{CAR} --cfg 12"),
    "denoising": Example("a blue ship, night", over=CAR, options={"strength": 0.75}),
    "hires": Example("a castle, hills"),
    "hires_denoising": Example("a castle, hills --hd"),
    "hypertile": Example("a castle, hills --size 512x512"),
    "token_merging": Example("a castle, hills --size 256x256"),
    "perpendicular": Example("a red car, forest --no red"),
    "control": Example("red --control canny", over="a fish"),
    "control_end": Example("red --control canny", over="a fish"),
    "regions": Example("left: a red apple | right: a blue car | background: grass"),
    "fixes": Example("a pig", over="face", options={"strength": 0.0}),
    "tiling": Example("red flowers, grass"),
}


def a_vae(folder: Path) -> None:
    """The built-in model's own VAE made pale, as one that does not go with a model is."""
    made = shutil.copytree(DEMO / "vae", folder / "pale-vae")
    file = made / "diffusion_pytorch_model.safetensors"
    tensors = dict(load_file(file))
    for name in ("decoder.conv_out.weight", "decoder.conv_out.bias"):
        tensors[name] = (tensors[name] * 0.45 + (0.2 if name.endswith("bias") else 0)).astype(tensors[name].dtype)
    save_file(tensors, file)


def a_model(folder: Path) -> None:
    """The built-in model with its blueprint LoRA merged into it: another model of the same kind."""
    made = shutil.copytree(DEMO, folder / "demo-blueprints")
    file, lora = (
        made / "unet" / "diffusion_pytorch_model.safetensors",
        load_file(COMPANIONS / "demo-blueprint.safetensors"),
    )
    tensors = dict(load_file(file))
    for name in tensors:
        key = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
        if f"{key}.lora_up.weight" in lora:
            up, down = (lora[f"{key}.lora_{part}.weight"].astype(np.float32) for part in ("up", "down"))
            scale = float(lora[f"{key}.alpha"]) / down.shape[0]
            change = (up.reshape(up.shape[0], -1) @ down.reshape(down.shape[0], -1)) * scale
            old = tensors[name]
            tensors[name] = (old.astype(np.float32) + change.reshape(old.shape)).astype(old.dtype)
    save_file(tensors, file)


async def drawn(seat: Seat, made: list[Recipe]) -> list[bytes]:
    """The pictures of these recipes."""
    key = new_id()
    request = Request(person=seat.person, place=Place("console", key), text="", key=key)
    chat = ConsoleChat(Console(), "en", quiet=True)
    seat.studio.chats["console"] = chat
    await seat.studio.submit(request, made)
    card = await chat.answer
    assert card.job and card.pictures, card.text
    return [await seat.studio.db.files.get(row.hash) for row in await of_job(seat.studio.db, card.job)]


async def asked(seat: Seat, example: Example) -> Recipe:
    """The recipe that an example begins with."""
    files: tuple[Upload, ...] = ()
    if example.over == "face":
        out = io.BytesIO()
        portrait(256, (128, 128), 60).save(out, "PNG")
        files = (Upload("face.png", out.getvalue()),)
    elif example.over:
        files = (Upload("over.png", (await drawn(seat, [await asked(seat, Example(example.over, example.seed))]))[0]),)
    options = Options(**{"seed": example.seed, "plain": True, **example.options})  # type: ignore[arg-type]
    key = new_id()
    request = Request(
        person=seat.person, place=Place("console", key), text=example.text, key=key, files=files, options=options
    )
    return (await seat.studio.recipes(request, example.text))[0]


def side_by_side(contents: list[bytes]) -> Image.Image:
    """Two pictures of one height; the larger of two stays larger, down to what is shown of it."""
    opened = [Image.open(io.BytesIO(one)).convert("RGB") for one in contents]
    scale = SIDE / max(one.height for one in opened)
    opened = [
        one.resize((round(one.width * scale), round(one.height * scale)), Image.Resampling.LANCZOS) for one in opened
    ]
    whole = Image.new("RGB", (sum(one.width for one in opened) + GAP, SIDE), "white")
    left = 0
    for one in opened:
        whole.paste(one, (left, SIDE - one.height))
        left += one.width + GAP
    return whole


def apart(contents: list[bytes]) -> float:
    """How far two pictures are apart, in 255ths on average, at the size of the first."""
    one, two = (Image.open(io.BytesIO(content)).convert("RGB") for content in contents)
    two = two.resize(one.size, Image.Resampling.LANCZOS)
    return float(np.abs(np.asarray(one, float) - np.asarray(two, float)).mean())


async def main(names: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    kept = FOLDER / "pairs.json"
    told: dict[str, dict[str, object]] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    with TemporaryDirectory() as folder:
        a_vae(Path(folder))
        a_model(Path(folder))
        config = Config(data=DataSection(folder=Path(folder) / "data"), engine=EngineSection(models=(Path(folder),)))
        async with studio(config) as made:
            person = await made.person("web", "local", language="en")
            chat = ConsoleChat(Console(), "en", quiet=True)
            await made.open([chat], StudioDesk(made), resume=False)
            await made.queue.start()
            seat = Seat(made, person, chat, new_id())
            for name in names or lessons.LESSONS:
                lesson, example = lessons.LESSONS[name], EXAMPLES.get(name, Example())
                recipe = await asked(seat, example)
                model = await made.model(recipe.model)
                moved = lesson.moved(recipe, lying_beside(model, made.rules.folders))
                if moved is None or moved == recipe:
                    print(f"{name:16} cannot be moved", flush=True)
                    continue
                pictures = await drawn(seat, [recipe, moved])
                side_by_side(pictures).save(FOLDER / f"{name}.webp", quality=82, method=6)
                told[name] = {
                    "text": example.text,
                    "from": lesson.shown(recipe),
                    "to": lesson.shown(moved),
                    "apart": round(apart(pictures), 1),
                }
                print(f"{name:16} {told[name]}", flush=True)
    kept.write_text(
        json.dumps({one: told[one] for one in lessons.LESSONS if one in told}, indent=1, ensure_ascii=False) + "\n",
        "utf-8",
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
