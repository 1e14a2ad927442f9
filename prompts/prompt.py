"""The prompt: three parts of weighted fragments, the negative, the LoRAs named, and what each stage changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Self, cast, get_args

Part = Literal["quality_style", "subject", "scene_detail"]
Origin = Literal["person", "glossary", "argos", "service", "local", "dictionary", "preset"]
PARTS: tuple[Part, ...] = get_args(Part)
IN_TURN = -1  # instead of a prompt's seed: what came in turn had a part in it, and no seed makes the same words again

_SIGN = re.compile(r"BREAK|AND|:[-+.\d]+ AND")
_NUMBER = re.compile(r":[-+.\d]+")  # the weight of what stands behind the last AND; without one it is the face ":3"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def weighed(text: str, weight: float) -> str:
    """The text in a group with its weight: "(red:0.5)", to four places and never as 1e+06, which nothing reads."""
    return f"({text}:{f'{weight:.4f}'.rstrip('0').rstrip('.')})"


@dataclass(frozen=True, slots=True)
class Fragment:
    """A comma-separated piece of a prompt: `text` is English (or syntax kept as written), with the weights of single
    words in it, "a (red:0.5) bus"; `source` what was written."""

    text: str
    weight: float = 1.0
    part: Part = "subject"
    origin: Origin = "person"
    source: str = ""

    def __str__(self) -> str:
        return self.text if self.weight == 1.0 else weighed(self.text, self.weight)

    def to_json(self) -> dict[str, Json]:
        return {
            "text": self.text,
            "weight": self.weight,
            "part": self.part,
            "origin": self.origin,
            "source": self.source,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        return cls(**cast(Any, value))


@dataclass(frozen=True, slots=True)
class LoraUse:
    """A LoRA named in a prompt: strength on the UNet, and on the text encoder where it differs; `blocks` are the
    weights of the model's blocks or the name of a list of them, as grammar/lora_blocks.py reads it ("": all alike). It
    acts on the UNet once `start` steps are done, and no longer once `stop` are (None: to the end). `elements` are rules
    for single layers or the name of some, as grammar/lora_elements.py reads them ("": none)."""

    name: str
    weight: float = 1.0
    text_weight: float | None = None
    blocks: str = ""
    start: int = 0
    stop: int | None = None
    elements: str = ""

    def __str__(self) -> str:
        encoder = "" if self.text_weight is None else f"{self.text_weight:g}:"
        blocks = f":lbw={self.blocks}" if self.blocks else ""
        elements = f":lbwe={self.elements}" if self.elements else ""
        start = f":start={self.start}" if self.start else ""
        stop = "" if self.stop is None else f":stop={self.stop}"
        return f"<lora:{self.name}:{encoder}{self.weight:g}{blocks}{elements}{start}{stop}>"

    def to_json(self) -> dict[str, Json]:
        made: dict[str, Json] = {"name": self.name, "weight": self.weight, "text_weight": self.text_weight}
        made |= {"blocks": self.blocks} if self.blocks else {}
        made |= {"start": self.start} if self.start else {}
        made |= {"elements": self.elements} if self.elements else {}
        return made if self.stop is None else made | {"stop": self.stop}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        return cls(**cast(Any, value))


@dataclass(frozen=True, slots=True)
class OffTag:
    """A tag that somebody keeps in the table of a prompt without having it drawn (prompts/tag_table.py): `at` is its
    place among the tags of its side, those that are off counted in; a LoRA is kept as it is written."""

    fragment: Fragment
    at: int
    negative: bool = False

    def to_json(self) -> dict[str, Json]:
        return {"at": self.at, "negative": self.negative, "fragment": self.fragment.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        fragment = Fragment.from_json(cast(Mapping[str, Json], value["fragment"]))
        return cls(fragment, cast(int, value["at"]), cast(bool, value["negative"]))


@dataclass(frozen=True, slots=True)
class Note:
    """Something a stage did or doubts: a text key of bot/texts and its values, shown to the person."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        return {"key": self.key, "values": dict(self.values)}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        return cls(cast(str, value["key"]), cast(dict[str, str], value["values"]))


