"""The recipe: everything that decides the pixels of one picture."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from engine.control import Control
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.regions import Regions
from prompts.prompt import Json, Prompt

SCHEMA = 1
MAX_SEED = 2**64 - 1  # the most that torch takes
USUAL_SEED = 2**32 - 1  # the most that chance picks, as elsewhere


def following(seed: int, number: int) -> int:
    """The seed so many further on; the largest of 32 bits is followed by 0, as that of 64 is."""
    return (seed + number) % ((USUAL_SEED if seed <= USUAL_SEED else MAX_SEED) + 1)


@dataclass(frozen=True, slots=True)
class Soft:
    """A1111's "Soft inpainting", by which a grey part of a mask keeps some of the picture: `bias` (0…8) is its
    "schedule bias", `preservation` (0…8) its "preservation strength", `boost` (1…32) its "transition contrast boost";
    and of how much shows in the end `influence` (0…1) is its "mask influence", `threshold` (0…8) its "difference
    threshold", `contrast` (0…8) its "difference contrast"."""

    bias: float = 1.0
    preservation: float = 0.5
    boost: float = 4.0
    influence: float = 0.0
    threshold: float = 0.5
    contrast: float = 2.0

    def to_json(self) -> dict[str, Json]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Source:
    """The picture drawn over: SHA-256 of its file (hex) and the img2img strength in 0…1; 0 takes it as it is.

    `mask` is the hash of a picture that is white where to redraw (empty: everywhere, or where the picture is
    transparent). `margins` are the pixels added (left, top, right, bottom) before drawing, for outpainting; the
    recipe's size includes them. As A1111 has it: `fill` is what what is redrawn begins from ("" the picture itself,
    "fill", "latent noise", "latent nothing"), `blur` the pixels by which the mask's edge is softened, and with a
    `padding` only what the mask shows and so many pixels around it is drawn, at the recipe's size; with `soft` the mask
    acts softly.
    """

    picture: str
    strength: float
    mask: str = ""
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)
    fill: str = ""
    blur: int = 0
    padding: int | None = None
    soft: Soft | None = None

    def to_json(self) -> dict[str, Json]:
        always: dict[str, Json] = {"picture": self.picture, "strength": self.strength}
        margins: list[Json] = list(self.margins) if any(self.margins) else []
        said = _said({"mask": self.mask, "margins": margins, "fill": self.fill, "blur": self.blur})
        said |= {} if self.padding is None else {"padding": self.padding}
        return always | said | ({"soft": self.soft.to_json()} if self.soft else {})

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
    recipe's), enlarged as latents ("Latent") or by a row of engine/files/upscalers.py's table. `width` and `height`
    are the pixels it is to have instead of a factor (0: by the factor). Sampler, schedule, guidance, token merging, the
    words, the model (`checkpoint`) and the VAE are the recipe's own where nothing is said."""

    factor: float
    strength: float
    steps: int = 0
    upscaler: str = "Latent"
    width: int = 0
    height: int = 0
    sampler: str = ""
    schedule: str = ""
    guidance: float = 0.0
    prompt: str = ""
    negative: str = ""
    token_merging: float = 0.0
    checkpoint: str = ""
    vae: str = ""

    def to_json(self) -> dict[str, Json]:
        always: dict[str, Json] = {
            "factor": self.factor,
            "strength": self.strength,
            "steps": self.steps,
            "upscaler": self.upscaler,
        }
        later = (
            "width",
            "height",
            "sampler",
            "schedule",
            "guidance",
            "prompt",
            "negative",
            "token_merging",
            "checkpoint",
            "vae",
        )
        return always | _said({name: getattr(self, name) for name in later})


@dataclass(frozen=True, slots=True)
class Fix:
    """An after-step in the manner of ADetailer: what a detector of engine/files/detectors.py finds ("face", "hand") is
    drawn again larger, with this img2img `strength` in 0…1, and pasted back. `prompt` and `negative` are words of its
    own ("": the picture's; "[PROMPT]" in them stands for these)."""

    detector: str
    strength: float
    prompt: str = ""
    negative: str = ""

    def to_json(self) -> dict[str, Json]:
        always: dict[str, Json] = {"detector": self.detector, "strength": self.strength}
        return always | _said({"prompt": self.prompt, "negative": self.negative})


