"""Zips of pictures as people pack them, and zips that are to do harm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

import pytest
from PIL import Image

from bot.commands.train import _of_zip
from bot.training import zips
from bot.training.folder import FolderPicture
from bot.training.zips import pictures_of_zip
from prompts.errors import Refusal
from tests.bot.training.test_folder import grain


def png(seed: int) -> bytes:
    made = io.BytesIO()
    grain(seed, 24, 24).save(made, "PNG")
    return made.getvalue()


def zipped(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def by_old_windows(names: Mapping[str, bytes], encoding: str = "gb18030") -> bytes:
    """A zip whose names are in another encoding and do not say so, with backslashes, as old Windows programs write."""
    files, central, at = b"", b"", 0
    for name, content in names.items():
        raw = name.replace("/", "\\").encode(encoding)
        told = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(raw), 0)
        files += b"PK\3\4" + told + raw + content
        central += b"PK\1\2" + struct.pack("<H", 20) + told + struct.pack("<HHHII", 0, 0, 0, 0, at) + raw
        at = len(files)
    end = struct.pack("<HHHHIIH", 0, 0, len(names), len(names), len(central), len(files), 0)
    return files + central + b"PK\5\6" + end


def told(pictures: tuple[FolderPicture, ...]) -> list[tuple[str, str, int, str, bool]]:
    return [(one.path.name, one.caption, one.repeats, one.named, one.prior) for one in pictures]


def test_a_zip_as_kohyas_trainer_has_its_folders() -> None:
    files = {
        "set/img/20_xiao hong girl/1.png": png(1),
        "set/img/20_xiao hong girl/1.txt": "红裙子, 微笑\nmore".encode(),
        "set/img/20_xiao hong girl/2.JPG": png(2),
        "set/img/20_xiao hong girl/2.caption": b"a ||| smile",
        "set/img/10_hat/3.png": png(3),
        "set/reg/1_girl/r.png": png(4),
        "__MACOSX/set/img/20_xiao hong girl/._1.png": b"x",
        "set/img/20_xiao hong girl/Thumbs.db": b"x",
        "set/img/20_xiao hong girl/broken.png": b"x",
        "set/img/log/4.png": png(5),
    }
    found = pictures_of_zip(zipped(files))
    assert told(found.pictures) == [
        ("3.png", "", 1, "hat", False),
        ("1.png", "红裙子, 微笑", 2, "xiao hong girl", False),
        ("2.JPG", "a , smile", 2, "xiao hong girl", False),
        ("r.png", "", 1, "girl", True),
    ]
    assert [(note.key, *note.values.values()) for note in found.notes] == [
        ("train.picture_aside", "broken.png"), ("train.folder_aside", "log"),
    ]  # fmt: skip
    one = found.pictures[1]
    assert one.content == png(1) and one.size == (24, 24) and isinstance(one.image, Image.Image)
    assert one.path == PurePosixPath("set/img/20_xiao hong girl/1.png")


def test_one_folder_round_all_pictures_says_nothing_of_them() -> None:
    found = pictures_of_zip(zipped({"我的图/a.png": png(1), "我的图/b.png": png(2)}))
    assert [(one.path.name, one.repeats, one.named) for one in found.pictures] == [("a.png", 1, ""), ("b.png", 1, "")]
    assert not found.notes


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_chinese_names_of_zips_that_do_not_say_how_they_are_written(encoding: str) -> None:
    content = by_old_windows({"10_小红/一只猫.png": png(1), "10_小红/一只猫.txt": "红帽子".encode(encoding)}, encoding)
    assert told(pictures_of_zip(content).pictures) == [("一只猫.png", "红帽子", 1, "小红", False)]


def link() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        entry = zipfile.ZipInfo("a.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return made.getvalue()


def locked() -> bytes:
    content = bytearray(zipped({"a.png": png(1)}))
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    return bytes(content)


def changed() -> bytes:
    content = bytearray(zipped({"a.png": png(1)}, method=zipfile.ZIP_STORED))
    content[120] ^= 255
    return bytes(content)


def squeezed() -> bytes:
    content = bytearray(zipped({"a.png": png(1)}, method=zipfile.ZIP_LZMA))
    for place in range(46, 90):
        content[place] ^= 90
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"Rar!\x1a\x07", "train.no_zip"), (b"", "train.no_zip"), (zipped({"a.png": png(1)})[:-40], "train.no_zip"),
        (zipped({"a.txt": b"x"}), "train.no_pictures"), (zipped({"reg/1_cat/a.png": png(1)}), "train.no_pictures"),
        (zipped({"../a.png": png(1)}), "train.zip_unsafe"), (zipped({"/a.png": png(1)}), "train.zip_unsafe"),
        (zipped({"a/../../b.png": png(1)}), "train.zip_unsafe"), (zipped({"C:\\a.png": png(1)}), "train.zip_unsafe"),
        (link(), "train.zip_unsafe"), (locked(), "train.zip_locked"), (changed(), "train.zip_broken"),
        (squeezed(), "train.zip_broken"),
    ],
)  # fmt: skip
def test_what_is_no_zip_or_leads_out_of_it_is_refused(content: bytes, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        pictures_of_zip(content)
    assert refused.value.key == key


def test_bombs_are_refused_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zipped({"a.png": bytes(3 * 2**20)})
    many = zipped({f"{place}.txt": b"x" for place in range(30)})
    read: list[str] = []
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda self, entry: read.append(entry.filename))
    monkeypatch.setattr(zips, "MOST_BYTES", 2 * 2**20)
    monkeypatch.setattr(zips, "MOST_ENTRIES", 29)
    for content, key in ((bomb, "train.zip_large"), (many, "train.zip_entries")):
        with pytest.raises(Refusal) as refused:
            pictures_of_zip(content)
        assert refused.value.key == key
    assert not read


def test_no_more_is_unpacked_than_an_entry_tells() -> None:
    content = bytearray(zipped({"a.png": png(1) + bytes(2**20)}))
    central = content.rindex(b"PK\1\2")
    for place in (22, central + 24):
        struct.pack_into("<I", content, place, 100)
    with pytest.raises(Refusal) as refused:
        pictures_of_zip(bytes(content))
    assert refused.value.key == "train.zip_broken"


def test_no_picture_counts_a_thousand_times_as_often_as_another() -> None:
    found = pictures_of_zip(zipped({"9999_a/a.png": png(1), "5000_b/b.png": png(2), "1_c/c.png": png(3)}))
    assert [one.repeats for one in found.pictures] == [1, 50, 100]


def test_what_is_not_to_be_forgotten_is_so_when_the_zip_comes_by_chat() -> None:
    found = _of_zip(pictures_of_zip(zipped({"img/2_zwx/a.png": png(1), "reg/1_cat/b.png": png(2)})))
    assert [(one.name, one.prior) for one in found] == [("a.png", False), ("b.png", True)]
