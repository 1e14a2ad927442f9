"""The texts inside every PNG: A1111's `parameters` and the recipe, so that a file can be drawn again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import cast

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.recipe import Recipe
from prompts.prompt import Json

CHUNK = "danqing"
# zlib level: 4 takes half the time of Pillow's 6 for files about 3 % larger.
LEVEL = 4
ORDINALS = {2: "2nd", 3: "3rd"}  # as ADetailer numbers its tabs


def parameters(recipe: Recipe, model_hash: str = "") -> str:
    """The text A1111 writes into its files, which other programs read: prompt, negative, then `Name: value` pairs."""
    prompt = recipe.prompt
    lines = [", ".join(filter(None, (prompt.positive, *map(str, prompt.loras))))]
    if prompt.negative:
        lines.append(f"Negative prompt: {prompt.negative}")
    pairs: dict[str, str | int | float] = {
        "Steps": recipe.steps,
        "Sampler": recipe.sampler,
        "CFG scale": f"{recipe.guidance:g}",
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
    }
    if model_hash:
        pairs["Model hash"] = model_hash
    pairs["Model"] = recipe.model
    if over := recipe.source or recipe.hires:
        pairs["Denoising strength"] = f"{over.strength:g}"
    if recipe.variation:
        pairs["Variation seed"] = recipe.variation.seed
        pairs["Variation seed strength"] = f"{recipe.variation.strength:g}"
    if recipe.rescale:
        pairs["CFG rescale"] = f"{recipe.rescale:g}"
    if recipe.clip_skip != 1:
        pairs["Clip skip"] = recipe.clip_skip
    if recipe.vae:
        pairs["VAE"] = recipe.vae
    if recipe.refiner:
        pairs["Refiner"] = recipe.refiner.model
        pairs["Refiner switch at"] = f"{recipe.refiner.switch:g}"
    if recipe.hires:
        pairs["Hires upscale"] = f"{recipe.hires.factor:g}"
        if recipe.hires.steps:
            pairs["Hires steps"] = recipe.hires.steps
        pairs["Hires upscaler"] = recipe.hires.upscaler
    for number, fix in enumerate(recipe.fixes, 1):
        tab = f" {ORDINALS.get(number, f'{number}th')}" if number > 1 else ""
        pairs[f"ADetailer model{tab}"] = fix.detector
        pairs[f"ADetailer denoising strength{tab}"] = f"{fix.strength:g}"
    if recipe.upscale:
        pairs["Upscaler"] = recipe.upscale.upscaler
        pairs["Upscale by"] = f"{recipe.upscale.factor:g}"
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in pairs.items()))
    return "\n".join(lines)


def _quoted(value: str | int | float) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(sign in text for sign in ',:"\n') else text


def png(image: Image.Image, recipe: Recipe, model_hash: str = "") -> bytes:
    """The file of a finished picture, both texts in it."""
    texts = PngInfo()
    # Surrogates (half an emoji) can be typed into a prompt but not written as UTF-8.
    texts.add_itxt("parameters", parameters(recipe, model_hash).encode("utf-8", "replace").decode())
    texts.add_itxt(CHUNK, json.dumps(recipe.to_json(), ensure_ascii=True))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=texts, compress_level=LEVEL)
    return buffer.getvalue()


def read_recipe(content: bytes) -> Recipe | None:
    """The recipe inside a PNG that `png` wrote; None for any other bytes, broken ones included."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            text = cast(Mapping[str, str], getattr(image, "text", {})).get(CHUNK)
        return None if text is None else Recipe.from_json(cast(dict[str, Json], json.loads(text)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SyntaxError, Image.DecompressionBombError):
        return None
