"""From the tensors of a LoRA file to adapters on a model's layers, by the table of kinds in engine/files/lora_kinds.py.

As in A1111 a layer that does not fit is left out, and said so: a file for a model with a layer more still does what it
can. A file of which nothing fits, or whose text is of another width, is for another kind of model.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters import changes
from engine.adapters.beside import REACHED
from engine.adapters.changes import Tensors
from engine.adapters.mix import Adapter, Layer, LayerChange
from engine.files import lora_kinds, lora_names
from engine.files.lora_kinds import LoraKind
from engine.models.loaded import Loaded
from prompts.errors import Refusal

log = logging.getLogger(__name__)

LATENTS, INPAINTING = 4, 9  # channels that go into a UNet: for inpainting those of mask and picture after the latents
TEXT_SIDE = re.compile(r"attn2\.to_[kv]$")


class Bound(NamedTuple):
    """The adapters of each network, and the file's layers that were left out."""

    adapters: dict[str, Adapter]
    left: tuple[str, ...]


def bind(
    loaded: Loaded, networks: Mapping[str, nn.Module], tensors: Tensors, config: Mapping[str, Any], name: str
) -> Bound:
    """The file's weights by network and layer; `config` is peft's. Raises Refusal `lora.damaged` where a layer's
    tensors are not all there or none is an adapter's, `lora.wrong_base` where the file is for another kind of model."""

    def refusal(key: str) -> Refusal:
        return Refusal(key, name=name, model=loaded.model.name)

    layers = {
        part: {own: layer for own, layer in network.named_modules() if isinstance(layer, REACHED)}
        for part, network in networks.items()
    }
    known = lora_names.known(layers, lora_names.resnets(loaded.unet.config.layers_per_block))
    adapters: dict[str, dict[str, Layer | LayerChange]] = {}
    left, foreign = [], []  # what is an adapter's, and what is none's
    named = lora_kinds.layers(tensors)
    for where, kind, keys in named:
        if kind is None:
            foreign.append(where)
            continue
        part, own = known.get(where, ("", ""))
        if not part:
            left.append(where)
            continue
        layer = layers[part][own]
        found = {tensor: tensors[key] for tensor, key in keys.items() if tensor in kind.tensors}
        fitted = fit(layer, kind, found, _alpha(config, part, own))
        if fitted is not None:
            adapters.setdefault(part, {})[own] = _placed(fitted, loaded.device, layer.weight.dtype)
        elif part == "unet" and TEXT_SIDE.search(own):
            raise refusal("lora.wrong_base")
        else:
            left.append(where)
    if not (adapters or left) or any(entry.broken for entry in named):
        raise refusal("lora.damaged")
    if not adapters or ("unet" not in adapters and any(lora_names.part_of(where) in ("", "unet") for where in left)):
        raise refusal("lora.wrong_base")
    if left or foreign:
        log.warning("LoRA %s: left out for %s: %s", name, loaded.model.name, ", ".join([*left, *foreign])[:500])
    return Bound(dict(adapters), (*left, *foreign))


def _alpha(config: Mapping[str, Any], part: str, layer: str) -> float | None:
    patterns = config.get(f"{part}.alpha_pattern") or config.get("alpha_pattern") or {}
    for pattern, alpha in patterns.items():
        if layer == pattern or layer.endswith(f".{pattern}"):
            return float(alpha)
    alpha = config.get(f"{part}.lora_alpha", config.get("lora_alpha"))
    return None if alpha is None else float(alpha)


def fit(layer: nn.Module, kind: LoraKind, found: Tensors, alpha: float | None) -> Layer | LayerChange | None:
    """A layer's tensors as what they add to it, at scale alpha / rank; None where they do not fit it. Those for the
    four channels of a plain model fit one for inpainting too, on the channels they have in common."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    rank = changes.rank(kind.name, found)
    if "alpha" in found and rank:
        alpha = float(found["alpha"])
    scale = 1.0 if alpha is None or not rank else alpha / rank
    narrow = weight.dim() == 4 and weight.shape[1] == INPAINTING
    fitted: Layer | LayerChange | None
    for into in (0, LATENTS) if narrow else (0,):
        if kind.name == "lora" and not found.keys() & {"dora_scale", "magnitude", "diff_b"}:
            fitted = _low_rank(weight.shape, found, scale, into)
        else:
            fitted = _change(weight, kind, found, scale, into)
        if fitted is not None:
            return fitted
    return None


def _low_rank(shape: torch.Size, found: Tensors, scale: float, into: int) -> Layer | None:
    """Both halves in the shape of the layer's weight, the Tucker form multiplied out."""
    if len(shape) == 1:  # a norm has no two sides
        return None
    out, every, *kernel = shape
    if len(found["up"]) != out:
        return None
    try:
        down, up = found["down"], found["up"]
        if "mid" in found:
            down = changes.core(found["mid"].float(), down.float())
        down = down.reshape(len(found["down"]), into or every, *kernel)
        up = up.reshape(out, len(down), *[1] * len(kernel))
    except RuntimeError:
        return None
    if into:
        down = functional.pad(down, (0, 0, 0, 0, 0, every - into))
    return Layer(down, up, scale)


def _change(weight: Tensor, kind: LoraKind, found: Tensors, scale: float, into: int) -> LayerChange | None:
    bias = found.get("diff_b", found.get("b_norm"))
    tensors = {name: tensor for name, tensor in found.items() if name not in ("diff_b", "b_norm", "on_input")}
    if kind.name != "oft":  # for which it is a bound
        tensors.pop("alpha", None)
    if kind.name == "ia3":
        sides = [1] * weight.dim()
        sides[1 if found["on_input"] else 0] = -1
        tensors["weight"] = found["weight"].reshape(sides)
    if bias is not None and bias.numel() != len(weight):
        return None
    made = LayerChange(
        tensors,
        changes.difference(kind.name, scale) if kind.name in changes.RULES else None,
        None if bias is None else bias.flatten(),
        into,
    )
    meta = replace(made, tensors={name: tensor.to("meta") for name, tensor in tensors.items()})
    try:
        meta.weight(torch.empty(weight.shape, device="meta"))
    except (RuntimeError, IndexError, ValueError, ArithmeticError):
        return None
    return made


def _placed(layer: Layer | LayerChange, device: torch.device, dtype: torch.dtype) -> Layer | LayerChange:
    """On the model's device; low-rank halves in its type, while what is yet to be multiplied stays as it is."""
    if isinstance(layer, Layer):
        return replace(layer, down=layer.down.to(device, dtype), up=layer.up.to(device, dtype))
    return replace(
        layer,
        tensors={name: tensor.to(device) for name, tensor in layer.tensors.items()},
        bias=None if layer.bias is None else layer.bias.to(device),
    )
