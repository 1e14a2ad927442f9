"""The text under every picture: as A1111 writes it, and as its own parser takes it."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from bot.studio import inside
from engine.files.hashes import Hashes
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.pixels.parameters import parameters, settings
from engine.recipe import A1111, Fix, FreeU, Hires, HyperTile, Recipe, Refiner, Soft, Source, Variation
from prompts import infotext
from prompts.infotext import fields, reading
from prompts.prompt import Fragment, Prompt
from tests.engine.drawing import FULL, recipe

# A1111's reading of it: the last line holds the fields if there are three at least; a value is a JSON string or goes on
# to the next comma.
FIELD = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def read_by_a1111(text: str) -> dict[str, str]:
    """The fields and both prompts, by the rules of A1111's parser."""
    *lines, last = text.strip().split("\n")
    if len(FIELD.findall(last)) < 3:
        lines, last = [*lines, last], ""
    said: dict[str, list[str]] = {"Prompt": [], "Negative prompt": []}
    kind = "Prompt"
    for line in map(str.strip, lines):
        if line.startswith("Negative prompt:"):
            kind, line = "Negative prompt", line[len("Negative prompt:") :].strip()
        said[kind].append(line)
    found = {name: "\n".join(lines) for name, lines in said.items()}
    for name, value in FIELD.findall(last):
        found[name] = json.loads(value) if value[:1] == '"' and value[-1:] == '"' else value
    return found


def test_a_recipe_reads_as_a1111_writes_it() -> None:
    hashes = Hashes("0123456789", loras=(("ink", "0123456789ab"),))
    first, second, last = parameters(FULL, hashes).splitlines()
    assert first == "(watercolor:1.2), an orange cat, 水墨 <lora:ink:0.8>"
    assert second == "Negative prompt: blurry, low quality"
    body, _, version = last.rpartition(", Version: ")
    assert body == (
        "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 4294967295, Size: 512x768, "
        'Model hash: 0123456789, Model: "realistic, v2", Variation seed: 9, Variation seed strength: 0.25, '
        'Denoising strength: 0.55, Clip skip: 2, RNG: CPU, Lora hashes: "ink: 0123456789ab", '
        "Postprocess upscale by: 2, Postprocess upscaler: Lanczos"
    )
    assert version.startswith("Danqing")


def test_what_is_usual_is_not_said() -> None:
    text, _, _ = parameters(recipe("a cat")).rpartition(", Version")
    assert text == (
        "a cat\nSteps: 5, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Model: tiny, "
        "RNG: CPU"
    )


@pytest.mark.parametrize("like", [None, A1111("Karras")])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tiling": "xy"}, "Tiling: True"),
        ({"tiling": "x"}, "Tiling: x"),
        (
            {"freeu": FreeU(1.3, 1.4, 0.9, 0.2)},
            "freeu_enabled: True, freeu_b1: 1.3, freeu_b2: 1.4, freeu_s1: 0.9, freeu_s2: 0.2",
        ),
        ({"token_merging": 0.5}, "Token merging ratio: 0.5"),
        (
            {"token_merging": 0.5, "hires": Hires(2.0, 0.4, token_merging=0.3)},
            "Token merging ratio: 0.5, Token merging ratio hr: 0.3",
        ),
        ({"hypertile": HyperTile()}, "Hypertile U-Net: True"),
        (
            {"hypertile": HyperTile(128, 2, 0, second=True)},
            "Hypertile U-Net second pass: True, Hypertile U-Net max depth: 0, Hypertile U-Net max tile size: 128, "
            "Hypertile U-Net swap size: 2",
        ),
    ],
)
def test_what_is_changed_inside_the_model_is_written_and_read_again(
    changes: dict[str, Any], said: str, like: A1111 | None
) -> None:
    own = recipe(like=like, **changes)
    text = parameters(own)
    assert said in text
    found = reading.read(text)
    assert found is not None
    asked, aside = fields.options(found)
    assert aside == ()
    made = inside.inside(asked)
    assert made == {name: getattr(own, name) for name in made}
    assert asked.hires_token_merging == ((own.hires.token_merging or None) if own.hires else None)


