"""The table of samplers: complete, readable without torch, and forgiving about how a name is written."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.samplers import SAMPLERS, find_sampler
from engine.worker.schedulers import scheduler
from prompts.errors import Refusal


def test_all_the_names_people_know_are_there() -> None:
    plain = {
        "Euler", "Euler a", "Heun", "LMS", "DPM2", "DPM2 a", "DPM++ 2S", "DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE",
        "DDIM", "PLMS", "UniPC", "LCM",
    }  # fmt: skip
    assert plain <= SAMPLERS.keys()
    assert {"DPM++ 2M Karras", "DPM++ SDE Karras", "Euler Exponential", "UniPC Karras"} <= SAMPLERS.keys()
    assert {name.removesuffix(" Karras").removesuffix(" Exponential") for name in SAMPLERS} == plain


def test_every_row_says_when_to_take_it() -> None:
    for row in SAMPLERS.values():
        assert row.zh and row.en and "\n" not in row.zh + row.en
    assert len({row.en for row in SAMPLERS.values()}) == len(SAMPLERS)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("euler_a", "Euler a"),
        ("EULER", "Euler"),
        ("dpm++ 2m karras", "DPM++ 2M Karras"),
        ("DPM++2M Karras", "DPM++ 2M Karras"),
        ("dpmpp_2m_sde", "DPM++ 2M SDE"),
        ("dpm＋＋ sde", "DPM++ SDE"),
        ("k_euler_ancestral", "Euler a"),
        (" DPM++ 2S a Karras ", "DPM++ 2S Karras"),
        ("uni-pc", "UniPC"),
        ("ddim", "DDIM"),
    ],
)
def test_a_name_may_be_written_in_many_ways(written: str, meant: str) -> None:
    assert find_sampler(written).name == meant


@pytest.mark.parametrize(
    ("written", "near"), [("Eulr", "Euler"), ("DPM 2M Karas", "DPM++ 2M Karras"), ("", ""), ("banana", "")]
)
def test_an_unknown_name_is_refused_with_one_that_is_near(written: str, near: str) -> None:
    with pytest.raises(Refusal) as caught:
        find_sampler(written)
    assert caught.value.key == "sampler.unknown"
    assert caught.value.values["near"] == near


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_schedule_is_the_names_whatever_the_model_says(name: str) -> None:
    model = {"use_karras_sigmas": True, "algorithm_type": "sde-dpmsolver++", "beta_schedule": "scaled_linear"}
    config = scheduler(name, model, 5).config
    assert config.get("use_karras_sigmas", False) == name.endswith(" Karras") or name in {
        "Euler a",
        "PLMS",
        "DDIM",
        "LCM",
    }
    assert config.get("use_exponential_sigmas", False) == name.endswith(" Exponential")
    assert config["beta_schedule"] == "scaled_linear"
    assert config.get("noise_sampler_seed", 5) == 5
    if name.startswith("DPM++ 2"):
        assert ("sde" in config["algorithm_type"]) == ("SDE" in name)


BOUNDED = {"clip_sample": True, "clip_sample_range": 1.0, "thresholding": True, "sample_max_value": 1.0}


@pytest.mark.filterwarnings("ignore:Should have t:UserWarning")  # the noise tree's ends lie a hair within each other
@pytest.mark.parametrize("name", SAMPLERS)
def test_latents_are_never_clipped(name: str) -> None:
    """Whatever the model says or leaves out: with all bounds asked for, a way through far latents is the same
    as without them, and what is foreseen stays far."""
    model = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
    quiet, bounded = scheduler(name, model, 5), scheduler(name, model | BOUNDED, 5)
    parameters = inspect.signature(type(quiet).__init__).parameters
    for made in (quiet, bounded):
        assert not any(made.config[switch] for switch in ("clip_sample", "thresholding") if switch in parameters)
    takes = inspect.signature(quiet.step).parameters
    ways = []
    for made in (quiet, bounded):
        made.set_timesteps(6)
        given = torch.Generator().manual_seed(3)
        latents = 9 * torch.randn(1, 4, 4, 4, generator=given) * made.init_noise_sigma
        extra = {"generator": given} if "generator" in takes else {}
        for time in made.timesteps:
            latents = made.step(torch.tanh(made.scale_model_input(latents, time)), time, latents, **extra).prev_sample
        ways.append(latents)
    assert torch.equal(*ways)
    assert ways[0].abs().max() > 9


def test_table_and_catalogue_are_read_without_torch() -> None:
    modules = "engine.samplers, engine.files.catalog, engine.files.sizes, engine.pixels.png_recipe"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
