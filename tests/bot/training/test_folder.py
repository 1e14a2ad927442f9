"""Folders of pictures as other trainers have them, and what is wrong with pictures."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bot.training import folder as reading
from bot.training.faults import check_cut, faults
from bot.training.flags import flags
from bot.training.folder import pictures_of
from bot.training.planning import captioned, check_name, trigger_of
from engine.pixels import buckets
from engine.tagging import PictureTags
from prompts.errors import Refusal
from prompts.translate.glossary_translator import Glossary


def grain(seed: int, width: int = 96, height: int = 96) -> Image.Image:
    """A picture unlike any other."""
    cells = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    return Image.fromarray(cells).resize((width, height), Image.Resampling.NEAREST)


def test_folders_of_kohya_captions_and_what_is_left_aside(tmp_path: Path) -> None:
    for name in ("a.png", "10_small cat/b.webp", "10_small cat/c.png", "other/d.png", "__MACOSX/a.png", ".hidden.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        grain(len(name)).save(path)
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "a.txt").write_text("\n zwx, 红色的帽子\nsecond line\n", "utf-8-sig")
    (tmp_path / "10_small cat" / "b.caption").write_bytes("一只猫".encode("gb18030"))
    found = pictures_of(tmp_path)
    told = {one.path.name: (one.caption, one.repeats, one.named) for one in found.pictures}
    assert told == {
        "a.png": ("zwx, 红色的帽子", 1, ""),
        "b.webp": ("一只猫", 10, "small cat"),
        "c.png": ("", 10, "small cat"),
    }
    assert [(note.key, *note.values.values()) for note in found.notes] == [
        ("train.picture_aside", "broken.jpg"), ("train.folder_aside", "other"),
    ]  # fmt: skip


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    for folder, key in ((tmp_path / "gone", "train.no_folder"), (tmp_path, "train.no_pictures")):
        with pytest.raises(Refusal) as refused:
            pictures_of(folder)
        assert refused.value.key == key


async def test_captions_are_english_with_the_trigger_in_front(tmp_path: Path) -> None:
    for place, text in enumerate(("红色的帽子，蓝天", "photo of ZWX, smile", "")):
        grain(place).save(tmp_path / f"{place}.png")
        (tmp_path / f"{place}.txt").write_text(text)
    made, notes = await captioned(pictures_of(tmp_path).pictures, "zwx", [Glossary()], person=False)
    assert [one.caption for one in made] == ["zwx, red hat, blue sky", "photo of ZWX, smile", "zwx"]
    assert [(note.key, note.values["count"]) for note in notes] == [("train.no_captions", 1)]


async def test_nothing_that_must_not_be_learnt(tmp_path: Path) -> None:
    grain(1).save(tmp_path / "a.png")
    for text, person, key in (("nude child", False, "access.minors"), ("nude woman", True, "train.adult")):
        (tmp_path / "a.txt").write_text(text)
        with pytest.raises(Refusal) as refused:
            await captioned(pictures_of(tmp_path).pictures, "zwx", [Glossary()], person=person)
        assert refused.value.key == key


async def test_the_trigger_is_judged_with_the_caption_and_stands_in_front(tmp_path: Path) -> None:
    grain(1).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("blue background, a zwx, nude")
    found = pictures_of(tmp_path).pictures
    (made,), _ = await captioned(found, "zwx", [Glossary()], person=False)
    assert made.caption == "a zwx, blue background, nude"
    with pytest.raises(Refusal) as refused:
        await captioned(found, "child", [Glossary()], person=False)
    assert refused.value.key == "access.minors"


def test_odd_files_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "10_zwx"
    inner.mkdir()
    for name, text in (("a", "红色的帽子".encode("utf-16")), ("b", ("帽" + "a" * 15_996 + "子").encode())):
        grain(ord(name)).save(inner / f"{name}.png")
        (inner / f"{name}.txt").write_bytes(text)
    grain(3).save(inner / "c.png", "EPS")
    (inner / "d.png").mkdir()
    os.mkfifo(inner / "e.png")
    found = pictures_of(tmp_path)
    assert [(one.caption[:3], one.repeats) for one in found.pictures] == [("红色的", 1), ("帽aa", 1)]
    assert [note.values for note in found.notes] == [{"file": "c.png"}]
    monkeypatch.setattr(reading, "MAX_PICTURES", 1)
    with pytest.raises(Refusal) as refused:
        pictures_of(tmp_path)
    assert refused.value.key == "train.count"


def test_names_and_triggers() -> None:
    assert check_name(" 小红 v2 ") == "小红 v2" and trigger_of("", "Xiao_Hong") == ("xiao hong", None)
    word, note = trigger_of("cat", "x")
    assert word == "cat" and note and note.key == "train.common_trigger"
    for name in ("", "../up", "a/b", "x" * 90, ".", "con", "NUL.v2", "Lpt1 ", "画" * 80):
        with pytest.raises(Refusal):
            check_name(name)
    with pytest.raises(Refusal) as refused:
        trigger_of("", "小红")
    assert refused.value.key == "train.trigger"


def test_what_is_wrong_with_pictures_is_told(tmp_path: Path) -> None:
    smooth = grain(1).resize((16, 16)).resize((96, 96), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(6))
    shapes = {
        "fine.png": grain(2), "small.png": grain(3, 40, 40), "blurred.png": smooth, "wide.png": grain(4, 700, 96),
        "zagain.png": grain(2).resize((128, 128)),
    }  # fmt: skip
    for name, image in shapes.items():
        image.save(tmp_path / name)
    pictures = pictures_of(tmp_path).pictures
    found = flags(pictures, [], kind="thing", sizes=buckets.sizes(96, 16), least=96)
    told = {note.key: note.values["files"] for note in faults(pictures, found, 96) if "files" in note.values}
    assert told == {
        "train.small": "small.png", "train.blurred": "blurred.png", "train.cut": "wide.png",
        "train.twice": "fine.png, zagain.png",
    }  # fmt: skip
    wide = next(own for one, own in zip(pictures, found, strict=True) if one.path.name == "wide.png").to_json()
    assert set(wide) == {"lost", "crop"} and wide["crop"][0] > 0.2 and wide["crop"][2] < 0.8  # type: ignore[index]
    with pytest.raises(Refusal) as refused:
        check_cut(pictures, found)
    assert refused.value.values == {"files": "wide.png", "count": 1}


def test_faces_of_persons_are_counted_and_kept_in_sight(tmp_path: Path) -> None:
    for place in range(3):
        grain(place, 200, 96).save(tmp_path / f"{place}.png")
    pictures = pictures_of(tmp_path).pictures
    one, other = (0.8, 0.1, 0.9, 0.4), (0.1, 0.1, 0.2, 0.4)
    seen = [PictureTags("detectors", faces=faces) for faces in ((), (one,), (one, other))]
    found = flags(pictures, seen, kind="person", sizes=buckets.sizes(96, 16), least=96)
    assert [(own.no_face, own.many_faces) for own in found] == [(True, False), (False, False), (False, True)]
    assert found[1].crop[2] > 0.9 and found[0].crop[0] == pytest.approx(1 - found[0].crop[2], abs=0.02)
    keys = {note.key: note.values.get("files") for note in faults(pictures, found, 96)}
    assert (keys["train.faceless"], keys["train.faces"]) == ("0.png", "2.png")
    assert not any(
        own.no_face or own.many_faces
        for own in flags(pictures, seen, kind="thing", sizes=buckets.sizes(96, 16), least=96)
    )


def test_one_background_behind_nearly_all_is_told(tmp_path: Path) -> None:
    for place in range(5):
        ground = Image.new("RGB", (96, 96), (250, 250, 248) if place else (20, 60, 180))
        ground.paste(grain(place, 60, 60), (18, 18))
        ground.save(tmp_path / f"{place}.png")
    pictures = pictures_of(tmp_path).pictures
    found = flags(pictures, [], kind="thing", sizes=buckets.sizes(96, 16), least=96)
    assert [own.plain for own in found] == [False, True, True, True, True]
    (told,) = [note for note in faults(pictures, found, 96) if note.key == "train.one_background"]
    assert told.values == {"count": 4, "all": 5}
    few = flags(pictures[:3], [], kind="thing", sizes=buckets.sizes(96, 16), least=96)
    assert not any(own.plain for own in few)  # two of three are no habit
