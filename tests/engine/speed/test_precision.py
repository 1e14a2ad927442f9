"""The number type of a model, chosen and asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.models import loading
from engine.models.loaded import Loaded
from engine.speed import precision
from engine.tuning import Tuning
from tests.engine.drawing import draw, recipe


def test_only_large_models_are_halved_on_a_cpu_that_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"weights")
    with large.open("wb") as file:
        file.truncate(precision.LARGE + 1)
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    for gains, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(precision, "gains", lambda gains=gains: gains)
        assert precision.precision(large, cpu) == expected
        assert precision.precision(small, cpu) == torch.float32
    assert precision.precision(small, cuda) == torch.float16
    apple, intel = torch.device("mps"), torch.device("xpu")
    assert precision.precision(small, apple) == torch.float32 and precision.precision(large, apple) == torch.float16
    assert precision.precision(small, intel) == torch.float16


@pytest.mark.parametrize(
    ("able", "half_takes", "gains"),
    [
        ({"amx_bf16": True}, 0.3, True),
        ({"avx512_bf16": True}, 1.8, False),
        ({"avx512_bf16": True}, 0.6, True),
        ({"avx512_bf16": True}, 0.95, False),
        ({"avx2": True}, 0.3, False),
    ],
)
def test_a_processor_gains_by_bfloat16_where_its_products_take_less(
    able: dict[str, bool], half_takes: float, gains: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where it only says that it can; the slowest of several tries, as on a busy machine, decides nothing."""
    asked: list[torch.dtype] = []

    def seconds(one: torch.Tensor, other: torch.Tensor) -> float:
        asked.append(one.dtype)
        busy = 5.0 if asked.count(one.dtype) == 2 else 1.0
        return busy * (half_takes if one.dtype == other.dtype == torch.bfloat16 else 1.0)

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    monkeypatch.setattr(precision, "_seconds", seconds)
    assert precision.gains.__wrapped__() is gains
    assert bool(asked) is not ("avx2" in able)


@pytest.mark.parametrize(
    ("device", "drawn", "wanted", "gains", "decoded"),
    [
        ("cpu", torch.bfloat16, "auto", True, torch.bfloat16),
        ("cpu", torch.bfloat16, "auto", False, torch.float32),
        ("cpu", torch.float32, "auto", True, torch.float32),
        ("cpu", torch.bfloat16, "float32", True, torch.float32),
        ("cpu", torch.float32, "bfloat16", False, torch.bfloat16),
        ("cuda", torch.float16, "bfloat16", True, torch.float32),
        ("mps", torch.float16, "auto", True, torch.float32),
    ],
)
def test_what_a_picture_is_decoded_in(
    device: str,
    drawn: torch.dtype,
    wanted: str,
    gains: bool,
    decoded: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "gains", lambda: gains)
    assert precision.decoded_in(torch.device(device), drawn, wanted) == decoded


def test_a_precision_that_was_asked_for_is_taken(loaded: Loaded) -> None:
    cpu = torch.device("cpu")
    assert precision.precision(loaded.model.path, cpu, "bfloat16") == torch.bfloat16
    own = loading.load(loaded.model, cpu, tuning=Tuning(precision="bfloat16"))
    assert own.unet.dtype == own.text_encoder.dtype == torch.bfloat16 and own.vae.dtype == torch.float32
    halved, whole = (draw(one, [recipe(steps=8)])[0] for one in (own, loaded))
    assert 0 < abs(halved - whole).mean() < 12
