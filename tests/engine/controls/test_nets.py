"""Nets of every layout answer as diffusers' own do."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel
from safetensors.torch import save_file
from torch import Tensor

from engine.controls import nets
from engine.controls.net import Net
from engine.files import catalog
from engine.files.catalog import Companion
from engine.models.loaded import Loaded
from prompts.errors import Refusal
from tests import tiny_families, tiny_nets

EXACT = 1e-5
# What SDXL's UNet is told besides, for two entries.
TOLD = {"text_embeds": torch.ones(2, tiny_families.LARGE) / 3, "time_ids": torch.full((2, 6), 64.0)}
FULL = (32, 32, 64)


def companion(path: Path) -> Companion:
    return catalog.controlnet(catalog.controlnets([path.parent]), path.stem if path.is_file() else path.name)


def asked(net: Net, picture: Tensor, **more: Any) -> list[Tensor]:
    samples, times, words = tiny_nets.call(net.loaded)
    hint = net.hint(picture).expand(2, -1, -1, -1)
    down, middle = net.residuals(samples, times, words, hint, **more)
    return [*down, middle]


@torch.no_grad()
def judged(judge: Any, loaded: Loaded, picture: Tensor, **more: Any) -> list[Tensor]:
    """What diffusers' network answers."""
    samples, times, words = tiny_nets.call(loaded)
    down, middle = judge(samples, times, words, picture.expand(2, -1, -1, -1), return_dict=False, **more)
    return [*down, middle]


def assert_same(own: list[Tensor], theirs: list[Tensor]) -> None:
    for one, other in zip(own, theirs, strict=True):
        assert other.abs().max() > 1e-3
        assert torch.allclose(one, other, atol=EXACT)


@pytest.fixture(scope="module")
def sd(loaded: Loaded) -> Loaded:
    torch.manual_seed(5)
    return tiny_nets.beside(loaded, tiny_families.unet("sd15"))


@pytest.fixture(scope="module")
def xl(loaded: Loaded) -> Loaded:
    torch.manual_seed(6)
    return tiny_nets.beside(loaded, tiny_families.unet("sdxl"))


