"""The layers of a T2I-Adapter, told by its tensors or by a folder's configuration: the one table by which adapters are
listed and by which they are read, in the names of their makers and in those of diffusers. No torch here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.files.layers import Lack, Layer, conv, count, lacking, side
from engine.files.safetensors_header import Shapes

Build = Literal["full_adapter", "full_adapter_xl", "light_adapter"]
INCOMPLETE, OTHER = "control.incomplete", "control.other_kind"
SIGNS = ("body.0.block1.weight", "body.0.resnets.0.block1.weight", "body.0.body.0.block1.weight")
IN = "adapter."  # before every name in diffusers' files
SIDES = {"full_adapter": 8, "light_adapter": 8, "full_adapter_xl": 16}  # pixels that are put into one place at first
XL_DOWN, LEVELS = 2, 4  # the one level of SDXL's that halves; how many levels all makers' adapters have
COLOURS = (1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterLayers:
    """What a T2I-Adapter is made of: its build in diffusers' words, the `channels` of each level, residual blocks in
    each, the colours of a map that it takes (1: grey), and how many pixels a side go into one place at first."""

    build: Build
    channels: tuple[int, ...]
    blocks: int
    colours: int
    side: int
    original: bool = False

    @property
    def family(self) -> str:
        """The family of the models that it guides."""
        return "sdxl" if self.build == "full_adapter_xl" else "sd15"

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration, in diffusers' words."""
        light = self.build == "light_adapter"  # which counts its first level's channels once
        return {
            "in_channels": self.colours,
            "channels": list(self.channels[:-1] if light else self.channels),
            "num_res_blocks": self.blocks,
            "downscale_factor": self.side,
            "adapter_type": self.build,
        }


def is_adapter(shapes: Shapes) -> bool:
    """Whether these are the tensors of a T2I-Adapter."""
    return any(prefix + sign in shapes for prefix in ("", IN) for sign in SIGNS)


def bare(shapes: Shapes) -> Shapes:
    """Its tensors without what comes before their names."""
    return {name.removeprefix(IN): shape for name, shape in shapes.items()}


def layers(own: Shapes) -> AdapterLayers | None:
    """What the adapter of these tensors is made of; None for one of a build that is not known."""
    original = SIGNS[1] not in own
    places = count(own, r"body\.(\d+)\.")
    if "body.0.out_conv.weight" in own:
        build: Build = "light_adapter"
        inner = "body" if SIGNS[2] in own else "resnets"
        into, blocks = side(own, "body.0.in_conv.weight", 1), count(own, rf"body\.0\.{inner}\.(\d+)\.")
        channels = tuple(side(own, f"body.{at}.out_conv.weight", 0) for at in range(places))
        original = inner == "body"
    else:
        into = side(own, "conv_in.weight", 1)
        build = "full_adapter" if into in {colours * 8**2 for colours in COLOURS} else "full_adapter_xl"
        blocks = places // LEVELS if original else count(own, r"body\.0\.resnets\.(\d+)\.")
        step = blocks if original else 1
        end = "block1.weight" if original else "resnets.0.block1.weight"
        channels = tuple(side(own, f"body.{at}.{end}", 0) for at in range(0, places, max(step, 1)))
    colours, left = divmod(into, SIDES[build] ** 2)
    if left or colours not in COLOURS or not blocks or not all(channels):
        return None
    return AdapterLayers(
        build=build, channels=channels, blocks=blocks, colours=colours, side=SIDES[build], original=original
    )


def lack(own: Shapes) -> Lack:
    """Why no adapter can be made of these tensors, by their names without what comes before them."""
    made = layers(own)
    if made is None:
        return Lack(INCOMPLETE, 1, "conv_in.weight") if "conv_in.weight" not in own else Lack(OTHER)
    return lacking(own, wanted_by(made), INCOMPLETE)


def told_by(config: Mapping[str, Any]) -> AdapterLayers | None:
    """What the adapter of this configuration, in diffusers' words, is made of; None for one of another kind."""
    build = config.get("adapter_type", "full_adapter")
    channels = config.get("channels", [320, 640, 1280, 1280])
    blocks, colours = config.get("num_res_blocks", 2), config.get("in_channels", 3)
    size = config.get("downscale_factor", 8)
    whole = isinstance(channels, list) and bool(channels)
    if build not in SIDES or not whole or not all(type(one) is int and one > 0 for one in (*channels, blocks, size)):
        return None
    if colours not in COLOURS:
        return None
    if build == "light_adapter":
        channels = [*channels, channels[-1]]
    return AdapterLayers(build=build, channels=tuple(channels), blocks=blocks, colours=colours, side=size)


def wanted_by(made: AdapterLayers) -> Iterator[Layer]:
    """Every tensor that an adapter of such layers has."""
    for name, shape in wanted_today(made):
        yield (called_first(name, made), shape) if made.original else (name, shape)


def wanted_today(made: AdapterLayers) -> Iterator[Layer]:
    """The same in diffusers' names, without what comes before them."""
    taken = made.colours * made.side**2
    if made.build == "light_adapter":
        for at, (into, width) in enumerate(zip((taken, *made.channels), made.channels, strict=False)):
            inner = width // 4
            yield from conv(f"body.{at}.in_conv", inner, into, 1)
            for number in range(made.blocks):
                for place in (1, 2):
                    yield from conv(f"body.{at}.resnets.{number}.block{place}", inner, inner)
            yield from conv(f"body.{at}.out_conv", width, inner, 1)
        return
    yield from conv("conv_in", made.channels[0], taken)
    for at, (into, width) in enumerate(zip((made.channels[0], *made.channels), made.channels, strict=False)):
        if into != width and _leads_in(at, made):
            yield from conv(f"body.{at}.in_conv", width, into, 1)
        for number in range(made.blocks):
            yield from conv(f"body.{at}.resnets.{number}.block1", width, width)
            yield from conv(f"body.{at}.resnets.{number}.block2", width, width, 1)


def _leads_in(level: int, made: AdapterLayers) -> bool:
    """Whether a level may have a layer that widens: in SDXL's the last cannot."""
    return made.build == "full_adapter" or level in (1, XL_DOWN)


def called_first(name: str, made: AdapterLayers) -> str:
    """What a tensor is called by the adapter's makers, by its name in diffusers: those of full adapters number all
    blocks in one row."""
    if made.build == "light_adapter":
        return name.replace(".resnets.", ".body.")
    if found := re.fullmatch(r"body\.(\d+)\.(?:resnets\.(\d+)\.)?(.+)", name):
        return f"body.{int(found[1]) * made.blocks + int(found[2] or 0)}.{found[3]}"
    return name