@dataclass(frozen=True, slots=True)
class Prompt:
    """What will be drawn, in words. `text` is what the person wrote; `fragments` stand in the order they are said; with
    `seed` chance had a part in them, and another seed would have made other words of the text (`IN_TURN`: any). `style`
    names one that was added though the text does not say so: the person's own, or one chosen beside the text. `off` are
    tags kept beside it, `locked` the texts of those that no sentence, form or other filling may change."""

    text: str
    fragments: tuple[Fragment, ...]
    negatives: tuple[Fragment, ...] = ()
    loras: tuple[LoraUse, ...] = ()
    notes: tuple[Note, ...] = ()
    raw: bool = False
    seed: int | None = None
    style: str = ""
    off: tuple[OffTag, ...] = ()
    locked: tuple[str, ...] = ()

    @property
    def positive(self) -> str:
        """The prompt in A1111 syntax, without `<lora:…>`; no comma beside BREAK, AND and the weights of AND. Behind a
        ":3" at the end stands one, or A1111 would read three times the weight."""
        said = ""
        after_sign = True
        joined = any(one.text.split()[-1:] == ["AND"] for one in self.fragments)
        for at, fragment in enumerate(self.fragments, start=1):
            number = at == len(self.fragments) and _NUMBER.fullmatch(fragment.text) is not None
            sign = _SIGN.fullmatch(fragment.text) is not None or (number and joined)
            said += (" " if said and (sign or after_sign) else "" if after_sign else ", ") + str(fragment)
            said += "," if number and not joined and fragment.weight == 1.0 and not self.raw else ""
            after_sign = sign
        return said

    @property
    def negative(self) -> str:
        """The negative prompt in A1111 syntax."""
        return ", ".join(str(fragment) for fragment in self.negatives)

    @property
    def own(self) -> Prompt:
        """The same with the person's words alone: nothing that a preset, a style or a filling added."""
        kept, denied = (
            tuple(one for one in some if one.origin != "preset") for some in (self.fragments, self.negatives)
        )
        return replace(self, fragments=kept, negatives=denied)

    def part(self, part: Part) -> tuple[Fragment, ...]:
        """The fragments of one of the three parts, in order."""
        return tuple(fragment for fragment in self.fragments if fragment.part == part)

    def to_json(self) -> dict[str, Json]:
        made: dict[str, Json] = {
            "text": self.text,
            "fragments": [fragment.to_json() for fragment in self.fragments],
            "negatives": [fragment.to_json() for fragment in self.negatives],
            "loras": [lora.to_json() for lora in self.loras],
            "notes": [note.to_json() for note in self.notes],
            "raw": self.raw,
        }
        made |= {} if self.seed is None else {"seed": self.seed}
        made |= {"off": [one.to_json() for one in self.off]} if self.off else {}
        made |= {"locked": list(self.locked)} if self.locked else {}
        return made | {"style": self.style} if self.style else made

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Self:
        rows = cast(Mapping[str, list[Mapping[str, Json]]], value)
        return cls(
            text=cast(str, value["text"]),
            fragments=tuple(map(Fragment.from_json, rows["fragments"])),
            negatives=tuple(map(Fragment.from_json, rows["negatives"])),
            loras=tuple(map(LoraUse.from_json, rows["loras"])),
            notes=tuple(map(Note.from_json, rows["notes"])),
            raw=cast(bool, value["raw"]),
            seed=cast(int | None, value.get("seed")),
            style=cast(str, value.get("style", "")),
            off=tuple(map(OffTag.from_json, rows.get("off", ()))),
            locked=tuple(cast(list[str], value.get("locked", []))),
        )