@pytest.mark.parametrize(
    ("sampler", "parted", "schedule"),
    [
        ("DPM++ 2M Karras", "DPM++ 2M", "Karras"),
        ("DPM++ SDE Exponential", "DPM++ SDE", "Exponential"),
        ("DPM++ 2M", "DPM++ 2M", "Uniform"),  # A1111's "Automatic" would be Karras
        ("Euler a", "Euler a", "Automatic"),
        ("DDIM", "DDIM", "Automatic"),
    ],
)
def test_the_schedule_stands_apart_from_the_sampler(sampler: str, parted: str, schedule: str) -> None:
    said = read_by_a1111(parameters(recipe(sampler=sampler)))
    assert (said["Sampler"], said["Schedule type"]) == (parted, schedule)


LIKE = recipe(
    sampler="DPM2 a",
    like=A1111(
        schedule="Align Your Steps", rng="NV", eta=0.5, ensd=31337, churn=0.1, tmin=0.2, tmax=9.5, noise=1.01, ngms=2.5,
        emphasis="No norm", sgm_noise=True, seed_resize=(512, 384), sigma_min=0.05, sigma_max=12.5, rho=5.0,
    ),
    variation=Variation(7, 0.1),
    vae="mse",
    refiner=Refiner("refiner", 0.8),
    hires=Hires(
        1.5, 0.4, 8, "4x: UltraSharp, v2", sampler="Euler a", schedule="SGM Uniform", guidance=4.5,
        prompt='a "red" cat, 戴帽子\nat night', negative="dog: none", checkpoint="grand, v3", vae="soft",
    ),
    fixes=(Fix("face", 0.3), Fix("hand", 0.5)),
)  # fmt: skip


def test_all_that_a1111_was_told_is_said_in_its_order() -> None:
    hashes = Hashes(
        "0" * 10, "1" * 10, "mse.safetensors", embeddings=(("a: b", "2" * 12), ("easy", "3" * 12)), second="4" * 10
    )
    line = parameters(LIKE, hashes).splitlines()[-1]
    assert line.rpartition("-")[0] == (
        "Steps: 5, Sampler: DPM2 a, Schedule type: Align Your Steps, CFG scale: 7, Seed: 1, Size: 64x64, "
        "Model hash: 0000000000, Model: tiny, VAE hash: 1111111111, VAE: mse.safetensors, Variation seed: 7, "
        "Variation seed strength: 0.1, Seed resize from: 512x384, Denoising strength: 0.4, ENSD: 31337, RNG: NV, "
        'Hires checkpoint: "grand, v3 [4444444444]", Hires VAE: soft, '
        'Hires sampler: Euler a, Hires prompt: "a \\"red\\" cat, 戴帽子\\nat night", '
        'Hires negative prompt: "dog: none", Hires schedule type: SGM Uniform, Hires CFG Scale: 4.5, '
        'Hires upscale: 1.5, Hires steps: 8, Hires upscaler: "4x: UltraSharp, v2", '
        'TI hashes: "a b: 222222222222, easy: 333333333333", Emphasis: No norm, Eta: 0.5, '
        "Schedule min sigma: 0.05, Schedule max sigma: 12.5, Schedule rho: 5, Sigma churn: 0.1, Sigma tmin: 0.2, "
        "Sigma tmax: 9.5, Sigma noise: 1.01, NGMS: 2.5, SGM noise multiplier: True, Refiner: refiner, "
        "Refiner switch at: 0.8, ADetailer model: face, ADetailer denoising strength: 0.3, ADetailer model 2nd: hand, "
        "ADetailer denoising strength 2nd: 0.5, Version: v1.10.1-Danqing"
    )


def test_every_setting_of_a1111_is_written_and_read_back() -> None:
    """Each field by itself, at a value that is not its usual one."""
    values: dict[str, Any] = {
        "schedule": "Karras", "rng": "NV", "emphasis": "Ignore", "seed_resize": (512, 640), "beta_alpha": 0.7,
        "unipc_order": 2, "unipc_variant": "bh2", "unipc_skip": "logSNR", "pad": "v0", "refined": "first pass",
        "ensd": 7,
    }  # fmt: skip
    for name, usual in ((one.name, one.default) for one in dataclasses.fields(A1111)):
        value = values.get(name, True if usual is False else 0.5)
        own = recipe(sampler="DDIM" if name == "eta" else "Euler", like=A1111(**{name: value}))
        text = parameters(own)
        said = reading.read(text)
        assert said
        found, aside = fields.options(said)
        assert (getattr(found, name), aside) == (value, ())
        if name not in ("schedule", "rng"):
            [told] = settings(own)
            assert told.split(":")[0] in text
    assert settings(recipe(like=A1111(schedule="Karras", rng="CPU"))) == ()
    assert settings(recipe(like=A1111(discard=True, skip_early=0.25, pad="empty"))) == (
        "Discard penultimate sigma", "Skip Early CFG: 0.25", "Pad conds",
    )  # fmt: skip


