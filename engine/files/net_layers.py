"""The layers of a ControlNet for Stable Diffusion, told by its tensors or by a folder's configuration: the one table by
which nets are listed and by which they are read, in the names of the original code and in those of diffusers. No torch
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.files import unet_layers
from engine.files.identity import CONTEXTS, side_of
from engine.files.layers import Lack, Layer, conv, count, lacking, linear, norm, side
from engine.files.safetensors_header import Shapes
from engine.files.unet_layers import GROUPS, LATENTS, original_name, residual, transformer

# What nets lie in in the files of their makers: beside a whole model, by diffusers' training, or by itself.
PREFIXES = ("control_model.", "module.", "")
SIGNS = ("input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight")
XL = "sdxl"
UNION = "task_embedding"
UNION_HEADS = 8
INCOMPLETE, OTHER = "control.incomplete", "control.other_kind"
Depth = int | None  # transformer blocks behind a residual block; None: no attention, 0: its ends without a block


@dataclass(frozen=True, slots=True, kw_only=True)
class NetLayers:
    """What a ControlNet is made of: the `channels` of each level; for each residual block of each level how many
    transformer blocks are behind it, and how many are in the `middle`; how wide the text is; the channels of the layers
    that look at the map (`eyes`), of which it takes `seen`; how many numbers it is told of the picture (`told`; 0:
    none). Of a union net how many `types` of maps it tells apart, the `tasks`' width, the transformer's `depth` and in
    how many numbers a type is told."""

    channels: tuple[int, ...]
    down: tuple[tuple[Depth, ...], ...]
    middle: Depth
    context: int
    eyes: tuple[int, ...]
    seen: int = 3
    taken: int = LATENTS
    linear: bool = False
    told: int = 0
    groups: int = GROUPS
    types: int = 0
    tasks: int = 0
    depth: int = 0
    type_told: int = 0
    original: bool = False

    @property
    def family(self) -> str:
        """The family of the models that it guides; "" where nothing tells it."""
        return XL if self.told else CONTEXTS.get(self.context, "")

    def config(self, like: Mapping[str, Any]) -> dict[str, Any]:
        """Its configuration, in diffusers' words, for one that `layers` told; what tensors cannot tell is as in that of
        the UNet that it guides."""
        deep = [level[0] or 0 for level in self.down]
        crossed = [level[0] is not None for level in self.down]
        made: dict[str, Any] = {
            "in_channels": self.taken,
            "conditioning_channels": self.seen,
            "block_out_channels": list(self.channels),
            "layers_per_block": len(self.down[0]),
            "down_block_types": ["CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in crossed],
            "transformer_layers_per_block": [*deep[:-1], deep[-1] if crossed[-1] else self.middle or 0],
            "cross_attention_dim": self.context or None,
            "attention_head_dim": like.get("attention_head_dim", unet_layers.HEADS),
            "norm_num_groups": like.get("norm_num_groups", GROUPS),
            "use_linear_projection": self.linear,
            "upcast_attention": like.get("upcast_attention", False),
            "conditioning_embedding_out_channels": list(self.eyes),
        }
        if self.middle is None:
            made["mid_block_type"] = "UNetMidBlock2D"
        if self.told:
            made |= {
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": like.get("addition_time_embed_dim"),
                "projection_class_embeddings_input_dim": self.told,
            }
        if self.types:
            made |= {
                "num_control_type": self.types,
                "num_trans_channel": self.tasks,
                "num_trans_head": UNION_HEADS,
                "num_trans_layer": self.depth,
                "num_proj_channel": self.channels[0],
            }
        return made


def bare(shapes: Shapes) -> str | None:
    """What comes before the names of a ControlNet's tensors in a file; None for one that has none."""
    return next((prefix for prefix in PREFIXES for sign in SIGNS if prefix + sign in shapes), None)


def layers(own: Shapes) -> NetLayers:
    """What the net of these tensors is made of, as far as they tell."""
    original = SIGNS[0] in own
    told = _levels_original(own) if original else _levels(own)
    middle = "middle_block.1" if original else "mid_block.attentions.0"
    hint = "input_hint_block.0" if original else "controlnet_cond_embedding.conv_in"
    eyes = [side(own, f"{hint}.weight", 0)]
    at = 1
    while width := side(own, eye(f"controlnet_cond_embedding.blocks.{at}.weight", original), 0):
        eyes.append(width)
        at += 2
    return NetLayers(
        channels=tuple(level[0][0] if level else 0 for level in told),
        down=tuple(tuple(depth for _, depth in level) for level in told),
        middle=_depth(own, middle),
        context=side_of(own, r"attn2\.to_k\.weight$", 1),
        eyes=tuple(eyes),
        seen=side(own, f"{hint}.weight", 1),
        taken=side(own, "input_blocks.0.0.weight" if original else "conv_in.weight", 1) or LATENTS,
        linear=any(len(shape) == 2 for name, shape in own.items() if name.endswith(".proj_in.weight")),
        told=side(own, "label_emb.0.0.weight" if original else "add_embedding.linear_1.weight", 1),
        types=side(own, UNION, 0),
        tasks=side(own, UNION, 1),
        depth=count(own, r"transformer_layes\.(\d+)\."),
        type_told=side(own, "control_add_embedding.linear_1.weight", 1),
        original=original,
    )


