"""Pictures in the form that fits into a message: several in one sheet, large ones encoded anew."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from PIL import Image

CELL = 1024  # pixels: the longest side of a picture on a sheet
GAP = 8
QUALITIES = (95, 88, 78)
SHRINK = 0.75  # the share of its sides that a picture keeps when no quality is small enough


def sheet(contents: Sequence[bytes]) -> bytes:
    """Pictures side by side in reading order, as a PNG. Takes up to a second: call it in a thread."""
    opened = [Image.open(io.BytesIO(content)).convert("RGB") for content in contents]
    for picture in opened:
        picture.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    across = math.ceil(math.sqrt(len(opened)))
    down = math.ceil(len(opened) / across)
    width, height = max(one.width for one in opened), max(one.height for one in opened)
    made = Image.new("RGB", (across * (width + GAP) - GAP, down * (height + GAP) - GAP), (43, 45, 49))
    for at, picture in enumerate(opened):
        left = at % across * (width + GAP) + (width - picture.width) // 2
        top = at // across * (height + GAP) + (height - picture.height) // 2
        made.paste(picture, (left, top))
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def fitted(content: bytes, limit: int) -> tuple[str, bytes]:
    """The suffix and the bytes of a picture of at most `limit` bytes: as it is if it fits, else a WebP of high quality,
    and smaller only where that is too large still. Takes up to a few seconds: call it in a thread."""
    if len(content) <= limit:
        return "png", content
    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    while True:
        for quality in QUALITIES:
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=quality)
            if len(out.getvalue()) <= limit:
                return "webp", out.getvalue()
        picture = picture.resize((max(1, int(picture.width * SHRINK)), max(1, int(picture.height * SHRINK))))
