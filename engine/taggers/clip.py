"""Words for a picture by a CLIP of the owner's: tags of our own glossary, ranked by how near they lie to it.

Source: Radford et al. 2021 (CLIP). The order is what a CLIP tells: its cosines lie close together, and none of them
says that something is not there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engine.files.taggers import ClipFile
from engine.taggers.network import square
from engine.tagging import CLIP, PictureTags, SeenTag
from prompts.clip_tokens import tokens
from prompts.errors import Refusal
from prompts.translate.glossary import entries

log = logging.getLogger(__name__)

BEGIN, END = 49406, 49407  # the tokens around a text
MOST_TOKENS = 75
AT_ONCE = 64  # phrases
NAMED = 20  # the nearest words that are told
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # of RGB in 0…1
# What a picture can be seen to have. Names of places and nations, verbs and grammar are left out.
CATEGORIES = (
    *("person", "animal", "myth", "plant", "food", "vehicle", "building", "object", "clothing", "hair", "eyes"),
    *("expression", "pose", "view", "style", "light", "weather", "nature", "place", "time", "background"),
)
EACH = 120  # tags of a category, the first of the glossary: some 2,000 in all take a processor half a minute


def phrases() -> tuple[str, ...]:
    """The tags of the glossary that a picture can show, each once; what is seldom drawn is left out."""
    found: dict[str, dict[str, None]] = {category: {} for category in CATEGORIES}
    for one in entries().values():
        some = found.get(one.category)
        if some is not None and len(some) < EACH and one.tag and not one.seldom and not set("{,") & set(one.tag):
            some[one.tag] = None
    return tuple(dict.fromkeys(tag for some in found.values() for tag in some))


def look(file: ClipFile, image: Image.Image, words: Sequence[str] | None = None) -> PictureTags:
    """The words that lie nearest to a picture, with their cosines; of `words` or the glossary's. Raises Refusal
    `tags.damaged`."""
    words = phrases() if words is None else words
    try:
        weights = file.path / "model.safetensors" if file.path.is_dir() else file.path
        changed = weights.stat().st_mtime_ns
        model = _loaded(file, changed)
        near = (_of_texts(file, changed, tuple(words)) @ _of_picture(file, model, image)).tolist()
    except Exception as error:
        log.warning("CLIP %s: %s", file.path, str(error)[:500])
        raise Refusal("tags.damaged", name=file.name) from error
    nearest = sorted(zip(words, near, strict=True), key=lambda one: -one[1])[:NAMED]
    return PictureTags(CLIP + file.name, tuple(SeenTag(word, cosine) for word, cosine in nearest))


@lru_cache(maxsize=1)
def _loaded(file: ClipFile, changed: int) -> Any:
    # Only now: most workers have no CLIP to read with.
    from transformers import CLIPModel

    from engine.taggers import open_clip  # it brings transformers along

    if file.path.is_dir():
        return CLIPModel.from_pretrained(file.path, local_files_only=True, dtype=torch.float32).eval()
    return open_clip.load(file.path)


@lru_cache(maxsize=2)
@torch.no_grad()
def _of_texts(file: ClipFile, changed: int, words: tuple[str, ...]) -> Tensor:
    """Where texts lie, a row of length 1 each. A text is looked at up to its end: what fills a batch up changes nothing
    before it."""
    model = _loaded(file, changed)
    made = []
    for start in range(0, len(words), AT_ONCE):
        numbers = [[BEGIN, *tokens(word)[:MOST_TOKENS], END] for word in words[start : start + AT_ONCE]]
        longest = max(map(len, numbers))
        ids = torch.tensor([[*one, *[END] * (longest - len(one))] for one in numbers])
        hidden = model.text_model(input_ids=ids).last_hidden_state
        ends = torch.tensor([len(one) - 1 for one in numbers])
        made.append(model.text_projection(hidden[torch.arange(len(numbers)), ends]))
    return functional.normalize(torch.cat(made), dim=1)


@torch.no_grad()
def _of_picture(file: ClipFile, model: Any, image: Image.Image) -> Tensor:
    side = int(model.config.vision_config.image_size)
    mean, deviation = _shades(file.path)
    scale = side / min(image.size)
    opaque = square(image).crop(_inner(image)) if image.has_transparency_data else image.convert("RGB")
    width, height = (max(side, round(length * scale)) for length in image.size)
    seen = opaque.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - side) // 2, (height - side) // 2
    shades = np.asarray(seen.crop((left, top, left + side, top + side)), np.float32) / 255
    pixels = torch.from_numpy(((shades - np.array(mean)) / np.array(deviation)).astype(np.float32).transpose(2, 0, 1))
    pooled = model.vision_model(pixel_values=pixels[None]).pooler_output
    return functional.normalize(model.visual_projection(pooled), dim=1)[0]


def _inner(image: Image.Image) -> tuple[int, int, int, int]:
    """Where a picture lies in its white square."""
    side = max(image.size)
    left, top = (side - image.width) // 2, (side - image.height) // 2
    return left, top, left + image.width, top + image.height


def _shades(path: Path) -> tuple[Sequence[float], Sequence[float]]:
    """Mean and deviation of RGB, as the folder says them."""
    try:
        content = json.loads((path / "preprocessor_config.json").read_text("utf-8"))
        mean, deviation = content["image_mean"], content["image_std"]
        if len(mean) == len(deviation) == 3 and all(isinstance(one, float | int) for one in (*mean, *deviation)):
            return mean, deviation
    except (OSError, ValueError, LookupError, TypeError):
        pass
    return MEAN, DEVIATION
