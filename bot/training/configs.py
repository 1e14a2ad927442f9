"""The settings of other trainers in their own files: datasets of sd-scripts (.toml), those that the GUI of kohya_ss
saves (.json), and those of lora-scripts (.toml). What has a counterpart here is taken, what has none is told."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath
from typing import Any

from bot.training.folder import FolderPicture, FolderPictures, in_proportion, pictures_of
from bot.training.zips import MOST_BYTES, pictures_of_zip
from prompts.errors import Refusal
from prompts.prompt import Json

LARGEST = 4 * 2**20  # bytes of such a file
_SCHEDULES: Mapping[str, Mapping[str, float]] = {
    "constant": {"warm": 0.0, "fall": 0.0}, "constant_with_warmup": {"fall": 0.0}, "linear": {"fall": 1.0},
    "cosine": {"fall": 1.0}, "cosine_with_restarts": {"fall": 1.0}, "polynomial": {"fall": 1.0},
}  # fmt: skip
_OPTIMISERS = {
    "adamw": "AdamW", "adamw8bit": "AdamW8bit", "pagedadamw8bit": "AdamW8bit", "adafactor": "Adafactor",
    "prodigy": "Prodigy", "adamwschedulefree": "ScheduleFree",
}  # fmt: skip
# Their names, all in small letters, and the field of a plan.
_WHOLE = {
    "train_batch_size": "batch", "batch_size": "batch", "gradient_accumulation_steps": "accumulate",
    "network_dim": "rank", "conv_dim": "conv_rank", "bucket_reso_steps": "bucket_step", "keep_tokens": "kept_tags",
    "seed": "seed",
}  # fmt: skip
_REAL = {
    "learning_rate": "unet_rate", "unet_lr": "unet_rate", "text_encoder_lr": "text_rate", "network_alpha": "alpha",
    "conv_alpha": "conv_alpha", "min_snr_gamma": "snr_gamma", "noise_offset": "noise_offset",
    "prior_loss_weight": "prior_weight", "caption_dropout_rate": "dropout",
}  # fmt: skip
_SWITCHES = {"shuffle_caption": "shuffled", "flip_aug": "flips"}
# What says where something is and how long it takes, and what is as wanted here anyway.
_ELSEWHERE = {
    "train_data_dir", "reg_data_dir", "output_name", "pretrained_model_name_or_path", "max_train_steps",
    "max_train_epochs", "epoch", "resolution", "max_resolution", "optimizer_type", "optimizer", "lr_scheduler",
    "lr_warmup", "lr_warmup_steps", "network_train_unet_only", "network_args", "image_dir", "num_repeats",
    "class_tokens", "is_reg", "caption_extension",
}  # fmt: skip
_ANYWAY = {
    "enable_bucket", "cache_latents", "cache_latents_to_disk", "mixed_precision", "save_precision", "save_model_as",
    "output_dir", "logging_dir", "xformers", "sdpa", "persistent_data_loader_workers", "max_data_loader_n_workers",
    "gradient_checkpointing", "save_every_n_epochs", "model_train_type", "lowram", "clip_skip", "prior_loss_weight",
    "sdxl", "v2", "v_parameterization", "min_bucket_reso", "max_bucket_reso", "bucket_no_upscale", "log_with",
}  # fmt: skip
_LORAS = {"", "networks.lora", "standard"}


@dataclass(frozen=True, slots=True)
class TrainersConfig:
    """What a file of another trainer asks for: fields of a plan, the folder of pictures and that of what is not to be
    forgotten, or the pictures themselves, the model, the name, how often everything is seen (0: not said), and the
    names of what has no counterpart here."""

    said: Mapping[str, Json] = field(default_factory=dict)
    folder: Path | None = None
    prior: Path | None = None
    pictures: tuple[FolderPicture, ...] = ()
    model: str = ""
    name: str = ""
    steps: int = 0
    epochs: int = 0
    unused: tuple[str, ...] = ()

    def found(self, folder: Path | None) -> FolderPictures:
        """The pictures, of the folder that is said elsewhere rather than of its own. Raises Refusal as pictures_of
        does."""
        if folder is None and self.pictures:
            return FolderPictures(self.pictures)
        own = folder or self.folder
        if own is None:
            raise Refusal("train.no_folder_said")
        found = _zipped(own) if own.suffix.lower() == ".zip" and own.is_file() else pictures_of(own)
        if folder is None and self.prior is not None and not any(one.prior for one in found.pictures):
            prior = pictures_of(self.prior)
            kept = tuple(replace(one, prior=True) for one in prior.pictures)
            return FolderPictures((*found.pictures, *kept), (*found.notes, *prior.notes))
        return found

    def length(self, pictures: Iterable[FolderPicture], batch: int) -> int:
        """How many steps it asks for, with these pictures and so many of them at a step; 0 where it does not say."""
        if self.steps or not self.epochs:
            return self.steps
        return math.ceil(self.epochs * sum(one.repeats for one in pictures if not one.prior) / max(1, batch))


def _zipped(path: Path) -> FolderPictures:
    if path.stat().st_size > MOST_BYTES:
        raise Refusal("train.zip_large", file=path.name, size=path.stat().st_size >> 20, most=MOST_BYTES >> 20)
    return pictures_of_zip(path.read_bytes(), path.name)


def read_config(path: Path) -> TrainersConfig:
    """What a file asks for. Raises Refusal `train.config` for one that is none, and as pictures_of does for a dataset
    whose folders are not there."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path.stat().st_size} bytes")
        text = path.read_text("utf-8-sig")
        told: Any = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
        if not isinstance(told, dict):
            raise ValueError("no names with values")
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise Refusal("train.config", file=path.name, reason=reason[:120]) from error
    if isinstance(told.get("datasets"), list):
        return _dataset(told, path)
    flat: dict[str, Any] = {}
    for name, value in told.items():  # sd-scripts takes sections for order only
        flat |= value if isinstance(value, dict) else {name: value}
    return _flat({name.lower(): value for name, value in flat.items()}, path)


