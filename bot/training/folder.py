"""Pictures to learn from in a folder, with their captions beside them, as kohya's trainers and their kin have them."""

from __future__ import annotations

import codecs
import hashlib
import io
import math
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath

from PIL import Image, ImageOps

from bot.chat import Say
from engine.pixels.shades import shallow
from engine.training_plan import MAX_PICTURES, MIN_PICTURES
from prompts.errors import Refusal

KINDS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".avif"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "AVIF")  # and no others, whatever a file is called
CAPTIONS = (".txt", ".caption")
LARGEST = 64 * 2**20  # bytes of a picture
MOST_PIXELS = 100_000_000
LONGEST = 4000  # characters of a caption
MOST_TEXT = 2**20  # bytes of a file with one
MOST_REPEATS = 100
PRIOR = "reg"  # the folder in which kohya's trainers have what is not to be forgotten
_REPEATED = re.compile(r"(\d{1,4})_(.+)")
_CHINESE = re.compile(r"[㐀-鿿]")
_CHINESE_ALONE = re.compile(r"[\x00-\x7f㐀-鿿　-〿！-～]*")
_SKIPPED = {"__macosx", "thumbs.db"}


@dataclass(frozen=True, slots=True, eq=False)
class FolderPicture:
    """A picture that was found: its file, its SHA-256, width and height upright, what is said of it ("": nothing), how
    often it counts, the name of its kind that the folder gives ("": none), and whether it shows what is not to be
    forgotten. `held` are its bytes where the file lies in an archive, or came with a message."""

    path: PurePath
    hash: str
    size: tuple[int, int]
    caption: str
    repeats: int = 1
    named: str = ""
    prior: bool = False
    held: bytes | None = None

    @property
    def content(self) -> bytes:
        """The file's bytes, read anew each time: a folder of photographs does not fit into memory."""
        return Path(self.path).read_bytes() if self.held is None else self.held

    @property
    def image(self) -> Image.Image:
        """The picture upright."""
        return _opened(self.content)


@dataclass(frozen=True, slots=True, eq=False)
class FolderPictures:
    """All of a folder, by name, and what was left aside."""

    pictures: tuple[FolderPicture, ...]
    notes: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FolderFile:
    """A file of a folder or an archive: where it lies in that, its bytes' number, and how they are read. `path` is
    where it lies on the disk, if it does."""

    inside: PurePosixPath
    size: int
    read: Callable[[], bytes]
    path: Path | None = None


def pictures_of(folder: Path) -> FolderPictures:
    """The pictures of a folder and of the folders in it that are called as kohya's are ("10_name": each counts ten
    times as often as one that does not say; where all say the same, once); those below a folder "reg" show what is not
    to be forgotten. Raises Refusal `train.no_folder`, `train.no_pictures`, or `train.count` for more than can be learnt
    from at once."""
    if not folder.is_dir():
        raise Refusal("train.no_folder", folder=str(folder))
    return gathered(_entries(folder), str(folder))


def gathered(entries: Iterable[FolderFile], name: str) -> FolderPictures:
    """The pictures among these files, which were found in something of this name, by kohya's rules. Raises Refusal
    `train.no_pictures`, `train.count`."""
    found: list[FolderPicture] = []
    notes: list[Say] = []
    files = sorted(entries, key=lambda one: one.inside.as_posix())
    beside = {one.inside.as_posix().casefold(): one for one in files if one.inside.suffix.lower() in CAPTIONS}
    outer = _outer([one.inside for one in files if one.inside.suffix.lower() in KINDS])
    aside: dict[str, None] = {}
    for one in files:
        if one.inside.suffix.lower() not in KINDS:
            continue
        where = one.inside.parts[outer:-1]
        called = _REPEATED.fullmatch(where[-1]) if where else None
        prior = any(part.casefold() == PRIOR for part in one.inside.parts[:-1])
        if where and called is None and not (prior and where[-1].casefold() == PRIOR):
            aside.setdefault("/".join(where))
            continue
        repeats, named = (max(1, int(called[1])), called[2].replace("_", " ").strip()) if called else (1, "")
        _add(one, beside, found, notes, replace(_NOTHING, repeats=repeats, named=named, prior=prior))
        if sum(not one.prior for one in found) > MAX_PICTURES or len(found) > 2 * MAX_PICTURES:
            raise Refusal("train.count", count=f"{MAX_PICTURES}+", least=MIN_PICTURES, most=MAX_PICTURES)
    notes += [Say("train.folder_aside", {"folder": folder}) for folder in aside]
    if not any(not one.prior for one in found):
        raise Refusal("train.no_pictures", folder=name)
    new, prior_ones = ([one for one in found if one.prior is prior] for prior in (False, True))
    return FolderPictures((*in_proportion(new), *in_proportion(prior_ones)), tuple(notes))


