"""What is listed can be drawn with, and what is refused in the list the loaders refuse too: every kind of file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.adapters import embeddings, loras
from engine.files import catalog, text_layers, unet_layers, vae_layers
from engine.files.identify import identify
from engine.files.safetensors_header import content
from engine.files.unet_layers import UnetLayers
from engine.finish import esrgan
from engine.models import diffusers_folder, loading, single_file
from engine.models.loaded import BROKEN, Loaded
from engine.models.tiny_decoder import tiny_decoder
from prompts.errors import Refusal
from tests import tiny, tiny_families
from tests.engine.adapters.test_lycoris import written
from tests.engine.files.test_pickles import old_archive
from tests.engine.finish.test_upscaling import compact, named, rrdb, shades
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


def changed(weights: dict[str, Tensor], most: int = 40) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """The weights without one of them, and with one that is larger, for some of them; as they are at first."""
    yield "whole", weights
    for name in list(weights)[:: max(1, len(weights) // most)]:
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
        found[what] = loads(lambda: single_file.vae_file(path, 0.18215)), identify(path).problem
    judged(found)


def loads(call: Callable[[], object]) -> bool:
    try:
        call()
    except (Refusal, *BROKEN):
        return False
    return True


def judged(found: dict[str, tuple[bool, str]]) -> None:
    """That the list and the loader say the same, of what is whole and of what is not."""
    assert {what: one for what, one in found.items() if one[0] == bool(one[1])} == {}
    assert found["whole"] == (True, "") and sum(loaded for loaded, _ in found.values()) < len(found) / 4


FAMILIES: dict[str, Callable[[], Any]] = {
    "sd15": tiny_families.sd15,
    "sd2": tiny_families.sd2,
    "sdxl": tiny_families.sdxl,
    "refiner": lambda: tiny_families.sdxl(refiner=True),
    "lcm": lambda: tiny_families.sd15(time_cond_proj_dim=16),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_is_listed_where_all_its_layers_are_there(family: str, tmp_path: Path) -> None:
    path, found = tmp_path / "one.safetensors", dict[str, tuple[bool, str]]()
    for what, weights in changed(load_file(tiny_families.save_single(FAMILIES[family](), path)), 60):
        save_file(weights, path)
        known = identify(path)
        found[what] = (
            loads(partial(single_file.networks, tiny_families.entry(path, known), torch.float32)),
            known.problem,
        )
        if what.startswith(("without", "wider")) and known.lacks:
            assert known.lacking and (known.lacks in what or known.lacking > 1), (what, known)
    judged(found)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_is_listed_where_all_its_layers_are_there(family: str, tmp_path: Path) -> None:
    FAMILIES[family]().save_pretrained(tmp_path / "one")
    model = tiny_families.entry(tmp_path / "one", identify(tmp_path / "one"))
    for file in sorted((tmp_path / "one").rglob("*.safetensors")):
        whole, found = file.read_bytes(), dict[str, tuple[bool, str]]()
        for what, weights in changed(load_file(file), 12):
            save_file(weights, file, {"format": "pt"})
            found[what] = (
                loads(lambda: diffusers_folder.networks(model, torch.float32)),
                identify(tmp_path / "one").problem,
            )
        judged(found)
        file.write_bytes(whole)
    for file in sorted((tmp_path / "one").rglob("*.json")):
        if file.name not in ("model_index.json", "tokenizer_config.json"):
            whole = file.read_bytes()
            file.unlink()
            assert identify(tmp_path / "one").problem and not loads(lambda: loading.load(model, CPU)), file
            file.write_bytes(whole)
    assert not identify(tmp_path / "one").problem and loads(lambda: loading.load(model, CPU))


def test_the_libraries_alone_would_refuse_a_folder_for_the_same_reasons(tmp_path: Path) -> None:
    """What the table asks for is what diffusers' and transformers' networks have, no more and no less."""
    for family, made in FAMILIES.items():
        pipeline = made()
        pipeline.save_pretrained(tmp_path / family)
        for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
            if network := getattr(pipeline, part, None):
                config = content(tmp_path / family / part / "config.json")
                shapes = {name: tuple(weight.shape) for name, weight in network.state_dict().items()}
                assert asked(part, config) == text_layers.bare(shapes), (family, part)


def asked(part: str, config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Every tensor that the tables ask for."""
    if part == "unet":
        unet = unet_layers.told_by(config)
        return dict(unet_layers.wanted_by(unet)) if unet else {}
    if part == "vae":
        vae = vae_layers.told_by(config)
        return dict(vae_layers.wanted_by(vae)) if vae else {}
    text = text_layers.told_by(config, projected=part == "text_encoder_2")
    return dict(text_layers.clip_layers(text)) if text else {}


# UNets of other builds than the tiny ones, by diffusers' names for them.
BUILDS: list[dict[str, Any]] = [
    {},
    {"layers_per_block": 1, "mid_block_type": None},
    {"layers_per_block": [1, 2, 1], "transformer_layers_per_block": [1, 2, 4], "time_cond_proj_dim": 32},
    {
        "transformer_layers_per_block": [[1, 2], [3, 1], [2, 2]],
        "reverse_transformer_layers_per_block": [[2, 2, 1], [1, 3, 1], [1, 1, 2]],
        "use_linear_projection": True,
    },
]


