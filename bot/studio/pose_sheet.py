"""Poses on a sheet of small maps, each with its number. Drawing it takes a moment: call it in a thread."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from bot.studio.contact_sheet import encoded
from engine.poses import writing
from engine.poses.library import NamedPose

SIDE, GAP = 232, 8  # pixels: of a map, and between two
ACROSS = 4
GROUND, INK = (58, 64, 70), (255, 255, 255)


def sheet(poses: Sequence[NamedPose], numbers: Sequence[int]) -> bytes:
    """A PNG with the poses in rows of four, in each corner its number in the library."""
    across = min(ACROSS, len(poses))
    down = math.ceil(len(poses) / across)
    image = Image.new("RGB", (across * (SIDE + GAP) + GAP, down * (SIDE + GAP) + GAP), GROUND)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(22)
    for at, (one, number) in enumerate(zip(poses, numbers, strict=True)):
        left, top = GAP + at % across * (SIDE + GAP), GAP + at // across * (SIDE + GAP)
        image.paste(writing.thumbnail(one.pose, SIDE), (left, top))
        draw.text((left + 8, top + 4), str(number), INK, font)
    return encoded(image, "PNG")
