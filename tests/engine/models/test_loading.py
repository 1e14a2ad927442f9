"""Loading: what is refused, what is kept, and the hash people know a model by."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.files import catalog
from engine.files.identify import identify
from engine.models import loading, memory
from engine.models.loaded import Loaded
from engine.models.model_cache import ModelCache
from prompts.errors import Refusal
from tests import tiny
from tests.engine.files.test_identify import Attack

CPU = torch.device("cpu")


def entry(path: Path) -> catalog.Model:
    return catalog.model(catalog.models([path.parent]), path.name)


def test_the_hash_is_that_of_the_unet(tiny_folder: Path, loaded: Loaded) -> None:
    content = (tiny_folder / "unet" / "diffusion_pytorch_model.safetensors").read_bytes()
    assert loaded.hash.result(5) == hashlib.sha256(content).hexdigest()[:10]


def test_lacking_weights_are_damage_not_chance(tiny_folder: Path, tmp_path: Path) -> None:
    for part in ("unet", "text_encoder"):
        model = tiny.copy(tiny_folder, tmp_path / part)
        known = entry(model)
        [file] = (model / part).glob("*.safetensors")
        weights = load_file(file)
        weights.pop(sorted(weights)[0])
        save_file(weights, file, metadata={"format": "pt"})
        with pytest.raises(Refusal) as caught:
            loading.load(known, CPU)
        said = caught.value.values
        assert (caught.value.key, said["name"], said["count"]) == ("model.incomplete", part, 1)
        assert str(said["first"]).startswith(f"{part}/")


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
        loading.load(known, CPU)
    assert caught.value.key == identify(model).problem


@pytest.mark.parametrize(("name", "value"), [("initializer_range", -1), ("layer_norm_eps", "odd"), ("dtype", "odd")])
def test_odd_values_are_damage(name: str, value: object, tiny_folder: Path, tmp_path: Path) -> None:
    """Which transformers and diffusers find each in its own way, and raise errors of their own for."""
    model = tiny.copy(tiny_folder, tmp_path / "broken")
    known = entry(model)
    tiny.reconfigure(model, "text_encoder", **{name: value})
    with pytest.raises(Refusal) as caught:
        loading.load(known, CPU)
    assert caught.value.key == "model.damaged"


def test_nothing_but_weights_is_read_from_a_folder(tiny_folder: Path, tmp_path: Path) -> None:
    """A scheduler that is none, and weights that are a program."""
    trace = tmp_path / "trace"
    model = tiny.copy(tiny_folder, tmp_path / "hostile")
    known = entry(model)
    tiny.reconfigure(model, "scheduler", _class_name="DiffusionPipeline")
    (model / "scheduler" / "model_index.json").write_text('{"_class_name": ["pipeline", "Own"]}')
    (model / "scheduler" / "pipeline.py").write_text(f"import pathlib; pathlib.Path({str(trace)!r}).touch()")
    with pytest.raises(Refusal) as caught:
        loading.load(known, CPU)
    assert caught.value.key == "model.other_kind"
    for part, name in (("unet", "diffusion_pytorch_model"), ("text_encoder", "pytorch_model")):
        model = tiny.copy(tiny_folder, tmp_path / part)
        known = entry(model)
        for file in (model / part).glob("*.safetensors"):
            file.unlink()
        torch.save({"x": torch.ones(1), "y": Attack(trace)}, model / part / f"{name}.bin")
        assert identify(model).problem in ("file.damaged", "file.unsafe")
        with pytest.raises(Refusal) as caught:
            loading.load(known, CPU)
        assert caught.value.key == identify(model).problem
    assert not trace.exists()


def test_parts_of_two_models_are_damage(tiny_folder: Path, tmp_path: Path) -> None:
    wide = tiny.make(tmp_path / "wide", width=48)
    mixed = tiny.copy(tiny_folder, tmp_path / "mixed")
    for path in (wide / "text_encoder").iterdir():
        (mixed / "text_encoder" / path.name).write_bytes(path.read_bytes())
    with pytest.raises(Refusal):
        loading.load(entry(mixed), CPU)


def test_weights_under_the_fp16_name_are_found(tiny_folder: Path, tmp_path: Path) -> None:
    model = tiny.copy(tiny_folder, tmp_path / "half")
    for part in ("unet", "vae", "text_encoder"):
        [file] = (model / part).glob("*.safetensors")
        file.rename(file.with_name(file.stem + ".fp16.safetensors"))
    assert loading.load(entry(model), CPU).unet.dtype == torch.float32


def test_models_are_kept_while_there_is_room(tiny_folder: Path, tmp_path: Path) -> None:
    first, second = (entry(tiny.copy(tiny_folder, tmp_path / name)) for name in ("first", "second"))
    kept = ModelCache(CPU)
    one = kept.get(first)
    assert kept.get(first) is one
    kept.get(second)
    assert kept.holds(first) and kept.holds(second)
    kept._budget = one.bytes
    kept.get(second)
    assert kept.holds(second) and not kept.holds(first)


def soft(folder: Path, seed: int) -> catalog.Companion:
    """A VAE of its own."""
    torch.manual_seed(seed)
    tiny.vae().save_pretrained(folder)
    return catalog.vae(catalog.vaes([folder.parent]), folder.name)


def test_models_with_other_vaes_share_all_else_and_leave_first(tiny_folder: Path, tmp_path: Path) -> None:
    first, second = (entry(tiny.copy(tiny_folder, tmp_path / name)) for name in ("first", "second"))
    one, other = soft(tmp_path / "vaes" / "one", 1), soft(tmp_path / "vaes" / "other", 2)
    kept = ModelCache(CPU)
    plain = kept.get(first)
    assert kept.get(first, one).unet is plain.unet
    assert kept.get(first, other).unet is plain.unet
    kept._budget = plain.bytes + 1
    kept.get(first, other)
    assert kept.get(first) is plain, "its UNet is in use, so nothing would be gained by dropping it"
    kept.get(second)
    assert kept.holds(second) and not any(kept.holds(first, vae) for vae in (None, one, other))


def test_a_file_that_was_put_in_the_place_of_another_is_read_anew(tiny_folder: Path, tmp_path: Path) -> None:
    model = entry(tiny.copy(tiny_folder, tmp_path / "own"))
    vae = soft(tmp_path / "vaes" / "soft", 1)
    kept = ModelCache(CPU)
    plain, softer = kept.get(model), kept.get(model, vae)
    soft(tmp_path / "vaes" / "soft", 2)
    assert kept.holds(model) and not kept.holds(model, vae)
    again = kept.get(model, vae)
    assert again.unet is plain.unet and not torch.equal(again.vae.quant_conv.weight, softer.vae.quant_conv.weight)
    [file] = (model.path / "unet").glob("*.safetensors")
    weights = {name: weight * 2 for name, weight in load_file(file).items()}
    save_file(weights, file, metadata={"format": "pt"})
    assert not kept.holds(model) and not kept.holds(model, vae)
    doubled = kept.get(model, vae)
    assert torch.equal(doubled.unet.conv_in.weight, plain.unet.conv_in.weight * 2)
    assert kept.get(model).unet is doubled.unet


def test_a_model_with_another_vae_lies_where_the_model_lies(tiny_folder: Path, tmp_path: Path) -> None:
    model = entry(tiny.copy(tiny_folder, tmp_path / "own"))
    one, other = soft(tmp_path / "vaes" / "one", 1), soft(tmp_path / "vaes" / "other", 2)
    kept = ModelCache(CPU)
    plain, early = kept.get(model), kept.get(model, one)
    assert not plain.vae.use_tiling and not early.vae.use_tiling
    early.most = 640
    assert memory.lower(early)
    assert (plain.tier.name, early.tier.name, plain.most) == ("tiles", "tiles", 640)
    assert plain.vae.use_tiling and early.vae.use_tiling
    late = kept.get(model, other)
    assert late.tier.name == "tiles" and late.vae.use_tiling
    assert not memory.lower(late)
