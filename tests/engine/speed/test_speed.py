"""What makes drawing faster: deep levels that rest, models that need few steps, precision and switches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from bot import app
from bot.settings.config import load
from bot.settings.sections.drawing import EngineSection
from engine import __main__ as begun
from engine import samplers
from engine.files import catalog
from engine.models import models
from engine.models.models import Loaded
from engine.speed import switches
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
        switches.quality("best")
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
    found = switches.few_steps(title, name, guided=guided)
    assert (found.name if found else "") == row


def test_steps_that_a_name_says_are_taken() -> None:
    said = {"sdxl_lightning_8step_lora": 8, "Hyper-SD15-1step": 1, "Hyper-SDXL-12steps-CFG": 12, "sdxl-turbo": 4}
    found = {name: switches.few_steps("", name) for name in said}
    assert {name: row.steps for name, row in found.items() if row} == said


def test_a_distilled_model_is_drawn_as_it_wants(tmp_path: Path) -> None:
    tiny.make(tmp_path / "quick", time_cond_proj_dim=16)
    tiny.make(tmp_path / "some turbo")
    quick, turbo, _ = catalog.models([tmp_path])
    assert (quick.steps, quick.sampler, quick.guidance) == (6, "LCM", 1.5)
    assert (turbo.steps, turbo.sampler, turbo.guidance) == (4, "Euler a", 1.0)


def test_what_the_table_asks_for_can_be_drawn() -> None:
    for row in switches.FEW_STEPS:
        assert 1 <= row.steps <= samplers.find(row.sampler).maximum


def test_only_large_models_are_halved_on_a_cpu_that_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"weights")
    with large.open("wb") as file:
        file.truncate(switches.LARGE + 1)
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    for able, expected in (({"avx512_bf16": True}, torch.bfloat16), ({"avx2": True}, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        assert switches.precision(large, cpu) == expected
        assert switches.precision(small, cpu) == torch.float32
    assert switches.precision(small, cuda) == torch.float16


def test_a_precision_that_was_asked_for_is_taken(loaded: Loaded) -> None:
    cpu = torch.device("cpu")
    assert switches.precision(loaded.model.path, cpu, "bfloat16") == torch.bfloat16
    own = models.load(loaded.model, cpu, tuning=switches.Tuning(precision="bfloat16"))
    assert own.unet.dtype == own.text_encoder.dtype == torch.bfloat16 and own.vae.dtype == torch.float32
    halved, whole = (draw(one, [recipe(steps=8)])[0] for one in (own, loaded))
    assert 0 < abs(halved - whole).mean() < 12


@pytest.mark.parametrize(
    ("wanted", "device", "dtype", "capability", "kernels"),
    [
        ("auto", "cpu", "float32", (0, 0), ("flash", "math")),
        ("auto", "cuda", "float16", (9, 0), ("cudnn", "flash", "efficient", "math")),
        ("auto", "cuda", "bfloat16", (8, 6), ("flash", "efficient", "math")),
        ("auto", "cuda", "float16", (7, 5), ("efficient", "math")),
        ("auto", "cuda", "float32", (9, 0), ("efficient", "math")),
        ("flash", "cuda", "float16", (7, 5), ("flash", "math")),
        ("math", "cpu", "float32", (0, 0), ("math",)),
    ],
)
def test_attention_is_computed_by_the_kernels_of_the_device(
    wanted: str, device: str, dtype: str, capability: tuple[int, int], kernels: tuple[str, ...]
) -> None:
    assert switches.attentions(wanted, device, dtype, capability) == kernels


def test_the_kernels_that_were_asked_for_are_the_ones_taken(loaded: Loaded) -> None:
    kernels: Any = torch.backends.cuda
    taken: list[tuple[bool, bool]] = []
    own = models.load(loaded.model, torch.device("cpu"), tuning=switches.Tuning(attention="math"))
    own.unet.conv_in.register_forward_hook(
        lambda *_: taken.append((kernels.flash_sdp_enabled(), kernels.math_sdp_enabled()))
    )
    before = kernels.flash_sdp_enabled()
    picture = draw(own, [recipe(steps=2)])[0]
    assert own.attention == ("math",) and set(taken) == {(False, True)}
    assert kernels.flash_sdp_enabled() == before
    assert gap(picture, draw(loaded, [recipe(steps=2)])[0]) <= 1


def test_a_switch_can_be_turned_back(loaded: Loaded) -> None:
    own = models.load(loaded.model, torch.device("cpu"))
    before = draw(own, [recipe(steps=2)])[0]
    able = [switch for switch in switches.SWITCHES if switch.here(own)]
    assert {"channels_last", "attention", "compile"} <= {switch.name for switch in able}
    for switch in able:
        switch.turn(own, True)
        assert gap(draw(own, [recipe(steps=2)])[0], before) <= 1
        switch.turn(own, False)
        assert gap(draw(own, [recipe(steps=2)])[0], before) == 0
    assert own.prepared is None and own.attention == ()


def test_weights_lie_channels_last_while_the_switch_is_on(loaded: Loaded) -> None:
    own = models.load(loaded.model, torch.device("cpu"))
    [switch] = [switch for switch in switches.SWITCHES if switch.name == "channels_last"]
    for on in (True, False):
        switch.turn(own, on)
        assert own.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last) is on


@pytest.mark.parametrize(
    ("tuning", "device", "extra", "on"),
    [
        (switches.Tuning(), "cuda", False, {"channels_last", "attention", "graphs"}),
        (switches.Tuning(compile="none"), "cuda", False, {"channels_last", "attention"}),
        (switches.Tuning(compile="compile"), "cuda", True, {"channels_last", "attention", "compile"}),
        (switches.Tuning(), "cpu", False, set()),
        (switches.Tuning(attention="math"), "cpu", False, {"attention"}),
        (switches.Tuning(), "cpu", True, set()),
        (switches.Tuning(cpu="auto"), "cpu", True, {"openvino"}),
        (switches.Tuning(cpu="torch"), "cpu", True, set()),
        (switches.Tuning(compile="compile", cpu="auto"), "cpu", True, {"compile"}),
    ],
)
def test_what_is_on_by_itself(
    tuning: switches.Tuning, device: str, extra: bool, on: set[str], loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switches, "has_openvino", lambda: extra)
    own = replace(loaded, device=torch.device(device), tuning=tuning)
    turned = {switch.name for switch in switches.SWITCHES if switches.usual(own, switch)}
    assert turned == on


def test_an_extra_that_is_asked_for_and_missing_is_said(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(switches, "has_openvino", lambda: False)
    own = models.load(loaded.model, torch.device("cpu"), tuning=switches.Tuning(cpu="openvino"))
    assert own.prepared is None and "pip install '.[openvino]'" in caplog.text


def test_a_switch_that_cannot_be_turned_on_costs_only_itself(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_loaded: Loaded, _on: bool) -> None:
        raise OSError("libsomething.so: cannot open shared object file")

    switch = switches.Switch("broken", broken, lambda _: True, lambda _: True)
    monkeypatch.setattr(switches, "SWITCHES", (switch,))
    own = models.load(loaded.model, torch.device("cpu"))
    assert own.prepared is None and "broken is left out" in caplog.text


def test_settings_reach_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {
        "precision": "bfloat16",
        "attention": "math",
        "compile": "none",
        "cpu": "torch",
        "previews": "colours",
    }
    environ = {f"DANQING_ENGINE_{name.upper()}": value for name, value in told.items()}
    asked = app.pool(load(None, environ | {"DANQING_DATA_FOLDER": str(tmp_path)}))
    monkeypatch.setattr("sys.argv", ["engine", *asked._arguments])
    assert begun._tuning(begun._arguments()) == switches.Tuning(**told, cache=tmp_path / "cache")
    monkeypatch.setattr("sys.argv", ["engine"])
    assert begun._tuning(begun._arguments()) == replace(switches.USUAL, cpu="auto")


def test_settings_offer_every_word() -> None:
    for name, words in switches.WORDS.items():
        offered = EngineSection.model_fields[name]
        assert get_args(offered.annotation) == words and offered.default == words[0]
