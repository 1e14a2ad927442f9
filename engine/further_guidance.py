"""What may act beside guidance: dynamic thresholding, and guidance away from disturbed attention (PAG, SEG)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar, cast

from prompts import further_guidance
from prompts.prompt import Json

Kind = TypeVar("Kind")
# How a scale may change on the way, as a multiplier: of the share of the way behind, in 0…1, and the value said with
# it. The names and shapes of sd-dynamic-thresholding; "constant" keeps it as it is.
MODES: dict[str, Callable[[float, float], float]] = {
    "constant": lambda share, value: 1.0,
    "linear down": lambda share, value: 1.0 - share,
    "cosine down": lambda share, value: math.cos(share * math.pi / 2),
    "half cosine down": lambda share, value: math.cos(share),
    "linear up": lambda share, value: share,
    "cosine up": lambda share, value: 1.0 - math.cos(share * math.pi / 2),
    "half cosine up": lambda share, value: 1.0 - math.cos(share),
    "power up": lambda share, value: math.pow(share, value),
    "power down": lambda share, value: 1.0 - math.pow(share, value),
    "linear repeating": lambda share, value: abs(1.0 - 2.0 * (share * value % 1.0)),
    "cosine repeating": lambda share, value: math.cos(share * 2 * math.pi * value) / 2 + 0.5,
    "sawtooth": lambda share, value: share * value % 1.0,
}


@dataclass(frozen=True, slots=True)
class Thresholding:
    """Dynamic thresholding: what guidance makes of the picture foreseen is brought to the spread that it would have at
    the guidance `scale`, the mimic scale. The `percentile` (1…100) of the largest values is what counts as its spread;
    `mode` and `minimum` say how the mimic scale changes on the way, `cfg_mode` and `cfg_minimum` how guidance does, and
    `value` is for the modes that have one. Channels are measured "separate" or "together", `measure` is "ad" (the
    largest distance) or "std", from the "mean" or from "zero". `mix` (0…1) is how much of it is taken. The way is
    counted by "steps", as A1111's extension does, or by "time", as ComfyUI's and Forge's do."""

    scale: float
    percentile: float = 100.0
    mode: str = "constant"
    minimum: float = 0.0
    cfg_mode: str = "constant"
    cfg_minimum: float = 0.0
    value: float = 4.0
    channels: str = "separate"
    start: str = "mean"
    measure: str = "ad"
    mix: float = 1.0
    by: str = "steps"

    @classmethod
    def of(cls, text: str) -> Self | None:
        """What an option's text says; None for a scale of 0. Raises Refusal."""
        return _of(cls, "mimic", text)

    def __str__(self) -> str:
        return _written(self)

    def to_json(self) -> dict[str, Json]:
        return _to_json(self)


@dataclass(frozen=True, slots=True)
class Perturbed:
    """Perturbed-attention guidance (Ahn et al. 2024): away from what the model foresees where the self-attention of its
    `layers` looks at nothing but each place itself, `scale` times. Layers are "mid", "down", "up", of these "up.0" a
    level, "up.0.1" an attention, "up.0.1.2" a block of it; several are joined by "+". With `adaptive` the scale
    loses so much for each timestep that lies behind, as diffusers' `pag_adaptive_scale`."""

    scale: float
    layers: str = "mid"
    adaptive: float = 0.0

    def at(self, time: float) -> float:
        """The scale at a timestep."""
        return max(self.scale - self.adaptive * (1000 - time), 0.0) if self.adaptive else self.scale

    @classmethod
    def of(cls, text: str) -> Self | None:
        """What an option's text says; None for a scale of 0. Raises Refusal."""
        return _of(cls, "pag", text)

    def __str__(self) -> str:
        return _written(self)

    def to_json(self) -> dict[str, Json]:
        return _to_json(self)


@dataclass(frozen=True, slots=True)
class Smoothed:
    """Smoothed energy guidance (Hong 2024): the same with attention whose queries are blurred over the picture by a
    Gaussian of so many places, `blur` (0: all of them become their mean)."""

    scale: float
    layers: str = "mid"
    blur: float = 0.0

    def at(self, time: float) -> float:
        """The scale at a timestep."""
        return self.scale

    @classmethod
    def of(cls, text: str) -> Self | None:
        """What an option's text says; None for a scale of 0. Raises Refusal."""
        return _of(cls, "seg", text)

    def __str__(self) -> str:
        return _written(self)

    def to_json(self) -> dict[str, Json]:
        return _to_json(self)


_NAMES = {"min": "minimum", "cfg-mode": "cfg_mode", "cfg-min": "cfg_minimum", "from": "start"}
_WRITTEN = {field: name for name, field in _NAMES.items()}


def _of(kind: type[Kind], name: str, text: str) -> Kind | None:
    said = further_guidance.values(name, text)
    if not said["scale"]:
        return None
    return kind(**cast(Any, {_NAMES.get(key, key): value for key, value in said.items()}))


def _to_json(one: Any) -> dict[str, Json]:
    """The fields that are not at their defaults, and always the scale."""
    return {
        field.name: value
        for field in fields(one)
        if (value := getattr(one, field.name)) != field.default or field.name == "scale"
    }


def _written(one: Any) -> str:
    said = cast(dict[str, float | str], _to_json(one))
    return further_guidance.written({_WRITTEN.get(name, name): value for name, value in said.items()})
