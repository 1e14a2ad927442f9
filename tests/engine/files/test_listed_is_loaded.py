"""What is listed can be drawn with, and what is refused in the list the loaders refuse too: every kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.adapters import embeddings, loras
from engine.files import catalog
from engine.files.identify import identify
from engine.finish import esrgan
from engine.models import loading, single_file
from engine.models.loaded import BROKEN, Loaded
from engine.models.tiny_decoder import tiny_decoder
from prompts.errors import Refusal
from tests import tiny, tiny_families
from tests.engine.adapters.test_lycoris import written
from tests.engine.files.test_pickles import old_archive
from tests.engine.finish.test_upscaling import compact, rrdb
from tests.lycoris_files import MAKERS

CPU = torch.device("cpu")
LAYER = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_k"


@pytest.fixture(scope="module")
def own(entry: Any) -> Loaded:
    return loading.load(entry, CPU)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, own: Loaded) -> Path:
    """A file of every kind, whole and not."""
    loading.quieten()
    folder = tmp_path_factory.mktemp("shelf")

    def put(name: str, weights: dict[str, Tensor]) -> Path:
        save_file({key: weight.contiguous() for key, weight in weights.items()}, folder / f"{name}.safetensors")
        return folder / f"{name}.safetensors"

    plain = load_file(tiny_families.save_single(tiny_families.sd15(), folder / "model.safetensors"))
    put("model-no-text", {name: weight for name, weight in plain.items() if not name.startswith("cond_stage")})
    for cut, name in ((1000, "model-cut"), (None, "model-long")):
        content = (folder / "model.safetensors").read_bytes()
        (folder / f"{name}.safetensors").write_bytes(content[:-cut] if cut else content + bytes(8))
    for kind in MAKERS:
        written(folder / f"lora-{kind}.safetensors", own, kind)
    for end in ("lora_down.weight", "hada_w1_a", "hada_w2_b", "lokr_w1", "a1.weight", "dora_scale", "on_input"):
        put(f"lora-half-{end}", {f"{LAYER}.{end}": torch.ones(2, 16)})
    put("lora-elsewhere", {f"transformer.blocks.0.attn.to_q.lora_{side}.weight": torch.ones(2, 2) for side in "AB"})
    bundle = {"bundle_emb.xqz.string_to_param.*": torch.ones(2, tiny.WIDTH)}
    put("lora-bundle", load_file(folder / f"lora-{next(iter(MAKERS))}.safetensors") | bundle)
    put("lora-bundle-alone", bundle)
    vae = {name: weight.clone() for name, weight in tiny_families.vae().state_dict().items()}
    put("vae", vae)
    torch.save({"state_dict": {f"first_stage_model.{name}": one for name, one in vae.items()}}, folder / "vae-old.ckpt")
    torch.save({"params_ema": compact()}, folder / "enlarge-old.pth", _use_new_zipfile_serialization=False)
    old_archive(folder / "oldest.pt", {"emb_params": torch.randn(3, tiny.WIDTH)})
    put("vae-channels", vae | {"decoder.conv_in.weight": torch.ones(32, 16, 3, 3)})
    put("words", {"emb_params": torch.randn(3, tiny.WIDTH)})
    torch.save(
        {"string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(torch.ones(2, tiny.WIDTH))})},
        folder / "old.pt",
    )
    torch.save({"string_to_param": {"*": torch.ones(2, tiny.WIDTH)}, "x": torch.load}, folder / "hostile.pt")
    put("enlarge-esrgan", rrdb())
    put("enlarge-compact", compact())
    swin = "layers.0.residual_group.blocks.0"
    put("enlarge-half", {f"{swin}.norm1.weight": torch.ones(8), "conv_first.weight": torch.ones(8, 3, 3, 3)})
    tiny_one = AutoencoderTiny()
    put("taesd", tiny_one.state_dict())
    put("taesd-encoder", {name.removeprefix("layers."): one for name, one in tiny_one.encoder.state_dict().items()})
    put("nothing", {"something.else": torch.ones(2, 2)})
    return folder


def changed(weights: dict[str, Tensor]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """The weights without one of them, and with one that is larger, for some of them; as they are at first."""
    yield "whole", weights
    for name in list(weights)[:: max(1, len(weights) // 40)]:
        yield f"without {name}", {key: weight for key, weight in weights.items() if key != name}
        wider = torch.cat([weights[name], weights[name][:1]]) if weights[name].dim() else weights[name][None]
        yield f"wider {name}", weights | {name: wider}


@pytest.mark.parametrize("original", [True, False])
def test_a_vae_is_listed_where_all_its_layers_are_there(original: bool, tmp_path: Path) -> None:
    network = tiny_families.vae()
    weights = dict(tiny_families.vae_names(network)) if original else dict(network.state_dict())
    weights = {name: weight.detach().clone().contiguous() for name, weight in weights.items()}
    path, found = tmp_path / "vae.safetensors", dict[str, tuple[bool, str]]()
    for what, one in changed(weights):
        save_file(one, path)
        try:
            single_file.vae_file(path, 0.18215)
            loaded = True
        except BROKEN:
            loaded = False
        found[what] = loaded, identify(path).problem
        assert loaded == (not identify(path).problem), what
    assert found["whole"] == (True, "") and sum(loaded for loaded, _ in found.values()) < len(found) / 4


def test_a_vae_of_odd_channels_is_refused_by_name(tmp_path: Path) -> None:
    weights = tiny_families.vae().state_dict()
    for times in (3 / 2, 5 / 8):
        odd = {
            name: torch.zeros([int(side * times) if side % 32 == 0 else side for side in weight.shape])
            for name, weight in weights.items()
        }
        save_file(odd, tmp_path / "odd.safetensors")
        assert identify(tmp_path / "odd.safetensors").problem == "model.other_kind"
        with pytest.raises(ValueError, match="other_kind"):
            single_file.vae_file(tmp_path / "odd.safetensors", 0.18215)


def taken(path: Path, own: Loaded) -> bool:
    """Whether the loader for what a file is called takes it."""
    read: dict[str, Callable[[], object]] = {
        "model": lambda: single_file.networks(
            catalog.Model(
                name="m",
                path=path,
                family="sd15",
                width=64,
                height=64,
                steps=1,
                sampler="Euler",
                guidance=1.0,
                context=32,
            ),
            torch.float32,
        ),
        "lora": lambda: loras.choose(own, ((path, 1.0, 1.0),)),
        "vae": lambda: single_file.vae_file(path, 0.18215),
        "enlarge": lambda: esrgan.load(path, CPU),
        "taesd": lambda: tiny_decoder(path),
    }
    try:
        read.get(path.stem.partition("-")[0], lambda: embeddings._sorted(own, embeddings._tensors(path)))()
    except (Refusal, *BROKEN):
        return False
    return True


def test_what_is_listed_is_loaded_and_what_is_refused_is_not(shelf: Path, own: Loaded) -> None:
    found = {path: identify(path).problem for path in sorted(shelf.iterdir())}
    wrong = {path.name: said for path, said in found.items() if taken(path, own) == bool(said)}
    assert not wrong
    listed = sum(not said for said in found.values())
    assert listed >= len(MAKERS) + 7 and len(found) - listed >= 16  # of both there are enough
