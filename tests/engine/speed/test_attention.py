"""The kernels of attention, chosen and asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.models import loading
from engine.models.loaded import Loaded
from engine.speed import attention
from engine.tuning import Tuning
from tests.engine.drawing import draw, gap, recipe


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
    assert attention.attentions(wanted, device, dtype, capability) == kernels


def test_amds_cards_have_no_cudnn() -> None:
    assert attention.attentions("auto", "cuda", "float16", (9, 4), amd=True) == ("flash", "efficient", "math")
    assert attention.attentions("math", "cuda", "float16", (11, 0), amd=True) == ("math",)


def test_the_kernels_that_were_asked_for_are_the_ones_taken(loaded: Loaded) -> None:
    kernels: Any = torch.backends.cuda
    taken: list[tuple[bool, bool]] = []
    own = loading.load(loaded.model, torch.device("cpu"), tuning=Tuning(attention="math"))
    own.unet.conv_in.register_forward_hook(
        lambda *_: taken.append((kernels.flash_sdp_enabled(), kernels.math_sdp_enabled()))
    )
    before = kernels.flash_sdp_enabled()
    picture = draw(own, [recipe(steps=2)])[0]
    assert own.attention == ("math",) and set(taken) == {(False, True)}
    assert kernels.flash_sdp_enabled() == before
    assert gap(picture, draw(loaded, [recipe(steps=2)])[0]) <= 1