@dataclass(frozen=True, slots=True)
class Refiner:
    """A second model that takes over after `switch` (0…1) of the steps."""

    model: str
    switch: float

    def to_json(self) -> dict[str, Json]:
        return {"model": self.model, "switch": self.switch}


@dataclass(frozen=True, slots=True)
class FreeU:
    """On the UNet's way up what comes from below is scaled by `b1` and `b2`, the low frequencies of what comes across
    by `s1` and `s2`, on the deepest level and on the one above it; 1 leaves each as it is."""

    b1: float
    b2: float
    s1: float
    s2: float

    def to_json(self) -> dict[str, Json]:
        return {"b1": self.b1, "b2": self.b2, "s1": self.s1, "s2": self.s2}


@dataclass(frozen=True, slots=True)
class HyperTile:
    """Self-attention within tiles of the picture, as A1111's HyperTile has it: of at most `tile` pixels a side, of one
    of `swap` sizes from there by chance, down to so much `depth`; `second` leaves it to the second pass."""

    tile: int = 256
    swap: int = 3
    depth: int = 3
    second: bool = False

    def to_json(self) -> dict[str, Json]:
        return {"tile": self.tile, "swap": self.swap, "depth": self.depth} | _said({"second": self.second})


@dataclass(frozen=True, slots=True)
class A1111:
    """The picture is drawn in A1111's way, with what its infotext tells of it: `schedule` is its "Schedule type", `rng`
    where the noise comes from ("GPU" and "NV" are Philox, "CPU" is torch's own generator), `ensd` its "ENSD", `eta` of
    the ancestral samplers and of DDIM (None: the sampler's own), `churn`, `tmin`, `tmax` (0: no end) and `noise` its
    "Sigma churn" and so on, `ngms` below which sigma the negative is left out, `emphasis` how weights act ("Original",
    "No norm", "Ignore", "None"), `sgm_noise` its "SGM noise multiplier", `seed_resize` the size in pixels whose noise
    is taken (0, 0: the picture's own), `sigma_min`, `sigma_max` and `rho` of the schedule (0: its own).

    `discard` leaves out the last sigma but one of every schedule, `skip_early` is the share of the calls at the
    beginning that go without the negative, `ngms_all` leaves it out of every call below `ngms`, not every second.
    `extra_noise` is added over a picture, whose noise is taken `noise_multiplier` times, and of a UNet for redrawing
    `mask_weight` is how little it sees of what is redrawn. `beta_alpha` and `beta_beta` are the schedule Beta's, the
    `unipc_…` UniPC's ("bh1", "bh2", "vary_coeff"; "time_uniform", "time_quadratic", "logSNR"; `unipc_high_end` keeps
    the order to the last step). `pad` says how a shorter prompt is filled up ("" not at all, "empty", "v0"), `refined`
    which passes a refiner takes over ("first pass", "second pass", "both passes"). Of A1111's own past are `downcast`
    (alphas of half precision), `old_timelines` (how changes in a prompt count) and `by_steps` (so does the refiner's);
    `zero_snr` is its "Noise Schedule: Zero Terminal SNR"."""

    schedule: str = "Automatic"
    rng: str = "GPU"
    eta: float | None = None
    ensd: int = 0
    churn: float = 0.0
    tmin: float = 0.0
    tmax: float = 0.0
    noise: float = 1.0
    ngms: float = 0.0
    emphasis: str = "Original"
    sgm_noise: bool = False
    seed_resize: tuple[int, int] = (0, 0)
    sigma_min: float = 0.0
    sigma_max: float = 0.0
    rho: float = 0.0
    discard: bool = False
    skip_early: float = 0.0
    ngms_all: bool = False
    extra_noise: float = 0.0
    noise_multiplier: float = 1.0
    mask_weight: float = 1.0
    beta_alpha: float = 0.6
    beta_beta: float = 0.6
    unipc_order: int = 3
    unipc_variant: str = "bh1"
    unipc_skip: str = "time_uniform"
    unipc_high_end: bool = False
    pad: str = ""
    refined: str = "second pass"
    downcast: bool = False
    old_timelines: bool = False
    by_steps: bool = False
    zero_snr: bool = False

    def to_json(self) -> dict[str, Json]:
        """The fields that are not at their defaults, and always the schedule: no way is empty."""
        plain = A1111()
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        said["seed_resize"] = list(self.seed_resize)
        usual = {name: getattr(plain, name) for name in said} | {"seed_resize": [0, 0], "schedule": None}
        return {name: value for name, value in said.items() if value != usual[name]}


