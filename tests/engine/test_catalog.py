"""What can be drawn with, found in folders; and the sizes a model allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine import catalog
from engine.samplers import SAMPLERS
from prompts.errors import Refusal


def folder(path: Path, kind: str = "StableDiffusionPipeline", **unet: Any) -> Path:
    (path / "unet").mkdir(parents=True)
    (path / "model_index.json").write_text(json.dumps({"_class_name": kind}))
    (path / "unet" / "config.json").write_text(json.dumps({"in_channels": 4, "sample_size": 64} | unet))
    return path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder(tmp_path / "Zebra")
    folder(tmp_path / "apple", sample_size=96)
    folder(tmp_path / "grand", "StableDiffusionXLPipeline")
    folder(tmp_path / "paint", in_channels=9)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "model_index.json").write_text("{")
    (tmp_path / "single.safetensors").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("")
    return tmp_path


def test_models_are_found_and_the_built_in_one_is_always_there(shelf: Path, tmp_path: Path) -> None:
    found = catalog.models([shelf, tmp_path / "nowhere"])
    assert [(model.name, model.family, model.width) for model in found] == [
        ("apple", "sd15", 768),
        ("Zebra", "sd15", 512),
        ("danqing-demo", "demo", 128),
    ]
    assert [model.builtin for model in found] == [False, False, True]
    assert [model.name for model in catalog.models([shelf / "Zebra"])] == ["Zebra", "danqing-demo"]
    assert all(model.sampler in SAMPLERS for model in found)
    assert (found[-1].path / "unet" / "diffusion_pytorch_model.safetensors").is_file()


def test_what_cannot_be_used_is_named_with_the_reason(shelf: Path) -> None:
    assert {entry.name: entry.key for entry in catalog.skipped([shelf])} == {
        "grand": "model.sdxl_later",
        "paint": "model.other_kind",
        "torn": "model.no_index",
        "single": "model.single_file",
    }


def test_names_are_found_in_any_case_or_refused_with_the_nearest(shelf: Path) -> None:
    known = catalog.models([shelf])
    assert catalog.model(known, " zebra ").name == "Zebra"
    with pytest.raises(Refusal) as caught:
        catalog.model(known, "aple")
    assert (caught.value.key, caught.value.values) == ("model.unknown", {"name": "aple", "near": "apple"})


def test_loras_lie_in_subfolders_too(tmp_path: Path) -> None:
    (tmp_path / "style").mkdir()
    for name in ("b.safetensors", "style/a.safetensors", "style/水墨.safetensors", "x.pt"):
        (tmp_path / name).write_bytes(b"")
    found = catalog.loras([tmp_path, tmp_path / "nowhere"])
    assert [lora.name for lora in found] == ["a", "b", "水墨"]
    assert catalog.lora(found, "A.safetensors").path == tmp_path / "style" / "a.safetensors"


@pytest.mark.parametrize(
    ("width", "height", "near"),
    [(100, 128, "96x128"), (128, 4096, "128x512"), (0, -8, "64x64"), (10**9, 10**9, "512x512")],
)
def test_sizes_not_allowed_name_the_nearest_good_one(width: int, height: int, near: str) -> None:
    with pytest.raises(Refusal) as caught:
        catalog.check_size(catalog.builtin(), width, height)
    assert caught.value.key == "size.not_allowed"
    assert caught.value.values["near"] == near
    good = (int(side) for side in near.split("x"))
    catalog.check_size(catalog.builtin(), *good)