def _flat(told: Mapping[str, Any], path: Path) -> TrainersConfig:
    said, unused = _fields(told)
    module = str(told.get("network_module") or told.get("lora_type") or "")
    if module.lower() not in _LORAS:
        unused = [*unused, f"network_module={module}"]
    return TrainersConfig(
        said=said,
        folder=_folder(told.get("train_data_dir"), path),
        prior=_folder(told.get("reg_data_dir"), path),
        model=_stem(told.get("pretrained_model_name_or_path")),
        name=str(told.get("output_name") or ""),
        steps=_whole(told.get("max_train_steps")),
        epochs=_whole(told.get("max_train_epochs") or told.get("epoch")),
        unused=tuple(sorted(unused)),
    )


def _dataset(told: Mapping[str, Any], path: Path) -> TrainersConfig:
    """Pictures of several folders, each with what counts for all of them, for its dataset and for itself: the nearest
    wins. What may differ between pictures here (how often they count, their names, which are not to be forgotten) is
    taken for each, the rest from the first."""
    general = _table(told.get("general"))
    found: list[FolderPicture] = []
    first: dict[str, Any] = {}
    unused: set[str] = set()
    for dataset in filter(None, map(_table, told["datasets"])):
        for subset in filter(None, map(_table, _tables(dataset.get("subsets")))):
            own = {name: value for name, value in (general | dataset | subset).items() if name != "subsets"}
            first = first or own
            unused |= set(_fields(own)[1])
            unused |= {name for name in ("metadata_file", "conditioning_data_dir") if own.get(name)}
            folder = _folder(own.get("image_dir"), path)
            if folder is None:
                continue
            repeats, prior = max(1, _whole(own.get("num_repeats"))), bool(own.get("is_reg"))
            named = str(own.get("class_tokens") or "")
            found += [
                replace(one, repeats=one.repeats * repeats, prior=prior or one.prior, named=one.named or named)
                for one in pictures_of(folder).pictures
            ]
    if not found:
        raise Refusal("train.no_folder_said")
    new, prior_ones = ([one for one in found if one.prior is prior] for prior in (False, True))
    pictures = (*in_proportion(new), *in_proportion(prior_ones))
    return TrainersConfig(said=_fields(first)[0], pictures=pictures, unused=tuple(sorted(unused)))