@pytest.mark.parametrize(
    "own",
    [
        replace(FULL, perpendicular=0.75, threshold=Thresholding(7.0), pag=Perturbed(3.0), seg=Smoothed(2.5, blur=9.5)),
        replace(FULL, threshold=Thresholding(7.5, 99.95, "half cosine up", 3.0, "power down", 1.0, 2.5)),
        replace(FULL, threshold=Thresholding(5.0, start="zero", measure="std", channels="together", mix=0.3)),
        replace(FULL, threshold=Thresholding(7.0, 99.95, "sawtooth", 2.0, by="time", value=1.0)),
        replace(FULL, pag=Perturbed(2.5, "mid+up.1.0", 0.00025), seg=Smoothed(3.0, "down")),
        replace(FULL, pag=Perturbed(3.0, adaptive=0.000000123)),
    ],
)
def test_what_acts_beside_guidance_is_written_and_read_back(own: Recipe) -> None:
    found = reading.read(parameters(own))
    assert found is not None
    asked, aside = fields.options(found)
    assert aside == ()
    assert asked.perpendicular == (own.perpendicular or None)
    assert [
        Thresholding.of(asked.mimic or "0"), Perturbed.of(asked.pag or "0"), Smoothed.of(asked.seg or "0")
    ] == [own.threshold, own.pag, own.seg]  # fmt: skip


def test_inpainting_says_what_was_redrawn() -> None:
    masked = Source("a" * 64, 0.7, mask="b" * 64, fill="latent noise", blur=4, padding=32)
    said = read_by_a1111(parameters(recipe(source=masked)))
    assert said["Masked content"] == "latent noise"
    assert (said["Mask blur"], said["Inpaint area"], said["Masked area padding"]) == ("4", "Only masked", "32")
    soft = replace(masked, soft=Soft(bias=2.0))
    assert (
        "RNG: CPU, Soft inpainting enabled: True, Soft inpainting schedule bias: 2, "
        "Soft inpainting preservation strength: 0.5, Soft inpainting transition contrast boost: 4, "
        "Soft inpainting mask influence: 0, Soft inpainting difference threshold: 0.5, "
        "Soft inpainting difference contrast: 2, Mask blur: 4, Masked content: latent noise"
    ) in parameters(recipe(source=soft, like=A1111(rng="CPU")))
    shown = settings(recipe(source=soft, like=A1111()))
    assert shown == ("Soft inpainting", "Soft inpainting schedule bias: 2")
    assert Recipe.from_json(json.loads(json.dumps(recipe(source=soft).to_json()))).source == soft
    assert "soft" not in str(recipe(source=masked).to_json())
    assert "Inpaint area" not in read_by_a1111(parameters(recipe(source=Source("a" * 64, 0.7, mask="b" * 64))))


AWKWARD = (
    "a cat, 一只猫, 🐈‍⬛ :3",
    'the "best" cat: red, blue\nand, in a second line, (more:1.2)',
    "a\\b \\(series\\), Steps of stone",
    "，全角：标点。",
)


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("own", [recipe(), FULL, LIKE])
def test_the_parser_of_a1111_reads_back_whatever_is_written(own: Recipe, text: str) -> None:
    told = Prompt(text, (Fragment(text),), (Fragment(text),), raw=True)
    name = text.replace("\n", " ")
    changed = replace(own, prompt=told, model=name, vae=text, hires=replace(LIKE.hires, upscaler=text))  # type: ignore[type-var]
    said = read_by_a1111(parameters(changed))
    assert (said["Prompt"], said["Negative prompt"]) == (told.positive, told.negative)
    assert (said["Model"], said["VAE"], said["Hires upscaler"]) == (name, text, text)
    assert said["Seed"] == str(own.seed) and "Version" in said


def test_a_recipe_in_the_manner_of_a1111_is_read_as_one() -> None:
    """Also by us: whose way it was drawn in is told, in a way that A1111 takes for no version of its own."""
    theirs, _ = fields.options(reading.read(parameters(LIKE)) or infotext.infotext.Infotext(""))
    ours, _ = fields.options(reading.read(parameters(FULL)) or infotext.infotext.Infotext(""))
    assert (theirs.like, theirs.rng, theirs.schedule, theirs.ngms) == ("a1111", "NV", "Align Your Steps", 2.5)
    assert (ours.like, ours.sampler) == ("danqing", "DPM++ 2M Karras")
