"""A look at finished pictures by Stable Diffusion's safety checker, where the owner put one into a models folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.safety.judge import signs
from prompts.safety.signs import CHILDREN, verdict

log = logging.getLogger(__name__)

FOLDER = "safety_checker"  # as in a diffusers model; `feature_extractor` beside it says how pictures are brought to it
DEPTH = 3  # folders below a models folder in which one is looked for


def find_checker(folders: Sequence[Path]) -> Path | None:
    """The folder of the first safety checker in these folders, None where there is none."""
    for folder in folders:
        for depth in range(DEPTH):
            for config in sorted(folder.glob("*/" * depth + f"{FOLDER}/config.json")):
                return config.parent
    return None


def for_adults(prompt: Prompt) -> bool:
    """Whether a prompt asks for adults' pictures, which was allowed where it was asked, and has no child in it."""
    seen = signs(prompt)
    return verdict(seen) == "adult" and not seen & CHILDREN


def check_picture(image: Image.Image, prompt: Prompt, folders: Sequence[Path]) -> None:
    """Look at a picture. Raises Refusal `picture.unsafe` where the checker sees what its prompt did not ask for, or
    what is never drawn; does nothing where there is no checker."""
    found = find_checker(folders)
    if found is not None and not for_adults(prompt) and _sees(found, image):
        log.warning("a picture was not sent: the safety checker saw something in it")
        raise Refusal("picture.unsafe")


@torch.no_grad()
def _sees(folder: Path, image: Image.Image) -> bool:
    checker, processor = _loaded(folder)
    pixels = processor(image.convert("RGB"), return_tensors="pt").pixel_values
    _, hits = checker(clip_input=pixels, images=[numpy.zeros((1, 1, 3), numpy.float32)])
    return bool(hits[0])


@lru_cache(1)
def _loaded(folder: Path) -> tuple[Callable[..., Any], Callable[..., Any]]:
    # Only now: most workers have no checker, and transformers says on import that torchvision is not there.
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPImageProcessor

    checker = StableDiffusionSafetyChecker.from_pretrained(folder, local_files_only=True).eval()
    beside = folder.parent / "feature_extractor"
    if (beside / "preprocessor_config.json").is_file():
        return checker, CLIPImageProcessor.from_pretrained(beside, local_files_only=True)
    return checker, CLIPImageProcessor()
