"""What is learnt from which pictures, and how: the plan of a training."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from engine.errors import BadPlan
from engine.training_presets import PRESETS
from prompts.prompt import Json

KINDS = ("thing", "person", "style")  # of what is on the pictures
# What comes of it: a LoRA, vectors that stand for a word, the UNet's own weights, a net that guides by maps.
LEARNS = ("lora", "inversion", "whole", "controlnet")
OFFLINE = ("whole", "controlnet")  # too large to be learnt beside drawing
OPTIMISERS = ("AdamW", "Adafactor", "AdamW8bit", "Prodigy", "ScheduleFree")
FAMILIES = ("sd15", "sd2", "sdxl", "demo")  # of models that can be taught
MIN_PICTURES, MAX_PICTURES = 5, 200  # in a folder, however often each counts
MAX_STEPS = 20_000
MAX_RANK, MAX_SIDE, MAX_SEED = 256, 2048, 2**32 - 1
MAX_VECTORS = 32
LEAST, MOST = 1e-9, 1000.0  # of rates and weights, so that a mistyped one is told
# The numbers of a plan, from the least to the most.
RANGES: Mapping[str, tuple[float, float]] = {
    "steps": (1, MAX_STEPS), "batch": (1, 64), "accumulate": (1, 64), "rank": (1, MAX_RANK), "conv_rank": (0, MAX_RANK),
    "vectors": (1, MAX_VECTORS), "resolution": (64, MAX_SIDE), "bucket_step": (8, 256), "seed": (0, MAX_SEED),
    "kept_tags": (0, 1000), "dropout": (0, 1), "warm": (0, 1), "fall": (0, 1), "unet_rate": (LEAST, MOST),
    "text_rate": (0, MOST), "alpha": (LEAST, MOST), "conv_alpha": (0, MOST), "snr_gamma": (0, MOST),
    "noise_offset": (0, MOST), "prior_weight": (0, MOST),
}  # fmt: skip
Shares = tuple[float, ...]  # of a picture's width and height, from 0 to 1


@dataclass(frozen=True, slots=True)
class TrainingPicture:
    """A picture to learn from: its file in the plan's folder, that file's SHA-256, what is said of it, and whether it
    shows the class that is not to be forgotten instead of what is new.

    `crop` (left, top, right, bottom) is the part of it that is learnt from, and `focus` (across, down) the place in the
    picture that is not to be cut off, both in shares of the upright picture; () leaves it whole, and to chance. `map`
    is the file, with its `map_hash`, of the map that a ControlNet is to learn the picture from.
    """

    file: str
    hash: str
    caption: str
    prior: bool = False
    crop: Shares = ()
    focus: Shares = ()
    map: str = ""
    map_hash: str = ""

    def __post_init__(self) -> None:
        words = (self.file, self.hash, self.caption, self.map, self.map_hash)
        if not all(isinstance(one, str) for one in words) or self.prior not in (0, 1):
            raise BadPlan("a picture has a file, a hash and a caption, and is of the prior class or not")
        for name, count in (("crop", 4), ("focus", 2)):
            shares = getattr(self, name)
            if not isinstance(shares, list | tuple) or len(shares) not in (0, count):
                raise BadPlan(f"{name} is {count} shares")
            if not all(isinstance(one, int | float) and 0 <= one <= 1 for one in shares):
                raise BadPlan(f"{name} is of shares from 0 to 1")
            object.__setattr__(self, name, tuple(float(one) for one in shares))
        if self.crop and not (self.crop[0] < self.crop[2] and self.crop[1] < self.crop[3]):
            raise BadPlan("nothing is left of a picture by its crop")
        _in_folder(self.file)
        if self.map:
            _in_folder(self.map)

    def to_json(self) -> dict[str, Json]:
        """As it was written before there was more to say: without what is not said."""
        told: dict[str, Json] = {
            "file": self.file, "hash": self.hash, "caption": self.caption, "prior": self.prior,
        }  # fmt: skip
        more: dict[str, Json] = {"crop": list(self.crop), "focus": list(self.focus), "map": self.map}
        if self.map:
            more["map_hash"] = self.map_hash
        return {**told, **{name: value for name, value in more.items() if value}}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The plan of a training, which with the model decides every number of its file.

    `learns` is what comes of it, one of LEARNS. Vectors ("inversion") are `vectors` many, begin as the word `start`
    ("": what the kind is called) and have the UNet's rate; so have the UNet's own weights ("whole"), of which with
    `ema` a mean is kept that keeps such a share of itself at each step, and nets ("controlnet").

    A step is one of the optimiser's: `accumulate` batches of `batch` pictures each. Rates and ranks of 0 leave a part
    alone: `text_rate` the text encoders, `conv_rank` the convolutions. `resolution` is the side of the square whose
    area pictures get, in buckets of whole `bucket_step`s. `snr_gamma` 0 weighs all noise alike. The rate rises over
    the share `warm` of the steps and falls over the last `fall`. With `consent` whoever is in the pictures, or answers
    for them, has agreed, which pictures with faces need.
    """

    name: str
    trigger: str
    kind: str
    model: str
    pictures: tuple[TrainingPicture, ...]
    steps: int
    batch: int
    accumulate: int = 1
    unet_rate: float = 1e-4
    text_rate: float = 0.0
    rank: int = 16
    alpha: float = 8.0
    conv_rank: int = 0
    conv_alpha: float = 0.0
    resolution: int = 512
    bucket_step: int = 64
    flips: bool = False
    dropout: float = 0.1
    shuffled: bool = True
    kept_tags: int = 1
    snr_gamma: float = 5.0
    noise_offset: float = 0.0
    prior_weight: float = 1.0
    warm: float = 0.05
    fall: float = 0.35
    optimiser: str = "AdamW"
    seed: int = 0
    consent: bool = False
    learns: str = "lora"
    vectors: int = 6
    start: str = ""
    ema: float = 0.0

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            if not least <= (value := getattr(self, name)) <= most:
                raise BadPlan(
                    f"{name} is {value}, from {least} to {most}", "train.range",
                    name=name, value=value if math.isfinite(value) else str(value), least=least, most=most,
                )  # fmt: skip
        if self.conv_rank and not self.conv_alpha:
            raise BadPlan("with an alpha of 0 nothing is learnt")
        if self.bucket_step % 8:
            raise BadPlan(
                f"bucket_step is {self.bucket_step}, no multiple of 8", "train.not_one_of",
                name="bucket_step", value=str(self.bucket_step), known="8, 16, 24 … 256",
            )  # fmt: skip
        for name, known in (("kind", KINDS), ("optimiser", OPTIMISERS), ("learns", LEARNS)):
            if (said := getattr(self, name)) not in known:
                raise BadPlan(
                    f"{name} is {said!r}, not one of {', '.join(known)}",
                    "train.not_one_of",
                    name=name,
                    value=str(said)[:40],
                    known=", ".join(known),
                )
        if self.learns != "lora" and self.text_rate:
            raise BadPlan("text encoders learn with a LoRA alone", "train.text_rate_alone")
        if self.ema and (self.learns != "whole" or not 0 < self.ema < 1):
            raise BadPlan("ema is a share below 1, of the whole weights alone")
        if (self.learns == "controlnet") != all(one.map for one in self.pictures):
            raise BadPlan("each picture of a ControlNet has its map, and no other has", "train.maps")
        _in_folder(self.name)
        if not self.new:
            raise BadPlan("there is no picture to learn from", "train.none_new")

    @property
    def new(self) -> tuple[TrainingPicture, ...]:
        """The pictures of what is new."""
        return tuple(one for one in self.pictures if not one.prior)

    @property
    def prior(self) -> tuple[TrainingPicture, ...]:
        """The pictures of the class that is not to be forgotten."""
        return tuple(one for one in self.pictures if one.prior)

    @property
    def offline(self) -> bool:
        """Whether it is for admins at a terminal alone: too large to be learnt beside drawing."""
        return self.learns in OFFLINE

    @property
    def views(self) -> int:
        """How often pictures of what is new are shown in all."""
        return self.steps * self.batch * self.accumulate

    @property
    def code(self) -> str:
        """Sixteen digits that stand for all of it: another plan has another."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Json]:
        """As `from_json` reads it. What plans did not say at first is in it only where it is said, so that those which
        were begun then go on under their code."""
        told = {name: value for name, value in asdict(self).items() if name not in LATER or value != LATER[name]}
        return {**told, "pictures": [one.to_json() for one in self.pictures]}

    @property
    def settings(self) -> dict[str, Json]:
        """What may be told to everybody who gets the file: no picture, word or name."""
        private = ("pictures", "name", "trigger", "model", "consent", "start")
        return {name: value for name, value in self.to_json().items() if name not in private}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> TrainingPlan:
        """The plan that `to_json` gave. Raises BadPlan for anything else."""
        kinds = {field.name: str(field.type) for field in fields(cls)}
        try:
            if unknown := value.keys() - kinds.keys():
                raise BadPlan(f"a plan knows no {', '.join(sorted(unknown))}")
            told = {name: _typed(name, kinds[name], one) for name, one in value.items() if name != "pictures"}
            pictures = tuple(TrainingPicture(**one) for one in value["pictures"])  # type: ignore[arg-type,union-attr]
            return cls(**told, pictures=pictures)  # type: ignore[arg-type]
        except (TypeError, KeyError, AttributeError, OverflowError) as error:
            raise BadPlan(f"this is no plan of a training: {error}") from error


def is_name(name: str) -> bool:
    """Whether this is the name of something that lies in a folder, and in no other."""
    return bool(name) and not name.startswith(".") and not set(name) & set("/\\:\0")


def _in_folder(name: str) -> None:
    if not is_name(name):
        raise BadPlan(f"{name!r} is no name of a file in the plan's folder")


def _typed(name: str, kind: str, value: Json) -> Json:
    wanted = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
        raise BadPlan(f"{name} is {value!r}, which is no {kind}")
    return float(value) if kind == "float" else value


# The fields that came later, and what they are where a plan says nothing of them.
LATER: Mapping[str, Json] = {"learns": "lora", "vectors": 6, "start": "", "ema": 0.0}


def planned(
    kind: str,
    family: str,
    *,
    name: str,
    trigger: str,
    model: str,
    pictures: Sequence[TrainingPicture],
    preset: str = "",
    side: int = 0,
    steps: int = 0,
    **said: Json,
) -> TrainingPlan:
    """The plan for pictures of a kind and a family of models, by a row of PRESETS (the kind's own, if none is named),
    with as many steps as suit them unless they are said, and other numbers than the preset's where these are. `side` is
    what the model draws best: models of SD 2 are of 512 or of 768 pixels. Raises BadPlan for what is no plan."""
    rows = PRESETS.get(preset or kind)
    row = rows.get("sd15" if family == "sd2" else family) if rows else None
    if row is None:
        known = ", ".join(PRESETS)
        raise BadPlan(
            f"preset is {preset or kind!r}, not one of {known}", "train.not_one_of", name="preset",
            value=(preset or kind)[:40], known=known,
        )  # fmt: skip
    if preset == "portrait" and kind != "person":
        raise BadPlan("a portrait is of a person", "train.portrait")
    shown = sum(not one.prior for one in pictures)
    whole: dict[str, Json] = {**row.changes, **({"resolution": side} if family == "sd2" and side else {}), **said}
    try:
        plan = TrainingPlan(
            name=name, trigger=trigger, kind=kind, model=model, pictures=tuple(pictures), steps=1, **whole,  # type: ignore[arg-type]
        )  # fmt: skip
    except TypeError as error:
        raise BadPlan(f"this is no plan of a training: {error}") from error
    views = min(max(row.views * shown, row.least), row.most)
    return replace(plan, steps=steps or math.ceil(views / (plan.batch * plan.accumulate)))
