"""The number type that a model's networks are loaded in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

LARGE = 10**9  # bytes of weights; the built-in model has a fiftieth, and no half precision pays there


def half(large: bool, device: str, able: Mapping[str, bool]) -> str:
    """The type that pays on a device that is `able` to do so much: float16 on a graphics card, on Apple's for large
    models only, which need the room; bfloat16 for large models on a CPU that computes with it (1.9 times as fast for SD
    1.5's UNet); else float32."""
    if device == "mps":
        return "float16" if large else "float32"
    if device != "cpu":
        return "float16"
    return "bfloat16" if large and (able.get("avx512_bf16") or able.get("amx_bf16")) else "float32"


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
        wanted = half(is_large(path), device.type, torch.cpu.get_capabilities() if device.type == "cpu" else {})
    return getattr(torch, wanted)  # type: ignore[no-any-return]
