"""What every PNG says about itself, to A1111's readers and to us."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from engine.pixels import png_recipe
from engine.recipe import Fix, Hires, Recipe, Refiner, Source, Upscale, Variation
from prompts.prompt import Fragment, LoraUse, Prompt
from tests.engine.drawing import photograph, recipe

FULL = Recipe(
    prompt=Prompt(
        text="一只戴红色帽子的橘猫，水彩 <lora:ink:0.8>",
        fragments=(Fragment("watercolor", 1.2), Fragment("an orange cat", source="橘猫"), Fragment("水墨")),
        negatives=(Fragment("blurry"), Fragment("low quality")),
        loras=(LoraUse("ink", 0.8),),
    ),
    model="realistic, v2",
    width=512,
    height=768,
    steps=28,
    sampler="DPM++ 2M Karras",
    guidance=7.5,
    seed=2**32 - 1,
    clip_skip=2,
    source=Source("a" * 64, 0.55),
    variation=Variation(9, 0.25),
    upscale=Upscale("Lanczos", 2.0),
)


def test_the_parameters_read_as_a1111_writes_them() -> None:
    assert png_recipe.parameters(FULL, "0123456789").splitlines() == [
        "(watercolor:1.2), an orange cat, 水墨, <lora:ink:0.8>",
        "Negative prompt: blurry, low quality",
        "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 4294967295, Size: 512x768, "
        'Model hash: 0123456789, Model: "realistic, v2", Denoising strength: 0.55, Variation seed: 9, '
        "Variation seed strength: 0.25, Clip skip: 2, Upscaler: Lanczos, Upscale by: 2",
    ]


def test_what_is_usual_is_not_said() -> None:
    assert png_recipe.parameters(recipe("a cat")) == (
        "a cat\nSteps: 5, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Model: tiny"
    )


@pytest.mark.parametrize("own", [FULL, recipe(), recipe("half an emoji \ud83d, \x00 and a tab\t")])
def test_the_recipe_comes_back(own: Recipe) -> None:
    content = png_recipe.png(photograph(), own, "0123456789")
    assert png_recipe.read_recipe(content) == own
    with Image.open(io.BytesIO(content)) as image:
        assert image.text["parameters"] == png_recipe.parameters(own, "0123456789").replace("\ud83d", "?")  # type: ignore[attr-defined]


def test_other_files_have_no_recipe() -> None:
    plain, jpeg = io.BytesIO(), io.BytesIO()
    photograph().save(plain, "PNG")
    photograph().save(jpeg, "JPEG")
    stamped = png_recipe.png(photograph(), FULL)
    later = stamped.replace(b'"schema": 1', b'"schema": 7')  # the checksum breaks too
    for content in (b"", b"hello", plain.getvalue(), jpeg.getvalue(), later, stamped[:200]):
        assert png_recipe.read_recipe(content) is None


def test_a_recipe_of_another_schema_is_not_ours() -> None:
    content = png_recipe.png(photograph(), replace(FULL, schema=99))
    assert png_recipe.read_recipe(content) is None


def test_finishing_is_told_in_the_words_of_a1111() -> None:
    finished = recipe(
        hires=Hires(2.0, 0.4, 8),
        fixes=(Fix("face", 0.3), Fix("hand", 0.5)),
        refiner=Refiner("refiner", 0.8),
        vae="mse",
    )
    last = png_recipe.parameters(finished).splitlines()[-1]
    for pair in (
        "Denoising strength: 0.4", "Hires upscale: 2", "Hires steps: 8", "Hires upscaler: Latent", "VAE: mse",
        "Refiner: refiner", "Refiner switch at: 0.8", "ADetailer model: face", "ADetailer denoising strength: 0.3",
        "ADetailer model 2nd: hand",
    ):  # fmt: skip
        assert f", {pair}" in last
    assert png_recipe.read_recipe(png_recipe.png(Image.new("RGB", (8, 8)), finished)) == finished
