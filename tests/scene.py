"""A picture that is not of one colour, for tests of what people send."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw


def scene(side: int = 320, seed: int = 3) -> Image.Image:
    """Something with edges and noise, as a photo and a drawn picture have."""
    noise = random.Random(seed).randbytes(4800)
    small = Image.frombytes("RGB", (40, 40), noise).resize((side, side), Image.Resampling.BICUBIC)
    ImageDraw.Draw(small).ellipse((60, 60, 200, 200), fill=(40, 160, 70))
    return small


def data(image: Image.Image, kind: str = "PNG") -> bytes:
    """Its file."""
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()
