"""The recipe: everything that decides the pixels of one picture."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from prompts.prompt import Json, Prompt

SCHEMA = 1
MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Source:
    """The picture drawn over: SHA-256 of its file (hex) and the img2img strength in 0…1; 0 takes it as it is."""

    picture: str
    strength: float

    def to_json(self) -> dict[str, Json]:
        return {"picture": self.picture, "strength": self.strength}


@dataclass(frozen=True, slots=True)
class Variation:
    """Start noise moved by spherical interpolation from the recipe's seed towards another seed; strength in 0…1."""

    seed: int
    strength: float

    def to_json(self) -> dict[str, Json]:
        return {"seed": self.seed, "strength": self.strength}


@dataclass(frozen=True, slots=True)
class Upscale:
    """An after-step: the finished picture enlarged by a row of engine/upscale.py's table."""

    upscaler: str
    factor: float

    def to_json(self) -> dict[str, Json]:
        return {"upscaler": self.upscaler, "factor": self.factor}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the pixels: sizes in pixels before any upscale, `sampler` under its A1111 name,
    `guidance` as the CFG scale, `clip_skip` in A1111's counting (1 = last layer)."""

    prompt: Prompt
    model: str
    width: int
    height: int
    steps: int
    sampler: str
    guidance: float
    seed: int
    clip_skip: int = 1
    source: Source | None = None
    variation: Variation | None = None
    upscale: Upscale | None = None
    schema: int = SCHEMA

    @property
    def code(self) -> str:
        """Ten characters (base32 of a SHA-256) that stand for this recipe; equal recipes have equal codes."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return base64.b32encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())[:10].decode().lower()

    def to_json(self) -> dict[str, Json]:
        return {
            "schema": self.schema,
            "prompt": self.prompt.to_json(),
            "model": self.model,
            "width": self.width,
            "height": self.height,
            "steps": self.steps,
            "sampler": self.sampler,
            "guidance": self.guidance,
            "seed": self.seed,
            "clip_skip": self.clip_skip,
            "source": self.source.to_json() if self.source else None,
            "variation": self.variation.to_json() if self.variation else None,
            "upscale": self.upscale.to_json() if self.upscale else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        """The recipe that `to_json` wrote. Raises ValueError for a schema this version does not know."""
        if value.get("schema") != SCHEMA:
            raise ValueError(f"recipe schema {value.get('schema')!r}, this version knows {SCHEMA}")
        fields = cast(dict[str, Any], dict(value))
        fields["prompt"] = Prompt.from_json(fields["prompt"])
        for name, kind in (("source", Source), ("variation", Variation), ("upscale", Upscale)):
            if fields[name] is not None:
                fields[name] = kind(**fields[name])
        return cls(**fields)
