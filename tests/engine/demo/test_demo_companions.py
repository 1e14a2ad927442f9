"""What the companions of the built-in model truly do, by diffusers' own pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderTiny,
    ControlNetModel,
    DPMSolverMultistepScheduler,
    StableDiffusionControlNetPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file

from engine.demo import control, embedding, judge, lora, sibling, tiny
from engine.demo.concepts import concepts
from engine.demo.evaluate import a
from engine.demo.scale import SCALES
from engine.demo.store import floats
from engine.files import catalog

COMPANIONS = catalog.DEMO.parent / "companions"
PROMPTS = ("a cat", "a star, blue background", "a mushroom in a meadow", "a key, white background")
Pictures = judge.Pictures
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pipeline() -> Any:
    made = StableDiffusionPipeline.from_pretrained(catalog.DEMO, dtype=torch.float32, safety_checker=None)
    made.scheduler = DPMSolverMultistepScheduler.from_config(made.scheduler.config, use_karras_sigmas=True)
    made.set_progress_bar_config(disable=True)
    return made


def draw(pipeline: Any, prompts: tuple[str, ...] = PROMPTS, negative: str = "", **more: Any) -> Pictures:
    dice = [torch.Generator().manual_seed(3) for _ in prompts]
    drawn = pipeline(
        list(prompts),
        negative_prompt=[negative] * len(prompts),
        num_inference_steps=8,
        guidance_scale=4.0,
        generator=dice,
        height=128,
        width=128,
        output_type="np",
        **more,
    ).images
    pictures: Pictures = (drawn * 255).round().astype(np.uint8)
    return pictures


@pytest.fixture(scope="module")
def plain(pipeline: Any) -> Pictures:
    return draw(pipeline)


def likeness(name: str, pictures: Pictures) -> float:
    """How much the pictures have the colours of the look."""
    return -float(np.abs(pictures.astype(np.float32) / 255 - lora.LOOKS[name].paper).mean())


@pytest.mark.parametrize("name", lora.LOOKS)
def test_the_weight_of_a_lora_acts_and_zero_is_none(pipeline: Any, plain: Pictures, name: str) -> None:
    pipeline.load_lora_weights(COMPANIONS, weight_name=f"{name}.safetensors", adapter_name=name)
    try:
        seen = []
        for weight in (0.0, 0.5, 1.0):
            pipeline.set_adapters([name], [weight])
            seen.append(draw(pipeline))
    finally:
        pipeline.unload_lora_weights()
    assert np.abs(seen[0].astype(int) - plain).max() <= 1
    alike = [likeness(name, pictures) for pictures in seen]
    assert alike[0] + 0.02 < alike[1] and alike[1] + 0.02 < alike[2]


def test_both_formats_of_loras_are_there() -> None:
    keys = [list(load_file(COMPANIONS / f"{name}.safetensors")) for name in lora.LOOKS]
    kohya = [all(key.startswith("lora_unet_") for key in own) for own in keys]
    assert kohya == [look.kohya for look in lora.LOOKS.values()] == [True, True, False]
    assert all(key.startswith("unet.") for key in keys[2])


@pytest.fixture
def word(pipeline: Any) -> Iterator[str]:
    pipeline.load_textual_inversion(COMPANIONS / f"{embedding.NAME}.safetensors", token=embedding.NAME)
    yield embedding.NAME
    pipeline.unload_textual_inversion()


def test_the_embedding_means_flaws(pipeline: Any, plain: Pictures, word: str) -> None:
    asked = draw(pipeline, tuple(f"{prompt}, {word}" for prompt in PROMPTS))
    against = draw(pipeline, negative=word)
    assert judge.sharpness(asked).mean() < 0.7 * judge.sharpness(plain).mean() < 0.7 * judge.sharpness(against).mean()


def test_the_controlnet_follows_edges(pipeline: Any) -> None:
    sources = ("a heart on the left", "a tree on the right", "a fish", "two stars", "a car", "a bell on the top")
    edges = control.edges(draw(pipeline, sources, "blurry"))
    net = ControlNetModel.from_pretrained(COMPANIONS / control.NAME, dtype=torch.float32)
    parts = {key: part for key, part in pipeline.components.items() if key != "image_encoder"}
    guided = StableDiffusionControlNetPipeline(**parts, controlnet=net, requires_safety_checker=False)
    guided.set_progress_bar_config(disable=True)
    # The prompts say nothing of the shapes.
    prompts = ("best quality",) * len(sources)
    condition = [Image.fromarray(one) for one in edges]
    with_edges = draw(guided, prompts, image=condition)
    without = draw(guided, prompts, image=condition, controlnet_conditioning_scale=0.0)
    assert np.mean([met(one, two) for one, two in zip(edges, with_edges, strict=True)]) > 1.5 * np.mean(
        [met(one, two) for one, two in zip(edges, without, strict=True)]
    )


def met(edges: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float:
    """Share of the picture's edges and of the wanted ones that lie within three pixels of each other."""
    wanted, found = edges[..., 0] > 0, control.edges(picture[None])[0, ..., 0] > 0
    hits = [(one & near(other)).sum() / max(1, one.sum()) for one, other in ((wanted, found), (found, wanted))]
    return float(2 * hits[0] * hits[1] / max(1e-6, sum(hits)))


def near(mask: NDArray[np.bool_], reach: int = 3) -> NDArray[np.bool_]:
    shifts = range(-reach, reach + 1)
    found: NDArray[np.bool_] = np.any([np.roll(mask, (y, x), (0, 1)) for y in shifts for x in shifts], axis=0)
    return found


def test_the_tiny_decoder_draws_what_the_large_one_does(pipeline: Any, plain: Pictures) -> None:
    small = AutoencoderTiny.from_pretrained(COMPANIONS / tiny.NAME, dtype=torch.float32)
    batch = floats(plain)
    with torch.no_grad():
        latents = pipeline.vae.encode(batch).latent_dist.mean
        large, quick = (part.decode(latents, return_dict=False)[0].clamp(-1, 1) for part in (pipeline.vae, small))
        error = (large - quick).square().mean()
        stray = (small.encode(batch, return_dict=False)[0] - latents).square().mean()
    assert 10 * torch.log10(4 / error) > 20  # dB
    assert sum(weight.numel() for weight in small.parameters()) < 0.1 * sum(
        weight.numel() for weight in pipeline.vae.parameters()
    )
    assert stray < 0.2  # latents have a spread of 1


def test_the_sibling_draws_what_it_is_told_by_the_paths_of_xl() -> None:
    made = StableDiffusionXLPipeline.from_pretrained(COMPANIONS / sibling.NAME, dtype=torch.float32)
    made.scheduler = DPMSolverMultistepScheduler.from_config(made.scheduler.config, use_karras_sigmas=True)
    made.set_progress_bar_config(disable=True)
    things = concepts(sibling.THINGS)[:20]
    drawn = draw(made, tuple(a(thing) for thing in things))
    found = judge.look(judge.kept(SCALES["laptop"]), drawn).things[:, 0]
    assert (found == np.arange(len(things))).mean() >= 0.5
    red, blue = (judge.middle(draw(made, (f"a {word} apple, white background",)))[0] for word in ("red", "blue"))
    assert red[0] > red[2] and blue[2] > blue[0]
