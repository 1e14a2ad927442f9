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


@pytest.mark.parametrize("said", [{}, {"clip_sample": True}])
@pytest.mark.parametrize("name", SAMPLERS)
def test_latents_are_never_clipped(name: str, said: dict[str, bool]) -> None:
    model = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "prediction_type": "sample"}
    made = scheduler(name, model | said, 5)
    if "clip_sample" in inspect.signature(type(made).__init__).parameters:  # as of today DDIM and LCM
        assert not made.config["clip_sample"]
        made.set_timesteps(4)
        far = torch.full((1, 4, 2, 2), 7.0)
        assert made.step(far, made.timesteps[-1], far).prev_sample.max() > 1.5


def test_table_and_catalogue_are_read_without_torch() -> None:
    modules = "engine.samplers, engine.files.catalog, engine.files.sizes, engine.pixels.png_recipe"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
