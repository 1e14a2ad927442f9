"""The finished model as a diffusers folder in half precision, put in its place in one move."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from engine.demo.unet import FIRST_BETA, LAST_BETA, STEPS

LARGEST = 40_000_000  # bytes of the whole folder
PARTS = {
    "scheduler": ("diffusers", "PNDMScheduler"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "tokenizer": ("transformers", "CLIPTokenizer"),
    "unet": ("diffusers", "UNet2DConditionModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "feature_extractor": (None, None),
    "image_encoder": (None, None),
    "safety_checker": (None, None),
}
SCHEDULE = {
    "_class_name": "PNDMScheduler", "beta_start": FIRST_BETA, "beta_end": LAST_BETA, "beta_schedule": "scaled_linear",
    "num_train_timesteps": STEPS, "prediction_type": "epsilon", "skip_prk_steps": True, "set_alpha_to_one": False,
    "steps_offset": 1, "clip_sample": False, "trained_betas": None,
}  # fmt: skip


def write(vae: Any, unet: Any, text_encoder: Any, tokenizer: Path, folder: Path) -> int:
    """Writes the folder, an older one of the same name disappearing only when the new one is whole; its bytes.

    Raises ValueError where it would be larger than may be committed.
    """
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, part in (("vae", vae), ("unet", unet), ("text_encoder", text_encoder)):
        part.to(device="cpu", dtype=torch.float16).save_pretrained(fresh / name)
    shutil.copytree(tokenizer, fresh / "tokenizer")
    _json(fresh / "scheduler" / "scheduler_config.json", SCHEDULE)
    _json(
        fresh / "model_index.json",
        {"_class_name": "StableDiffusionPipeline", "requires_safety_checker": False, **PARTS},
    )
    size = sum(path.stat().st_size for path in fresh.rglob("*") if path.is_file())
    if size > LARGEST:
        raise ValueError(f"{size} bytes are more than {LARGEST}")
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return size


def write_xl(parts: dict[str, Any], model: Path, folder: Path) -> None:
    """Writes a folder in the layout of Stable Diffusion XL: these parts, the rest from a model folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, part in parts.items():
        part.to(dtype=torch.float16).save_pretrained(folder / name)
    for name, source in (
        ("vae", "vae"),
        ("scheduler", "scheduler"),
        ("tokenizer", "tokenizer"),
        ("tokenizer_2", "tokenizer"),
    ):
        shutil.copytree(model / source, folder / name)
    names = {
        **PARTS,
        "text_encoder_2": ("transformers", "CLIPTextModelWithProjection"),
        "tokenizer_2": PARTS["tokenizer"],
    }
    del names["safety_checker"]
    # Without words it was taught the empty caption, not zeros.
    settings = {"_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": False}
    _json(folder / "model_index.json", {**settings, **names})


def _json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
