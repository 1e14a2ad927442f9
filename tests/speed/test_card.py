"""A rehearsal of what is measured on a graphics card: tiny models on the processor, and the real sizes counted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from engine.models import loading
from tests import tiny_families
from tests.speed import card

# diffusers' schedulers make arrays of tensors in a way that numpy 2 wants to see changed.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{said}:DeprecationWarning")
    for said in ("__array__ implementation", "__array_wrap__ must accept")
]


def test_every_figure_of_a_card_can_be_measured(tmp_path: Path) -> None:
    loading.quieten()
    for family in ("sd15", "sdxl"):
        trial = card.Trial(
            family, "cpu", getattr(tiny_families, family), counts=(1, 2), steps=2, loras=2, rank=2, busy=2, floor=0.001
        )
        found = {figure.what: figure for figure in card.measured(trial, tmp_path / family)}
        assert all(math.isfinite(figure.ours) and figure.ours > 0 for figure in found.values())
        for what in (
            "from disk to the first step",
            "one picture, 2 steps, guided, float32",
            "a newcomer's first step beside 2 rows",
            "most memory of the engine, 2 people",
            "change to a model on the disk, until its first step",
            "back to one in memory, until its first step",
            "1 people with their own prompts, steps, guidance and LoRAs",
            "2 people with their own prompts, steps, guidance and LoRAs",
            "2, the same",
            "one in memory put on",
            "most memory with diffusers' pipeline beside it",
        ):
            assert f"{family}, {what}" in found
        assert any("from disk" in what and "LoRA" in what for what in found)
        assert found[f"{family}, one picture, 2 steps, guided, float32"].baseline == 0.001
        both = [f"{family}, 2 people with their own prompts, steps, guidance and LoRAs", f"{family}, 2, the same"]
        assert [found[what].against for what in both] == ["diffusers in turn", "diffusers' one batch"]


@pytest.mark.parametrize(
    ("family", "millions"),
    [
        ("sd15", {"unet": 859.52, "vae": 83.65, "text_encoder": 123.06}),
        ("sdxl", {"unet": 2567.46, "vae": 83.65, "text_encoder": 123.06, "text_encoder_2": 694.66}),
    ],
)
def test_the_random_models_are_as_large_as_the_published_ones(family: str, millions: dict[str, float]) -> None:
    with torch.device("meta"):
        parts = card.networks(family)
    counted = {name: sum(weight.numel() for weight in part.parameters()) / 1e6 for name, part in parts.items()}
    assert counted == pytest.approx(millions, abs=0.01)