def _said(values: Mapping[str, Json]) -> dict[str, Json]:
    """The fields that are not at their defaults. Fields that came later are written so, and old recipes keep their
    codes."""
    return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Recipe:
    """Everything that decides the pixels: sizes in pixels before any upscale, `sampler` under its A1111 name,
    `guidance` as the CFG scale, `clip_skip` in A1111's counting (1 = last layer), `vae` the name of one that takes the
    place of the model's own, `quality` a row of engine/qualities.py's table ("" is the full one), `rescale` (0…1) how
    far guidance is kept from spreading the values, as diffusers' `guidance_rescale`. Guidance acts from
    `guidance_start` to `guidance_end`, shares (0…1) of the model's timesteps, and changes by a `guidance_curve` of
    engine/guidance_curves.py. With a `perpendicular` of 1 the negative acts only across what the words ask for
    (Perp-Neg), more or less with another; `threshold`, `pag` and `seg` are of engine/further_guidance.py. `tiling` lets
    the picture's edges meet ("x" left and right, "y" top and bottom, "xy"); `token_merging` (0…1) is the share of the
    tokens that self-attention takes together. `controls` guide its shapes, at most four; `regions` say which words are
    for which part of it. With `like` it is drawn as A1111 would, and `sampler` stands without its schedule; without, as
    diffusers would. The after-steps come in this order: hires, fixes, upscale."""

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
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    guidance_curve: str = ""
    tiling: str = ""
    freeu: FreeU | None = None
    token_merging: float = 0.0
    hypertile: HyperTile | None = None
    perpendicular: float = 0.0
    threshold: Thresholding | None = None
    pag: Perturbed | None = None
    seg: Smoothed | None = None
    controls: tuple[Control, ...] = ()
    regions: Regions | None = None
    like: A1111 | None = None
    schema: int = SCHEMA

    @property
    def files(self) -> tuple[str, ...]:
        """The hashes of all files that it is drawn from, each once."""
        own = self.source.files if self.source else ()
        guides = (file for control in self.controls for file in control.files)
        return tuple(dict.fromkeys((*own, *guides, *(self.regions.files if self.regions else ()))))

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models that draw it, each once, its own first."""
        second = self.hires.checkpoint if self.hires else ""
        return tuple(dict.fromkeys(filter(None, (self.model, self.refiner.model if self.refiner else "", second))))

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
                "guidance_start": self.guidance_start,
                "guidance_end": self.guidance_end if self.guidance_end < 1 else None,
                "guidance_curve": self.guidance_curve,
                "tiling": self.tiling,
                "freeu": self.freeu.to_json() if self.freeu else None,
                "token_merging": self.token_merging,
                "hypertile": self.hypertile.to_json() if self.hypertile else None,
                "perpendicular": self.perpendicular,
                "threshold": self.threshold.to_json() if self.threshold else None,
                "pag": self.pag.to_json() if self.pag else None,
                "seg": self.seg.to_json() if self.seg else None,
                "controls": [control.to_json() for control in self.controls],
                "regions": self.regions.to_json() if self.regions else None,
                "like": self.like.to_json() if self.like else None,
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
            soft = Soft(**source.soft) if source.soft else None
            fields["source"] = replace(source, margins=tuple(source.margins), soft=soft)
        if like := fields.get("like"):
            fields["like"] = replace(like, seed_resize=tuple(like.seed_resize))
        if regions := fields.get("regions"):
            fields["regions"] = Regions.from_json(regions)
        fields["fixes"] = tuple(Fix(**fix) for fix in fields.get("fixes", ()))
        fields["controls"] = tuple(Control(**control) for control in fields.get("controls", ()))
        return cls(**fields)


PARTS: dict[str, Callable[..., object]] = {
    "source": Source,
    "variation": Variation,
    "upscale": Upscale,
    "hires": Hires,
    "refiner": Refiner,
    "freeu": FreeU,
    "hypertile": HyperTile,
    "threshold": Thresholding,
    "pag": Perturbed,
    "seg": Smoothed,
    "like": A1111,
}
