"""Pictures to learn from in a zip, as people pack them: kohya's folders in it, Chinese names from any system, and
nothing that unpacks into more than it seems."""

from __future__ import annotations

import io
import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath

from bot.training.folder import CAPTIONS, KINDS, FolderFile, FolderPictures, gathered, skipped
from prompts.errors import Refusal

MOST_ENTRIES = 2000
MOST_BYTES = 512 * 2**20  # of all files unpacked
_UTF8, _LOCKED = 0x800, 0x1  # flags of an entry
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
)  # fmt: skip


def pictures_of_zip(content: bytes, name: str = "zip") -> FolderPictures:
    """The pictures in a zip, as pictures_of finds those of a folder, with their bytes held. Raises Refusal
    `train.no_zip`, `train.zip_broken`, `train.zip_locked`, `train.zip_entries`, `train.zip_large`, `train.zip_unsafe`
    with the entry's name for links and names that lead out of it, and as pictures_of does."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise Refusal("train.no_zip", file=name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return gathered(list(_entries(archive, name)), name)
    except _BROKEN as error:
        raise Refusal("train.zip_broken", file=name) from error


def _entries(archive: zipfile.ZipFile, name: str) -> Iterator[FolderFile]:
    """The pictures and captions among its files. What is told of all entries is looked at before any is unpacked."""
    told = archive.infolist()
    if len(told) > MOST_ENTRIES:
        raise Refusal("train.zip_entries", file=name, count=len(told), most=MOST_ENTRIES)
    if (whole := sum(one.file_size for one in told)) > MOST_BYTES:
        raise Refusal("train.zip_large", file=name, size=whole >> 20, most=MOST_BYTES >> 20)
    for one in told:
        inside = _inside(one)
        if stat.S_ISLNK(one.external_attr >> 16):
            raise Refusal("train.zip_unsafe", file=name, entry=str(inside)[:80])
        if one.is_dir() or skipped(inside) or inside.suffix.lower() not in {*KINDS, *CAPTIONS}:
            continue
        if one.flag_bits & _LOCKED:
            raise Refusal("train.zip_locked", file=name)
        # No more is unpacked than the entry tells: where there is more, it is damaged.
        yield FolderFile(inside, one.file_size, partial(archive.read, one))


def _inside(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Where an entry lies. Raises Refusal for a name that leads out of the archive."""
    said = _name(entry).replace("\\", "/")
    inside = PurePosixPath(said)
    if inside.is_absolute() or ".." in inside.parts or ":" in said.partition("/")[0]:
        raise Refusal("train.zip_unsafe", file=entry.filename[:80], entry=said[:80])
    return inside


def _name(entry: zipfile.ZipInfo) -> str:
    """An entry's name. One that does not say that it is UTF-8 may be all the same, or is as Chinese Windows writes it;
    zipfile takes it for that of an old PC."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        written = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return written.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename
