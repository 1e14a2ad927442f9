"""Tiny nets with random weights; what is zero at birth is noise, as a net that answers nothing proves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from diffusers import ControlNetModel, ControlNetUnionModel, T2IAdapter
from torch import Tensor, nn

from engine.files.tiers import TIERS
from engine.models.loaded import Layout, Loaded
from engine.models.net_cache import NetCache
from tests import tiny_families

SIDE = 64  # of a map, in pixels


def noisy(network: Any, seed: int = 1) -> Any:
    """The same with noise where it is zero."""
    noise = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            if not bool(weight.any()):
                weight.copy_(torch.randn(weight.shape, generator=noise) * 0.3)
    return network.eval()


def control(unet: Any, seed: int = 1, **changes: Any) -> Any:
    """A ControlNet for this UNet."""
    torch.manual_seed(seed)
    return noisy(ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 16), **changes), seed)


def beside(loaded: Loaded, unet: Any) -> Loaded:
    """A model with another UNet, and no nets yet."""
    return replace(loaded, unet=unet.eval(), nets=NetCache(), layout=Layout(TIERS[0]))


def union(unet: Any, types: int = 6) -> Any:
    """A union ControlNet for a UNet of SDXL's layout."""
    torch.manual_seed(2)
    names = (
        "block_out_channels", "down_block_types", "layers_per_block", "cross_attention_dim", "attention_head_dim",
        "transformer_layers_per_block", "use_linear_projection", "addition_embed_type", "addition_time_embed_dim",
        "projection_class_embeddings_input_dim",
    )  # fmt: skip
    own = {name: unet.config[name] for name in names}
    eyes = (4, 8, 8, 16)
    width = unet.config.block_out_channels[0]
    made = ControlNetUnionModel(
        **own,
        conditioning_embedding_out_channels=eyes,
        num_control_type=types,
        num_trans_channel=width,
        num_proj_channel=width,
    )
    return noisy(made)


def adapter(kind: str, channels: tuple[int, ...], colours: int = 3) -> Any:
    """A T2I-Adapter of diffusers'."""
    torch.manual_seed(3)
    side = 16 if kind == "full_adapter_xl" else 8
    return noisy(T2IAdapter(colours, list(channels), 2, side, kind))


def adapter_names(network: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights of a T2I-Adapter under their first names."""
    light = network.config.adapter_type == "light_adapter"
    for name, weight in parts(network).items():
        name = name.removeprefix("adapter.")
        if light:
            name = name.replace(".resnets.", ".body.")
        elif found := re.match(r"body\.(\d)\.resnets\.(\d)\.(.+)", name):
            name = f"body.{2 * int(found[1]) + int(found[2])}.{found[3]}"
        elif found := re.match(r"body\.(\d)\.in_conv\.(.+)", name):
            name = f"body.{2 * int(found[1])}.in_conv.{found[2]}"
        yield name, weight


def first_names(network: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights of a ControlNet under the names of the original code."""
    yield from ((name, weight.detach().clone().contiguous()) for name, weight in tiny_families.unet_names(network))
    for name, weight in parts(network).items():
        if name.startswith("controlnet_mid_block."):
            yield name.replace("controlnet_mid_block", "middle_block_out.0"), weight
        elif found := re.match(r"controlnet_down_blocks\.(\d+)\.(.+)", name):
            yield f"zero_convs.{found[1]}.0.{found[2]}", weight
        elif found := re.match(r"controlnet_cond_embedding\.(conv_in|conv_out|blocks\.\d)\.(.+)", name):
            at = {"conv_in": 0, "conv_out": 14}.get(found[1], -1)
            yield f"input_hint_block.{at if at >= 0 else 2 + 2 * int(found[1][-1])}.{found[2]}", weight


def picture(seed: int = 3) -> Tensor:
    """A map, (1, 3, SIDE, SIDE) in 0…1."""
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def call(loaded: Loaded) -> tuple[Tensor, Tensor, Tensor]:
    """What a UNet is called with for two entries: samples, times, words."""
    noise = torch.Generator().manual_seed(4)
    words = torch.randn(2, 77, loaded.unet.config.cross_attention_dim, generator=noise)
    return torch.randn(2, 4, SIDE // 8, SIDE // 8, generator=noise), torch.tensor([900, 101]), words


def parts(network: nn.Module) -> dict[str, Tensor]:
    """Copies of its weights by name."""
    return {name: weight.detach().clone().contiguous() for name, weight in network.state_dict().items()}
