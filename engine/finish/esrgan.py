"""Upscaling networks of the ESRGAN family, run from their weights: RRDB nets (ESRGAN, Real-ESRGAN and what is trained
like them, in all three namings; ESRGAN+ too) and the compact nets of Real-ESRGAN. Networks of other kinds are left to
engine/finish/spandrel_library.py.
What they are made of is told by engine/files/esrgan_layers.py.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engine.files import esrgan_layers
from engine.files.upscaler_kinds import library, upscaler_kind
from engine.finish.spandrel_library import SpandrelNetwork, load_network
from engine.models.card import out_of_memory
from engine.models.loaded import BROKEN
from engine.models.torch_file import load_torch_file
from engine.pixels.tiles import Shades
from prompts.errors import Refusal

log = logging.getLogger(__name__)

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class EsrganNetwork:
    """An upscaler in memory; a picture comes out `scale` times as large."""

    weights: Weights
    scale: int
    compact: bool
    unshuffle: int = 1

    @torch.no_grad()
    def enlarge(self, shades: Shades) -> Shades:
        """RGB shades in 0…1, (height, width, 3), larger by the factor."""
        first = next(iter(self.weights.values()))
        batch = torch.from_numpy(shades.transpose(2, 0, 1)[None].copy()).to(first.device, first.dtype)
        large = (_compact if self.compact else _rrdb)(self, batch)
        return np.ascontiguousarray(large[0].clamp(0, 1).float().cpu().numpy().transpose(1, 2, 0))


@lru_cache(maxsize=2)
def load(path: Path, device: torch.device) -> EsrganNetwork | SpandrelNetwork:
    """The network of a `.safetensors` or `.pth` file: float16 on a graphics card, float32 elsewhere. Raises
    Refusal `upscaler.damaged`, or `upscaler.kind` for a layout that neither we nor spandrel know."""
    try:
        if path.suffix == ".safetensors":
            weights: dict[str, Any] = load_file(path)
        else:
            weights = dict(load_torch_file(path))
        for wrapping in ("params_ema", "params", "state_dict"):
            weights = weights.get(wrapping, weights)
        dtype = torch.float16 if device.type in ("cuda", "xpu") else torch.float32
        kind = upscaler_kind(weights)
        network: EsrganNetwork | SpandrelNetwork | None
        if (kind is None or not kind.own) and library():
            network = load_network(weights, device)
        else:
            network = _network({name: weight.to(device, dtype) for name, weight in weights.items()})
        if network is None:
            raise Refusal("upscaler.kind", name=path.stem)
        return network
    except Refusal:
        raise
    except Exception as error:
        if out_of_memory(error) or not isinstance(error, BROKEN):
            raise
        log.warning("upscaler %s cannot be loaded: %s", path.name, error)
        raise Refusal("upscaler.damaged", name=path.stem) from error


def _network(weights: Weights) -> EsrganNetwork | None:
    """The network of these weights; None where they are of neither kind. Raises ValueError where some are missing."""
    kind = upscaler_kind(weights)
    if kind is None or not kind.own:
        return None
    if lack := esrgan_layers.lack({name: tuple(weight.shape) for name, weight in weights.items()}):
        raise ValueError(lack)
    names = esrgan_layers.named(weights)
    own = {names[name]: weight for name, weight in weights.items()}
    told = esrgan_layers.layers({name: tuple(weight.shape) for name, weight in own.items()})
    return EsrganNetwork(own, told.scale, told.compact, told.unshuffle)


def _conv(weights: Weights, name: str, batch: Tensor) -> Tensor:
    return functional.conv2d(batch, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=1)


def _sharp(batch: Tensor) -> Tensor:
    return functional.leaky_relu(batch, 0.2)


def _rrdb(network: EsrganNetwork, batch: Tensor) -> Tensor:
    weights, height, width = network.weights, *batch.shape[-2:]
    pad = (0, -width % network.unshuffle, 0, -height % network.unshuffle)
    batch = functional.pixel_unshuffle(functional.pad(batch, pad, mode="reflect"), network.unshuffle)
    first = _conv(weights, "conv_first", batch)
    trunk = first
    block = 0
    while f"body.{block}.rdb1.conv1.weight" in weights:
        inner = trunk
        for dense in (1, 2, 3):
            seen = [inner]
            past = weights.get(f"body.{block}.rdb{dense}.past.weight")
            for layer in (1, 2, 3, 4):
                made = _sharp(_conv(weights, f"body.{block}.rdb{dense}.conv{layer}", torch.cat(seen, dim=1)))
                if past is not None and layer % 2 == 0:  # ESRGAN+ goes past every two layers
                    made = made + (functional.conv2d(inner, past) if layer == 2 else seen[2])
                seen.append(made)
            inner = inner + 0.2 * _conv(weights, f"body.{block}.rdb{dense}.conv5", torch.cat(seen, dim=1))
        trunk = trunk + 0.2 * inner
        block += 1
    trunk = first + _conv(weights, "conv_body", trunk)
    up = 1
    while f"conv_up{up}.weight" in weights:
        trunk = _sharp(_conv(weights, f"conv_up{up}", functional.interpolate(trunk, scale_factor=2, mode="nearest")))
        up += 1
    large = _conv(weights, "conv_last", _sharp(_conv(weights, "conv_hr", trunk)))
    return large[..., : height * network.scale, : width * network.scale]


def _compact(network: EsrganNetwork, batch: Tensor) -> Tensor:
    weights, inner, layer = network.weights, batch, 0
    while f"body.{layer}.weight" in weights:
        weight = weights[f"body.{layer}.weight"]
        inner = functional.prelu(inner, weight) if weight.dim() == 1 else _conv(weights, f"body.{layer}", inner)
        layer += 1
    plain = functional.interpolate(batch, scale_factor=network.scale, mode="nearest")
    return functional.pixel_shuffle(inner, network.scale) + plain
