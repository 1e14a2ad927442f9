"""Pictures to learn from in a folder, with their captions beside them, as kohya's trainers and their kin have them."""

from __future__ import annotations

import codecs
import hashlib
import io
import math
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageOps

from bot.chat import Say
from engine.training_plan import MAX_PICTURES, MIN_PICTURES
from prompts.errors import Refusal

KINDS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "AVIF")  # and no others, whatever a file is called
CAPTIONS = (".txt", ".caption")
LARGEST = 64 * 2**20  # bytes of a picture
MOST_PIXELS = 100_000_000
LONGEST = 4000  # characters of a caption
_REPEATED = re.compile(r"(\d{1,4})_(.+)")
_CHINESE = re.compile(r"[㐀-鿿]")
_CHINESE_ALONE = re.compile(r"[\x00-\x7f㐀-鿿　-〿！-～]*")
_SKIPPED = {"__macosx", "thumbs.db"}


@dataclass(frozen=True, slots=True, eq=False)
class FolderPicture:
    """A picture that was found: its file, its SHA-256, width and height upright, what is said of it ("": nothing), how
    often it counts, and the name of its kind that the folder gives ("": none)."""

    path: Path
    hash: str
    size: tuple[int, int]
    caption: str
    repeats: int = 1
    named: str = ""

    @property
    def content(self) -> bytes:
        """The file's bytes, read anew each time: a folder of photographs does not fit into memory."""
        return self.path.read_bytes()

    @property
    def image(self) -> Image.Image:
        """The picture upright."""
        return _opened(self.content)


@dataclass(frozen=True, slots=True, eq=False)
class FolderPictures:
    """All of a folder, by name, and what was left aside."""

    pictures: tuple[FolderPicture, ...]
    notes: tuple[Say, ...] = ()


def pictures_of(folder: Path) -> FolderPictures:
    """The pictures of a folder and of the folders in it that are called as kohya's are ("10_name": each counts ten
    times as often as one that does not say; where all say the same, once). Raises Refusal `train.no_folder`,
    `train.no_pictures`, or `train.count` for more than can be learnt from at once."""
    if not folder.is_dir():
        raise Refusal("train.no_folder", folder=str(folder))
    found: list[FolderPicture] = []
    notes: list[Say] = []
    for path in _inside(folder):
        if path.is_dir():
            called = _REPEATED.fullmatch(path.name)
            if called is None:
                notes.append(Say("train.folder_aside", {"folder": path.name}))
                continue
            for inner in _inside(path):
                _add(inner, found, notes, max(1, int(called[1])), called[2].replace("_", " ").strip())
        else:
            _add(path, found, notes, 1, "")
        if len(found) > MAX_PICTURES:
            raise Refusal("train.count", count=f"{MAX_PICTURES}+", least=MIN_PICTURES, most=MAX_PICTURES)
    if not found:
        raise Refusal("train.no_pictures", folder=str(folder))
    return FolderPictures(_in_proportion(found), tuple(notes))


def _in_proportion(found: Sequence[FolderPicture]) -> tuple[FolderPicture, ...]:
    common = math.gcd(*(one.repeats for one in found))
    return tuple(replace(one, repeats=one.repeats // common) for one in found)


def _inside(folder: Path) -> Iterator[Path]:
    paths = (path for path in folder.iterdir() if not path.name.startswith(".") and path.name.lower() not in _SKIPPED)
    return iter(sorted(paths, key=lambda path: path.name))


def _add(path: Path, found: list[FolderPicture], notes: list[Say], repeats: int, named: str) -> None:
    if path.suffix.lower() not in KINDS or not path.is_file() or len(found) > MAX_PICTURES:
        return
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too many bytes")
        content = path.read_bytes()
        size, caption = _opened(content).size, _caption(path)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, Image.DecompressionBombError):
        notes.append(Say("train.picture_aside", {"file": path.name}))
        return
    found.append(FolderPicture(path, hashlib.sha256(content).hexdigest(), size, caption, repeats, named))


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        return ImageOps.exif_transpose(image)


def _caption(path: Path) -> str:
    """The first line of the file beside a picture, in UTF-8, UTF-16 or as Chinese Windows writes."""
    for ending in CAPTIONS:
        beside = path.with_suffix(ending)
        if not beside.is_file():
            continue
        with beside.open("rb") as file:
            content = file.read(4 * LONGEST)
        text = _decoded(content)
        return next((line.strip()[:LONGEST] for line in text.splitlines() if line.strip()), "")
    return ""


def _decoded(content: bytes) -> str:
    """A text in UTF-8 or GB 18030. A few Chinese signs in the latter may be rare letters in the former (一只猫, һֻè)."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    chinese = content.decode("gb18030", "replace")
    try:
        # What was read may end within a letter.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(content, final=len(content) < 4 * LONGEST)
    except UnicodeDecodeError:
        return chinese
    return text if text.isascii() or _CHINESE.search(text) or not _CHINESE_ALONE.fullmatch(chinese) else chinese
