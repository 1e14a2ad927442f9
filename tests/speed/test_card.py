"""A rehearsal of what is measured on a graphics card: tiny models on the processor, and the real sizes counted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.speed import card

# diffusers' schedulers make arrays of tensors in a way that numpy 2 wants to see changed.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{said}:DeprecationWarning")
    for said in ("__array__ implementation", "__array_wrap__ must accept")
]


def test_every_figure_of_a_card_can_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU", "dry")
    found = {figure.what: figure for figure in card.figures()}
    assert found.pop("parts skipped, as they would have ended late").ours == 0
    assert all(math.isfinite(figure.ours) and figure.ours > 0 for figure in found.values())
    for family in card.TFLOP:
        for what in (
            "from disk to the first step",
            "one picture, 2 steps, guided, float32",
            "a step of 2 rows with their own LoRAs",
            "a step of 2 rows with their own LoRAs: share of the floor",
            "a newcomer's first step beside 2 rows",
            "most memory of the engine, 2 people",
            "change to a model on the disk, until its first step",
            "back to one in memory, until its first step",
            "1 people with their own prompts, samplers, steps, guidance and LoRAs",
            "2 people with their own prompts, samplers, steps, guidance and LoRAs",
            "2, the same",
            "one in memory put on",
            "most memory with diffusers' pipeline beside it",
        ):
            assert f"{family}, {what}" in found
        assert any("from disk" in what and "LoRA" in what for what in found)
        assert found[f"{family}, one picture, 2 steps, guided, float32"].baseline == 0.001
        both = [
            f"{family}, 2 people with their own prompts, samplers, steps, guidance and LoRAs",
            f"{family}, 2, the same",
        ]
        assert [found[what].against for what in both] == ["diffusers in turn", "diffusers' one batch"]


def test_parts_that_would_end_late_are_skipped_and_named(tmp_path: Path) -> None:
    """What comes first is measured whatever it takes; the rest only while it fits, and nothing is loaded for it."""
    trial = card.rehearsed()[0]
    budget = card.Budget(0.0)
    found = {figure.what.partition(":")[0]: figure for figure in card.measured(trial, tmp_path, budget)}
    assert found["sd15, one picture, 2 steps, guided, float32"].ours > 0
    assert budget.skipped == [
        "sd15, a step of 2 rows with their own LoRAs",
        "sd15, a newcomer's first step beside 2 rows",
        "sd15, LoRA change",
        "sd15, model change",
        "sd15, most memory of the engine, 2 people",
        "sd15, 1 people beside diffusers",
        "sd15, 2 people beside diffusers",
    ]
    assert all(found[name].ours == 0 for name in budget.skipped)
    assert (
        not (tmp_path / "sd15-other").exists() and "sd15, most memory with diffusers' pipeline beside it" not in found
    )


def test_a_part_is_measured_while_it_fits() -> None:
    now = 100.0
    budget = card.Budget(10.0, lambda: now)
    figure = card.Figure("x", 1.0, "s")
    now = 104.0
    assert budget.left == 6.0 and budget.measured("x", 6.0, lambda: [figure]) == [figure]
    [said] = budget.measured("y", 6.5, lambda: [figure])
    assert said.what.startswith("y: skipped") and "6 s left" in said.what and budget.skipped == ["y"]


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
