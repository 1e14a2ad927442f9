"""Files as Telegram takes them: photos are drawn anew in several sizes and lose what was in them, documents stay."""

from __future__ import annotations

import io
import mimetypes

from PIL import Image, UnidentifiedImageError

from tests.peers.telegram.refusal import bad, breach
from tests.peers.telegram.state import Media
from tests.peers.telegram.world import Upload, World

MEGA = 1024 * 1024
PHOTO, DOCUMENT, DOWNLOAD = 10 * MEGA, 50 * MEGA, 20 * MEGA  # bytes
SIDES, RATIO = 10_000, 20  # of a photo: width and height together, the longer to the shorter
SIZES = (90, 320, 800, 1280)  # longest side of what a photo is shown at


def photo(world: World, content: bytes) -> Media:
    """A photo's sizes; `Breach` for one that is too big, too long or no picture."""
    if len(content) > PHOTO:
        raise breach(f"file of size {len(content)} bytes is too big for a photo; the maximum size is {PHOTO} bytes")
    try:
        with Image.open(io.BytesIO(content)) as opened:
            width, height = opened.size
            if width + height > SIDES or max(width, height) > RATIO * min(width, height):
                raise breach("PHOTO_INVALID_DIMENSIONS")
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as problem:
        raise breach("IMAGE_PROCESS_FAILED") from problem
    longest = max(width, height)
    sides = [side for side in SIZES if side < longest] + ([longest] if longest <= SIZES[-1] else [])
    files = []
    for side in reversed(sides):  # each from the one before, which is quicker
        image.thumbnail((side, side))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=87)
        files.append(world.keep(out.getvalue(), "photo.jpg", "image/jpeg", "photo", *image.size))
    return world.hold(Media("photo", tuple(reversed(files))))


def document(world: World, upload: Upload) -> Media:
    """The bytes as they are."""
    if len(upload.content) > DOCUMENT:
        raise breach("file is too big")
    if not upload.content:
        raise bad("file must be non-empty")
    mime = upload.mime or mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    return world.hold(Media("document", (world.keep(upload.content, upload.name, mime, "document"),)))


def animation(world: World, upload: Upload) -> Media:
    """A GIF or an MP4."""
    if len(upload.content) > DOCUMENT:
        raise breach("file is too big")
    width = height = 320
    if upload.content[:3] == b"GIF":
        with Image.open(io.BytesIO(upload.content)) as opened:
            width, height = opened.size
    elif upload.content[4:8] != b"ftyp":
        raise breach("an animation is a GIF or an MP4")
    kept = world.keep(upload.content, upload.name, upload.mime or "image/gif", "animation", width, height)
    return world.hold(Media("animation", (kept,)))


def known(world: World, id: str, kind: str) -> Media:
    """Media that are on the servers already, by the id of one of their files."""
    held = world.media.get(id)
    if held is None:
        raise breach("wrong file identifier/HTTP URL specified")
    if held.kind != kind:
        raise breach(f"can't use file of type {held.kind} as {kind}")
    return held


def taken(world: World, kind: str, value: Upload | str) -> Media:
    """The media of a parameter: a file that came along or the id of one."""
    if isinstance(value, str):
        return known(world, value, kind)
    match kind:
        case "photo":
            return photo(world, value.content)
        case "animation":
            return animation(world, value)
    return document(world, value)
