"""The layers of a UNet of Stable Diffusion, told by its tensors or by a folder's configuration: the one table by which
models are listed and by which they are read, in the names of the original code and in those of diffusers. No torch
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.files.layers import Lack, Layer, conv, count, lacking, linear, norm, side
from engine.files.safetensors_header import Shapes

HEAD = 64  # channels of an attention head, but in SD 1.5, which has eight heads whatever their size
HEADS, EIGHT_HEADS = 8, ("sd15", "demo")
SIZES = {"sdxl": 6, "refiner": 5}  # numbers about the picture's size that the UNet is told
GROUPS = 32  # channels are normed in so many groups
LATENTS = 4
TAKEN = (4, 9)  # channels that a UNet may take: latents, and for inpainting a mask and what it leaves

_ORIGINAL = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj", "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0", "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}  # fmt: skip


class Attending(Protocol):
    """What a layer of attention depends on, but for its channels: how wide the text is, and whether it begins with a
    matrix or a convolution."""

    @property
    def context(self) -> int: ...

    @property
    def linear(self) -> bool: ...


class Grouped(Protocol):
    """The channels of each level, and in how many groups they are normed."""

    @property
    def channels(self) -> tuple[int, ...]: ...

    @property
    def groups(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnetLayers:
    """What a UNet is made of: the `channels` of each level; for each residual block of each level on the way down and
    on the way up, how many transformer blocks are behind it (0: no attention); how many are in the `middle` (None:
    there is none); how wide the text is; how many channels it takes; whether attention begins with a matrix (`linear`)
    or a convolution; how many numbers it is told of the picture (`told`) and of the guidance (`guided`), 0 for none."""

    channels: tuple[int, ...]
    down: tuple[tuple[int, ...], ...]
    up: tuple[tuple[int, ...], ...]
    middle: int | None
    context: int
    taken: int = LATENTS
    linear: bool = False
    told: int = 0
    guided: int = 0
    groups: int = GROUPS
    original: bool = False

    def config(self, family: str) -> dict[str, Any]:
        """Its configuration, in diffusers' words, for one that `layers` told."""
        crossed = [level[0] > 0 for level in self.down]
        return {
            "in_channels": self.taken,
            "block_out_channels": list(self.channels),
            "layers_per_block": len(self.down[0]),
            "transformer_layers_per_block": [level[0] or self.middle for level in self.down],
            "down_block_types": ["CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in crossed],
            "up_block_types": ["CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(crossed)],
            "cross_attention_dim": self.context,
            "attention_head_dim": HEADS if family in EIGHT_HEADS else list(map(heads_of(family), self.channels)),
            "use_linear_projection": self.linear,
            "upcast_attention": family == "sd2",
            "time_cond_proj_dim": self.guided or None,
        }


def layers(own: Shapes) -> UnetLayers:
    """What the UNet of these tensors, in the names of the original code, is made of, as far as they tell."""
    levels: list[list[tuple[int, int]]] = [[]]  # of each residual block of each level: channels, transformer blocks
    for at in range(1, count(own, r"input_blocks\.(\d+)\.")):
        if f"input_blocks.{at}.0.op.weight" in own:
            levels.append([])
            continue
        width = side(own, f"input_blocks.{at}.0.out_layers.3.bias", 0)
        levels[-1].append((width, count(own, rf"input_blocks\.{at}\.1\.transformer_blocks\.(\d+)\.")))
    middle = count(own, r"middle_block\.1\.transformer_blocks\.(\d+)\.")
    down = tuple(tuple(depth for _, depth in level) for level in levels)
    return UnetLayers(
        channels=tuple(level[0][0] if level else 0 for level in levels),
        down=down,
        up=tuple((*level, level[-1]) if level else () for level in reversed(down)),
        middle=middle,
        context=side(own, "middle_block.1.transformer_blocks.0.attn2.to_k.weight", 1),
        taken=side(own, "input_blocks.0.0.weight", 1),
        linear=len(own.get("middle_block.1.proj_in.weight", ())) == 2,
        told=side(own, "label_emb.0.0.weight", 1),
        guided=side(own, "time_embed.cond_proj.weight", 1),
        original=True,
    )


def lack(own: Shapes, family: str, projection: int = 0) -> Lack:
    """Why no UNet of that family can be made of these tensors, in the names of the original code; `projection` is how
    wide the text encoder's summary is that SDXL is told."""
    made = layers(own)
    blocks = {len(level) for level in made.down}
    if not all(made.channels) or len(blocks) != 1 or not made.middle or not made.context:
        return Lack("model.incomplete", *_first_gap(own, made))
    uneven = any(len(set(level)) != 1 for level in made.down) or made.down[-1][0] not in (0, made.middle)
    if uneven or odd(made, heads_of(family)) or made.taken not in TAKEN:
        return Lack("model.other_kind")
    if family in SIZES:
        numbers, left = divmod(made.told - projection, SIZES[family])
        if numbers <= 0 or left:
            return Lack("model.incomplete", 1, "label_emb.0.0.weight")
    return lacking(own, wanted_by(made), "model.incomplete")


def heads_of(family: str) -> Callable[[int], int]:
    """How many heads of attention a level of so many channels has."""
    return (lambda width: HEADS) if family in EIGHT_HEADS else (lambda width: max(1, width // HEAD))


def odd(made: Grouped, heads: Callable[[int], int]) -> bool:
    """Whether its channels cannot be parted into groups and heads."""
    return any(width % made.groups or width % heads(width) for width in made.channels)


def _first_gap(own: Shapes, made: UnetLayers) -> tuple[int, str]:
    """For a UNet whose very build cannot be told: how many of the tensors that tell it are missing, and the first."""
    signs = [
        *(
            f"input_blocks.{at}.0.out_layers.3.bias"
            for at in range(1, count(own, r"input_blocks\.(\d+)\.") or 2)
            if f"input_blocks.{at}.0.op.weight" not in own
        ),
        "middle_block.1.transformer_blocks.0.attn2.to_k.weight",
    ]
    gaps = [name for name in signs if not own.get(name)]
    return (len(gaps), gaps[0]) if gaps else (1, f"input_blocks.{len(made.down[0]) + 1}.0.op.weight")


def told_by(config: Mapping[str, Any]) -> UnetLayers | None:
    """What the UNet of this configuration, in diffusers' words, is made of; None for one of another kind, or with parts
    that those of Stable Diffusion do not have."""
    try:
        return _told_by(config)
    except (TypeError, ValueError, IndexError, KeyError, ZeroDivisionError):
        return None


# What the configurations of Stable Diffusion's have in common, where they say it.
_USUAL: Mapping[str, tuple[object, ...]] = {
    "out_channels": (LATENTS,), "only_cross_attention": (False,), "dual_cross_attention": (False,),
    "class_embed_type": (None,), "num_class_embeds": (None,), "encoder_hid_dim": (None,),
    "encoder_hid_dim_type": (None,),
    "resnet_time_scale_shift": ("default",), "time_embedding_type": ("positional",), "time_embedding_dim": (None,),
    "conv_in_kernel": (3,), "conv_out_kernel": (3,), "attention_type": ("default",), "cross_attention_norm": (None,),
    "addition_embed_type": (None, "text_time"), "mid_block_type": (None, "UNetMidBlock2DCrossAttn"),
    "num_attention_heads": (None,), "class_embeddings_concat": (False,), "center_input_sample": (False,),
    "time_embedding_act_fn": (None,), "timestep_post_act": (None,), "mid_block_only_cross_attention": (None, False),
}  # fmt: skip


def _told_by(config: Mapping[str, Any]) -> UnetLayers | None:
    if any(name in config and config[name] not in usual for name, usual in _USUAL.items()):
        return None
    channels = numbers(config.get("block_out_channels", (320, 640, 1280, 1280)))
    depth = len(channels)
    downs = config.get("down_block_types", ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",))
    ups = config.get("up_block_types", ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3)
    kinds = {"CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"}
    if not {*downs, *ups} <= kinds or len(downs) != depth or len(ups) != depth:
        return None
    blocks = per_level(config.get("layers_per_block", 2), depth)
    deep = config.get("transformer_layers_per_block", 1)
    back = config.get("reverse_transformer_layers_per_block")
    nested = isinstance(deep, list) and any(isinstance(one, list) for one in deep)
    if nested and back is None:
        return None
    deep = per_level(deep, depth)
    back = list(reversed(deep)) if back is None else per_level(back, depth)
    heads = per_level(config.get("attention_head_dim", 8), depth)
    context = config.get("cross_attention_dim", 1280)
    middle = deep[-1][0] if isinstance(deep[-1], list) else deep[-1]
    made = UnetLayers(
        channels=channels,
        down=tuple(
            _behind(deep[at], blocks[at], crossed=kind == "CrossAttnDownBlock2D") for at, kind in enumerate(downs)
        ),
        up=tuple(
            _behind(back[at], blocks[depth - 1 - at] + 1, crossed=kind == "CrossAttnUpBlock2D")
            for at, kind in enumerate(ups)
        ),
        middle=None if config.get("mid_block_type", "") is None else middle,
        context=int(context),
        taken=int(config.get("in_channels", LATENTS)),
        linear=config.get("use_linear_projection", False) is True,
        told=int(config.get("projection_class_embeddings_input_dim") or 0) if config.get("addition_embed_type") else 0,
        guided=int(config.get("time_cond_proj_dim") or 0),
        groups=int(config.get("norm_num_groups", GROUPS)),
    )
    told = dict(zip(channels, heads, strict=True))
    return None if odd(made, lambda width: told[width]) else made


def numbers(value: Any) -> tuple[int, ...]:
    """Some positive numbers of a configuration. Raises ValueError for anything else."""
    if not value or not all(type(one) is int and one > 0 for one in value):
        raise ValueError(value)
    return tuple(value)


def per_level(value: Any, depth: int) -> list[Any]:
    """A value for each level, where one may stand for all. Raises ValueError for another number of them."""
    made = list(value) if isinstance(value, list | tuple) else [value] * depth
    if len(made) != depth:
        raise ValueError(value)
    return made


def _behind(value: Any, blocks: int, *, crossed: bool) -> tuple[int, ...]:
    """How many transformer blocks are behind each residual block of a level."""
    made = tuple(value) if isinstance(value, list | tuple) else (value,) * blocks
    if len(made) != blocks or not all(type(one) is int and one > 0 for one in made):
        raise ValueError(value)
    return made if crossed else (0,) * blocks


def wanted_by(made: UnetLayers) -> Iterator[Layer]:
    """Every tensor that a UNet of such layers has."""
    for name, shape in _named_today(made):
        yield (original_name(name, len(made.down[0]), made.up), shape) if made.original else (name, shape)


def _named_today(made: UnetLayers) -> Iterator[Layer]:
    first, last, top = made.channels[0], made.channels[-1], len(made.channels) - 1
    time = 4 * first
    yield from conv("conv_in", first, made.taken)
    yield from linear("time_embedding.linear_1", time, first)
    yield from linear("time_embedding.linear_2", time, time)
    if made.guided:
        yield from linear("time_embedding.cond_proj", first, made.guided, bias=False)
    if made.told:
        yield from linear("add_embedding.linear_1", time, made.told)
        yield from linear("add_embedding.linear_2", time, time)
    into, left = first, [first]  # channels, and those of what the way up is given besides
    for level, width in enumerate(made.channels):
        for number, depth in enumerate(made.down[level]):
            yield from _stage(f"down_blocks.{level}", number, width, into, depth, made)
            into = width
            left.append(width)
        if level != top:
            yield from conv(f"down_blocks.{level}.downsamplers.0.conv", width, width)
            left.append(width)
    if made.middle is not None:
        yield from residual("mid_block.resnets.0", last, last, time)
        yield from transformer("mid_block.attentions.0", last, made.middle, made)
        yield from residual("mid_block.resnets.1", last, last, time)
    for step, width in enumerate(reversed(made.channels)):
        for number, depth in enumerate(made.up[step]):
            yield from _stage(f"up_blocks.{step}", number, width, into + left.pop(), depth, made)
            into = width
        if step != top:
            yield from conv(f"up_blocks.{step}.upsamplers.0.conv", width, width)
    yield from norm("conv_norm_out", first)
    yield from conv("conv_out", LATENTS, first)


def _stage(level: str, number: int, width: int, into: int, depth: int, made: UnetLayers) -> Iterator[Layer]:
    yield from residual(f"{level}.resnets.{number}", width, into, 4 * made.channels[0])
    if depth:
        yield from transformer(f"{level}.attentions.{number}", width, depth, made)


def residual(name: str, width: int, into: int, time: int) -> Iterator[Layer]:
    """A residual block from `into` channels to `width`, which is told the time in so many numbers."""
    yield from norm(f"{name}.norm1", into)
    yield from conv(f"{name}.conv1", width, into)
    yield from linear(f"{name}.time_emb_proj", width, time)
    yield from norm(f"{name}.norm2", width)
    yield from conv(f"{name}.conv2", width, width)
    if width != into:
        yield from conv(f"{name}.conv_shortcut", width, into, 1)


def transformer(name: str, width: int, depth: int, made: Attending) -> Iterator[Layer]:
    """So many transformer blocks, between the layers that lead into them and out."""
    yield from norm(f"{name}.norm", width)
    for end in ("proj_in", "proj_out"):
        yield from linear(f"{name}.{end}", width, width) if made.linear else conv(f"{name}.{end}", width, width, 1)
    for number in range(depth):
        block = f"{name}.transformer_blocks.{number}"
        for place in (1, 2, 3):
            yield from norm(f"{block}.norm{place}", width)
        for attention, told in (("attn1", width), ("attn2", made.context)):
            yield from linear(f"{block}.{attention}.to_q", width, width, bias=False)
            yield from linear(f"{block}.{attention}.to_k", width, told, bias=False)
            yield from linear(f"{block}.{attention}.to_v", width, told, bias=False)
            yield from linear(f"{block}.{attention}.to_out.0", width, width)
        yield from linear(f"{block}.ff.net.0.proj", 8 * width, width)
        yield from linear(f"{block}.ff.net.2", width, 4 * width)


def original_name(name: str, blocks: int, up: Sequence[tuple[int, ...]] = ()) -> str:
    """A tensor's name in the original code, which numbers the blocks of all levels in one row: so many residual blocks
    each on the way down. `up` is that of a UNet's layers."""
    pieces = name.split(".")
    stem = ".".join(pieces[:-1])
    if stem in _ENDS:
        return f"{_ENDS[stem]}.{pieces[-1]}"
    if pieces[0] == "mid_block":
        return ".".join((_ENDS[".".join(pieces[:3])], *_within(pieces[3:])))
    level, kind, number = int(pieces[1]), pieces[2], int(pieces[3])
    if pieces[0] == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (blocks + 1)}.0.op.{pieces[-1]}"
        at = f"input_blocks.{1 + level * (blocks + 1) + number}"
    else:
        if kind == "upsamplers":  # behind the attention, where there is one
            column = 2 if up[level][-1] else 1
            return f"output_blocks.{level * (blocks + 1) + blocks}.{column}.conv.{pieces[-1]}"
        at = f"output_blocks.{level * (blocks + 1) + number}"
    return ".".join((at, "0" if kind == "resnets" else "1", *_within(pieces[4:])))


def _within(pieces: list[str]) -> list[str]:
    return [_ORIGINAL.get(pieces[0], pieces[0]), *pieces[1:]]