def test_a_net_answers_as_diffusers_does(loaded: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(loaded.unet).save_pretrained(tmp_path / "lines")
    net = nets.load(companion(tmp_path / "lines"), loaded)
    judge: Any = ControlNetModel.from_pretrained(tmp_path / "lines").eval()
    picture = tiny_nets.picture()
    assert_same(asked(net, picture), judged(judge, loaded, picture))


def test_swapped_colours_and_places_that_are_averaged_are_the_configurations(loaded: Loaded, tmp_path: Path) -> None:
    made = tiny_nets.control(loaded.unet, controlnet_conditioning_channel_order="bgr")
    made.register_to_config(global_pool_conditions=True)
    made.save_pretrained(tmp_path / "odd")
    net = nets.load(companion(tmp_path / "odd"), loaded)
    judge: Any = ControlNetModel.from_pretrained(tmp_path / "odd").eval()
    picture = tiny_nets.picture()
    assert net.pooled and asked(net, picture)[0].shape[-2:] == (1, 1)
    assert_same(asked(net, picture), judged(judge, loaded, picture))


def save(path: Path, weights: dict[str, Tensor]) -> Path:
    if path.suffix == ".pth":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    return path


@pytest.mark.parametrize(
    ("file", "prefix"),
    [
        ("v11.safetensors", "control_model."), ("v11.pth", "control_model."), ("bare.safetensors", ""),
        ("today.safetensors", None), ("whole.pth", "control_model."), ("whole.safetensors", "control_model."),
    ],
)  # fmt: skip
def test_every_layout_of_a_net_for_sd_is_the_same_net(
    file: str, prefix: str | None, sd: Loaded, tmp_path: Path
) -> None:
    judge = tiny_nets.control(sd.unet)
    names = tiny_nets.parts(judge).items() if prefix is None else tiny_nets.first_names(judge)
    weights = {(prefix or "") + name: weight for name, weight in names}
    if file.startswith("whole"):  # 1.0: a whole model beside it
        whole = tiny_families.unet_names(sd.unet)
        weights |= {f"model.diffusion_model.{name}": weight.clone().contiguous() for name, weight in whole}
        weights |= {"first_stage_model.decoder.conv_in.weight": torch.zeros(4, 4, 3, 3)}
    net = nets.load(companion(save(tmp_path / file, weights)), sd)
    picture = tiny_nets.picture()
    assert_same(asked(net, picture), judged(judge, sd, picture))
    own = net.network.body.state_dict()
    theirs = {name: weight for name, weight in judge.state_dict().items() if "cond_embedding" not in name}
    assert own.keys() == theirs.keys() and all(torch.equal(own[name], theirs[name]) for name in own)


SMALL = {"down_block_types": ("DownBlock2D",) * 3, "mid_block_type": "UNetMidBlock2D"}
MIDDLE = {"transformer_layers_per_block": (0, 0, 1)}


@pytest.mark.parametrize("changes", [{}, MIDDLE, SMALL])
def test_nets_for_sdxl_full_mid_and_small(changes: dict[str, Any], xl: Loaded, tmp_path: Path) -> None:
    torch.manual_seed(4)
    config = dict(ControlNetModel.from_unet(xl.unet, conditioning_embedding_out_channels=(4, 8, 8, 16)).config)
    judge = tiny_nets.noisy(ControlNetModel.from_config(config | changes))
    found = companion(save(tmp_path / "xl.safetensors", tiny_nets.parts(judge)))
    assert (found.family, found.format) == ("sdxl", "control")
    picture = tiny_nets.picture()
    net = nets.load(found, xl)
    assert_same(asked(net, picture, added=TOLD), judged(judge, xl, picture, added_cond_kwargs=TOLD))
    judge.save_pretrained(tmp_path / "folder" / "xl")
    folder = nets.load(companion(tmp_path / "folder" / "xl"), xl)
    assert_same(asked(folder, picture, added=TOLD), asked(net, picture, added=TOLD))


@pytest.mark.parametrize("types", [6, 8])
def test_a_union_net_answers_for_each_type_as_diffusers_does(types: int, xl: Loaded, tmp_path: Path) -> None:
    judge = tiny_nets.union(xl.unet, types)
    found = companion(save(tmp_path / "promax.safetensors", tiny_nets.parts(judge)))
    assert (found.family, found.format, found.types, found.purpose) == ("sdxl", "union", types, "")
    judge.save_pretrained(tmp_path / "folder" / "union")
    picture, answers = tiny_nets.picture(), []
    for net in (nets.load(found, xl), nets.load(companion(tmp_path / "folder" / "union"), xl)):
        for kind in (0, types - 1):
            chosen = torch.zeros(2, types)
            chosen[:, kind] = 1
            samples, times, words = tiny_nets.call(xl)
            with torch.no_grad():
                down, middle = judge(
                    samples, times, words, [picture.expand(2, -1, -1, -1)], chosen, [kind],
                    added_cond_kwargs=TOLD, return_dict=False,
                )  # fmt: skip
            answers.append(asked(net, picture, added=TOLD, type=kind))
            assert_same(answers[-1], [*down, middle])
    assert not torch.allclose(answers[0][0], answers[1][0], atol=1e-3)


def factors(judge: Any, unet: Any) -> dict[str, Tensor]:
    """A control-LoRA that makes the judge's every weight of the UNet's: up · down is the difference, at full rank."""
    own, made = dict(tiny_families.unet_names(unet)), {"lora_controlnet": torch.zeros(())}
    for name, weight in tiny_nets.first_names(judge):
        if name in own and name.endswith(".weight") and weight.dim() > 1:
            difference = (weight - own[name][:, : weight.shape[1]]).flatten(1)
            stem, rank = name.removesuffix(".weight"), min(difference.shape)
            if rank == len(difference):
                up, down = torch.eye(rank), difference
            else:
                up, down = difference, torch.eye(rank)
            made[f"{stem}.up"] = up.reshape(*up.shape, *([1, 1] if weight.dim() == 4 else [])).contiguous()
            made[f"{stem}.down"] = down.reshape(-1, *weight.shape[1:]).contiguous()
        else:
            made[name] = weight
    return made


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_a_control_lora_is_the_models_own_way_down_with_the_difference_added(
    family: str, sd: Loaded, xl: Loaded, tmp_path: Path
) -> None:
    beside = sd if family == "sd15" else xl
    torch.manual_seed(7)
    judge = tiny_nets.noisy(ControlNetModel.from_unet(beside.unet, conditioning_embedding_out_channels=(4, 8, 8, 16)))
    with torch.no_grad():
        for weight in judge.parameters():
            weight.add_(torch.randn(weight.shape) * 0.02)
    found = companion(save(tmp_path / "lora.safetensors", factors(judge, beside.unet)))
    assert (found.format, found.family) == ("control_lora", "sdxl" if family == "sdxl" else "")
    net, picture, told = nets.load(found, beside), tiny_nets.picture(), TOLD if family == "sdxl" else None
    theirs = judged(judge, beside, picture, added_cond_kwargs=told)
    assert_same(asked(net, picture, added=told), theirs)
    torch.manual_seed(8)
    other = tiny_nets.beside(beside, tiny_families.unet(family))
    assert not torch.allclose(asked(nets.load(found, other), picture, added=told)[0], theirs[0], atol=1e-3)


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", ["full_adapter", "light_adapter", "full_adapter_xl"])
def test_adapters_answer_as_diffusers_do(
    kind: str, first: bool, colours: int, sd: Loaded, xl: Loaded, tmp_path: Path
) -> None:
    beside = xl if kind.endswith("xl") else sd
    channels = (32, 32, 64) if kind == "light_adapter" else (32, 32, 64, 64)
    judge = tiny_nets.adapter(kind, channels, colours)
    weights = dict(tiny_nets.adapter_names(judge)) if first else tiny_nets.parts(judge)
    found = companion(save(tmp_path / "t2iadapter_sketch.pth", weights))
    assert (found.format, found.family, found.purpose) == (
        "adapter",
        "sdxl" if kind.endswith("xl") else "sd15",
        "sketch",
    )
    net, picture = nets.load(found, beside), tiny_nets.picture()
    grey = picture.mul(torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    with torch.no_grad():
        theirs = judge(picture if colours == 3 else grey)
    assert_same(net.features(picture), theirs)
    # A picture whose sides the first layer does not divide.
    assert net.features(torch.ones(1, 3, 72, 40))[0].shape[-2:] == ((5, 3) if kind.endswith("xl") else (9, 5))
    judge.save_pretrained(tmp_path / "folder" / "sketch")
    assert_same(nets.load(companion(tmp_path / "folder" / "sketch"), beside).features(picture), theirs)


def test_a_net_is_read_once_and_again_when_its_file_is_another(loaded: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(loaded.unet).save_pretrained(tmp_path / "lines")
    first = nets.load(companion(tmp_path / "lines"), loaded)
    assert nets.ready([companion(tmp_path / "lines")], loaded)
    assert nets.load(companion(tmp_path / "lines"), loaded).network is first.network
    (tmp_path / "lines" / "note.txt").write_text("another")
    assert nets.load(companion(tmp_path / "lines"), loaded).network is not first.network


def test_a_net_for_another_model_is_refused(sd: Loaded, xl: Loaded, loaded: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(sd.unet).save_pretrained(tmp_path / "lines")
    save(tmp_path / "lines.safetensors", dict(tiny_nets.first_names(tiny_nets.control(sd.unet))))
    save(tmp_path / "sketch.safetensors", tiny_nets.parts(tiny_nets.adapter("full_adapter", (32, 32, 64, 64))))
    lora = factors(tiny_nets.control(sd.unet), sd.unet)
    save(tmp_path / "lora.safetensors", lora)
    files = [tmp_path / f"{name}.safetensors" for name in ("lines", "sketch", "lora")]
    nets.load(companion(tmp_path / "lines"), sd)
    for path in (tmp_path / "lines", *files):
        for other in (xl, loaded, replace(xl, nets=sd.nets)):
            with pytest.raises(Refusal) as refusal:
                nets.load(companion(path), other)
            assert refusal.value.key == "control.wrong_base"


def test_a_damaged_net_is_refused_by_name(sd: Loaded, tmp_path: Path) -> None:
    tiny_nets.control(sd.unet).save_pretrained(tmp_path / "lines")
    save(tmp_path / "old.pth", dict(tiny_nets.first_names(tiny_nets.control(sd.unet))))
    save(tmp_path / "sketch.safetensors", tiny_nets.parts(tiny_nets.adapter("full_adapter", (32, 32, 64, 64))))
    found = [companion(path) for path in (tmp_path / "lines", tmp_path / "old.pth", tmp_path / "sketch.safetensors")]
    [weights] = (tmp_path / "lines").glob("*.safetensors")
    for path in (weights, tmp_path / "old.pth", tmp_path / "sketch.safetensors"):
        path.write_bytes(path.read_bytes()[:-1000])
    for one, key in zip(found, ("file.cut", "file.damaged", "file.cut"), strict=True):
        with pytest.raises(Refusal) as refusal:
            nets.load(one, sd)
        assert (refusal.value.key, refusal.value.values["name"]) == (key, one.name)
    (tmp_path / "old.pth").write_bytes(pickle.dumps({"x": Path}))
    with pytest.raises(Refusal):
        nets.load(found[1], sd)


def test_the_built_in_net_is_known() -> None:
    [edges] = catalog.controlnets([catalog.COMPANIONS])
    assert (edges.name, edges.family, edges.format, edges.purpose) == ("demo-edges", "demo", "control", "canny")
