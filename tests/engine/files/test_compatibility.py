"""What does not go together is refused by name, before anything is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from safetensors.numpy import save_file

from engine.files import catalog, compatibility
from engine.recipe import Recipe, Refiner
from prompts.errors import Refusal
from prompts.prompt import Fragment, LoraUse, Prompt
from tests.fakes import a_lora, a_recipe
from tests.model_shapes import vae_folder

DEMO = catalog.builtin()
SD15 = replace(DEMO, name="photo", family="sd15", context=768, builtin=False)
SDXL = replace(DEMO, name="grand", family="sdxl", context=2048, builtin=False)


def an_embedding(folder: Path, name: str, *widths: int) -> None:
    names = ("clip_l", "clip_g") if len(widths) == 2 else ("emb_params",)
    vectors = {key: numpy.zeros((3, width), "float32") for key, width in zip(names, widths, strict=True)}
    save_file(vectors, folder / f"{name}.safetensors")


def refused(recipe: Recipe, model: catalog.Model, folder: Path) -> tuple[str, object, object, object]:
    with pytest.raises(Refusal) as caught:
        compatibility.check_recipe(recipe, model, [folder])
    values = caught.value.values
    return caught.value.key, values.get("name"), values.get("base"), values.get("model")


def saying(text: str, negative: str = "", **changes: object) -> Recipe:
    prompt = Prompt(text=text, fragments=(Fragment(text),), negatives=(Fragment(negative),) if negative else ())
    return replace(a_recipe(), prompt=prompt, **changes)  # type: ignore[arg-type]


def test_a_lora_for_another_family(tmp_path: Path) -> None:
    a_lora(tmp_path, "xl-ink", width=2048)
    recipe = saying("a cat")
    recipe = replace(recipe, prompt=replace(recipe.prompt, loras=(LoraUse("xl-ink", 0.8),)))
    assert refused(recipe, SD15, tmp_path) == ("lora.made_for", "xl-ink", "sdxl", "photo")
    compatibility.check_recipe(recipe, SDXL, [tmp_path])
    silent = replace(recipe, prompt=replace(recipe.prompt, loras=(LoraUse("xl-ink", 0.0),)))
    compatibility.check_recipe(silent, SD15, [tmp_path])


def test_an_embedding_for_another_family(tmp_path: Path) -> None:
    an_embedding(tmp_path, "bad-hands-5", 768)
    an_embedding(tmp_path, "negativeXL_D", 768, 1280)
    said = saying("a cat", "bad-hands-5")
    compatibility.check_recipe(said, SD15, [tmp_path])
    assert refused(said, SDXL, tmp_path) == ("embedding.made_for", "bad-hands-5", "sd15", "grand")
    other = saying("a cat, (NegativeXL_D:0.8)")
    compatibility.check_recipe(other, SDXL, [tmp_path])
    assert refused(other, SD15, tmp_path) == ("embedding.made_for", "negativeXL_D", "sdxl", "photo")


def test_an_embedding_that_has_an_english_word_for_a_name_is_that_word(tmp_path: Path) -> None:
    an_embedding(tmp_path, "portrait", 768)
    compatibility.check_recipe(saying("portrait of a cat"), SDXL, [tmp_path])
    assert refused(saying("embedding:portrait"), SDXL, tmp_path)[0] == "embedding.made_for"


def test_a_vae_for_another_family(tmp_path: Path) -> None:
    vae_folder(tmp_path / "xl-vae", scaling_factor=0.13025)
    vae_folder(tmp_path / "old-vae", scaling_factor=0.18215)
    assert refused(saying("a cat", vae="xl-vae"), SD15, tmp_path) == ("vae.made_for", "xl-vae", "sdxl", "photo")
    compatibility.check_recipe(saying("a cat", vae="XL-VAE"), SDXL, [tmp_path])
    compatibility.check_recipe(saying("a cat", vae="old-vae"), SD15, [tmp_path])
    assert refused(saying("a cat", vae="oldvae"), SD15, tmp_path)[:2] == ("vae.unknown", "oldvae")


def test_a_refiner_with_other_latents(tmp_path: Path) -> None:
    refiner = Refiner(catalog.BUILTIN, 0.8)
    compatibility.check_recipe(saying("a cat", refiner=refiner), DEMO, [tmp_path])
    found = refused(saying("a cat", refiner=refiner), SDXL, tmp_path)
    assert found == ("refiner.made_for", catalog.BUILTIN, "demo", "grand")
    assert refused(saying("a cat", refiner=Refiner("gone", 0.8)), SDXL, tmp_path)[0] == "model.unknown"