def _levels(own: Shapes) -> list[list[tuple[int, Depth]]]:
    """Of each residual block of each level its channels and its transformer blocks, by diffusers' names."""
    return [
        [
            (
                side(own, f"down_blocks.{level}.resnets.{at}.conv2.bias", 0),
                _depth(own, f"down_blocks.{level}.attentions.{at}"),
            )
            for at in range(count(own, rf"down_blocks\.{level}\.resnets\.(\d+)\."))
        ]
        for level in range(count(own, r"down_blocks\.(\d+)\."))
    ] or [[]]


def _levels_original(own: Shapes) -> list[list[tuple[int, Depth]]]:
    levels: list[list[tuple[int, Depth]]] = [[]]
    for at in range(1, count(own, r"input_blocks\.(\d+)\.")):
        if f"input_blocks.{at}.0.op.weight" in own:
            levels.append([])
            continue
        width = side(own, f"input_blocks.{at}.0.out_layers.3.bias", 0)
        levels[-1].append((width, _depth(own, f"input_blocks.{at}.1")))
    return levels


def _depth(own: Shapes, where: str) -> Depth:
    blocks = count(own, rf"{where.replace('.', '[.]')}\.transformer_blocks\.(\d+)\.")
    return blocks if blocks or f"{where}.norm.weight" in own else None


def lack(own: Shapes) -> Lack:
    """Why no ControlNet can be made of these tensors, by their names without what comes before them."""
    made = layers(own)
    blocks = {len(level) for level in made.down}
    if not all(made.channels) or len(blocks) != 1:
        first = "input_blocks.1.0.out_layers.3.bias" if made.original else "down_blocks.0.resnets.0.conv2.bias"
        return Lack(INCOMPLETE, 1, first)
    uneven = any(len(set(level)) != 1 for level in made.down)
    crossed = any(depth is not None for level in made.down for depth in level)
    deepest = made.down[-1][0]
    if uneven or (deepest is not None and deepest != made.middle) or made.seen != 3 or made.taken != LATENTS:
        return Lack(OTHER)
    if crossed and not (made.context or made.middle is None):
        return Lack(INCOMPLETE, 1, "attn2.to_k.weight")
    if unet_layers.odd(made, unet_layers.heads_of(made.family)):
        return Lack(OTHER)
    return lacking(own, wanted_by(made), INCOMPLETE)


# What diffusers' configurations of nets for Stable Diffusion have in common, where they say it.
_USUAL: Mapping[str, tuple[object, ...]] = {
    "in_channels": (LATENTS,), "conditioning_channels": (3,), "only_cross_attention": (False,),
    "class_embed_type": (None,), "num_class_embeds": (None,), "encoder_hid_dim": (None,),
    "encoder_hid_dim_type": (None,), "resnet_time_scale_shift": ("default",), "num_attention_heads": (None,),
    "addition_embed_type": (None, "text_time"), "controlnet_conditioning_channel_order": ("rgb", "bgr"),
    "mid_block_type": ("UNetMidBlock2DCrossAttn", "UNetMidBlock2D"),
}  # fmt: skip


def told_by(config: Mapping[str, Any], *, union: bool = False) -> NetLayers | None:
    """What the net of this configuration, in diffusers' words, is made of; None for one of another kind."""
    try:
        return _told_by(config, union)
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError):
        return None