@pytest.mark.parametrize("build", BUILDS)
def test_a_unet_of_any_build_is_told_by_its_configuration(build: dict[str, Any]) -> None:
    values = {
        "block_out_channels": [32, 64, 64],
        "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"],
        "cross_attention_dim": 48,
    }
    with torch.device("meta"):
        made = UNet2DConditionModel(**values | build)
    told = unet_layers.told_by(values | build)
    assert told and dict(unet_layers.wanted_by(told)) == {k: tuple(w.shape) for k, w in made.state_dict().items()}


def real(channels: tuple[int, ...], deep: tuple[int, ...], context: int, told: int = 0) -> UnetLayers:
    return UnetLayers(
        channels=channels,
        down=tuple((one, one) for one in deep),
        up=tuple((one,) * 3 for one in reversed(deep)),
        middle=max(deep),
        context=context,
        linear=context > 768,
        told=told,
        original=True,
    )


@pytest.mark.parametrize(
    ("family", "made", "tensors"),
    [
        ("sd15", real((320, 640, 1280, 1280), (1, 1, 1, 0), 768), 686),
        ("sd2", real((320, 640, 1280, 1280), (1, 1, 1, 0), 1024), 686),
        ("sdxl", real((320, 640, 1280), (0, 2, 10), 2048, 2816), 1680),
        ("refiner", real((384, 768, 1536, 1536), (0, 4, 4, 0), 1280, 2560), 1220),
    ],
)
def test_real_models_are_told_whole(family: str, made: UnetLayers, tensors: int) -> None:
    """The published models' own sizes, under the original code's names and diffusers'."""
    shapes = dict(unet_layers.wanted_by(made))
    assert len(shapes) == tensors and unet_layers.layers(shapes) == made
    assert not unet_layers.lack(shapes, family, 1280)
    told = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": made.told,
    }
    with torch.device("meta"):
        network = UNet2DConditionModel.from_config(made.config(family) | (told if made.told else {}))
    today = dict(unet_layers.wanted_by(replace(made, original=False)))
    assert today == {name: tuple(weight.shape) for name, weight in network.state_dict().items()}


@pytest.mark.parametrize("kind", ["esrgan", "esrgan_plus", "real", "compact"])
def test_an_upscaler_is_listed_where_all_its_layers_are_there(kind: str, tmp_path: Path) -> None:
    past = {f"model.1.sub.0.RDB{one}.conv1x1.weight": torch.ones(32, 8, 1, 1) for one in (1, 2, 3)}
    weights = {
        "esrgan": rrdb(2),
        "esrgan_plus": rrdb(2) | past,
        "real": named(rrdb(2, 12), "newest"),
        "compact": compact(),
    }[kind]
    path, found = tmp_path / "enlarge.safetensors", dict[str, tuple[bool, str]]()
    for what, one in changed(weights):
        save_file(one, path)
        esrgan.load.cache_clear()
        drawn = loads(lambda: esrgan.load(path, CPU).enlarge(shades()))
        found[what] = drawn, identify(path).problem
    judged(found)


@pytest.mark.parametrize("folder", [True, False])
def test_a_tiny_decoder_is_listed_where_all_its_layers_are_there(folder: bool, tmp_path: Path) -> None:
    AutoencoderTiny().save_pretrained(tmp_path / "taesd")
    path = tmp_path / "taesd" if folder else tmp_path / "taesd.safetensors"
    file = tmp_path / "taesd" / "diffusion_pytorch_model.safetensors" if folder else path
    found = dict[str, tuple[bool, str]]()
    for what, one in changed(load_file(tmp_path / "taesd" / "diffusion_pytorch_model.safetensors")):
        if "encoder" not in what:
            save_file(one, file, {"format": "pt"})
            found[what] = loads(lambda: tiny_decoder(path)), identify(path).problem
    judged(found)


def test_a_vae_in_a_folder_is_listed_where_all_its_layers_are_there(tmp_path: Path) -> None:
    tiny.vae().save_pretrained(tmp_path / "soft")
    file = tmp_path / "soft" / "diffusion_pytorch_model.safetensors"
    found = dict[str, tuple[bool, str]]()
    for what, one in changed(load_file(file)):
        save_file(one, file, {"format": "pt"})
        found[what] = loads(lambda: diffusers_folder.vae(file.parent)), identify(file.parent).problem
    judged(found)


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
    return loads(read.get(path.stem.partition("-")[0], lambda: embeddings._sorted(own, embeddings._tensors(path))))


def test_what_is_listed_is_loaded_and_what_is_refused_is_not(shelf: Path, own: Loaded) -> None:
    found = {path: identify(path).problem for path in sorted(shelf.iterdir())}
    wrong = {path.name: said for path, said in found.items() if taken(path, own) == bool(said)}
    assert not wrong
    listed = sum(not said for said in found.values())
    assert listed >= len(MAKERS) + 7 and len(found) - listed >= 16  # of both there are enough
