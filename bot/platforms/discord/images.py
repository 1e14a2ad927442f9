"""Pictures in the form that fits into a message: several in one sheet, large ones encoded anew."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from bot.studio.contact_sheet import encoded, lay_out

GROUND = (43, 45, 49)  # of Discord's dark theme
QUALITIES = (95, 88, 78)
LONGEST = 16_383  # pixels of a WebP's side
SHRINK = 0.75  # the share of its sides that a picture keeps when no quality is small enough


def sheet(contents: Sequence[bytes]) -> bytes:
    """Pictures side by side in reading order, as a PNG. Takes up to a second: call it in a thread."""
    return encoded(lay_out(contents, GROUND).image, "PNG")


def fitted(content: bytes, limit: int) -> tuple[str, bytes]:
    """The suffix and the bytes of a picture of at most `limit` bytes: as it is if it fits, else a WebP of high quality,
    and smaller only where that is too large still. Takes up to a few seconds: call it in a thread."""
    if len(content) <= limit:
        return "png", content
    with Image.open(io.BytesIO(content)) as opened:
        picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    if max(picture.size) > LONGEST:
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    while True:
        for quality in QUALITIES:
            if len(made := encoded(picture, "WEBP", quality)) <= limit:
                return "webp", made
        picture = picture.resize((max(1, int(picture.width * SHRINK)), max(1, int(picture.height * SHRINK))))
