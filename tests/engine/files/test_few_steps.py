"""Models that were distilled to need few steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import samplers
from engine.files import catalog, few_steps
from tests import tiny


@pytest.mark.parametrize(
    ("name", "title", "guided", "row"),
    [
        ("dreamshaper_8", "", False, ""),
        ("LCM_Dreamshaper_v7", "", False, "lcm"),
        ("anything", "", True, "lcm"),
        ("sdxl_lightning_4step", "", False, "lightning"),
        ("sd_xl_turbo_1.0_fp16", "", False, "turbo"),
        ("Hyper-SDXL-8steps", "", False, "hyper"),
        ("renamed", "SDXL Lightning 8 steps", False, "lightning"),
        ("lcm-something", "DreamShaper XL Turbo", False, "turbo"),
        ("columcmio", "", False, ""),
    ],
)
def test_distilled_models_are_told_apart(name: str, title: str, guided: bool, row: str) -> None:
    found = few_steps.few_steps(title, name, guided=guided)
    assert (found.name if found else "") == row


def test_steps_that_a_name_says_are_taken() -> None:
    said = {"sdxl_lightning_8step_lora": 8, "Hyper-SD15-1step": 1, "Hyper-SDXL-12steps-CFG": 12, "sdxl-turbo": 4}
    found = {name: few_steps.few_steps("", name) for name in said}
    assert {name: row.steps for name, row in found.items() if row} == said


def test_a_distilled_model_is_drawn_as_it_wants(tmp_path: Path) -> None:
    tiny.make(tmp_path / "quick", time_cond_proj_dim=16)
    tiny.make(tmp_path / "some turbo")
    quick, turbo, _ = catalog.models([tmp_path])
    assert (quick.steps, quick.sampler, quick.guidance) == (6, "LCM", 1.5)
    assert (turbo.steps, turbo.sampler, turbo.guidance) == (4, "Euler a", 1.0)


def test_what_the_table_asks_for_can_be_drawn() -> None:
    for row in few_steps.FEW_STEPS:
        assert 1 <= row.steps <= samplers.find_sampler(row.sampler).maximum
