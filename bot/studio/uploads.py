"""Pictures that people attach: checked before anything is decoded, and brought to a sane size."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.chat import Upload
from bot.studio.contact_sheet import encoded, flat
from engine.pixels import png_recipe
from engine.pixels.shades import DEEP, shallow
from engine.poses import reading, writing
from prompts.errors import Refusal

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_SIDE = 2048  # no model draws larger; a phone's 12-megapixel photo would only be scaled down later
MIN_SIDE = 16
MIN_POSE = 64  # pixels: of a map that is drawn from a file of points
THUMB_SIDE = 240
MAX_MEGAPIXELS = 40


def checked(upload: Upload, max_megapixels: int = MAX_MEGAPIXELS) -> Upload:
    """The upload as the bot may use it: a PNG as it came (with the recipe it may carry) or, if it was of another kind,
    larger than 2048 pixels, of 16 bits or lying on its side, a PNG made from it, with the prompts that it carries.

    Runs for up to a second: call it in a thread. Raises Refusal "upload.not_a_picture" (kinds other than PNG, JPEG,
    WebP), "upload.too_many_pixels", "upload.too_small" or "upload.damaged"; for JSON, which becomes the map of the pose
    in it, as `engine.poses.reading.read`.
    """
    if reading.is_json(upload.content):
        return _posed(upload)
    try:
        with Image.open(io.BytesIO(upload.content), formats=FORMATS) as picture:
            if picture.width * picture.height > max_megapixels * 1_000_000:
                raise Refusal(
                    "upload.too_many_pixels", width=picture.width, height=picture.height, limit=max_megapixels
                )
            if min(picture.size) < MIN_SIDE:
                raise Refusal("upload.too_small", width=picture.width, height=picture.height, limit=MIN_SIDE)
            kept = picture.format == "PNG" and max(picture.size) <= MAX_SIDE and not picture.getexif().get(0x0112)
            kept = kept and picture.mode not in DEEP
            if picture.format == "JPEG":
                picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
            picture.load()
            if kept:
                return upload
            upright = shallow(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        raise Refusal("upload.not_a_picture") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal("upload.too_many_pixels", width="?", height="?", limit=max_megapixels) from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error):
        raise Refusal("upload.damaged") from None
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    mode = "RGBA" if upright.mode in ("RGBA", "LA", "PA", "P") else "RGB"
    return Upload(upload.name, png_recipe.with_texts(encoded(upright.convert(mode), "PNG"), upload.content))


def _posed(upload: Upload) -> Upload:
    """The map of the pose in a file of JSON, with sides that can be drawn."""
    pose = reading.read(upload.content)
    scale = min(1.0, MAX_SIDE / max(pose.width, pose.height))
    width, height = (max(MIN_POSE, round(side * scale)) for side in (pose.width, pose.height))
    return Upload(f"{Path(upload.name).stem}.png", writing.png(pose, width, height))


def measured(content: bytes) -> tuple[int, int]:
    """Width and height of a checked picture in pixels."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        return picture.size


def thumb(content: bytes) -> str:
    """A small JPEG of a checked picture as a data: address, to show beside the words it came with."""
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        picture.thumbnail((THUMB_SIDE, THUMB_SIDE))
        small = encoded(flat(picture), "JPEG", 80)
    return "data:image/jpeg;base64," + base64.b64encode(small).decode()
