"""Control-LoRAs: nets that are a copy of the model's own way down, with the difference as two small factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from torch import Tensor

from engine.controls.net import MadeForAnother
from engine.files import net_layers
from engine.files.net_identity import control_lora_lack
from engine.files.net_layers import NetLayers
from engine.files.unet_layers import LATENTS
from engine.models.single_file import filled, shapes_of

# What a net's configuration has in common with the UNet's that it is a copy of.
_SHARED = (
    "block_out_channels", "layers_per_block", "down_block_types", "transformer_layers_per_block", "cross_attention_dim",
    "attention_head_dim", "norm_num_groups", "use_linear_projection", "upcast_attention", "addition_embed_type",
    "addition_time_embed_dim", "projection_class_embeddings_input_dim", "flip_sin_to_cos", "freq_shift", "norm_eps",
)  # fmt: skip
_EYES = "controlnet_cond_embedding."


def made(weights: Mapping[str, Tensor], unet: Any, base: Mapping[str, Tensor], dtype: torch.dtype) -> Any:
    """The ControlNet of a control-LoRA's tensors (in the names of the original code) for this UNet, whose weights are
    `base`: what is whole in the file is the file's, all else is the UNet's with up · down added, summed in float32.
    Raises ValueError where the file lacks something, MadeForAnother where the two do not belong together."""
    if lack := control_lora_lack(shapes_of(weights)):
        raise ValueError(lack)
    config = {name: unet.config[name] for name in _SHARED if name in unet.config}
    eyes = _eyes(weights)
    config |= {"in_channels": LATENTS, "conditioning_embedding_out_channels": list(eyes)}
    told = net_layers.told_by(config)
    if told is None:
        raise MadeForAnother("the model's UNet is of a kind that no control-LoRA was made for")
    named = {name: _whole(name, shape, told, weights, base) for name, shape in net_layers.wanted_today(told)}
    return filled(lambda: ControlNetModel.from_config(config), named, dtype)


def _eyes(weights: Mapping[str, Tensor]) -> tuple[int, ...]:
    """The channels of the layers that look at the map, from the first on; every second of the rest widens."""
    widths = [len(weights["input_hint_block.0.weight"])]
    at = 4
    while f"input_hint_block.{at + 2}.weight" in weights:  # the last one answers
        widths.append(len(weights[f"input_hint_block.{at}.weight"]))
        at += 4
    return tuple(widths)


def _whole(
    name: str, shape: tuple[int, ...], told: NetLayers, weights: Mapping[str, Tensor], base: Mapping[str, Tensor]
) -> Tensor:
    """One weight of the net, (out, in, …)."""
    first = net_layers.called_first(name, told)
    if first in weights:
        weight = weights[first]
    elif name in base:
        weight = base[name].detach().to("cpu", torch.float32)
        if weight.dim() > 1:  # a UNet for inpainting takes more channels than the net
            weight = weight[:, : shape[1]]
        stem = first.removesuffix(".weight")
        if first.endswith(".weight") and f"{stem}.up" in weights:
            up, down = weights[f"{stem}.up"].float(), weights[f"{stem}.down"].float()
            if len(up) != len(weight) or down[0].numel() != weight[0].numel():
                raise MadeForAnother(f"{first} has another size")
            weight = weight + (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)
    else:
        raise ValueError(f"{first} is missing")
    if tuple(weight.shape) != shape:
        raise MadeForAnother(f"{first} has another size")
    return weight