@dataclass(frozen=True, slots=True)
class Options:
    """Recipe fields that a person asked for inside the text ("--ar 3:2", "竖图 4张"); None where nothing was said.

    `ratio` is width over height, `width` and `height` are pixels, `large` asks for a second pass over the picture
    enlarged ("高清"), `strength` is how far a picture drawn over may change, in 0…1, `style` the name of a style, and
    `plain` asks that nothing be added to a short text, `check` that the picture be looked at for what was asked for.
    `upscaler` enlarges the finished picture `upscale` times, `fix`
    names what is looked for in it and drawn again larger ("face", several joined by "+"), as far as `fix_strength`
    says (0…1), with words and negatives of their own in `fix_prompts` and `fix_negatives` ("": the picture's), `vae`
    the VAE instead of the model's own. `quality` names how exactness is traded for time ("full", "fast"), `rescale`
    is the guidance rescale in 0…1; guidance acts from `guidance_start` to `guidance_end`, shares of the way
    in 0…1; `perpendicular` is how strongly the negative acts across the words only. `mimic`, `pag` and `seg` are texts
    of prompts/further_guidance.py, `regions` is one of prompts/regions.py. `tiling` lets edges meet ("x", "y", "xy"),
    `freeu` is b1, b2, s1, s2, `token_merging` a share in 0…1, `hypertile` the pixels of a tile of attention (0: none).
    `redraw` is how far the enlarged picture may change when it is drawn over in tiles, in 0…1. `over` names a file to
    draw over, by the first signs of its hash, and `margins` the pixels added to it (left, top, right, bottom).
    `clip_skip` counts as A1111 does. `fill` is what the masked part of a picture is drawn from ("original", "fill",
    "latent noise", "latent nothing"), `mask_blur` how many pixels the mask's edge is softened by, and with a `padding`
    only what is masked and so many pixels around it is drawn; `soft` lets the mask act softly, with the numbers of
    engine/recipe.py's `Soft`. `controls` are what guides its shapes, texts of prompts/controls.py, at most four; `pose`
    a pose by name, a text of prompts/posing.py.
    `like` is whose way the picture is drawn in ("danqing", "a1111"); the fields below it are those of an infotext,
    by the names of engine/recipe.py's `Variation`, `Hires`, `Refiner` and `A1111`.
    """

    width: int | None = None
    height: int | None = None
    ratio: float | None = None
    large: bool = False
    count: int | None = None
    steps: int | None = None
    sampler: str | None = None
    guidance: float | None = None
    seed: int | None = None
    strength: float | None = None
    model: str | None = None
    raw: bool = False
    style: str | None = None
    plain: bool = False
    check: bool = False
    upscaler: str | None = None
    upscale: float | None = None
    fix: str | None = None
    fix_strength: float | None = None
    fix_prompts: tuple[str, ...] | None = None
    fix_negatives: tuple[str, ...] | None = None
    vae: str | None = None
    quality: str | None = None
    rescale: float | None = None
    guidance_start: float | None = None
    guidance_end: float | None = None
    guidance_curve: str | None = None
    tiling: str | None = None
    freeu: tuple[float, float, float, float] | None = None
    token_merging: float | None = None
    hypertile: int | None = None
    hypertile_swap: int | None = None
    hypertile_depth: int | None = None
    hypertile_second: bool = False
    perpendicular: float | None = None
    mimic: str | None = None
    pag: str | None = None
    seg: str | None = None
    regions: str | None = None
    redraw: float | None = None
    over: str | None = None
    margins: tuple[int, int, int, int] | None = None
    clip_skip: int | None = None
    fill: str | None = None
    mask_blur: int | None = None
    padding: int | None = None
    soft: bool = False
    soft_bias: float | None = None
    soft_preservation: float | None = None
    soft_boost: float | None = None
    soft_influence: float | None = None
    soft_threshold: float | None = None
    soft_contrast: float | None = None
    controls: tuple[str, ...] | None = None
    pose: str | None = None
    like: str | None = None
    schedule: str | None = None
    rng: str | None = None
    eta: float | None = None
    ensd: int | None = None
    churn: float | None = None
    tmin: float | None = None
    tmax: float | None = None
    noise: float | None = None
    ngms: float | None = None
    emphasis: str | None = None
    sgm_noise: bool = False
    seed_resize: tuple[int, int] | None = None
    sigma_min: float | None = None
    sigma_max: float | None = None
    rho: float | None = None
    discard: bool = False
    skip_early: float | None = None
    ngms_all: bool = False
    extra_noise: float | None = None
    noise_multiplier: float | None = None
    mask_weight: float | None = None
    beta_alpha: float | None = None
    beta_beta: float | None = None
    unipc_order: int | None = None
    unipc_variant: str | None = None
    unipc_skip: str | None = None
    unipc_high_end: bool = False
    pad: str | None = None
    refined: str | None = None
    downcast: bool = False
    old_timelines: bool = False
    by_steps: bool = False
    zero_snr: bool = False
    variation_seed: int | None = None
    variation_strength: float | None = None
    hires_factor: float | None = None
    hires_width: int | None = None
    hires_height: int | None = None
    hires_steps: int | None = None
    hires_strength: float | None = None
    hires_upscaler: str | None = None
    hires_sampler: str | None = None
    hires_schedule: str | None = None
    hires_guidance: float | None = None
    hires_prompt: str | None = None
    hires_negative: str | None = None
    hires_token_merging: float | None = None
    hires_checkpoint: str | None = None
    hires_vae: str | None = None
    refiner: str | None = None
    refiner_switch: float | None = None

    def to_json(self) -> dict[str, Json]:
        """The options that were said, and no others."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in values.items() if was_said(value)}


def was_said(value: Json) -> bool:
    """Whether a value of Options is one that a person gave; 0 is."""
    return value is not None and value is not False


def merged(*layers: Options) -> Options:
    """Options of several layers, later ones before earlier ones; a ratio overrules an earlier size, a size a ratio,
    and a sampler an earlier schedule."""
    result = Options()
    for layer in layers:
        said = {field.name: value for field in fields(layer) if was_said(value := getattr(layer, field.name))}
        if layer.width or layer.ratio:
            result = replace(result, width=None, height=None, ratio=None)
        if layer.sampler and not layer.schedule:  # which an earlier schedule was not said of
            result = replace(result, schedule=None)
        result = replace(result, **cast(Any, said))
    return result