def _fields(told: Mapping[str, Any]) -> tuple[dict[str, Json], list[str]]:
    """The fields of a plan, and the names of what is said and has none."""
    said: dict[str, Json] = {}
    unused: list[str] = []
    told = {**told, **_arguments(told.get("network_args"))}
    for name, value in told.items():
        if value in (None, "", [], {}) or name in _ELSEWHERE or name in ("network_module", "lora_type"):
            continue
        number = _number(value)
        if name in _WHOLE and number is not None:
            if number > 0 or name in ("keep_tokens", "seed"):
                said[_WHOLE[name]] = max(0, int(number))
        elif name in _REAL and number is not None:
            # The rate of the UNet is said more exactly than that of all.
            if not (name == "learning_rate" and _number(told.get("unet_lr"))) and (number or name != "unet_lr"):
                said[_REAL[name]] = number
        elif name in _SWITCHES:
            said[_SWITCHES[name]] = bool(value)
        elif name not in _ANYWAY and value not in (False, 0, 0.0, "0"):
            unused.append(name)
    if told.get("network_train_unet_only"):
        said["text_rate"] = 0.0
    if side := _side(told.get("resolution") or told.get("max_resolution")):
        said["resolution"] = side
    optimiser = str(told.get("optimizer_type") or told.get("optimizer") or "").lower()
    if optimiser in _OPTIMISERS:
        said["optimiser"] = _OPTIMISERS[optimiser]
    elif optimiser:
        unused.append(f"optimizer={optimiser}")
    if schedule := str(told.get("lr_scheduler") or "").lower():
        said |= _SCHEDULES.get(schedule, {})
        unused += [] if schedule in _SCHEDULES else [f"lr_scheduler={schedule}"]
    steps, warm = _number(told.get("max_train_steps")), _number(told.get("lr_warmup_steps"))
    if percent := _number(told.get("lr_warmup")):  # the GUI's, of a hundred
        said["warm"] = min(1.0, max(0.0, percent / 100))
    elif warm and steps and warm > 0 < steps:
        said["warm"] = min(1.0, warm if warm < 1 else warm / steps)
    return said, unused


def _arguments(value: Any) -> dict[str, Any]:
    """Of a network's arguments ("conv_dim=8") those that have a place here."""
    lines = value if isinstance(value, list) else str(value or "").split()
    pairs = (str(line).partition("=") for line in lines)
    return {name.strip(): said.strip() for name, _, said in pairs if name.strip() in ("conv_dim", "conv_alpha")}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> int:
    return max(0, int(_number(value) or 0))


def _side(value: Any) -> int:
    """The side of the square that has a resolution's area, "768,512" or 512; 0 for none."""
    parts = value if isinstance(value, list) else str(value or "").lower().replace("x", ",").split(",")
    sides = [min(number, 1e6) for part in parts if (number := _number(part) or 0.0) > 0]
    return round(math.prod(sides) ** (1 / len(sides))) if sides else 0


def _table(value: Any) -> dict[str, Any]:
    return {str(name).lower(): one for name, one in value.items()} if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _folder(value: Any, path: Path) -> Path | None:
    """A folder as a file says it: from where it stands, or as it is."""
    if not isinstance(value, str) or not value.strip():
        return None
    return path.parent / value.strip()


def _stem(value: Any) -> str:
    """A model's name of the path that it has on some other machine."""
    said = str(value or "").strip()
    name = PureWindowsPath(said).name  # which knows both kinds of strokes
    return name.rpartition(".")[0] if name.lower().endswith((".safetensors", ".ckpt")) else name
