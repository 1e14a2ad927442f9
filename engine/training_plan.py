"""What a LoRA is learnt from, and how: the plan of a training, with the presets that suit each kind and model."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from engine.errors import BadPlan
from prompts.prompt import Json

KINDS = ("thing", "person", "style")
OPTIMISERS = ("AdamW", "Adafactor")
FAMILIES = ("sd15", "sd2", "sdxl", "demo")  # of models that can be taught
MIN_PICTURES, MAX_PICTURES = 5, 200  # in a folder, however often each counts
MAX_STEPS = 20_000
MAX_RANK, MAX_SIDE, MAX_SEED = 256, 2048, 2**32 - 1


@dataclass(frozen=True, slots=True)
class TrainingPicture:
    """A picture to learn from: its file in the plan's folder, that file's SHA-256, what is said of it, and whether it
    shows the class that is not to be forgotten instead of what is new."""

    file: str
    hash: str
    caption: str
    prior: bool = False

    def __post_init__(self) -> None:
        if not all(isinstance(one, str) for one in (self.file, self.hash, self.caption)) or self.prior not in (0, 1):
            raise BadPlan("a picture has a file, a hash and a caption, and is of the prior class or not")
        _in_folder(self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """The plan of a training, which with the model decides every number of its file.

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

    def __post_init__(self) -> None:
        whole = {"steps": MAX_STEPS, "batch": 64, "accumulate": 64, "rank": MAX_RANK, "bucket_step": 256}
        for name, most in whole.items():
            if not 1 <= getattr(self, name) <= most:
                raise BadPlan(f"{name} is {getattr(self, name)}, from 1 to {most}")
        shares = ("dropout", "warm", "fall")
        if not all(0 <= getattr(self, name) <= 1 for name in shares):
            raise BadPlan(f"{', '.join(shares)} are shares from 0 to 1")
        amounts = (self.unet_rate, self.text_rate, self.alpha, self.snr_gamma, self.noise_offset, self.prior_weight)
        if not all(math.isfinite(amount) and amount >= 0 for amount in amounts) or self.unet_rate == 0:
            raise BadPlan("rates, alpha and weights are numbers from 0 on, and the UNet's rate is more")
        if not (self.alpha > 0 and (not self.conv_rank or 0 < self.conv_alpha < math.inf)):
            raise BadPlan("with an alpha of 0 nothing is learnt")
        if self.bucket_step % 8 or not 0 <= self.seed <= MAX_SEED:
            raise BadPlan(f"bucket_step is a multiple of 8, and seed from 0 to {MAX_SEED}")
        if not (64 <= self.resolution <= MAX_SIDE and 0 <= self.conv_rank <= MAX_RANK and self.kept_tags >= 0):
            raise BadPlan(f"resolution is from 64 to {MAX_SIDE}, conv_rank from 0 to {MAX_RANK}")
        if self.kind not in KINDS or self.optimiser not in OPTIMISERS:
            raise BadPlan(f"the kind is one of {', '.join(KINDS)}, the optimiser of {', '.join(OPTIMISERS)}")
        _in_folder(self.name)
        if not self.new:
            raise BadPlan("there is no picture to learn from")

    @property
    def new(self) -> tuple[TrainingPicture, ...]:
        """The pictures of what is new."""
        return tuple(one for one in self.pictures if not one.prior)

    @property
    def prior(self) -> tuple[TrainingPicture, ...]:
        """The pictures of the class that is not to be forgotten."""
        return tuple(one for one in self.pictures if one.prior)

    @property
    def views(self) -> int:
        """How often pictures of what is new are shown in all."""
        return self.steps * self.batch * self.accumulate

    @property
    def code(self) -> str:
        """Sixteen digits that stand for all of it: another plan has another."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Json]:
        """As `from_json` reads it."""
        return {**asdict(self), "pictures": [asdict(one) for one in self.pictures]}

    @property
    def settings(self) -> dict[str, Json]:
        """What may be told to everybody who gets the file: no picture, word or name."""
        private = ("pictures", "name", "trigger", "model", "consent")
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


@dataclass(frozen=True, slots=True)
class _Preset:
    """How a kind is learnt by a family of models: how often each picture is shown, the least and the most in all, and
    what of a plan is not as usual."""

    views: int
    least: int
    most: int
    changes: Mapping[str, Json]


# Counted in views, pictures shown: what trainers call epochs and repeats confuses everybody. The figures are the middle
# of what the common trainers' presets agree on; those of the built-in model were measured on it.
_SD15 = {"batch": 2, "accumulate": 2, "unet_rate": 2e-4, "text_rate": 2e-5}
_STYLE = {"conv_rank": 8, "conv_alpha": 4.0, "text_rate": 0.0, "flips": True}
_SDXL = {"batch": 1, "accumulate": 4, "unet_rate": 1e-4, "resolution": 1024}
_DEMO = {
    "batch": 8, "unet_rate": 3e-3, "rank": 8, "alpha": 8.0, "resolution": 128, "bucket_step": 8, "snr_gamma": 0.0,
    "fall": 0.0,
}  # fmt: skip
_PRESETS: Mapping[tuple[str, str], _Preset] = {
    ("thing", "sd15"): _Preset(100, 1500, 4000, _SD15),
    ("style", "sd15"): _Preset(50, 2000, 8000, _SD15 | _STYLE | {"batch": 4, "accumulate": 1, "noise_offset": 0.03}),
    ("thing", "sdxl"): _Preset(60, 1200, 3000, _SDXL),
    ("style", "sdxl"): _Preset(40, 1200, 8000, _SDXL | _STYLE),
    ("thing", "demo"): _Preset(48, 480, 2400, _DEMO),
    ("style", "demo"): _Preset(32, 640, 1600, _DEMO | _STYLE | {"conv_rank": 0, "unet_rate": 2e-3}),
}


def planned(
    kind: str,
    family: str,
    *,
    name: str,
    trigger: str,
    model: str,
    pictures: Sequence[TrainingPicture],
    steps: int = 0,
    **said: Json,
) -> TrainingPlan:
    """The plan for pictures of a kind and a family of models, with as many steps as suit them unless they are said, and
    other numbers than the preset's where these are. Raises BadPlan for what is no plan."""
    preset = _PRESETS[("style" if kind == "style" else "thing", "sd15" if family == "sd2" else family)]
    shown = sum(not one.prior for one in pictures)
    whole: dict[str, Json] = {**preset.changes, **said}
    plan = TrainingPlan(
        name=name, trigger=trigger, kind=kind, model=model, pictures=tuple(pictures), steps=1, **whole,  # type: ignore[arg-type]
    )  # fmt: skip
    views = min(max(preset.views * shown, preset.least), preset.most)
    return replace(plan, steps=steps or math.ceil(views / (plan.batch * plan.accumulate)))
