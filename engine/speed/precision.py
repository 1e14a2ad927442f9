"""The number types that a model's networks are loaded in, and that its VAE decodes in."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

log = logging.getLogger(__name__)

LARGE = 10**9  # bytes of weights; the built-in model has a fiftieth, and no half precision pays there
# A layer of SD 1.5's: a hundredth of a second in float32 at 150 GFLOP/s. A processor that gains does so by far.
TRIED, TRIES, GAIN = (512, 1280), 4, 0.8
KINDS = (torch.float32, torch.bfloat16)


def half(large: bool, device: str, gains: Callable[[], bool]) -> str:
    """The type that pays on a device: float16 on a graphics card, on Apple's for large models only, which need the
    room; bfloat16 for large models on a CPU that `gains` by it; else float32."""
    if device == "mps":
        return "float16" if large else "float32"
    if device != "cpu":
        return "float16"
    return "bfloat16" if large and gains() else "float32"


@functools.cache
def gains() -> bool:
    """Whether this processor multiplies sooner in bfloat16 than in float32. Which ones do is in no list: of two servers
    of one kind, the one with its matrix units (AMX) drew with SD 1.5's UNet in 0.34 of the time, and one that hides
    them from its guests in 1.33 of it, though its vector units know bfloat16. So it is tried, once, for a tenth of a
    second."""
    able = torch.cpu.get_capabilities()
    if not (able.get("avx512_bf16") or able.get("amx_bf16")):
        return False
    rows, width = TRIED
    factors = {kind: (torch.ones(rows, width, dtype=kind), torch.ones(width, width, dtype=kind)) for kind in KINDS}
    seconds = {kind: [_seconds(*factors[kind]) for _ in range(TRIES)] for kind in KINDS}
    ratio = min(seconds[torch.bfloat16]) / min(seconds[torch.float32])
    log.info("a product in bfloat16 takes %.2f of one in float32 on this processor", ratio)
    return ratio <= GAIN


def _seconds(one: torch.Tensor, other: torch.Tensor) -> float:
    began = time.perf_counter()
    one @ other
    return time.perf_counter() - began


def decoded_in(device: torch.device, dtype: torch.dtype, wanted: str = "auto") -> torch.dtype:
    """The type in which a VAE decodes on a device beside a UNet of `dtype`. On graphics cards it is float32
    (engine/models/card.py), on a processor what is `wanted`; by itself bfloat16 where the UNet has it and the processor
    gains by it, so that what was drawn in float32 is decoded so."""
    if device.type == "cpu" and (wanted == "bfloat16" or (wanted == "auto" and dtype == torch.bfloat16 and gains())):
        return torch.bfloat16
    return torch.float32


@contextmanager
def decoding(device: torch.device, dtype: torch.dtype, wanted: str = "auto") -> Iterator[None]:
    """While it holds, this thread's VAE, whose weights are float32, computes as `decoded_in` says.

    bfloat16 moves the built-in model's pictures by 0.25 of 255 in the mean and by 2 at most, those of SD 1.5's VAE with
    random weights by 0.8 and 11."""
    if decoded_in(device, dtype, wanted) == torch.float32:
        yield
        return
    with torch.autocast("cpu", torch.bfloat16):
        yield


def wider(dtype: torch.dtype, device: torch.device) -> str:
    """The next type to draw with where numbers grew beyond this one's; empty where there is none. bfloat16 reaches as
    far as float32; cards older than Ampere and Apple's do not compute with it."""
    able = device.type in ("cpu", "xpu") or (
        device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    )
    if dtype == torch.float16 and able:
        return "bfloat16"
    return "" if dtype == torch.float32 else "float32"


def is_large(path: Path) -> bool:
    """Whether a model's files are so large that half precision pays on a CPU."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file()) > LARGE


def precision(path: Path, device: torch.device, wanted: str = "auto") -> torch.dtype:
    """The type that a model's UNet and text encoders are loaded in, as `half` chooses where nothing else is wanted."""
    if wanted == "auto":
        wanted = half(is_large(path), device.type, gains)
    return getattr(torch, wanted)  # type: ignore[no-any-return]
