"""What all training here shares: Muon with AdamW, a rate that ends at zero, averaged weights, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

BETWEEN_CHECKPOINTS = 120.0  # seconds
# Newton-Schulz coefficients and rates of Muon: Keller Jordan, "Muon: an optimizer for hidden layers", 2024.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
SLOW = 0.25  # the rate of what was taught before and must not forget


class Muon(torch.optim.Optimizer):
    """Steps of equal length in all directions of a weight matrix; convolutions count as matrices of their outputs."""

    def __init__(self, weights: Iterable[dict[str, Any]], rate: float, momentum: float = 0.95) -> None:
        super().__init__(weights, {"lr": rate, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                turned = orthogonal(weight.grad.lerp(momentum, group["momentum"]).flatten(1))
                length = max(1.0, turned.shape[0] / turned.shape[1]) ** 0.5
                weight.add_(turned.view_as(weight), alpha=-group["lr"] * length)


@contextmanager
def fast(device: torch.device) -> Iterator[None]:
    """Half precision inside, where the device has units for it: one with plain arithmetic only is slower for it."""
    processor = device.type == "cpu"
    # On a core with AMX a step of the UNet takes 0.6 s instead of 1.7 s, a fifth of that by the plain attention: it is
    # so small here that the blockwise kernel's way back costs more than it saves.
    gains = not processor or torch.cpu._is_amx_tile_supported()
    with torch.autocast(device.type, torch.bfloat16, enabled=gains), _plain_attention(processor and gains):
        yield


def _plain_attention(wanted: bool) -> AbstractContextManager[None]:
    return sdpa_kernel(SDPBackend.MATH) if wanted else nullcontext()


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """A matrix of the same shape whose singular values all lie near 1.

    The iteration runs on the small Gram matrix: its steps are polynomials of that alone, and the wide matrix of a
    convolution is multiplied twice instead of ten times.
    """
    first, second, third = NEWTON_SCHULZ
    tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.float().T if tall else matrix.float()
    wide = wide / (wide.norm() + 1e-7)
    gram = wide @ wide.T
    one = torch.eye(len(gram), device=gram.device)
    whole = one
    for _ in range(steps):
        turn = first * one + second * gram + third * gram @ gram
        whole = turn @ whole
        gram = turn @ gram @ turn
    near: Tensor = whole @ wide
    return (near.T if tall else near).to(matrix.dtype)


class Trainee:
    """A module in training: optimisers, averaged weights, the step count; all of it goes into a checkpoint.

    `plain` are pieces of the names of parameters that AdamW takes even though they are matrices (embeddings, outer
    convolutions); `slow` is the beginning of the names of those that learn at a quarter of the rate.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        rate: float,
        plain_rate: float,
        plain: tuple[str, ...],
        slow: str = "-",
        average: float = 0.998,
    ) -> None:
        self.module = module
        named = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
        inner: list[list[Tensor]] = [[], []]
        outer: list[list[Tensor]] = [[], []]
        for name, weight in named:
            side = outer if weight.ndim < 2 or any(word in name for word in plain) else inner
            side[name.startswith(slow)].append(weight)
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(_groups(inner, rate), rate),
            torch.optim.AdamW(_groups(outer, plain_rate), plain_rate, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        self._weights = [weight for _, weight in named]
        self._average = average
        self.averaged = [weight.detach().clone() for weight in self._weights]
        self.step = 0

    @torch.no_grad()
    def forget(self) -> None:
        """Begin the averages anew from the module, whose weights were changed by hand."""
        for averaged, weight in zip(self.averaged, self._weights, strict=True):
            averaged.copy_(weight)

    def sitting(self, path: Path, steps: int, seconds: float = math.inf) -> Iterator[int]:
        """The steps still to take of `steps`, going on from the checkpoint at `path` and leaving new ones there.

        Ends after `seconds`, finished or not; the module then has its averaged weights.
        """
        self.load(path)
        began = saved = time.monotonic()
        while self.step < steps:
            yield self.step
            if time.monotonic() - saved > BETWEEN_CHECKPOINTS:
                self.save(path)
                saved = time.monotonic()
            if time.monotonic() - began > seconds:
                break
        self.save(path)
        self.settle()

    def update(self, loss: Tensor, share: float) -> None:
        """One step down the loss at `share` of the full rate."""
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["full"] * share
            optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._weights, 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        # Young averages forget faster, or the first steps would stay in them.
        weight = max(1 - self._average, 1 / (1 + self.step / 5))
        torch._foreach_lerp_(self.averaged, [w.detach() for w in self._weights], weight)

    @torch.no_grad()
    def settle(self) -> None:
        """Put the averaged weights into the module."""
        for weight, averaged in zip(self._weights, self.averaged, strict=True):
            weight.copy_(averaged)

    def save(self, path: Path) -> None:
        """Write a checkpoint that is there whole or not at all."""
        state = {
            "module": self.module.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "averaged": self.averaged,
            "step": self.step,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beginning = path.with_suffix(".tmp")
        torch.save(state, beginning)
        beginning.rename(path)

    def load(self, path: Path) -> bool:
        """Go on from a checkpoint where there is one; whether there was."""
        if not path.exists():
            return False
        state = torch.load(path, map_location=self.averaged[0].device, weights_only=True)
        self.module.load_state_dict(state["module"])
        for optimiser, own in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(own)
        for averaged, kept in zip(self.averaged, state["averaged"], strict=True):
            averaged.copy_(kept)
        self.step = state["step"]
        return True


def _groups(weights: list[list[Tensor]], rate: float) -> list[dict[str, Any]]:
    return [{"params": own, "full": rate * share} for own, share in zip(weights, (1.0, SLOW), strict=True)]


def rate_share(step: int, steps: int, warm: int = 50, fall: float = 0.35) -> float:
    """Share of the full rate at a step: a short rise, level, and over the last `fall` of all steps down to zero.

    Only the fall knows the length of the run, so a run may be made longer or shorter until that begins.
    """
    rise = min(1.0, (step + 1) / min(warm, max(1, steps // 10)))
    return rise * min(1.0, max(0.0, (steps - step) / (steps * fall)))