_NOTHING = FolderPicture(PurePosixPath("-"), "", (0, 0), "")


def in_proportion(found: Sequence[FolderPicture]) -> tuple[FolderPicture, ...]:
    """The pictures, each as often as it counts beside the others: where all count ten times, each counts once, and none
    MOST_REPEATS times as often as another."""
    common = math.gcd(*(one.repeats for one in found)) or 1
    most = max((one.repeats for one in found), default=1) / MOST_REPEATS  # what counts so often counts that
    return tuple(replace(one, repeats=max(1, round(one.repeats / max(common, most)))) for one in found)


def _outer(pictures: Sequence[PurePosixPath]) -> int:
    """How many folders lie around all pictures and say nothing of them, as the one that an archive was made of; "img"
    beside "reg" is one, too."""
    found = 0
    while all(len(one.parts) > found + 1 for one in pictures) and pictures:
        names = {one.parts[found] for one in pictures if one.parts[found].casefold() != PRIOR}
        if len(names) > 1 or any(_REPEATED.fullmatch(name) for name in names):
            break
        found += 1
    return found


def skipped(inside: PurePosixPath) -> bool:
    """Whether a file is one that systems leave behind."""
    return any(part.startswith(".") or part.lower() in _SKIPPED for part in inside.parts)


def _entries(folder: Path) -> Iterator[FolderFile]:
    """The files of a folder and of those in it, down to where kohya's trainers have pictures: img/10_name/a.png."""
    numbered = [path for path in folder.iterdir() if path.is_dir() and _REPEATED.fullmatch(path.name)]
    yield from _files(folder, folder)
    for path in numbered:
        yield from _files(path, folder)
    for path in folder.iterdir():
        if path in numbered or not path.is_dir() or skipped(PurePosixPath(path.name)):
            continue
        own = [inner for inner in path.iterdir() if inner.is_dir() and _REPEATED.fullmatch(inner.name)]
        for inner in (path, *own):
            yield from _files(inner, folder)


def _files(folder: Path, whole: Path) -> Iterator[FolderFile]:
    for path in folder.iterdir():
        inside = PurePosixPath(path.relative_to(whole).as_posix())
        if path.is_file() and not skipped(inside):
            yield FolderFile(inside, path.stat().st_size, path.read_bytes, path)


def _add(
    one: FolderFile, beside: dict[str, FolderFile], found: list[FolderPicture], notes: list[Say], told: FolderPicture
) -> None:
    try:
        if one.size > LARGEST:
            raise ValueError("too many bytes")
        content = one.read()
        size, caption = _opened(content).size, _caption(one, beside)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, Image.DecompressionBombError):
        notes.append(Say("train.picture_aside", {"file": one.inside.name}))
        return
    held = None if one.path else content
    made = hashlib.sha256(content).hexdigest()
    found.append(replace(told, path=one.path or one.inside, hash=made, size=size, caption=caption, held=held))


def picture_of(name: str, content: bytes, caption: str = "") -> FolderPicture:
    """A picture that came by itself. Raises ValueError, OSError and what Pillow raises for what is none."""
    size = _opened(content).size
    return FolderPicture(PurePosixPath(name), hashlib.sha256(content).hexdigest(), size, caption, held=content)


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        return shallow(ImageOps.exif_transpose(image))


def _caption(one: FolderFile, beside: dict[str, FolderFile]) -> str:
    """The first line of the file beside a picture, in UTF-8, UTF-16 or as Chinese Windows writes."""
    for ending in CAPTIONS:
        text = beside.get(one.inside.with_suffix(ending).as_posix().casefold())
        if text is None or text.size > MOST_TEXT:
            continue
        lines = _decoded(text.read()[: 4 * LONGEST]).splitlines()
        line = next((line.strip() for line in lines if line.strip()), "")
        return line[:LONGEST].replace("|||", ",")  # kohya's sign that what is before it stays in front
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
