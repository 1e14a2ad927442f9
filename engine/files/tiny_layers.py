"""The layers of a tiny decoder of TAESD's kind: the one table by which files are listed and by which they are read, in
the names of diffusers and in its makers'. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.files.layers import Lack, Layer, conv, lacking
from engine.files.safetensors_header import Shapes

LATENTS, COLOURS = 4, 3
_OURS, _THEIRS = re.compile(r"decoder\.(layers\..+)"), re.compile(r"(\d+)\.(.+)")


@dataclass(frozen=True, slots=True)
class TinyLayers:
    """What a tiny decoder is made of: its channels, how many blocks each level has, and how many channels latents
    have."""

    channels: int = 64
    blocks: tuple[int, ...] = (3, 3, 3, 1)
    latents: int = LATENTS


TAESD = TinyLayers()


def called(name: str) -> str:
    """What a tensor of a decoder in a single file is called in a decoder of diffusers'; "" for what is none of it."""
    if own := _OURS.fullmatch(name):
        return own[1]
    if own := _THEIRS.fullmatch(name):  # its makers count the clamping before the first layer too
        return f"layers.{int(own[1]) - 1}.{own[2]}"
    return ""


def lack(shapes: Shapes) -> Lack:
    """Why TAESD's decoder cannot be made of a single file's tensors. What it has more is of another decoder."""
    own = {new: shape for name, shape in shapes.items() if (new := called(name))}
    if own.get("layers.0.weight", ())[1:2] != (LATENTS,):
        return Lack("model.other_kind")
    wanted = dict(decoder_layers(TAESD))
    return lacking(own, wanted.items(), "decoder.incomplete") or (
        Lack("model.other_kind") if own.keys() - wanted.keys() else Lack()
    )


def told_by(config: Mapping[str, Any]) -> TinyLayers | None:
    """What the decoder of this configuration, in diffusers' words, is made of; None for one of another kind."""
    channels = config.get("decoder_block_out_channels", [TAESD.channels] * 4)
    blocks, latents = config.get("num_decoder_blocks", list(TAESD.blocks)), config.get("latent_channels", LATENTS)
    lists = isinstance(channels, list) and isinstance(blocks, list)
    if not lists or not all(type(one) is int and one > 0 for one in (*channels, *blocks, latents)):
        return None
    if len(set(channels)) != 1 or len(channels) != len(blocks):
        return None
    return TinyLayers(channels[0], tuple(blocks), latents)


def decoder_layers(made: TinyLayers) -> Iterator[Layer]:
    """Every tensor that a decoder of such layers has, as diffusers names them within it."""
    width, at = made.channels, 2  # an activation is a layer of its own, as is every doubling
    yield from conv("layers.0", width, made.latents)
    for level, blocks in enumerate(made.blocks):
        last = level == len(made.blocks) - 1
        for _ in range(blocks):
            for inner in (0, 2, 4):
                yield from conv(f"layers.{at}.conv.{inner}", width, width)
            at += 1
        at += not last
        yield from list(conv(f"layers.{at}", COLOURS if last else width, width))[: 2 if last else 1]
        at += 1
