"""What makes drawing faster: deep levels that rest, models that need few steps, precision and switches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine import catalog, models, samplers, speed
from engine.models import Loaded
from prompts.errors import Refusal
from tests import tiny
from tests.engine.drawing import draw, gap, recipe


@pytest.fixture
def calls(loaded: Loaded) -> Iterator[dict[str, int]]:
    """How many batch entries the outermost and the deepest level of the UNet have computed."""
    counted = {"outer": 0, "deep": 0}

    def count(name: str) -> object:
        def hook(_module: object, inputs: tuple[torch.Tensor, ...], _output: object) -> None:
            counted[name] += len(inputs[0])

        return hook

    hooks = [
        loaded.unet.conv_in.register_forward_hook(count("outer")),
        loaded.unet.mid_block.resnets[0].register_forward_hook(count("deep")),
    ]
    yield counted
    for hook in hooks:
        hook.remove()


def test_deep_levels_rest_at_every_second_step_but_the_last(loaded: Loaded, calls: dict[str, int]) -> None:
    draw(loaded, [recipe(steps=8, quality="fast")])
    assert calls == {"outer": 16, "deep": 2 * 5}  # at 0, 2, 4, 6 and, the last, at 7


def test_fast_is_near_the_full_quality_and_leaves_its_neighbours_alone(loaded: Loaded) -> None:
    fast, full, other = recipe(steps=8, quality="fast"), recipe(steps=8), recipe(steps=6, seed=2, quality="fast")
    together = draw(loaded, [fast, full, other], late=[2])
    alone = [draw(loaded, [own])[0] for own in (fast, full, other)]
    assert all(gap(one, another) <= 1 for one, another in zip(together, alone, strict=True))
    stranger = draw(loaded, [recipe(steps=8, seed=3)])[0]
    near = abs(alone[0] - alone[1]).mean()
    assert 0 < near < abs(stranger - alone[1]).mean() / 2


def test_the_unet_is_itself_again(loaded: Loaded) -> None:
    before = draw(loaded, [recipe(steps=2)])[0]
    draw(loaded, [recipe(steps=4, quality="fast")])
    assert not any("forward" in module.__dict__ for module in loaded.unet.modules())
    assert gap(draw(loaded, [recipe(steps=2)])[0], before) == 0


def test_a_quality_nobody_knows_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        speed.quality("best")
    assert caught.value.key == "quality.unknown"


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
    found = speed.few_steps(title, name, guided=guided)
    assert (found.name if found else "") == row


def test_a_distilled_model_is_drawn_as_it_wants(tmp_path: Path) -> None:
    tiny.make(tmp_path / "quick", time_cond_proj_dim=16)
    tiny.make(tmp_path / "some turbo")
    quick, turbo, _ = catalog.models([tmp_path])
    assert (quick.steps, quick.sampler, quick.guidance) == (6, "LCM", 1.5)
    assert (turbo.steps, turbo.sampler, turbo.guidance) == (4, "Euler a", 1.0)


def test_what_the_table_asks_for_can_be_drawn() -> None:
    for row in speed.FEW_STEPS:
        assert 1 <= row.steps <= samplers.find(row.sampler).maximum


def test_only_large_models_are_halved_on_a_cpu_that_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"weights")
    with large.open("wb") as file:
        file.truncate(speed.LARGE + 1)
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    for able, expected in (({"avx512_bf16": True}, torch.bfloat16), ({"avx2": True}, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        assert speed.precision(large, cpu) == expected
        assert speed.precision(small, cpu) == torch.float32
    assert speed.precision(small, cuda) == torch.float16


def test_a_switch_can_be_turned_back(entry: object, loaded: Loaded) -> None:
    own = models.load(loaded.model, torch.device("cpu"))
    before = draw(own, [recipe(steps=2)])[0]
    for switch in speed.SWITCHES:
        switch.turn(own, True)
        assert own.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
        assert gap(draw(own, [recipe(steps=2)])[0], before) <= 1
        switch.turn(own, False)
        assert gap(draw(own, [recipe(steps=2)])[0], before) == 0
