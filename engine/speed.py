"""What makes drawing faster, as tables: qualities that a recipe may name, models that need few steps, and switches."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import Refusal

if TYPE_CHECKING:
    import torch

    from engine.models import Loaded


@dataclass(frozen=True, slots=True)
class Quality:
    """How a recipe may trade exactness for time. With `rest` 2 a UNet's deep levels rest at every second call."""

    name: str
    rest: int = 1


# `make bench ARGS=switches` prints what each gains and how far its picture is from the full one.
QUALITIES = {quality.name: quality for quality in (Quality(""), Quality("fast", rest=2))}


def quality(name: str) -> Quality:
    """The row of that name. Raises Refusal `quality.unknown`."""
    if name not in QUALITIES:
        raise Refusal("quality.unknown", name=name[:80])
    return QUALITIES[name]


@dataclass(frozen=True, slots=True)
class FewSteps:
    """Steps, sampler and guidance for a model that was distilled to need few steps; `said` is how its title tells."""

    name: str
    said: str
    steps: int
    sampler: str
    guidance: float = 1.0


# In the order of asking: "Hyper-SD" LoRAs and "SDXL Lightning" models also say which model they come from.
FEW_STEPS = (
    FewSteps("lightning", r"lightning", steps=4, sampler="Euler"),
    FewSteps("hyper", r"hyper[-_ ]?(sd|xl)", steps=8, sampler="DDIM"),
    FewSteps("turbo", r"(?<![a-z])turbo", steps=4, sampler="Euler a"),
    FewSteps("lcm", r"(?<![a-z])lcm|latent[-_ ]consistency", steps=6, sampler="LCM", guidance=1.5),
)


def few_steps(title: str, name: str, *, guided: bool = False) -> FewSteps | None:
    """The row for a distilled model by the title in its metadata or its name; None for an ordinary one. `guided` says
    that its UNet takes the guidance as an input, which LCM's alone does and no name can deny."""
    if guided:
        return next(row for row in FEW_STEPS if row.name == "lcm")
    return next((row for text in (title, name) for row in FEW_STEPS if re.search(row.said, text.casefold())), None)


LARGE = 10**9  # bytes of weights; the built-in model has a fiftieth, and no half precision pays there


def precision(path: Path, device: torch.device) -> torch.dtype:
    """The type that a model's UNet and text encoders are loaded in: float16 on a graphics card; bfloat16 for large
    models on a CPU that computes with it (1.9 times as fast for SD 1.5's UNet); else float32."""
    torch = importlib.import_module("torch")
    if device.type != "cpu":
        return torch.float16  # type: ignore[no-any-return]
    able = torch.cpu.get_capabilities()
    size = sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
    large = size > LARGE and (able.get("avx512_bf16") or able.get("amx_bf16"))
    return torch.bfloat16 if large else torch.float32  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that can be on or off for a loaded model without changing what it is asked. `devices` are the types
    of those where it is on by itself; `turn` turns it on or off."""

    name: str
    devices: frozenset[str]
    turn: Callable[[Loaded, bool], None]


def _channels_last(loaded: Loaded, on: bool) -> None:
    torch = importlib.import_module("torch")
    layout = torch.channels_last if on else torch.contiguous_format
    loaded.unet.to(memory_format=layout)
    loaded.vae.to(memory_format=layout)


# On a CPU the layout gains nothing (measured: 4 % at most, in bfloat16); tensor cores want it.
SWITCHES = (Switch("channels_last", frozenset({"cuda"}), _channels_last),)


def prepare(loaded: Loaded) -> None:
    """Turn on what is on by itself on the model's device."""
    for switch in SWITCHES:
        if loaded.device.type in switch.devices:
            switch.turn(loaded, True)
