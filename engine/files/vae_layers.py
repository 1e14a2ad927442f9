"""The layers of a VAE, told by its tensors: the one table by which files are listed and by which they are read, in the
names of the original code and in those of diffusers. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.files.layers import Lack, Layer, conv, count, lacking, norm, side
from engine.files.safetensors_header import Shapes

LATENTS, COLOURS, GROUPS = 4, 3, 32  # channels of the latents and of a picture; channels are normed in so many groups
_IN_CHECKPOINT = re.compile(r"(?:first_stage_model|vae)\.")
# What diffusers called the layers of attention in files before 2023.
OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD = re.compile(rf"(?<=attentions\.0\.)(?:{'|'.join(OLD_ATTENTION)})(?=\.)")
_ORIGINAL = {"shortcut": "nin_shortcut", "norm": "norm", "ends": ("q", "k", "v", "proj_out")}
_DIFFUSERS = {"shortcut": "conv_shortcut", "norm": "group_norm", "ends": ("to_q", "to_k", "to_v", "to_out.0")}


@dataclass(frozen=True, slots=True)
class VaeLayers:
    """What a VAE is made of: the `channels` of each level, how many blocks a level of the encoder has, and whether its
    names are those of the original code."""

    channels: tuple[int, ...]
    blocks: int
    original: bool

    @property
    def config(self) -> dict[str, object]:
        """Its configuration, in diffusers' words."""
        depth = len(self.channels)
        return {
            "block_out_channels": list(self.channels),
            "layers_per_block": self.blocks,
            "down_block_types": ["DownEncoderBlock2D"] * depth,
            "up_block_types": ["UpDecoderBlock2D"] * depth,
            "latent_channels": LATENTS,
        }


def called(name: str) -> str:
    """The name of a VAE's tensor as it is called today, in a file of its own."""
    return _OLD.sub(lambda found: OLD_ATTENTION[found[0]], _IN_CHECKPOINT.sub("", name, count=1))


def named(shapes: Shapes) -> Shapes:
    """The shapes of a VAE's tensors, by these names."""
    return {called(name): shape for name, shape in shapes.items()}


def is_vae(shapes: Shapes) -> bool:
    """Whether both halves of a VAE begin among these (as `named` gives them)."""
    return "decoder.conv_in.weight" in shapes and "encoder.conv_in.weight" in shapes


def layers(shapes: Shapes) -> VaeLayers:
    """What the VAE among these tensors (as `named` gives them) is made of, as far as it tells."""
    original = not any(name.startswith("encoder.down_blocks.") for name in shapes)
    level, block = ("down", "block") if original else ("down_blocks", "resnets")
    depth = count(shapes, rf"encoder\.{level}\.(\d+)\.")
    return VaeLayers(
        tuple(side(shapes, f"encoder.{level}.{at}.{block}.0.conv1.bias", 0) for at in range(depth)),
        count(shapes, rf"encoder\.{level}\.0\.{block}\.(\d+)\."),
        original,
    )


def lack(shapes: Shapes) -> Lack:
    """Why the VAE among these tensors (as `named` gives them) cannot be drawn with: another number of channels, or a
    layer that is missing or of another size."""
    told = layers(shapes)
    if shapes.get("decoder.conv_in.weight", ())[1:2] != (LATENTS,):
        return Lack("model.other_kind")
    if not all(told.channels) or not told.channels or not told.blocks:
        level, block = ("down", "block") if told.original else ("down_blocks", "resnets")
        gaps = [at for at, width in enumerate(told.channels) if not width] or [0]
        return Lack("vae.incomplete", len(gaps), f"encoder.{level}.{gaps[0]}.{block}.0.conv1.bias")
    if any(width % GROUPS for width in told.channels):
        return Lack("model.other_kind")
    # The original code's attention is made of convolutions of one pixel.
    return lacking(shapes, wanted_by(told), "vae.incomplete", pointwise=told.original)


