"""A file that is here and incomplete is told as that to whoever asks for it, in their language, and is drawn with as
soon as it is whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from rich.console import Console
from safetensors.numpy import save_file

from bot import texts
from bot.chat import Card
from bot.cli import model_list
from engine.files import catalog, vae_layers
from engine.files.hashes import hashes
from tests import model_shapes
from tests.bot.buttons.test_mending import made
from tests.bot.models.test_model_cards import an_upscaler, said, stocked
from tests.fakes import a_lora, a_recipe


def a_checkpoint(folder: Path) -> Path:
    return model_shapes.write(folder / "photo.safetensors", model_shapes.checkpoint("sd15", vae=True))


def a_folder(folder: Path) -> Path:
    return model_shapes.folder(folder / "photo") / "unet" / "diffusion_pytorch_model.safetensors"


def a_vae(folder: Path) -> Path:
    return model_shapes.write(folder / "photo.safetensors", dict(vae_layers.wanted_by(model_shapes.VAE)))


def a_lora_file(folder: Path) -> Path:
    return a_lora(folder, "photo", alias="trainedas")


def an_upscaler_file(folder: Path) -> Path:
    an_upscaler(folder, "photo")
    return folder / "photo.safetensors"


def an_embedding(folder: Path) -> Path:
    save_file({"emb_params": numpy.zeros((4, 128), "float32")}, folder / "photo.safetensors")
    return folder / "photo.safetensors"


ASKED: list[tuple[Callable[[Path], Path], str]] = [
    (a_checkpoint, "a cat --model photo"),
    (a_checkpoint, "a cat --model PHOTO.safetensors"),
    (a_folder, "a cat --model photo"),
    (a_vae, "a cat --vae photo"),
    (a_lora_file, "a cat <lora:photo:1>"),
    (a_lora_file, "a cat <lora:trainedas:1>"),
    (an_upscaler_file, "a cat --upscale photo"),
    (an_embedding, "a cat, embedding:photo"),
    (an_embedding, "a cat, (embedding:Photo.safetensors:0.8)"),
]
IDS = [text.removeprefix("a cat").strip(" ,") + f" {put.__name__}" for put, text in ASKED]


def sentence(card: Card, language: str) -> str:
    return texts.say(language, card.text.key, **card.text.values)


@pytest.mark.parametrize(("put", "text"), ASKED, ids=IDS)
async def test_whoever_asks_for_a_file_that_broke_off_hears_what_it_lacks(
    put: Callable[[Path], Path], text: str, tmp_path: Path
) -> None:
    async with stocked(tmp_path) as (at, files):
        file = put(files)
        whole = file.read_bytes()
        file.write_bytes(whole[:-2])
        card = await said(at, text)
        assert (card.kind, card.text.key) == ("error", "file.cut")
        [entry] = catalog.skipped([files])
        assert entry.lacking == 1 and entry.lacks
        for language, word in (("en", "Fetch it again"), ("zh", "请重新下载"), ("zh-TW", "請重新下載")):
            shown = sentence(card, language)
            assert "photo" in shown and "1" in shown and entry.lacks in shown and word in shown
        listed = await said(at, "/models photo")
        assert (listed.kind, listed.text.key) == ("error", "file.cut")
        file.write_bytes(whole)  # it was still being copied
        assert not catalog.skipped([files])
        assert (await said(at, "/models photo")).kind != "error" or put is a_lora_file


async def test_a_copy_under_way_is_taken_up_when_it_ends(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        file = a_checkpoint(files)
        whole = file.read_bytes()
        lacking = []
        for part in (len(whole) // 5, len(whole) - 60_000, len(whole) - 1):
            file.write_bytes(whole[:part])
            card = await said(at, "a cat --model photo")
            assert card.text.key == "file.cut"
            lacking.append(int(card.text.values["count"]))
        assert lacking == sorted(lacking, reverse=True) and len(set(lacking)) == 3, "fewer and fewer"
        file.write_bytes(whole)
        await at.say("a cat --model photo")
        [job] = await at.drawn()
        assert (await made(at, job))[0].model == "photo"


async def test_what_lacks_a_layer_and_is_not_cut_is_told_too(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        shapes = model_shapes.checkpoint("sd15", vae=True)
        for name in list(shapes)[10:13]:
            del shapes[name]
        model_shapes.write(files / "photo.safetensors", shapes)
        card = await said(at, "a cat --model photo")
        assert (card.text.key, card.text.values["count"]) == ("model.incomplete", 3)


async def test_a_name_is_of_the_kind_that_is_asked_for(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        file = a_checkpoint(files)
        file.write_bytes(file.read_bytes()[:-2])
        assert (await said(at, "a cat --vae photo")).text.key in ("vae.unknown", "vae.none")
        (files / "photo.pt").write_bytes(b"nothing at all")  # this one does not tell of what kind it is
        assert (await said(at, "a cat --vae photo")).text.key == "file.damaged"
        assert (await said(at, "a cat --model photo")).text.key == "file.cut"


async def test_an_infotext_that_names_such_a_file_says_so_and_what_draws_instead(tmp_path: Path) -> None:
    async with stocked(tmp_path) as (at, files):
        file = a_checkpoint(files)
        file.write_bytes(file.read_bytes()[:-2])
        await at.say("a cat\nSteps: 8, Sampler: Euler a, CFG scale: 5, Seed: 7, Size: 128x128, Model: photo")
        [job] = await at.drawn()
        [recipe] = await made(at, job)
        notes = {note.key: note.values for note in recipe.prompt.notes}
        assert notes["file.cut"]["name"] == "photo" and notes["missing.model_spoiled"] == {"name": "photo"}
        assert recipe.model == at.studio.rules.model


def test_the_list_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_checkpoint(tmp_path)
    file.write_bytes(file.read_bytes()[:-2])
    model_list.show([tmp_path], "en", Console(width=400), as_json=False)
    shown = capsys.readouterr().out
    assert "here but incomplete" in shown and catalog.skipped([tmp_path])[0].lacks in shown


def test_a_picture_is_finished_though_its_file_broke_off_meanwhile(tmp_path: Path) -> None:
    file = a_vae(tmp_path)
    file.write_bytes(file.read_bytes()[:-2])
    assert not hashes(replace(a_recipe(), vae="photo"), [tmp_path]).vae
