"""What goes with a model, as people see it: cards of models and companions, upscalers by name, wrong pairs refused when
they are asked for, and prompts that name embeddings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image
from safetensors.numpy import save_file

from bot.chat import Card, Say
from bot.studio import suggest
from engine.files import catalog
from engine.recipe import Fix, Upscale
from storage import pictures
from tests import model_shapes
from tests.bot.studio.test_studio import House, house
from tests.fakes import a_lora


def an_upscaler(folder: Path, name: str) -> None:
    """A compact net of 8 filters that doubles the size, as far as its shapes tell."""
    folder.mkdir(exist_ok=True)
    shapes: dict[str, tuple[int, ...]] = {"body.1.weight": (8,), "body.3.weight": (8,)}
    for layer, out, into in ((0, 8, 3), (2, 8, 8), (4, 12, 8)):
        shapes |= {f"body.{layer}.weight": (out, into, 3, 3), f"body.{layer}.bias": (out,)}
    tensors = {key: numpy.zeros(shape, "float32") for key, shape in shapes.items()}
    save_file(tensors, folder / f"{name}.safetensors")


def an_embedding(folder: Path, name: str, vectors: int, width: int) -> None:
    folder.mkdir(exist_ok=True)
    save_file({"emb_params": numpy.zeros((vectors, width), "float32")}, folder / f"{name}.safetensors")


def a_model(folder: Path, name: str, **unet: object) -> None:
    """A diffusers folder as far as the catalogue looks."""
    schedule = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    model_shapes.folder(folder / name, schedule=schedule, sample_size=96, **unet)


@asynccontextmanager
async def stocked(folder: Path) -> AsyncIterator[tuple[House, Path]]:
    """A house whose folder with models holds what a test puts there, and what comes with the built-in model."""
    async with house(folder) as at:
        files = folder / "files"
        files.mkdir()
        at.studio.rules = replace(
            at.studio.rules, models=(files, catalog.COMPANIONS), loras=(files, catalog.COMPANIONS)
        )
        yield at, files


async def said(at: House, text: str) -> Card:
    return at.chat.messages[await at.say(text)]


def lines(card: Card) -> dict[str, Say | str]:
    return {line.label.key: line.value for line in card.fields}


async def test_models_and_all_that_goes_with_them_are_listed(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        an_upscaler(files, "4x-sharp")
        a_model(files, "velvet")
        card = await said(at, "/models")
        names = [line.label.values["name"] for line in card.fields if line.label.key == "models.name"]
        assert names == ["demo-xl", "velvet", "danqing-demo"]
        found = lines(card)
        assert found["models.embedding"] == "demo-flaws" and found["models.controlnet"] == "demo-edges (canny)"
        assert found["models.decoder"] == "demo-tiny" and found["models.upscaler"] == "4x-sharp"
        assert found["models.loras"] == Say("models.counted", {"count": 3})


async def test_a_models_card_says_what_it_is(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        a_model(files, "velvet", in_channels=9)
        found = lines(await said(at, "/models VELVET"))
        assert (found["models.family"], found["models.prediction"]) == ("sd15", "v, zero SNR")
        assert (found["models.resolution"], found["models.vae_in"]) == ("768×768", Say("models.yes"))
        assert found["models.inpaint"] == Say("models.yes") and found["models.write"] == "--model velvet"
        found = lines(await said(at, "/models flaws"))
        assert found["models.kind"] == Say("models.embedding") and found["models.vectors"] == "1"
        assert found["models.write"] == "demo-flaws"
        assert (await said(at, "/models nothing such")).text.key == "models.nothing"


async def test_a_picture_beside_a_model_is_on_its_card(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        an_upscaler(files, "4x-sharp")
        Image.new("RGB", (30, 20), "red").save(files / "4x-sharp.png")
        card = await said(at, "/models 4x-sharp")
        assert [(shown.width, shown.height) for shown in card.pictures] == [(30, 20)]
        assert lines(card)["models.write"] == "--upscale 4x-sharp"


async def test_the_loras_of_the_built_in_model_are_there_from_the_start(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, _):
        found = lines(await said(at, "/loras blueprint"))
        assert found["loras.family"] == "demo" and found["loras.rank"] == "8"
        await at.say("a cat <lora:demo-blueprint:1>")
        [job] = await at.drawn()
        assert at.pool.workers[0].jobs[job].recipe.prompt.loras[0].name == "demo-blueprint"


async def test_an_upscaler_in_a_file_is_taken_by_name(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        an_upscaler(files, "4x-sharp")
        await at.say("a cat --upscale 4X-sharp 3")
        [job] = await at.drawn()
        assert at.pool.workers[0].jobs[job].recipe.upscale == Upscale("4X-sharp", 3.0)
        card = await said(at, "a cat --upscale 4x-shrp")
        assert (card.text.key, card.text.values["near"]) == ("upscaler.unknown", "4x-sharp")
        ann = await at.person()
        offered = await suggest.suggest(at.studio, ann, "upscaler", "")
        assert [one.value for one in offered] == ["Lanczos", "4x-sharp"]
        assert [one.value for one in await suggest.suggest(at.studio, ann, "fix", "han")] == ["hand"]


async def test_what_is_to_be_mended_is_asked_for_in_the_text(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, _):
        await at.say("一个女孩，修手 --fix face")
        [job] = await at.drawn()
        recipe = at.pool.workers[0].jobs[job].recipe
        assert {fix.detector for fix in recipe.fixes} == {"face", "hand"} and recipe.fixes[0] == Fix("face", 0.4)
        assert (await said(at, "a girl --fix foot")).text.key == "detector.unknown"
        assert (await said(at, "a girl --fix people")).text.key == "detector.no_file"


@pytest.mark.parametrize(
    ("text", "key", "name"),
    [
        ("a cat <lora:old-ink:0.8>", "lora.made_for", "old-ink"),
        ("a cat, bad-hands-5", "embedding.made_for", "bad-hands-5"),
        ("a cat --no bad-hands-5", "embedding.made_for", "bad-hands-5"),
        ("a cat --vae xl-vae", "vae.made_for", "xl-vae"),
        ("a cat --vae none-such", "vae.unknown", "none-such"),
    ],
)
async def test_what_does_not_go_with_the_model_is_refused_at_once(
    text: str, key: str, name: str, tmp_path: Path
) -> None:
    async with stocked(tmp_path) as (at, files):
        a_lora(files, "old-ink", width=768)
        an_embedding(files, "bad-hands-5", 2, 768)
        model_shapes.vae_folder(files / "xl-vae", scaling_factor=0.13025)
        card = await said(at, text)
        assert (card.kind, card.text.key, card.text.values["name"]) == ("error", key, name)
        assert key.endswith("unknown") or card.text.values["model"] == "danqing-demo"
        assert at.pool.drawn == []


async def test_a_button_on_an_old_picture_is_refused_when_its_file_is_gone(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        a_lora(files, "ink")
        picture = await at.picture("a cat <lora:ink:1>")
        (files / "ink.safetensors").unlink()
        key = await at.press("vary", picture)
        assert (at.chat.messages[key].text.key, at.chat.messages[key].text.values["name"]) == ("lora.unknown", "ink")
        row = await pictures.get(at.db, picture)
        assert row is not None and len(at.pool.drawn) == 1


async def test_the_meter_counts_embeddings(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        plain = lines(await said(at, "/prompt --raw a cat, bad-flaws"))["prompt.meter"]
        an_embedding(files, "bad-flaws", 30, catalog.builtin().context)
        counted = lines(await said(at, "/prompt --raw a cat, bad-flaws"))["prompt.meter"]
        assert (plain, counted) == ("6 / 75", "33 / 75")
        an_embedding(files, "bad-flaws", 30, 768)  # of another family: words like any other
        (files / "bad-flaws.safetensors").touch()
        assert lines(await said(at, "/prompt --raw a cat, bad-flaws"))["prompt.meter"] == plain


async def test_the_meter_counts_the_negative_too(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, _):
        told = lines(await said(at, "/prompt --raw a cat --no blurry, ugly"))
        assert (told["prompt.meter"], told["prompt.meter_negative"]) == ("2 / 75", "3 / 75")
        assert "prompt.meter_negative" not in lines(await said(at, "/prompt --raw a cat"))


async def test_an_embedding_that_is_there_is_not_said_to_be_missing(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        missing = await said(at, "/prompt a cat, easynegative")
        assert "doctor.embedding" in {one.key for one in missing.findings}
        an_embedding(files, "EasyNegative", 8, catalog.builtin().context)
        await at.say("a cat, easynegative")
        [job] = await at.drawn()
        await at.chat.until(lambda: job in at.chat.messages)
        assert "doctor.embedding" not in {one.key for one in at.chat.messages[job].findings}


async def test_a_vae_that_is_not_there_is_nobodys_usual_one(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        model_shapes.vae_folder(files / "xl-vae", scaling_factor=0.13025)
        refused = await said(at, "/settings values vae=xlvae steps=8")
        assert (refused.text.key, refused.text.values["near"]) == ("vae.unknown", "xl-vae")
        assert (await said(at, "/settings values vae=none-such")).text.key.startswith("vae.unknown")
        assert (await said(at, "/settings values vae=xl-vae steps=8")).text.key == "settings.changed"
