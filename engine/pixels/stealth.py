"""Texts hidden in the lowest bits of a picture, as NovelAI and "stealth pnginfo" hide them: in the alpha channel, or in
the three colours, column by column."""

from __future__ import annotations

import gzip
import io
import zlib

import numpy as np
from PIL import Image

SIGNATURE = 15  # bytes
_ALPHA = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}  # whether what follows is compressed
_COLOURS = {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True}
_MOST = 2_000_000  # bytes of a text; more is none
_LARGEST = 50_000_000  # pixels; nobody hides a text in more


def hidden(image: Image.Image) -> str:
    """The text hidden in a picture; "" where there is none. Reads the picture's pixels."""
    if image.mode not in ("RGB", "RGBA") or image.width * image.height > _LARGEST:
        return ""
    pixels = np.asarray(image)
    if image.mode == "RGBA" and (text := _read(pixels[..., 3:], _ALPHA)):
        return text
    return _read(pixels[..., :3], _COLOURS)


def hide(image: Image.Image, text: str) -> Image.Image | None:
    """The picture with a text hidden in its alpha channel, compressed; None where it has too few pixels for it."""
    content = gzip.compress(text.encode("utf-8", "replace"), mtime=0)
    head = b"stealth_pngcomp" + (len(content) * 8).to_bytes(4, "big")
    bits = np.unpackbits(np.frombuffer(head + content, np.uint8))
    pixels = np.array(image.convert("RGBA"))
    if bits.size > pixels.shape[0] * pixels.shape[1]:
        return None
    alpha = pixels[..., 3].T.reshape(-1)  # a copy, column by column
    alpha[: bits.size] = (alpha[: bits.size] & 0xFE) | bits
    pixels[..., 3] = alpha.reshape(pixels.shape[1], pixels.shape[0]).T
    return Image.fromarray(pixels)


def _read(pixels: np.ndarray, signatures: dict[bytes, bool]) -> str:
    head = _bytes(pixels, 0, SIGNATURE + 4)
    compressed = signatures.get(head[:SIGNATURE])
    if compressed is None:
        return ""
    length = int.from_bytes(head[SIGNATURE:], "big") // 8
    if not 0 < length <= _MOST:
        return ""
    content = _bytes(pixels, SIGNATURE + 4, length)
    try:
        return (_plain(content) if compressed else content).decode("utf-8", "replace")
    except (OSError, EOFError, ValueError, zlib.error):
        return ""


def _plain(content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        return file.read(_MOST)


def _bytes(pixels: np.ndarray, start: int, count: int) -> bytes:
    """So many bytes of the lowest bits: down each column, of each pixel its channels in turn."""
    height, _, channels = pixels.shape
    first, last = start * 8, (start + count) * 8
    columns = slice(first // (height * channels), -(-last // (height * channels)))
    bits = (pixels[:, columns].transpose(1, 0, 2).reshape(-1) & 1)[first - columns.start * height * channels :]
    return np.packbits(bits[: count * 8]).tobytes()
