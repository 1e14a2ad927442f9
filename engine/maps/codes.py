"""QR codes: written, read back, and looked for in what was drawn by them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable

from PIL import Image, ImageDraw

from engine.pixels.control_map import ControlMap
from prompts.errors import Refusal
from prompts.prompt import Note

WRITES, READS = "segno", "zxingcpp"  # the packages
QUIET = 4  # modules of white around a code, as ISO/IEC 18004 has it
MOST = 1000  # bytes: beyond this a code's modules are smaller than what a net can draw
LEAST = 4  # pixels a module
NEAREST = 128  # pixels of the shorter side of a picture that is looked at from far away
CODE = "qr"  # the preprocessor
SHOWN = 200  # characters of what one says that are told


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


def read(image: Image.Image) -> str:
    """The text of the code in a picture, empty where none can be read."""
    return next(iter(_texts(image)), "")


def _texts(image: Image.Image) -> list[str]:
    reader = importlib.import_module(READS)
    found = reader.read_barcodes(image.convert("L"), formats=reader.BarcodeFormat.QRCode)
    return [str(one.text) for one in found if one.text]


def scans(image: Image.Image, text: str) -> bool:
    """Whether a code with this text can be read in a picture, as it is or from farther away, where what was drawn into
    its modules blurs."""
    while text not in _texts(image):
        if min(image.size) < 2 * NEAREST:
            return False
        image = image.reduce(2)
    return True


def judged(image: Image.Image, seed: int, maps: Iterable[ControlMap]) -> tuple[Note, ...]:
    """What is to be told of a picture that was drawn by maps: of each that is a code, whether it can be scanned in the
    picture. `seed` is the picture's, by which people tell it from others."""
    codes = [one.image for one in maps if one.control.preprocessor in ("", CODE)]
    texts = dict.fromkeys(filter(None, map(read, codes)))
    return tuple(
        Note("note.qr_scans" if scans(image, text) else "note.qr_unreadable", {"text": text[:SHOWN], "seed": str(seed)})
        for text in texts
    )
