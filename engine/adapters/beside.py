"""An adapter of any kind beside a layer: its difference multiplied with the inputs of the entries that want it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters.mix import LayerChange

REACHED = nn.Linear | nn.Conv2d | nn.GroupNorm | nn.LayerNorm  # the layers that an adapter may change


@torch.no_grad()
def added(layer: nn.Module, change: LayerChange, weights: Tensor, x: Tensor, output: Tensor) -> Tensor:
    """The layer's output with the change added, as often as `weights` says for each entry (or for all, where it says it
    once); entries of weight 0 stay as they are."""
    if not weights.any():
        return output
    if len(weights) == 1 or bool((weights == weights[0]).all()):
        return output + float(weights[0]) * _through(layer, change, x, output)
    entries = weights.nonzero().flatten()
    share = weights[entries].to(output.device, output.dtype).view(-1, *[1] * (output.dim() - 1))
    entries = entries.to(output.device)
    return output.index_add(0, entries, share * _through(layer, change, x[entries], output))


def _through(layer: nn.Module, change: LayerChange, x: Tensor, like: Tensor) -> Tensor:
    """What the change makes of the inputs."""
    difference = change.weight(own_weight(layer).to(like.device))
    weight = None if difference is None else difference.to(like.dtype)
    bias = None if change.bias is None else change.bias.to(like.dtype)
    if weight is None:
        assert bias is not None
        sides = 0 if isinstance(layer, nn.Linear | nn.LayerNorm) else like.dim() - 2
        return bias.view(-1, *[1] * sides).expand(len(x), *like.shape[1:])
    match layer:
        case nn.Linear():
            return functional.linear(x, weight, bias)
        case nn.Conv2d():
            return functional.conv2d(x, weight, bias, layer.stride, layer.padding, layer.dilation, layer.groups)
        case nn.GroupNorm():
            return functional.group_norm(x, layer.num_groups, weight, bias, layer.eps)
        case nn.LayerNorm():
            return functional.layer_norm(x, layer.normalized_shape, weight, bias, layer.eps)
    raise TypeError(type(layer).__name__)


def own_weight(layer: nn.Module) -> Tensor:
    """A layer's weight, also where it rests in main memory between two calls."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    if weight.is_meta:  # accelerate keeps it with its hook
        kept: Tensor = layer._hf_hook.weights_map["weight"]  # type: ignore[union-attr, index]
        return kept
    return weight
