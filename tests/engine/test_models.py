"""Loading: what is refused, what is kept, and the hash people know a model by."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import catalog, models
from engine.models import Models
from prompts.errors import Refusal
from tests import tiny

CPU = torch.device("cpu")


def entry(path: Path) -> catalog.Model:
    return catalog.model(catalog.models([path.parent]), path.name)


def test_the_hash_is_that_of_the_unet(tiny_folder: Path, loaded: models.Loaded) -> None:
    content = (tiny_folder / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    assert loaded.hash.result(5) == hashlib.sha256(content).hexdigest()[:10]


def test_lacking_weights_are_damage_not_chance(tiny_folder: Path, tmp_path: Path) -> None:
    for part in ("unet", "text_encoder"):
        model = tiny.copy(tiny_folder, tmp_path / part)
        [file] = (model / part).glob("*.safetensors")
        weights = load_file(file)
        weights.pop(sorted(weights)[0])
        save_file(weights, file, metadata={"format": "pt"})
        with pytest.raises(Refusal) as caught:
            models.load(entry(model), CPU)
        assert (caught.value.key, caught.value.values) == ("model.damaged", {"name": part})


@pytest.mark.parametrize("file", ["tokenizer/tokenizer.json", "scheduler/scheduler_config.json", "unet/config.json"])
@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_broken_configurations_are_damage(file: str, content: str | None, tiny_folder: Path, tmp_path: Path) -> None:
    model = tiny.copy(tiny_folder, tmp_path / "broken")
    known = entry(model)
    if content is None:
        (model / file).unlink()
    else:
        (model / file).write_text(content)
    with pytest.raises(Refusal) as caught:
        models.load(known, CPU)
    assert caught.value.key == "model.damaged"


def test_parts_of_two_models_are_damage(tiny_folder: Path, tmp_path: Path) -> None:
    wide = tiny.make(tmp_path / "wide", width=48)
    mixed = tiny.copy(tiny_folder, tmp_path / "mixed")
    for path in (wide / "text_encoder").iterdir():
        (mixed / "text_encoder" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(Refusal):
        models.load(entry(mixed), CPU)


def test_weights_under_the_fp16_name_are_found(tiny_folder: Path, tmp_path: Path) -> None:
    model = tiny.copy(tiny_folder, tmp_path / "half")
    for part in ("unet", "vae", "text_encoder"):
        [file] = (model / part).glob("*.safetensors")
        file.rename(file.with_name(file.stem + ".fp16.safetensors"))
    assert models.load(entry(model), CPU).unet.dtype == torch.float32


def test_models_are_kept_while_there_is_room(tiny_folder: Path, tmp_path: Path) -> None:
    first, second = (entry(tiny.copy(tiny_folder, tmp_path / name)) for name in ("first", "second"))
    kept = Models(CPU)
    one = kept.get(first)
    assert kept.get(first) is one
    kept.get(second)
    assert kept.holds(first) and kept.holds(second)
    kept._budget = one.bytes
    kept.get(second)
    assert kept.holds(second) and not kept.holds(first)
