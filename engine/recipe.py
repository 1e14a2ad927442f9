"""The recipe: everything that decides the pixels of one picture."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from prompts.prompt import Json, Prompt

SCHEMA = 1
MAX_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Source:
    """The picture drawn over: SHA-256 of its file (hex) and the img2img strength in 0…1; 0 takes it as it is.

    `mask` is the hash of a picture that is white where to redraw (empty: everywhere, or where the picture is
    transparent). `margins` are the pixels added (left, top, right, bottom) before drawing, for outpainting; the
    recipe's size includes them.
    """

    picture: str
    strength: float
    mask: str = ""
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)

    def to_json(self) -> dict[str, Json]:
        always: dict[str, Json] = {"picture": self.picture, "strength": self.strength}
        margins: list[Json] = list(self.margins) if any(self.margins) else []
        return always | _said({"mask": self.mask, "margins": margins})

    @property
    def files(self) -> tuple[str, ...]:
        """The hashes of the files it needs."""
        return (self.picture, self.mask) if self.mask else (self.picture,)


@dataclass(frozen=True, slots=True)
class Variation:
    """Start noise moved by spherical interpolation from the recipe's seed towards another seed; strength in 0…1."""

    seed: int
    strength: float

    def to_json(self) -> dict[str, Json]:
        return {"seed": self.seed, "strength": self.strength}


@dataclass(frozen=True, slots=True)
class Upscale:
    """An after-step: the finished picture enlarged by a row of engine/files/upscalers.py's table; a `strength` above 0
    (0…1) then draws over the enlarged picture tile by tile."""

    upscaler: str
    factor: float
    strength: float = 0.0

    def to_json(self) -> dict[str, Json]:
        always: dict[str, Json] = {"upscaler": self.upscaler, "factor": self.factor}
        return always | _said({"strength": self.strength})


@dataclass(frozen=True, slots=True)
class Hires:
    """A second pass over the picture enlarged by `factor`: img2img `strength` in 0…1, so many `steps` (0: the
    recipe's), enlarged as latents ("Latent") or by a row of engine/files/upscalers.py's table."""

    factor: float
    strength: float
    steps: int = 0
    upscaler: str = "Latent"

    def to_json(self) -> dict[str, Json]:
        return {"factor": self.factor, "strength": self.strength, "steps": self.steps, "upscaler": self.upscaler}


@dataclass(frozen=True, slots=True)
class Fix:
    """An after-step in the manner of ADetailer: what a detector of engine/files/detectors.py finds ("face", "hand") is
    drawn again larger, with this img2img `strength` in 0…1, and pasted back."""

    detector: str
    strength: float

    def to_json(self) -> dict[str, Json]:
        return {"detector": self.detector, "strength": self.strength}


@dataclass(frozen=True, slots=True)
class Refiner:
    """A second model that takes over after `switch` (0…1) of the steps."""

    model: str
    switch: float

    def to_json(self) -> dict[str, Json]:
        return {"model": self.model, "switch": self.switch}


def _said(values: Mapping[str, Json]) -> dict[str, Json]:
    """The fields that are not at their defaults. Fields that came later are written so, and old recipes keep their
    codes."""
    return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides the pixels: sizes in pixels before any upscale, `sampler` under its A1111 name,
    `guidance` as the CFG scale, `clip_skip` in A1111's counting (1 = last layer), `vae` the name of one that takes
    the place of the model's own, `quality` a row of engine/qualities.py's table ("" is the full one), `rescale`
    (0…1) how far guidance is kept from spreading the values, as diffusers' `guidance_rescale`. The after-steps come in
    this order: hires, fixes, upscale."""

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
    hires: Hires | None = None
    fixes: tuple[Fix, ...] = ()
    refiner: Refiner | None = None
    vae: str = ""
    quality: str = ""
    rescale: float = 0.0
    schema: int = SCHEMA

    @property
    def code(self) -> str:
        """Ten characters (base32 of a SHA-256) that stand for this recipe; equal recipes have equal codes."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return base64.b32encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())[:10].decode().lower()

    def to_json(self) -> dict[str, Json]:
        always: dict[str, Json] = {
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
        return always | _said(
            {
                "hires": self.hires.to_json() if self.hires else None,
                "fixes": [fix.to_json() for fix in self.fixes],
                "refiner": self.refiner.to_json() if self.refiner else None,
                "vae": self.vae,
                "quality": self.quality,
                "rescale": self.rescale,
            }
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        """The recipe that `to_json` wrote. Raises ValueError for a schema this version does not know."""
        if value.get("schema") != SCHEMA:
            raise ValueError(f"recipe schema {value.get('schema')!r}, this version knows {SCHEMA}")
        fields = cast(dict[str, Any], dict(value))
        fields["prompt"] = Prompt.from_json(fields["prompt"])
        for name, kind in PARTS.items():
            if fields.get(name) is not None:
                fields[name] = kind(**fields[name])
        if source := fields["source"]:
            fields["source"] = replace(source, margins=tuple(source.margins))
        fields["fixes"] = tuple(Fix(**fix) for fix in fields.get("fixes", ()))
        return cls(**fields)


PARTS: dict[str, Callable[..., object]] = {
    "source": Source,
    "variation": Variation,
    "upscale": Upscale,
    "hires": Hires,
    "refiner": Refiner,
}
