"""The texts inside every PNG: A1111's `parameters` and the recipe, so that a file can be drawn again."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import cast

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.files.hashes import Hashes
from engine.pixels.parameters import parameters
from engine.recipe import Recipe
from prompts.prompt import Json

CHUNK = "danqing"
# zlib level: 4 takes half the time of Pillow's 6 for files about 3 % larger.
LEVEL = 4


def png(image: Image.Image, recipe: Recipe, hashes: Hashes = Hashes()) -> bytes:  # noqa: B008  (frozen)
    """The file of a finished picture, both texts in it."""
    texts = PngInfo()
    # Surrogates (half an emoji) can be typed into a prompt but not written as UTF-8.
    texts.add_itxt("parameters", parameters(recipe, hashes).encode("utf-8", "replace").decode())
    texts.add_itxt(CHUNK, json.dumps(recipe.to_json(), ensure_ascii=True))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=texts, compress_level=LEVEL)
    return buffer.getvalue()


def texts(content: bytes) -> tuple[str, ...]:
    """The prompts in any program's picture: A1111's `parameters` (PNG, or EXIF in other files), NovelAI's and ComfyUI's
    JSON, and other texts as they are; none for what is no picture. Of ComfyUI only what a sampler's positive input
    leads to."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            found = {str(name): str(text) for name, text in image.info.items() if isinstance(text, str)}
            exif = image.getexif()
            values = [exif.get(_DESCRIPTION), exif.get(_XP_COMMENT), exif.get_ifd(_EXIF).get(_USER_COMMENT)]
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, Image.DecompressionBombError):
        return ()
    said = [_decoded(value) for value in values if value]
    for name, text in found.items():
        if name == "prompt":
            said += _of_nodes(text)
        elif name != CHUNK and name not in _NO_PROMPTS:
            said.append(_of_novelai(text) if name == "Comment" else text)
    return tuple(filter(None, said))


def with_texts(png: bytes, original: bytes) -> bytes:
    """A PNG that was made from another picture, with the recipe and the prompts that are in that one."""
    recipe, said = read_recipe(original), texts(original)
    if recipe is None and not said:
        return png
    kept = PngInfo()
    if said:
        kept.add_itxt("parameters", "\n\n".join(said).encode("utf-8", "replace").decode())
    if recipe is not None:
        kept.add_itxt(CHUNK, json.dumps(recipe.to_json(), ensure_ascii=True))
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as image:
        image.save(buffer, "PNG", pnginfo=kept, compress_level=LEVEL)
    return buffer.getvalue()


# Numbers of EXIF tags; texts in PNGs that hold no prompt, or one that another text holds, too.
_DESCRIPTION, _XP_COMMENT, _EXIF, _USER_COMMENT = 0x010E, 0x9C9C, 0x8769, 0x9286
_NO_PROMPTS = frozenset({"workflow", "Software", "Source", "Generation time", "XML:com.adobe.xmp"})


def _decoded(value: object) -> str:
    """An EXIF text: plain, or with the eight bytes before it that say how it is written."""
    if isinstance(value, tuple):
        value = bytes(value)
    if not isinstance(value, bytes):
        return str(value)
    if value[:8] == b"UNICODE\0":
        wide = value[8:]
        return wide.decode("utf-16-be" if wide[:1] == b"\0" else "utf-16-le", "replace")
    if value[:5] == b"ASCII":
        value = value[8:]
    return value.decode("utf-16-le" if value[1:2] == b"\0" else "utf-8", "replace").strip("\0")


def _of_novelai(text: str) -> str:
    try:
        known = json.loads(text)
        return f"{known['prompt']}\nNegative prompt: {known.get('uc', '')}"
    except (ValueError, KeyError, TypeError):
        return text


def _of_nodes(text: str) -> list[str]:
    """The texts of a ComfyUI graph from which a "positive" input draws; all of them where there is none."""
    try:
        nodes = {str(name): node["inputs"] for name, node in json.loads(text).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return [text]
    waiting = [str(inputs["positive"][0]) for inputs in nodes.values() if isinstance(inputs.get("positive"), list)]
    said, seen = [], set[str]()
    for name in waiting or list(nodes):
        if name not in seen:
            seen.add(name)
            for key, value in nodes.get(name, {}).items():
                if isinstance(value, str):
                    said.append(value)
                elif isinstance(value, list) and value and key != "negative":
                    waiting.append(str(value[0]))
    return said


def read_recipe(content: bytes) -> Recipe | None:
    """The recipe inside a PNG that `png` wrote; None for any other bytes, broken ones included."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            text = cast(Mapping[str, str], getattr(image, "text", {})).get(CHUNK)
        return None if text is None else Recipe.from_json(cast(dict[str, Json], json.loads(text)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SyntaxError, Image.DecompressionBombError):
        return None
