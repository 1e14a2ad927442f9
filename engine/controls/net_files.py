"""The networks of nets from their files: ControlNets in diffusers' layout and in that of the original code, union nets,
control-LoRAs, and T2I-Adapters in both of theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers.models.adapter import T2IAdapter
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from safetensors import safe_open
from torch import Tensor, nn

from engine.controls import control_lora
from engine.controls.net import MadeForAnother, Network
from engine.files import adapter_layers, folder_layers, net_identity, net_layers, pickles
from engine.files.catalog import Companion
from engine.files.folder_layers import Part
from engine.models import diffusers_folder
from engine.models.single_file import filled, shapes_of, unscaled
from engine.models.torch_file import load_torch_file

Weights = Mapping[str, Tensor]
_KINDS: Mapping[Part, Any] = {"control": ControlNetModel, "union": ControlNetUnionModel, "adapter": T2IAdapter}
POOLED = "shuffle"  # what nets are for whose answers have no place, where no configuration says it


def network(companion: Companion, unet: Any, base: Weights, dtype: torch.dtype) -> Network:
    """The networks in a file or folder, in `dtype` on the processor; `base` are the weights of the UNet, to which a
    control-LoRA adds. Raises MadeForAnother for one that does not fit this UNet, and what the loaders raise over broken
    files."""
    if companion.path.is_dir():
        body = _in_folder(companion.path, companion.format, dtype)
    else:
        body = _in_file(companion.path, unet, base, dtype)
    if isinstance(body, T2IAdapter):
        return Network("adapter", body)
    if companion.purpose == POOLED and not isinstance(body, ControlNetUnionModel):
        body.register_to_config(global_pool_conditions=True)
    eyes, swapped = body.controlnet_cond_embedding, body.config.controlnet_conditioning_channel_order == "bgr"
    body.controlnet_cond_embedding = nn.Identity()  # a map is looked at once, by `Net.hint`
    body.register_to_config(controlnet_conditioning_channel_order="rgb")
    types = body.config.num_control_type if isinstance(body, ControlNetUnionModel) else 0
    return Network("control", body, eyes, types, pooled=body.config.global_pool_conditions, swapped=swapped)


def _in_folder(path: Path, form: str, dtype: torch.dtype) -> Any:
    part: Part = "union" if form == "union" else "adapter" if form == "adapter" else "control"
    if lack := folder_layers.network_lack(path, part):
        raise ValueError(lack)
    return diffusers_folder.network(_KINDS[part], path, dtype)


def _in_file(path: Path, unet: Any, base: Weights, dtype: torch.dtype) -> Any:
    weights = unscaled(_read(path), dtype)
    shapes = shapes_of(weights)
    if adapter_layers.is_adapter(shapes):
        return _adapter(weights, dtype)
    if net_identity.CONTROL_LORA in shapes:
        return control_lora.made(weights, unet, base, dtype)
    if lack := net_layers.lack(shapes):
        raise ValueError(lack)
    told = net_layers.layers(shapes)
    _check_told(told, unet)
    named = {name: weights[net_layers.called_first(name, told) if told.original else name] for name in _names(told)}
    kind, config = ControlNetUnionModel if told.types else ControlNetModel, told.config(unet.config)
    return filled(lambda: kind.from_config(config), named, dtype)


def _names(told: net_layers.NetLayers) -> list[str]:
    return [name for name, _ in net_layers.wanted_today(told)]


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a net by their names without what comes before them; of a file with a whole model beside it those
    of the net alone."""
    if path.suffix.lower() in pickles.SUFFIXES:
        weights = load_torch_file(path, _begin)
    else:
        with safe_open(path, framework="pt") as file:
            prefix = _begin(names := list(file.keys()))
            weights = {name: file.get_tensor(name) for name in names if name.startswith(prefix)}
    prefix = _begin(weights)
    return {name.removeprefix(prefix): weight for name, weight in weights.items()}


def _begin(names: Collection[str]) -> str:
    """How the names of a net's tensors begin in a file with tensors of these names."""
    return net_layers.bare(dict.fromkeys(names, ())) or ""


def _adapter(weights: Weights, dtype: torch.dtype) -> Any:
    own = {name.removeprefix(adapter_layers.IN): weight for name, weight in weights.items()}
    shapes = shapes_of(own)
    told = adapter_layers.layers(shapes)
    lack = adapter_layers.lack(shapes)
    if told is None or lack:
        raise ValueError(lack)
    names = [name for name, _ in adapter_layers.wanted_today(told)]
    named = {
        adapter_layers.IN + name: own[adapter_layers.called_first(name, told) if told.original else name]
        for name in names
    }
    return filled(lambda: T2IAdapter.from_config(told.config), named, dtype)


def check(body: Any, unet: Any) -> None:
    """Raises MadeForAnother unless a net answers what this UNet adds, and is told what this UNet is told."""
    if isinstance(body, T2IAdapter):
        _check_adapter(body, unet)
        return
    names = ["block_out_channels", "layers_per_block", "addition_embed_type", "projection_class_embeddings_input_dim"]
    if any("attn2" in name for name, _ in body.named_modules()):
        names.append("cross_attention_dim")
    _compare({name: body.config.get(name) for name in names}, unet)


def _check_told(told: net_layers.NetLayers, unet: Any) -> None:
    """The same of what a file's tensors tell, before a network is made of them."""
    own = {"block_out_channels": told.channels, "layers_per_block": len(told.down[0])}
    own["projection_class_embeddings_input_dim"] = told.told or None
    _compare(own | ({"cross_attention_dim": told.context} if told.context else {}), unet)


def _compare(own: Mapping[str, Any], unet: Any) -> None:
    for name, value in own.items():
        wanted = unet.config.get(name)
        if (list(value) if isinstance(value, tuple) else value) != (
            list(wanted) if isinstance(wanted, tuple) else wanted
        ):
            raise MadeForAnother(f"its {name} is {value}, the model's {wanted}")


def _check_adapter(body: Any, unet: Any) -> None:
    """Raises MadeForAnother unless an adapter has features for every level of this UNet."""
    own, wanted = list(body.config.channels), list(unet.config.block_out_channels)
    own += own[-1:] if body.config.adapter_type == "light_adapter" else []
    halved = unet.config.down_block_types[0] == "DownBlock2D"  # the first level has no attention, and halves first
    if own[: len(wanted)] != wanted or halved != (body.config.adapter_type == "full_adapter_xl"):
        raise MadeForAnother(f"its channels are {own}, the model's {wanted}")
