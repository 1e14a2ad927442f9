"""A look at finished pictures by what the owner put into a models folder: Stable Diffusion's safety checker, or a
tagger that rates."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from engine.files.checkers import checkers
from engine.files.taggers import TaggerFile
from engine.taggers import network
from engine.tagging import ADULT, RATINGS
from prompts.errors import Refusal
from prompts.prompt import Prompt
from prompts.safety.judge import signs
from prompts.safety.signs import CHILDREN, verdict

log = logging.getLogger(__name__)


def for_adults(prompt: Prompt) -> bool:
    """Whether a prompt asks for adults' pictures, which was allowed where it was asked, and has no child in it."""
    seen = signs(prompt)
    return verdict(seen) == "adult" and not seen & CHILDREN


def shows_adults(image: Image.Image, prompt: Prompt, folders: Sequence[Path], taggers: Sequence[Path] = ()) -> bool:
    """Whether any checker sees what is for adults in a picture whose prompt did not ask for it; False where there is
    no checker. Raises Refusal `picture.unsafe` where there is a child in the prompt: that is never shown."""
    found = checkers(folders, taggers)
    if not found or for_adults(prompt) or not any(_sees(one, image) for one in found):
        return False
    log.warning("a checker saw something for adults in a picture")
    if signs(prompt) & CHILDREN:
        raise Refusal("picture.unsafe")
    return True


def _sees(checker: Path | TaggerFile, image: Image.Image) -> bool:
    if isinstance(checker, Path):
        return _safety_checker_sees(checker, image)
    return rating(checker, image) in ADULT


def rating(tagger: TaggerFile, image: Image.Image) -> str:
    """The likeliest rating of a picture by a tagger. Raises Refusal `picture.checker_damaged`, for one that does not
    rate, too: a picture that was not looked at is not let through."""
    try:
        found: dict[str, float] = {}
        for one in network.load(tagger).look(image):  # of two with one name the ratings stand first
            found.setdefault(one.name.casefold(), one.score)
    except Refusal as refusal:
        raise Refusal("picture.checker_damaged", name=tagger.name) from refusal
    rated = {name: found[name] for name in RATINGS if name in found}
    if not ADULT & rated.keys() or rated.keys() <= ADULT:
        raise Refusal("picture.checker_damaged", name=tagger.name)
    return max(rated, key=lambda name: rated[name])


@torch.no_grad()
def _safety_checker_sees(folder: Path, image: Image.Image) -> bool:
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
