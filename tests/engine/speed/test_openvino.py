"""UNets by OpenVINO: near torch, alone and in company, converted once, and torch where LoRAs act.

Skipped without the extra `openvino`.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine import tuning
from engine.models import loading
from engine.models.loaded import Loaded
from engine.recipe import Recipe
from engine.speed import switches
from engine.speed.batched_call import Call, Prepared
from tests import tiny
from tests.engine.drawing import draw, gap, made_aside, recipe

pytestmark = [
    pytest.mark.skipif(not tuning.has_openvino(), reason="the extra openvino is not installed"),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::torch.jit.TracerWarning"
    ),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache, so that most tests need not convert."""
    return tmp_path_factory.mktemp("cache")


def by_openvino(loaded: Loaded, cache: Path | None, precision: str = "float32") -> Loaded:
    made = loading.load(
        loaded.model, torch.device("cpu"), tuning=tuning.Tuning(cpu="openvino", precision=precision, cache=cache)
    )
    assert made.prepared is not None and made.prepared.backend.name == "openvino"
    made.prepared.backend.aside = False  # so that it is known when a shape is ready
    return made


def test_pictures_are_those_of_torch_alone_and_in_company(loaded: Loaded, kept: Path) -> None:
    own = by_openvino(loaded, kept)
    recipes: list[Recipe] = [recipe(steps=6, negative="dark"), recipe(seed=3, guidance=1.0)]
    plain = draw(loaded, recipes)
    assert all(gap(one, other) <= 1 for one, other in zip(plain, draw(own, recipes), strict=True))
    assert all(gap(one, draw(own, [each])[0]) <= 1 for one, each in zip(plain, recipes, strict=True))
    assert own.prepared is not None and {shape[0] for shape in own.prepared.shapes} == {1, 2, 3}
    assert "openvino_telemetry" not in {name for name, module in sys.modules.items() if module}


def test_bfloat16_is_as_near_as_torchs_own(loaded: Loaded) -> None:
    own = by_openvino(loaded, None, precision="bfloat16")
    halved = loading.load(loaded.model, torch.device("cpu"), tuning=tuning.Tuning(cpu="torch", precision="bfloat16"))
    one = recipe(steps=8)
    full, ours, theirs = (draw(each, [one])[0] for each in (loaded, own, halved))
    assert abs(ours - full).mean() <= 2 * abs(theirs - full).mean() + 0.5


def test_it_is_converted_once_and_kept(loaded: Loaded, kept: Path) -> None:
    picture = draw(by_openvino(loaded, kept), [recipe()])[0]
    [file] = (kept / "openvino").glob("*.xml")
    written = file.stat().st_mtime_ns
    again = by_openvino(loaded, kept)
    assert again.prepared is not None
    backend = again.prepared.backend
    backend._unet = None  # type: ignore[attr-defined]  # there is nothing left to convert
    assert gap(draw(again, [recipe()])[0], picture) == 0 and again.prepared.shapes
    assert file.stat().st_mtime_ns == written and len(list(file.parent.iterdir())) == 2


def test_a_damaged_copy_is_made_anew(
    loaded: Loaded, kept: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draw(by_openvino(loaded, kept), [recipe()])
    shutil.copytree(kept, tmp_path / "cache")
    [file] = (tmp_path / "cache" / "openvino").glob("*.xml")
    file.write_bytes(b"<net")
    own = by_openvino(loaded, tmp_path / "cache")
    assert gap(draw(own, [recipe()])[0], draw(loaded, [recipe()])[0]) <= 1
    assert own.prepared is not None and own.prepared.shapes
    assert "is damaged and made anew" in caplog.text and file.stat().st_size > 10_000


def test_batches_with_loras_are_torchs(loaded: Loaded, tmp_path: Path) -> None:
    own = by_openvino(loaded, None)
    lora = ((tiny.kohya_lora(tmp_path / "own.safetensors"), 0.8, 0.8),)
    ours, theirs = (draw(each, [recipe()], wanted=[lora])[0] for each in (own, loaded))
    assert own.prepared is not None and not own.prepared.shapes
    assert gap(ours, theirs) == 0


@pytest.mark.usefixtures("in_turn")
@torch.no_grad()
def test_it_is_made_ready_aside(loaded: Loaded, kept: Path) -> None:
    made = switches.SWITCHES[-1]
    own = replace(loaded, prepared=None, tuning=tuning.Tuning(cache=kept))
    made.turn(own, True)
    assert isinstance(own.prepared, Prepared) and own.prepared.backend.aside
    call = Call(torch.randn(2, 4, 8, 8), torch.tensor([500.0, 20.0]), torch.randn(2, 77, tiny.WIDTH))
    for _ in range(own.prepared.backend.after):
        assert own.prepared.answer(call) is None
    made_aside(own.prepared)
    answer = own.prepared.answer(call)
    assert answer is not None
    torch.testing.assert_close(answer, call.answered(loaded.unet), atol=2e-4, rtol=2e-4)
