"""ControlNets, T2I-Adapters and what lies among them, told by their tensors, and by their names what they follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from engine.files import adapter_layers, catalog, model_folders, net_layers
from engine.files.adapter_layers import AdapterLayers
from engine.files.identify import identify
from engine.files.net_layers import NetLayers
from engine.files.net_purposes import PURPOSES, UNION, purpose_of, union_type
from prompts.errors import Refusal
from tests.model_shapes import Shapes, checkpoint, write

WIDE = (64, 128, 128)


def net(context: int = 768, *, told: int = 0, original: bool = False, types: int = 0, size: str = "full") -> NetLayers:
    """A ControlNet of SD's make, or with what it is `told` of SDXL's."""
    level = {"full": (1, 1), "mid": (0, 0), "small": (None, None)}[size]
    return NetLayers(
        channels=WIDE,
        down=((None, None), level, (None, None) if size == "small" else (1, 1)) if told else (level, (1, 1), (1, 1)),
        middle=None if size == "small" else 1,
        context=0 if size == "small" else context,
        eyes=(16, 32, 96, 256),
        linear=bool(told) and size != "small",
        told=told,
        types=types,
        tasks=64 if types else 0,
        depth=1 if types else 0,
        type_told=types * 32,
        original=original,
    )


def shapes(told: NetLayers, prefix: str = "") -> Shapes:
    return {prefix + name: shape for name, shape in net_layers.wanted_by(told)}


def halves(told: NetLayers, rank: int = 4) -> Shapes:
    """A control-LoRA for a net of these layers."""
    made: Shapes = {"lora_controlnet": ()}
    for name, shape in shapes(told).items():
        whole = name.startswith(("input_hint_block.", "zero_convs.", "middle_block_out."))
        if whole or len(shape) == 1:
            made[name] = shape
        else:
            stem = name.removesuffix(".weight")
            made[f"{stem}.up"] = (shape[0], rank, *(1 for _ in shape[2:]))
            made[f"{stem}.down"] = (rank, *shape[1:])
    return made


def adapter(build: str, colours: int = 3, *, original: bool = False) -> Shapes:
    told = AdapterLayers(
        build=build,  # type: ignore[arg-type]
        channels=(64, 128, 256, 256),
        blocks=2,
        colours=colours,
        side=adapter_layers.SIDES[build],
        original=original,
    )
    prefix = "" if original else "adapter."
    return {prefix + name: shape for name, shape in adapter_layers.wanted_by(told)}


XL = net(2048, told=2816)
FIRST = net(original=True)
ALONE = shapes(FIRST, "control_model.")
WEIGHTS = ("in_layers.2.weight", "conv1.weight", "in_layers.2.up", "block1.weight")  # of layers in all of them
FILES: dict[str, tuple[Shapes, tuple[str, str, int]]] = {
    "1.1": (ALONE, ("control", "sd15", 0)),
    "1.1 for SD 2": (shapes(net(1024, original=True), "control_model."), ("control", "sd2", 0)),
    "1.0 beside a whole model": (ALONE | checkpoint("sd15", vae=True), ("control", "sd15", 0)),
    "bare": (shapes(FIRST), ("control", "sd15", 0)),
    "diffusers": (shapes(net()), ("control", "sd15", 0)),
    "SDXL": (shapes(XL), ("control", "sdxl", 0)),
    "SDXL mid": (shapes(net(2048, told=2816, size="mid")), ("control", "sdxl", 0)),
    "SDXL small": (shapes(net(2048, told=2816, size="small")), ("control", "sdxl", 0)),
    "union": (shapes(net(2048, told=2816, types=6)), ("union", "sdxl", 6)),
    "union ProMax": (shapes(net(2048, told=2816, types=8)), ("union", "sdxl", 8)),
    "control-LoRA": (halves(net(2048, told=2816, original=True)), ("control_lora", "sdxl", 0)),
    "control-LoRA for SD": (halves(FIRST), ("control_lora", "sd15", 0)),
    "T2I": (adapter("full_adapter", original=True), ("adapter", "sd15", 0)),
    "T2I grey": (adapter("full_adapter", 1, original=True), ("adapter", "sd15", 0)),
    "T2I colour": (adapter("light_adapter", original=True), ("adapter", "sd15", 0)),
    "T2I diffusers": (adapter("full_adapter", 1), ("adapter", "sd15", 0)),
    "T2I light": (adapter("light_adapter"), ("adapter", "sd15", 0)),
    "T2I SDXL": (adapter("full_adapter_xl"), ("adapter", "sdxl", 0)),
    "T2I SDXL grey": (adapter("full_adapter_xl", 1, original=True), ("adapter", "sdxl", 0)),
}


@pytest.mark.parametrize("name", FILES)
def test_every_layout_is_told_by_its_tensors(name: str, tmp_path: Path) -> None:
    tensors, expected = FILES[name]
    found = identify(write(tmp_path / "lora.safetensors", tensors))
    assert (found.kind, found.problem) == ("controlnet", "")
    assert (found.format, found.family, found.types) == expected
    zeros = {one: torch.zeros(()).expand(shape) for one, shape in tensors.items()}
    torch.save(zeros, tmp_path / "x.pth")
    assert identify(tmp_path / "x.pth") == found


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_or_lacks_a_layer_says_what_it_lacks(name: str, tmp_path: Path) -> None:
    tensors, _ = FILES[name]
    whole = write(tmp_path / "x.safetensors", tensors)
    with whole.open("r+b") as file:
        file.truncate(whole.stat().st_size - 2)
    found = identify(whole)
    assert (found.kind, found.problem, found.lacking, found.lacks) == ("controlnet", "file.cut", 1, list(tensors)[-1])
    own = [one for one in tensors if one.startswith("control_model.")] or list(tensors)
    gone = [one for one in own if one.endswith(WEIGHTS)][-1]
    found = identify(write(tmp_path / "y.safetensors", {one: shape for one, shape in tensors.items() if one != gone}))
    assert (found.kind, found.problem, found.lacking) == ("controlnet", "control.incomplete", 1)
    assert gone.endswith(found.lacks.removesuffix("down")) or name.startswith(("T2I", "control-LoRA"))


MOTION = "down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0"
PROCESSOR = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor"
REFUSED: dict[str, tuple[Shapes, str]] = {
    "difference": (ALONE | {"difference": ()}, "control.difference"),
    "LLLite": ({"lllite_unet_input_blocks_4_1_x_attn1_to_q.conditioning1.0.weight": (16, 3, 4, 4)}, "control.lllite"),
    "style": ({"style_embedding": (1, 8, 1024), "proj": (1024, 768)}, "control.style_adapter"),
    "SparseCtrl": (
        {"controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3), f"{MOTION}.norm.weight": (64,)}, "control.sparse",
    ),
    "Flux": ({"controlnet_x_embedder.weight": (3072, 64), "controlnet_blocks.0.weight": (9, 9)}, "control.other_kind"),
    "IP-Adapter": (
        {"image_proj.proj.weight": (3072, 1024), "ip_adapter.1.to_k_ip.weight": (320, 768)}, "control.ip_adapter",
    ),
    "FaceID": (
        {"image_proj.proj.0.weight": (1024, 512), "ip_adapter.0.to_q_lora.down.weight": (128, 320),
         "ip_adapter.0.to_q_lora.up.weight": (320, 128)}, "control.faceid",
    ),
    "motion module": ({f"{MOTION}.attention_blocks.0.to_q.weight": (320, 320)}, "file.motion"),
    "motion LoRA": (
        {f"{MOTION}.attention_blocks.0.processor.to_q_lora.{end}.weight": (4, 320) for end in ("up", "down")},
        "file.motion",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_guide_a_picture_is_refused_by_name(name: str, tmp_path: Path) -> None:
    tensors, problem = REFUSED[name]
    write(tmp_path / "thing.safetensors", tensors)
    assert identify(tmp_path / "thing.safetensors").problem == problem
    [skipped] = catalog.skipped([tmp_path])
    assert skipped.key == problem and not catalog.loras([tmp_path]) and not catalog.controlnets([tmp_path])
    if problem.startswith("control."):
        with pytest.raises(Refusal) as refused:
            catalog.controlnet((), "Thing", [tmp_path])
        assert refused.value.key == problem


def test_a_lora_for_the_look_of_films_is_none_for_pictures(tmp_path: Path) -> None:
    pair: Shapes = {f"{PROCESSOR}.to_q_lora.{end}.weight": (4, 320) for end in ("down", "up")}
    assert identify(write(tmp_path / "v3_sd15_adapter.safetensors", pair)).problem == "file.motion"
    assert identify(write(tmp_path / "ink.safetensors", pair)).kind == "lora"


def folder(path: Path, kind: str, tensors: Shapes, **config: object) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps({"_class_name": kind} | config))
    write(path / "diffusion_pytorch_model.safetensors", tensors)
    return path


def test_folders_are_told_by_their_configuration(tmp_path: Path) -> None:
    told = {"attention_head_dim": 8, "addition_time_embed_dim": 32, "addition_embed_type": "text_time"}
    for types, kind in ((0, "ControlNetModel"), (6, "ControlNetUnionModel")):
        made = net(2048, told=2816, types=types)
        config = made.config(told) | {"num_trans_channel": made.tasks, "num_trans_layer": made.depth}
        found = identify(folder(tmp_path / kind, kind, shapes(made), **config))
        assert (found.family, found.types, found.problem) == ("sdxl", types, "")
    config = AdapterLayers(build="light_adapter", channels=(64, 128, 256, 256), blocks=2, colours=3, side=8).config
    whole = adapter("light_adapter")
    assert identify(folder(tmp_path / "light", "T2IAdapter", whole, **config)).problem == ""
    found = identify(folder(tmp_path / "cut", "T2IAdapter", dict(list(whole.items())[:-1]), **config))
    assert (found.format, found.problem, found.lacking) == ("adapter", "control.incomplete", 1)
    for kind, problem in (
        ("FluxControlNetModel", "control.other_kind"), ("SparseControlNetModel", "control.sparse"),
        ("MotionAdapter", "file.motion"), ("ControlNetXSAdapter", "control.other_kind"),
    ):  # fmt: skip
        assert identify(folder(tmp_path / kind, kind, {})).problem == problem


NAMES = {
    "control_v11p_sd15_canny": "canny", "control_v11f1p_sd15_depth": "depth", "control_v11p_sd15_openpose": "openpose",
    "control_v11p_sd15s2_lineart_anime": "lineart_anime", "control_v11p_sd15_lineart": "lineart",
    "control_v11p_sd15_scribble": "scribble", "control_v11p_sd15_softedge": "softedge", "control_sd15_hed": "softedge",
    "control_v11p_sd15_normalbae": "normal", "control_v11p_sd15_seg": "seg", "control_v11p_sd15_mlsd": "mlsd",
    "control_v11p_sd15_inpaint": "inpaint", "control_v11f1e_sd15_tile": "tile", "control_v11e_sd15_shuffle": "shuffle",
    "control_v11e_sd15_ip2p": "ip2p", "control_v1p_sd15_qrcode_monster": "qr", "illuminationV20": "brightness",
    "ioclab_sd15_recolor": "recolor", "sai_xl_sketch_256lora": "sketch", "diffusers_xl_depth_mid": "depth",
    "kohya_controllllite_xl_blur": "blur", "t2iadapter_keypose_sd14v1": "keypose", "t2iadapter_color_sd14v1": "color",
    "t2iadapter_zoedepth_sd15v1": "depth", "t2i-adapter-lineart-sdxl-1.0": "lineart", "controlnetCannySDXL": "canny",
    "TTPLanet_SDXL_Controlnet_Tile_Realistic": "tile", "thibaud_xl_openpose": "openpose",
    "mistoLine_rank256": "lineart", "demo-edges": "canny", "controlnet-union-sdxl-1.0": "", "instantid": "",
    "shedding": "",
}  # fmt: skip


def test_what_a_net_follows_is_told_by_its_name() -> None:
    assert {name: purpose_of(name) for name in NAMES} == NAMES
    assert UNION.keys() <= PURPOSES.keys()
    assert (union_type("openpose", 6), union_type("tile", 6), union_type("tile", 8), union_type("qr", 8)) == (
        0,
        None,
        6,
        None,
    )


def test_the_owner_says_what_a_net_follows(tmp_path: Path) -> None:
    write(tmp_path / "net-canny.safetensors", shapes(net()))
    (tmp_path / "net-canny.json").write_text(json.dumps({"control": "Depth"}))
    folder(tmp_path / "other.v1", "ControlNetModel", {}, cross_attention_dim=768)
    (tmp_path / "other.v1.json").write_text(json.dumps({"control": "seg"}))
    write(tmp_path / "odd.safetensors", shapes(net()))
    (tmp_path / "odd.json").write_text(json.dumps({"control": "nonsense"}))
    found = {one.name: one.purpose for one in catalog.controlnets([tmp_path])}
    assert found == {"net-canny": "depth", "odd": ""}
    [other] = [one for one in model_folders.finds([tmp_path]) if one.name == "other.v1"]
    assert other.sidecar.purpose == "seg"
