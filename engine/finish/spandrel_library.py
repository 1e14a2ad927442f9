"""Upscaling networks of the kinds that spandrel knows (SwinIR, HAT, DAT, SPAN and others), drawn with by it.

spandrel (MIT) is installed without what it says it depends on, for it wants torchvision, of which no build goes with
every torch. Two of its architectures name it, one for faces and one for filling holes, which are not drawn with here:
so it is imported with empty modules in their place, which are gone again when it is there.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.pixels.tiles import Shades

MISSING = {
    "torchvision": (),
    "torchvision.transforms": (),
    "torchvision.transforms.functional": ("InterpolationMode", "rotate", "normalize"),
}
_importing = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class SpandrelNetwork:
    """An upscaler in memory; a picture comes out `scale` times as large."""

    described: Any
    scale: int

    @torch.no_grad()
    def enlarge(self, shades: Shades) -> Shades:
        """RGB shades in 0…1, (height, width, 3), larger by the factor; the network is given as many pixels more as it
        wants."""
        batch = torch.from_numpy(shades.transpose(2, 0, 1)[None].copy()).to(self.described.device, self.described.dtype)
        large = self.described(batch)
        return np.ascontiguousarray(large[0].clamp(0, 1).float().cpu().numpy().transpose(1, 2, 0))


def load_network(weights: Mapping[str, Tensor], device: torch.device) -> SpandrelNetwork | None:
    """The network of these weights; None where spandrel knows none, or one that does not enlarge colours. Raises what
    it raises over weights that do not belong together."""
    spandrel = _spandrel()
    try:
        described = spandrel.ModelLoader(device="cpu").load_from_state_dict(dict(weights))
    except spandrel.UnsupportedModelError:
        return None
    colours = (described.input_channels, described.output_channels) == (3, 3)
    if not colours or described.purpose != "SR":
        return None
    half = device.type in ("cuda", "xpu") and described.supports_half
    described.to(device, torch.float16 if half else torch.float32).eval()
    return SpandrelNetwork(described, int(described.scale))


def _spandrel() -> Any:
    with _importing, _stood_in():
        import spandrel  # takes half a second, and is not always there

    return spandrel


@contextmanager
def _stood_in() -> Iterator[None]:
    """While it holds, what torchvision is asked for while spandrel is imported is there."""
    if "spandrel" in sys.modules or find_spec("torchvision") is not None:
        yield
        return
    for name, things in MISSING.items():
        sys.modules[name] = ModuleType(name)
        for thing in things:
            setattr(sys.modules[name], thing, None)
    try:
        yield
    finally:
        for name in MISSING:
            del sys.modules[name]
