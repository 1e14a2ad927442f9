"""Pictures to learn from in a folder, with their captions beside them, as kohya's trainers and their kin have them."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.chat import Say
from prompts.errors import Refusal

KINDS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif"}
CAPTIONS = (".txt", ".caption")
LARGEST = 64 * 2**20  # bytes of a picture
LONGEST = 4000  # characters of a caption
_REPEATED = re.compile(r"(\d{1,4})_(.+)")
_CHINESE = re.compile(r"[㐀-鿿]")
_CHINESE_ALONE = re.compile(r"[\x00-\x7f㐀-鿿　-〿！-～]*")
_SKIPPED = {"__macosx", "thumbs.db"}


@dataclass(frozen=True, slots=True, eq=False)
class FolderPicture:
    """A picture that was found: its file, content, SHA-256, the picture upright, what is said of it ("": nothing), how
    often it counts, and the name of its kind that the folder gives ("": none)."""

    path: Path
    content: bytes
    hash: str
    image: Image.Image
    caption: str
    repeats: int = 1
    named: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FolderPictures:
    """All of a folder, by name, and what was left aside."""

    pictures: tuple[FolderPicture, ...]
    notes: tuple[Say, ...] = ()


def pictures_of(folder: Path) -> FolderPictures:
    """The pictures of a folder and of the folders in it that are called as kohya's are ("10_name": each counts ten
    times). Raises Refusal `train.no_folder` or `train.no_pictures`."""
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
    if not found:
        raise Refusal("train.no_pictures", folder=str(folder))
    return FolderPictures(tuple(found), tuple(notes))


def _inside(folder: Path) -> Iterator[Path]:
    paths = (path for path in folder.iterdir() if not path.name.startswith(".") and path.name.lower() not in _SKIPPED)
    return iter(sorted(paths, key=lambda path: path.name))


def _add(path: Path, found: list[FolderPicture], notes: list[Say], repeats: int, named: str) -> None:
    if path.suffix.lower() not in KINDS:
        return
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too many bytes")
        content = path.read_bytes()
        image = Image.open(io.BytesIO(content))
        image.load()
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        notes.append(Say("train.picture_aside", {"file": path.name}))
        return
    upright = ImageOps.exif_transpose(image)
    digest = hashlib.sha256(content).hexdigest()
    found.append(FolderPicture(path, content, digest, upright, _caption(path), repeats, named))


def _caption(path: Path) -> str:
    """The first line of the file beside a picture, in UTF-8 or as Chinese Windows writes."""
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
    chinese = content.decode("gb18030", "replace")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return chinese
    return text if text.isascii() or _CHINESE.search(text) or not _CHINESE_ALONE.fullmatch(chinese) else chinese
