"""QR codes: written, and looked at whether they can be read."""

from __future__ import annotations

import importlib

from PIL import Image, ImageDraw

from prompts.errors import Refusal

WRITES, READS = "segno", "zxingcpp"  # the packages; the second need not be there
QUIET = 4  # modules of white around a code, as ISO/IEC 18004 has it
MOST = 1000  # bytes: beyond this a code's modules are smaller than what a net can draw
LEAST = 4  # pixels a module


def written(text: str, size: tuple[int, int]) -> Image.Image:
    """A code with this text in the middle of a white picture, as large as it can be, with the highest correction of
    errors. Raises Refusal `map.qr_empty`, `map.qr_long`, or `map.qr_small` where the picture is too small for it."""
    content = text.strip()
    if not content:
        raise Refusal("map.qr_empty")
    if len(content.encode()) > MOST:
        raise Refusal("map.qr_long", most=MOST)
    code = importlib.import_module(WRITES).make(content, error="h", micro=False)
    modules = tuple(tuple(row) for row in code.matrix_iter(scale=1, border=QUIET))
    pixels = min(size) // len(modules)
    if pixels < LEAST:
        raise Refusal("map.qr_small", least=LEAST * len(modules))
    image = Image.new("RGB", size, "white")
    left, top = ((length - pixels * len(modules)) // 2 for length in size)
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            if dark:
                x, y = left + column * pixels, top + row * pixels
                draw.rectangle((x, y, x + pixels - 1, y + pixels - 1), fill="black")
    return image


def read(image: Image.Image) -> str | None:
    """The text of the code in a picture, empty where none can be read; None where no reader is installed."""
    try:
        reader = importlib.import_module(READS)
    except ImportError:
        return None
    found = reader.read_barcodes(image.convert("L"))
    return next((str(one.text) for one in found if one.text), "")