def told_by(config: Mapping[str, Any]) -> VaeLayers | None:
    """What the VAE of this configuration, in diffusers' words, is made of; None for one of another kind."""
    usual: Mapping[str, object] = {
        "latent_channels": LATENTS, "in_channels": COLOURS, "out_channels": COLOURS, "use_quant_conv": True,
        "use_post_quant_conv": True, "mid_block_add_attention": True,
    }  # fmt: skip
    if any(config.get(name, value) != value for name, value in usual.items()):
        return None
    channels, blocks = config.get("block_out_channels", [64]), config.get("layers_per_block", 1)
    groups = config.get("norm_num_groups", GROUPS)
    if not isinstance(channels, list) or not channels or not all(type(one) is int for one in (*channels, groups)):
        return None
    depth = len(channels)
    kinds = config.get("down_block_types", ["DownEncoderBlock2D"]), config.get("up_block_types", ["UpDecoderBlock2D"])
    if kinds != (["DownEncoderBlock2D"] * depth, ["UpDecoderBlock2D"] * depth) or type(blocks) is not int:
        return None
    if blocks < 1 or groups < 1 or any(width < 1 or width % groups for width in channels):
        return None
    return VaeLayers(tuple(channels), blocks, original=False)


def wanted_by(told: VaeLayers) -> Iterator[Layer]:
    """Every tensor that a VAE of such layers has."""
    names = _ORIGINAL if told.original else _DIFFUSERS
    first, last = told.channels[0], told.channels[-1]
    top = len(told.channels) - 1
    level, block, down, up = (
        ("down", "block", "downsample", "upsample")
        if told.original
        else ("down_blocks", "resnets", "downsamplers.0", "upsamplers.0")
    )
    out = "norm_out" if told.original else "conv_norm_out"
    yield from conv("encoder.conv_in", first, COLOURS)
    into = first
    for at, width in enumerate(told.channels):
        for number in range(told.blocks):
            yield from _block(f"encoder.{level}.{at}.{block}.{number}", width, into, names)
            into = width
        if at != top:
            yield from conv(f"encoder.{level}.{at}.{down}.conv", width, width)
    yield from _middle("encoder", last, told.original, names)
    yield from norm(f"encoder.{out}", last)
    yield from conv("encoder.conv_out", 2 * LATENTS, last)
    yield from conv("quant_conv", 2 * LATENTS, 2 * LATENTS, 1)
    yield from conv("post_quant_conv", LATENTS, LATENTS, 1)
    yield from conv("decoder.conv_in", last, LATENTS)
    yield from _middle("decoder", last, told.original, names)
    into = last
    for step, width in enumerate(reversed(told.channels)):
        stage = f"decoder.up.{top - step}" if told.original else f"decoder.up_blocks.{step}"
        for number in range(told.blocks + 1):
            yield from _block(f"{stage}.{block}.{number}", width, into, names)
            into = width
        if step != top:
            yield from conv(f"{stage}.{up}.conv", width, width)
    yield from norm(f"decoder.{out}", first)
    yield from conv("decoder.conv_out", COLOURS, first)


def _middle(half: str, width: int, original: bool, names: Mapping[str, object]) -> Iterator[Layer]:
    blocks = ("mid.block_1", "mid.block_2") if original else ("mid_block.resnets.0", "mid_block.resnets.1")
    for block in blocks:
        yield from _block(f"{half}.{block}", width, width, names)
    attention = f"{half}.{'mid.attn_1' if original else 'mid_block.attentions.0'}"
    yield from norm(f"{attention}.{names['norm']}", width)
    ends = names["ends"]
    assert isinstance(ends, tuple)
    for end in ends:
        yield f"{attention}.{end}.weight", (width, width)
        yield f"{attention}.{end}.bias", (width,)


def _block(name: str, width: int, into: int, names: Mapping[str, object]) -> Iterator[Layer]:
    yield from norm(f"{name}.norm1", into)
    yield from conv(f"{name}.conv1", width, into)
    yield from norm(f"{name}.norm2", width)
    yield from conv(f"{name}.conv2", width, width)
    if width != into:
        yield from conv(f"{name}.{names['shortcut']}", width, into, 1)
