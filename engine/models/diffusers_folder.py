"""A model in a diffusers folder: its networks, tokenizers and noise schedule, and what it is known by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from engine.files import catalog, folder_layers, safetensors_header
from engine.files.folder_layers import HALF, Part, has
from engine.models.tokenizers import tokenizer


def networks(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    """The UNet and text encoders in `dtype`, the VAE in float32, the tokenizers and the schedule, by their names in
    `Loaded`. Raises what the loaders raise over broken files."""
    path = model.path
    index = safetensors_header.content(path / "model_index.json")
    if lack := folder_layers.lack(path, index):
        raise ValueError(lack)
    made: dict[str, Any] = {"text_encoder": None, "tokenizer": None}
    for tail, kind in (("", CLIPTextModel), ("_2", CLIPTextModelWithProjection)):
        part: Part = "text_encoder_2" if tail else "text_encoder"
        if has(index, part):
            made[part] = network(kind, path / part, dtype)
            made[f"tokenizer{tail}"] = tokenizer(path / f"tokenizer{tail}")
    schedule, signal = _schedule(path / "scheduler")
    return made | {
        "unet": network(UNet2DConditionModel, path / "unet", dtype),
        "vae": network(AutoencoderKL, path / "vae", torch.float32),
        "schedule": schedule,
        "signal": signal,
        "blank_negative": model.family == "sdxl" and index.get("force_zeros_for_empty_prompt", True) is True,
    }


def vae(folder: Path) -> Any:
    """The VAE in a folder of its own, in float32. Raises ValueError where it lacks weights or is of another kind, and
    what the loaders raise."""
    if lack := folder_layers.network_lack(folder, "vae"):
        raise ValueError(lack)
    return network(AutoencoderKL, folder, torch.float32)


def network(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """One network of a folder. Raises ValueError where it lacks weights, and what the loaders raise."""
    network, report = kind.from_pretrained(
        folder, dtype=dtype, variant=_variant(folder), local_files_only=True, output_loading_info=True
    )
    if missing := sorted(report["missing_keys"]):  # the loaders would draw these at random
        raise ValueError(f"{folder.name} lacks {len(missing)} weights, first {missing[0]}")
    return network


def _variant(folder: Path) -> str | None:
    """ "fp16" for a folder that has its weights only under that name."""
    return folder_layers.half({path.name for path in folder.iterdir()}).removeprefix(".") or None


def _weights(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".safetensors", ".bin"})


def _schedule(folder: Path) -> tuple[Mapping[str, Any], Tensor]:
    """The scheduler's configuration as a StableDiffusionPipeline would hold it, and its cumulative alphas."""
    name = json.loads((folder / "scheduler_config.json").read_text(encoding="utf-8"))["_class_name"]
    kind: Any = getattr(diffusers, name)
    # A whole pipeline under that name would load whatever else lies in the folder.
    schedules = isinstance(kind, type) and issubclass(kind, diffusers.SchedulerMixin)
    if not schedules:
        raise ValueError(f"{name} is no scheduler")
    scheduler = kind.from_pretrained(folder)
    config = dict(scheduler.config)
    # Old files lack it; the pipeline sets it so when it is made.
    if config.get("steps_offset", 1) != 1:
        config["steps_offset"] = 1
    return config, scheduler.alphas_cumprod.float()


def digest(folder: Path) -> str:
    """The first ten hex digits of the SHA-256 of a network's weights. Raises OSError."""
    made = hashlib.sha256()
    for block in _blocks(folder):
        made.update(block)
    return made.hexdigest()[:10]


def _blocks(folder: Path) -> Iterator[bytes]:
    safe = [path for path in _weights(folder) if path.suffix == ".safetensors"]
    plain = [path for path in safe if not HALF.search(path.name)]
    for path in plain or safe or _weights(folder):
        with path.open("rb") as file:
            while block := file.read(2**22):
                yield block
