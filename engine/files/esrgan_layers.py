"""The layers of the upscaling networks that are drawn with by engine/finish/esrgan.py, in all their namings: the one
table by which files are listed and by which they are read. No torch here.

The layouts follow the papers (Wang et al. 2018, arXiv 1809.00219; Wang et al. 2021, arXiv 2107.10833; Rakotonirina and
Rasoanaivo 2020, arXiv 2001.08073).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.files.layers import Lack, Layer, conv, count, lacking, side
from engine.files.safetensors_header import Shapes

COLOURS = 3
# The three namings of an RRDB net, each brought to that of Real-ESRGAN. In the oldest the numbers count layers, so
# that those after the body depend on how often it doubles the size; `named` sees to them.
_NAMES = (
    (r"^model\.0\.", "conv_first."),
    (r"^(?:model\.1\.sub|RRDB_trunk|body)\.(\d+)\.(?:RDB|rdb)(\d)\.conv(\d)(?:\.0)?\.", r"body.\1.rdb\2.conv\3."),
    (r"^(?:model\.1\.sub|RRDB_trunk|body)\.(\d+)\.(?:RDB|rdb)(\d)\.conv1x1\.", r"body.\1.rdb\2.past."),
    (r"^model\.1\.sub\.\d+\.(?=weight|bias)", "conv_body."),
    (r"^trunk_conv\.", "conv_body."),
    (r"^upconv(\d)\.", r"conv_up\1."),
    (r"^HRconv\.", "conv_hr."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EsrganLayers:
    """What such a network is made of: its channels, how many blocks it has (of a compact one: its last layer), by how
    much the picture grows, and of an RRDB net how many channels a layer adds, how often the size is doubled, how many
    pixels along a side it takes as one, and whether it goes past every two layers, as ESRGAN+ does."""

    compact: bool
    channels: int
    blocks: int
    scale: int
    growth: int = 0
    ups: int = 0
    unshuffle: int = 1
    past: bool = False


def named(names: Iterable[str]) -> Mapping[str, str]:
    """What each tensor is called in Real-ESRGAN's naming."""
    found = {name: name for name in names}
    after = sorted({int(own[1]) for name in found if (own := re.fullmatch(r"model\.(\d+)\.weight", name))} - {0})
    for layer, number in enumerate(after):  # each doubling, then two more
        ends = ("conv_hr", "conv_last")
        new = f"conv_up{layer + 1}" if layer < len(after) - 2 else ends[max(0, layer - len(after) + 2)]
        for kind in ("weight", "bias"):
            if f"model.{number}.{kind}" in found:
                found[f"model.{number}.{kind}"] = f"{new}.{kind}"
    for pattern, new in _NAMES:
        found = {name: re.sub(pattern, new, today) for name, today in found.items()}
    return found


def layers(own: Shapes) -> EsrganLayers:
    """What the network of these tensors, by Real-ESRGAN's names, is made of, as far as they tell."""
    if "body.0.weight" in own:
        last = max(int(found[1]) for name in own if (found := re.match(r"body\.(\d+)\.", name)))
        channels = side(own, "body.0.weight", 0)
        scale = round((side(own, f"body.{last}.bias", 0) / COLOURS) ** 0.5)
        return EsrganLayers(compact=True, channels=channels, blocks=last, scale=scale)
    taken, ups = side(own, "conv_first.weight", 1), count(own, r"conv_up(\d)\.weight$")
    unshuffle = max(1, round((taken / COLOURS) ** 0.5))
    return EsrganLayers(
        compact=False,
        channels=side(own, "conv_first.weight", 0),
        blocks=count(own, r"body\.(\d+)\.rdb\d\."),
        scale=2**ups // unshuffle,
        growth=side(own, "body.0.rdb1.conv1.weight", 0),
        ups=ups,
        unshuffle=unshuffle,
        past=any(".past." in name for name in own),
    )


def lack(shapes: Shapes) -> Lack:
    """Why no such network can be made of a file's tensors."""
    names = named(shapes)
    own = {names[name]: shape for name, shape in shapes.items()}
    made = layers(own)
    missing = lacking(own, wanted_by(made), "upscaler.lacks")
    if missing or made.scale >= 1:
        # The file may call it otherwise.
        return Lack(missing.problem, missing.count, _there(missing.first, names)) if missing else Lack()
    return Lack("upscaler.kind")


def _there(name: str, names: Mapping[str, str]) -> str:
    return next((old for old, new in names.items() if new == name), name)


def wanted_by(made: EsrganLayers) -> Iterator[Layer]:
    """Every tensor that such a network has."""
    width = made.channels
    if made.compact:
        for layer in range(made.blocks + 1):
            if layer % 2:
                yield f"body.{layer}.weight", (width,)
            elif layer == made.blocks:
                yield from conv(f"body.{layer}", COLOURS * made.scale**2, width)
            else:
                yield from conv(f"body.{layer}", width, width if layer else COLOURS)
        return
    yield from conv("conv_first", width, COLOURS * made.unshuffle**2)
    for block in range(max(1, made.blocks)):
        for dense in (1, 2, 3):
            name = f"body.{block}.rdb{dense}"
            for layer in range(5):
                grown = width if layer == 4 else made.growth
                yield from conv(f"{name}.conv{layer + 1}", grown, width + layer * made.growth)
            if made.past:
                yield f"{name}.past.weight", (made.growth, width, 1, 1)
    yield from conv("conv_body", width, width)
    for up in range(made.ups):
        yield from conv(f"conv_up{up + 1}", width, width)
    yield from conv("conv_hr", width, width)
    yield from conv("conv_last", COLOURS, width)
