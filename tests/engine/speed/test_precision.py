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
    for able, expected in (({"avx512_bf16": True}, torch.bfloat16), ({"avx2": True}, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        assert precision.precision(large, cpu) == expected
        assert precision.precision(small, cpu) == torch.float32
    assert precision.precision(small, cuda) == torch.float16
    apple, intel = torch.device("mps"), torch.device("xpu")
    assert precision.precision(small, apple) == torch.float32 and precision.precision(large, apple) == torch.float16
    assert precision.precision(small, intel) == torch.float16


def test_a_precision_that_was_asked_for_is_taken(loaded: Loaded) -> None:
    cpu = torch.device("cpu")
    assert precision.precision(loaded.model.path, cpu, "bfloat16") == torch.bfloat16
    own = loading.load(loaded.model, cpu, tuning=Tuning(precision="bfloat16"))
    assert own.unet.dtype == own.text_encoder.dtype == torch.bfloat16 and own.vae.dtype == torch.float32
    halved, whole = (draw(one, [recipe(steps=8)])[0] for one in (own, loaded))
    assert 0 < abs(halved - whole).mean() < 12
