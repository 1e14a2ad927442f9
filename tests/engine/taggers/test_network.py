"""The owner's taggers, in every form their files have: a network whose answers are known sees the same in all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.files import taggers as files
from engine.files.taggers import taggers, useless
from engine.taggers.reading import tags_of
from engine.tagging import DETECTORS, JUDGE, PictureTags, SeenTag, Thresholds
from prompts.errors import Refusal
from tests import onnx_files

RED, GREEN = Image.new("RGB", (40, 40), (255, 0, 0)), Image.new("RGB", (40, 40), (0, 255, 0))


def seen(folder: Path, image: Image.Image, **more: Any) -> PictureTags:
    return tags_of([image], taggers_in=[folder], **more)[0]


def names(found: PictureTags) -> list[str]:
    return [one.name for one in found.shown]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"side": 448},
        {"side": None},
        {"last": False},
        {"last": False, "logits": True},
        {"logits": True},
        {"batch": 1},
        {"batch": 4},
        {"outputs": "named"},
        {"outputs": "parts"},
        {"labels": "ViTB16_11_07_2022.csv", "name": "ViTB16_11_07_2022.onnx"},
        {"labels": "tags-selected.csv"},
    ],
    ids=str,
)
def test_every_form_of_file_sees_the_same(tmp_path: Path, form: dict[str, Any]) -> None:
    onnx_files.known_tagger(tmp_path / "wd", **form)
    red = seen(tmp_path, RED)
    assert names(red) == ["red theme", "^_^"]
    assert [round(one.score, 2) for one in red.shown] == [0.9, 0.5]
    assert red.rating == "general" and [one.name for one in red.of("rating")][:1] == ["general"]
    green = seen(tmp_path, GREEN)
    assert [(one.name, one.kind) for one in green.shown] == [
        ("hatsune miku (cosplay)", "character"),
        ("green theme", "general"),
        ("^_^", "general"),
    ]


def test_a_picture_stands_on_white_in_a_square(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "wd")
    wide = Image.new("RGB", (80, 20), (255, 0, 0))  # three quarters are white then
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    by_hand = Image.new("RGB", (80, 80), "white")
    by_hand.paste(wide, (0, 30))
    assert seen(tmp_path, wide).tags == seen(tmp_path, by_hand).tags
    assert seen(tmp_path, clear).tags == seen(tmp_path, Image.new("RGB", (40, 40), "white")).tags
    palette = clear.convert("P")
    assert names(seen(tmp_path, palette)) and names(seen(tmp_path, Image.new("L", (9, 7))))


def test_a_picture_in_company_has_the_tags_it_has_alone(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "wd", batch=2)
    random = np.random.default_rng(3)
    images = [Image.fromarray(random.integers(0, 255, (30, 20, 3), np.uint8)) for _ in range(4)]
    together = tags_of(images, taggers_in=[tmp_path])
    assert together == [seen(tmp_path, one) for one in images]


def test_thresholds_of_each_kind_and_the_widest_gap(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "wd")
    assert names(seen(tmp_path, RED, limits=Thresholds(general=0.6))) == ["red theme"]
    assert names(seen(tmp_path, GREEN, limits=Thresholds(character=0.96))) == ["green theme", "^_^"]
    assert [one.name for one in seen(tmp_path, RED, limits=Thresholds(rating=0.5)).of("rating")] == ["general"]
    assert "explicit" in [one.name for one in seen(tmp_path, RED, limits=Thresholds(rating=0.0)).tags]
    cut = seen(tmp_path, RED, limits=Thresholds(mcut=True))  # 0.9, 0.5, nearly nothing twice: the gap is below 0.5
    assert names(cut) == ["red theme", "^_^"]


def test_words_asked_for_are_answered_where_they_are_known(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "wd")
    asked = ["red theme", "a Blue_Theme", "red scarf", r"hatsune miku \(cosplay\)", "general"]
    found = seen(tmp_path, RED, asked=asked).asked
    assert {word: round(score, 2) for word, score in found.items()} == {
        "red theme": 0.9,
        "a Blue_Theme": 0.0,
        r"hatsune miku \(cosplay\)": 0.0,
    }


def test_a_note_beside_the_file_says_how_shades_are_brought_to_it(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "wd")
    (tmp_path / "wd" / "model.json").write_text(json.dumps({"bgr": False}), "utf-8")
    assert names(seen(tmp_path, Image.new("RGB", (9, 9), (0, 0, 255)))) == ["red theme", "^_^"]
    (tmp_path / "wd" / "model.json").write_text(json.dumps({"mean": [0, 0, 0], "std": [2 / 255] * 3}), "utf-8")
    halved = seen(tmp_path, RED, limits=Thresholds(general=0.1))
    assert [(one.name, round(one.score, 2)) for one in halved.shown] == [("^_^", 0.5), ("red theme", 0.45)]


def test_taggers_are_found_by_name_in_folders_and_beside_each_other(tmp_path: Path) -> None:
    onnx_files.known_tagger(tmp_path / "taggers" / "wd-vit")
    onnx_files.known_tagger(tmp_path / "taggers", name="swin.onnx", labels="swin.csv")
    onnx_files.known_tagger(tmp_path / "models" / "there")
    found = taggers([tmp_path / "taggers"], [tmp_path / "models"])
    assert [one.name for one in found] == ["swin", "wd-vit", "there"]
    both = {"taggers_in": [tmp_path / "taggers"], "models": [tmp_path / "models"]}
    assert tags_of([RED], "WD-ViT", **both)[0].reader == "wd-vit"  # type: ignore[arg-type]
    with pytest.raises(Refusal, match=r"tags\.no_reader") as refused:
        tags_of([RED], "wd-vitt", **both)  # type: ignore[arg-type]
    assert refused.value.values["near"] == "wd-vit"


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        ("", "tags.labels"),
        ("tag_id,name\n1,cat\n", "tags.labels"),
        ("tag_id,name,category,count\n1,cat,zero,1\n", "tags.labels"),
        ("tag_id,name,category,count\n1,,0,1\n", "tags.labels"),
        ("tag_id,name,category,count\n1,cat,0,1\n", "tags.other_list"),
        (b"tag_id,name,category\n1,\xff\xfe,0\n", "tags.labels"),
        (b"\x00" * 4000, "tags.labels"),
    ],
)
def test_a_wrong_list_is_refused_with_what_is_wrong(tmp_path: Path, labels: str | bytes, key: str) -> None:
    folder = onnx_files.known_tagger(tmp_path / "wd")
    content = labels.encode() if isinstance(labels, str) else labels
    (folder / "selected_tags.csv").write_bytes(content)
    with pytest.raises(Refusal) as refused:
        seen(tmp_path, RED)
    assert refused.value.key == key
    if key == "tags.other_list":
        assert refused.value.values == {"name": "wd", "count": 9, "rows": 1}
    else:
        assert [one.key for one in useless([tmp_path])] == [key]


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x08\x08" * 500, "detector", "three"])
def test_a_file_that_is_no_tagger_is_refused_and_nothing_dies(tmp_path: Path, content: bytes | str) -> None:
    folder = onnx_files.known_tagger(tmp_path / "wd")
    if content == "detector":
        onnx_files.map_network(folder / "model.onnx", deep=4)
    elif content == "three":
        onnx_files.map_network(folder / "model.onnx", side=8)
    else:
        assert isinstance(content, bytes)
        (folder / "model.onnx").write_bytes(content)
    with pytest.raises(Refusal) as refused:
        seen(tmp_path, RED)
    assert refused.value.key in ("tags.damaged", "tags.other_list") and refused.value.values["name"] == "wd"


def test_a_network_without_its_list_is_told_as_such(tmp_path: Path) -> None:
    folder = onnx_files.known_tagger(tmp_path / "wd")
    (folder / "selected_tags.csv").unlink()
    assert [(one.key, one.path.name) for one in useless([tmp_path])] == [("tags.no_labels", "model.onnx")]
    assert taggers([tmp_path]) == ()


def test_tags_come_through_the_wire_as_they_are() -> None:
    found = PictureTags("wd", (SeenTag("red scarf", 0.5), SeenTag("miku", 0.9, "character")), {"cat": 0.25})
    assert PictureTags.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_no_heads_of_models_are_read_where_no_clip_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "clips", lambda folders: pytest.fail("every model is opened for it"))
    for name in ("", DETECTORS, JUDGE):
        assert files.chosen(name, [tmp_path], [tmp_path]) in (DETECTORS, JUDGE)