def _told_by(config: Mapping[str, Any], union: bool) -> NetLayers | None:
    if any(name in config and config[name] not in usual for name, usual in _USUAL.items()):
        return None
    channels = unet_layers.numbers(config.get("block_out_channels", (320, 640, 1280, 1280)))
    depth = len(channels)
    kinds = config.get("down_block_types", ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",))
    if len(kinds) != depth or not {*kinds} <= {"CrossAttnDownBlock2D", "DownBlock2D"}:
        return None
    blocks = int(config.get("layers_per_block", 2))
    deep = unet_layers.per_level(config.get("transformer_layers_per_block", 1), depth)
    heads = dict(zip(channels, unet_layers.per_level(config.get("attention_head_dim", 8), depth), strict=True))
    told = int(config.get("projection_class_embeddings_input_dim") or 0) if config.get("addition_embed_type") else 0
    types = int(config.get("num_control_type", 6)) if union else 0
    made = NetLayers(
        channels=channels,
        down=tuple((deep[at] if kind == "CrossAttnDownBlock2D" else None,) * blocks for at, kind in enumerate(kinds)),
        middle=None if config.get("mid_block_type") == "UNetMidBlock2D" else deep[-1],
        context=int(config.get("cross_attention_dim") or 0),
        eyes=unet_layers.numbers(config.get("conditioning_embedding_out_channels", (16, 32, 96, 256))),
        linear=config.get("use_linear_projection", False) is True,
        told=told,
        groups=int(config.get("norm_num_groups", GROUPS)),
        types=types,
        tasks=int(config.get("num_trans_channel", 320)) if union else 0,
        depth=int(config.get("num_trans_layer", 1)) if union else 0,
        type_told=types * int(config.get("addition_time_embed_dim") or 0),
    )
    return None if unet_layers.odd(made, lambda width: heads[width]) else made


def wanted_by(made: NetLayers) -> Iterator[Layer]:
    """Every tensor that a net of such layers has."""
    for name, shape in wanted_today(made):
        yield (called_first(name, made), shape) if made.original else (name, shape)


def called_first(name: str, made: NetLayers) -> str:
    """What a tensor of a net is called in the original code, by its name in diffusers."""
    if name.startswith("controlnet_cond_embedding."):
        return eye(name, True, len(made.eyes))
    kind, _, rest = name.partition(".")
    if kind == "controlnet_down_blocks":
        at, _, end = rest.partition(".")
        return f"zero_convs.{at}.0.{end}"
    if kind == "controlnet_mid_block":
        return f"middle_block_out.0.{rest}"
    return original_name(name, len(made.down[0]))


def eye(name: str, original: bool, levels: int = 0) -> str:
    """What a layer that looks at the map is called, by its name in diffusers: the original code counts them in one row
    with the activations between."""
    if not original:
        return name
    pieces = name.split(".")
    at = {"conv_in": 0, "conv_out": 4 * levels - 2}.get(pieces[1])
    number = 2 + 2 * int(pieces[2]) if at is None else at
    return f"input_hint_block.{number}.{pieces[-1]}"


def wanted_today(made: NetLayers) -> Iterator[Layer]:
    """The same in diffusers' names."""
    first, last, top = made.channels[0], made.channels[-1], len(made.channels) - 1
    time = 4 * first
    yield from conv("conv_in", first, made.taken)
    yield from linear("time_embedding.linear_1", time, first)
    yield from linear("time_embedding.linear_2", time, time)
    if made.told:
        yield from linear("add_embedding.linear_1", time, made.told)
        yield from linear("add_embedding.linear_2", time, time)
    yield from _eyes(made)
    if made.types:
        yield from _union(made, time)
    into, left = first, [first]  # channels, and those of what it gives the UNet
    for level, width in enumerate(made.channels):
        for number, depth in enumerate(made.down[level]):
            yield from residual(f"down_blocks.{level}.resnets.{number}", width, into, time)
            if depth is not None:
                yield from transformer(f"down_blocks.{level}.attentions.{number}", width, depth, made)
            into = width
            left.append(width)
        if level != top:
            yield from conv(f"down_blocks.{level}.downsamplers.0.conv", width, width)
            left.append(width)
    yield from residual("mid_block.resnets.0", last, last, time)
    if made.middle is not None:
        yield from transformer("mid_block.attentions.0", last, made.middle, made)
        yield from residual("mid_block.resnets.1", last, last, time)
    for at, width in enumerate(left):
        yield from conv(f"controlnet_down_blocks.{at}", width, width, 1)
    yield from conv("controlnet_mid_block", last, last, 1)


def _eyes(made: NetLayers) -> Iterator[Layer]:
    place = "controlnet_cond_embedding"
    yield from conv(f"{place}.conv_in", made.eyes[0], made.seen)
    for at, (into, width) in enumerate(zip(made.eyes, made.eyes[1:], strict=False)):
        yield from conv(f"{place}.blocks.{2 * at}", into, into)
        yield from conv(f"{place}.blocks.{2 * at + 1}", width, into)
    yield from conv(f"{place}.conv_out", made.channels[0], made.eyes[-1])


def _union(made: NetLayers, time: int) -> Iterator[Layer]:
    width = made.tasks
    yield UNION, (made.types, width)
    for at in range(made.depth):
        block = f"transformer_layes.{at}"
        yield f"{block}.attn.in_proj_weight", (3 * width, width)
        yield f"{block}.attn.in_proj_bias", (3 * width,)
        yield from linear(f"{block}.attn.out_proj", width, width)
        yield from norm(f"{block}.ln_1", width)
        yield from linear(f"{block}.mlp.c_fc", 4 * width, width)
        yield from linear(f"{block}.mlp.c_proj", width, 4 * width)
        yield from norm(f"{block}.ln_2", width)
    yield from linear("spatial_ch_projs", made.channels[0], width)
    yield from linear("control_add_embedding.linear_1", time, made.type_told)
    yield from linear("control_add_embedding.linear_2", time, time)
