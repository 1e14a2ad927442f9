"""Identifying what guides the shapes of pictures: ControlNets and T2I-Adapters of every layout, and what lies among
them and cannot be used, each told by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.files import adapter_layers, folder_layers, net_layers
from engine.files.identity import CONTEXTS, Identity, Kind, lacking, side_of
from engine.files.layers import WHOLE, Lack, under
from engine.files.safetensors_header import Shapes

CONTROL, UNION, LORA, ADAPTER = "control", "union", "control_lora", "adapter"  # formats of a net
DIFFERENCE, CONTROL_LORA = "difference", "lora_controlnet"  # empty tensors that say what a file holds
# A LoRA in diffusers' first layout, as AnimateDiff's for the look of its films is, and as that one is called: nothing
# in it tells it from one for pictures.
_FILM_NAME = re.compile(r"(?:v3_sd15|sd15_v3|mm_sd15_v3|domain|animatediff)[-_ ]?(?:adapter|lora)", re.IGNORECASE)
_FILM_LAYER = ".processor.to_q_lora.down.weight"
# Signs in the names of all tensors, a name a line. What begins a line begins a name.
_MOTION = ("motion_modules.", ".temporal_transformer.", ".temporal_attentions.")
_REFERENCES = ("\nip_adapter.", "\nimage_proj.")
_LLLITE = ("\nlllite_unet_",)
_OTHER_SIGNS = ("\ncontrolnet_x_embedder.", "\ncontrolnet_blocks.", "\ncontrol_all_x_embedder.", "\ncontrol_layers.")
_FOLDERS = {"ControlNetModel": CONTROL, "ControlNetUnionModel": UNION, "T2IAdapter": ADAPTER}
_OTHER_FOLDER = re.compile(r"\w*ControlNet\w*|MultiAdapter")


def net_identity(shapes: Shapes) -> Identity | None:
    """The identity of a file that guides pictures, or is one of those that people put among such files; None for what
    is neither. Asked before LoRAs and models, as some of these files have tensors that are called as theirs are."""
    names = "\n" + "\n".join(shapes)
    if problem := _unused(shapes, names):
        kind: Kind = "unknown" if problem.startswith("file.") else "controlnet"
        return Identity(kind=kind, problem=problem)
    prefix = net_layers.bare(shapes)
    if prefix is None and "\ncontrol_model." in names:
        prefix = "control_model."
    if prefix is not None:
        return _net(under(shapes, prefix) if prefix else shapes, difference=DIFFERENCE in shapes)
    if adapter_layers.is_adapter(shapes):
        own = adapter_layers.bare(shapes)
        told = adapter_layers.layers(own)
        return lacking(
            Identity(kind="controlnet", format=ADAPTER, family=told.family if told else ""), adapter_layers.lack(own)
        )
    return None


def _unused(shapes: Shapes, names: str) -> str:
    """Why a file cannot guide pictures though it was made for something like it; "" where nothing tells that."""

    def has(signs: tuple[str, ...]) -> bool:
        return any(sign in names for sign in signs)

    if has(_MOTION):
        return "control.sparse" if "controlnet_cond_embedding." in names else "file.motion"
    if has(_REFERENCES):
        from_faces = shapes.get("image_proj.proj.0.weight", ())[1:] == (512,)
        return "control.faceid" if from_faces or "to_q_lora" in names else "control.ip_adapter"
    if has(_LLLITE):
        return "control.lllite"
    if has(_OTHER_SIGNS):
        return "control.other_kind"
    return "control.style_adapter" if {"style_embedding", "proj"} <= shapes.keys() else ""


def _net(own: Shapes, *, difference: bool) -> Identity:
    told = net_layers.layers(own)
    if CONTROL_LORA in own:
        return _control_lora(own)
    found = Identity(
        kind="controlnet",
        format=UNION if told.types else CONTROL,
        family=told.family,
        context=told.context,
        types=told.types,
        problem="control.difference" if difference else "",
    )
    return found if difference else lacking(found, net_layers.lack(own))


def _control_lora(own: Shapes) -> Identity:
    context = side_of(own, r"attn2\.to_k\.(?:down|weight)$", 1)
    xl = any(name.startswith("label_emb.") for name in own)
    found = Identity(
        kind="controlnet",
        format=LORA,
        family="sdxl" if xl else CONTEXTS.get(context, ""),
        context=context,
        rank=side_of(own, r"attn2\.to_k\.down$", 0),
    )
    return lacking(found, control_lora_lack(own))


def control_lora_lack(own: Shapes) -> Lack:
    """Why no control-LoRA can be made of these tensors: it has the layers that look at the map and those that answer
    whole, and of every other layer both factors or none."""
    wanted = [f"zero_convs.0.0.{end}" for end in ("weight", "bias")]
    wanted += [f"middle_block_out.0.{end}" for end in ("weight", "bias")]
    wanted += [f"input_hint_block.{at}.{end}" for at in range(0, 16, 2) for end in ("weight", "bias")]
    halves = {"up": "down", "down": "up"}
    for name in own:
        stem, _, end = name.rpartition(".")
        if end in halves:
            wanted.append(f"{stem}.{halves[end]}")
    missing = [name for name in wanted if name not in own]
    return Lack(net_layers.INCOMPLETE, len(missing), missing[0]) if missing else WHOLE


def film_lora(path: Path, shapes: Shapes) -> bool:
    """Whether a LoRA is AnimateDiff's for the look of its films, which spoils pictures."""
    return bool(_FILM_NAME.search(path.stem)) and any(name.endswith(_FILM_LAYER) for name in shapes)


def net_folder(path: Path, config: Mapping[str, Any], *, arriving: bool) -> Identity | None:
    """The identity of a folder with a net in it; None for anything else."""
    kind = str(config.get("_class_name", ""))
    if kind == "SparseControlNetModel":
        return Identity(kind="controlnet", problem="control.sparse")
    if kind in ("MotionAdapter", "UNetMotionModel"):
        return Identity(problem="file.motion")
    if kind not in _FOLDERS:
        return Identity(kind="controlnet", problem="control.other_kind") if _OTHER_FOLDER.fullmatch(kind) else None
    form = _FOLDERS[kind]
    if form == ADAPTER:
        adapter = adapter_layers.told_by(config)
        found = Identity(kind="controlnet", format=form, family=adapter.family if adapter else "")
    else:
        net = net_layers.told_by(config, union=form == UNION)
        context = config.get("cross_attention_dim")
        found = Identity(
            kind="controlnet",
            format=form,
            family=net.family if net else "",
            context=context if isinstance(context, int) else 0,
            types=net.types if net else 0,
        )
    part: folder_layers.Part = "adapter" if form == ADAPTER else "union" if form == UNION else "control"
    return lacking(found, folder_layers.network_lack(path, part, arriving=arriving))
