"""A network's weights with one mix of adapters added in, for calls in which every entry of the batch wants that mix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.adapters.mix import Layer, Mix


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """The layers that a mix reaches and, for each, a copy of its weight with the mix added; `biases` are those of the
    layers whose biases it changes. The layers' own tensors are never written to: they step aside while a call needs the
    copies, and are back, the same objects, after it."""

    mix: Mix
    weights: tuple[tuple[nn.Module, nn.Parameter], ...]
    biases: tuple[tuple[nn.Module, nn.Parameter], ...] = ()

    def serves(self, mix: Mix) -> bool:
        """Whether these weights draw with this mix, where the network lies now."""
        layer, weight = self.weights[0]
        own = layer.weight
        assert isinstance(own, Tensor)
        return alike(self.mix, mix) and (own.device, own.dtype) == (weight.device, weight.dtype)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """While it holds, the network has these weights."""
        # Not by `setattr`, which looks through a module's five tables: 0.1 ms for 250 layers against 1 ms.
        copies = [(layer._parameters, "weight", weight) for layer, weight in self.weights]
        copies += [(layer._parameters, "bias", bias) for layer, bias in self.biases]
        own = [parameters[name] for parameters, name, _ in copies]
        for parameters, name, copy in copies:
            parameters[name] = copy
        try:
            yield
        finally:
            for (parameters, name, _), back in zip(copies, own, strict=True):
                parameters[name] = back


def alike(one: Mix, other: Mix) -> bool:
    """Whether two mixes are the same adapters at the same weights."""
    if len(one) != len(other):
        return False
    return all(a is b and weight == same for (a, weight), (b, same) in zip(one, other, strict=True))


def reached(layers: Mapping[str, nn.Module], mix: Mix) -> list[Tensor]:
    """The weights that a mix changes."""
    own = (layers[name].weight for name in _names(mix))
    return [weight for weight in own if isinstance(weight, Tensor)]


@torch.no_grad()
def merge(layers: Mapping[str, nn.Module], mix: Mix) -> Merged:
    """The mix added to copies of the weights: summed in float32, then rounded once to the network's own type."""
    made, biases = [], []
    for name in _names(mix):
        layer = layers[name]
        own = layer.weight
        assert isinstance(own, Tensor)
        whole = own.float() if own.dtype != torch.float32 else own.clone()  # both keep the layout in memory
        plain = whole.is_contiguous()
        flat = whole.view(len(own), -1) if plain else torch.zeros(len(own), own[0].numel(), device=own.device)
        bias = None
        for adapter, weight in mix:
            found = adapter.get(name)
            if isinstance(found, Layer):
                flat.addmm_(found.up.flatten(1).float(), found.down.flatten(1).float(), alpha=weight * found.scale)
            elif found is not None:
                if (difference := found.weight(own)) is not None:
                    flat += weight * difference.reshape(flat.shape)
                if found.bias is not None:
                    bias = weight * found.bias.float() + (0 if bias is None else bias)
        if not plain:
            whole += flat.view(own.shape)
        made.append((layer, _parameter(whole, own.dtype)))
        if bias is not None:
            base = layer._parameters["bias"]
            biases.append((layer, _parameter(bias if base is None else base.float() + bias, own.dtype)))
    return Merged(mix, tuple(made), tuple(biases))


def _parameter(value: Tensor, dtype: torch.dtype) -> nn.Parameter:
    return nn.Parameter(value.to(dtype), requires_grad=False)


def _names(mix: Mix) -> list[str]:
    return list(dict.fromkeys(name for adapter, _ in mix for name in adapter))
