"""How gradients become steps: torch's own optimisers, and those of packages that may be there."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from engine.errors import BadPlan
from engine.train.pupil import Pupil
from engine.training_plan import TrainingPlan

DECAY = 0.01  # of weights, but for vectors: they are no difference to anything
PACKAGES = {"AdamW8bit": "bitsandbytes", "Prodigy": "prodigyopt", "ScheduleFree": "schedulefree"}


def optimiser(plan: TrainingPlan, pupil: Pupil) -> torch.optim.Optimizer:
    """What takes the steps of a plan; groups have the rate in "full" that they get a share of. Raises BadPlan where
    its package is missing, or eight bits are wanted without a graphics card of NVIDIA's."""
    groups: list[dict[str, Any]] = [
        {"params": weights, "lr": rate, "full": rate} for weights, rate in pupil.rates()
    ]  # fmt: skip
    rate, decay = plan.unet_rate, 0.0 if plan.learns == "inversion" else DECAY
    match plan.optimiser:
        case "Adafactor":
            return torch.optim.Adafactor(groups, lr=rate, weight_decay=0.0)
        case "AdamW8bit":
            if not torch.cuda.is_available():
                raise BadPlan("AdamW8bit needs a graphics card", "train.eight_bit_card")
            made = _module(plan.optimiser).optim.AdamW8bit(groups, lr=rate, weight_decay=decay)
        case "Prodigy":
            for group in groups:  # it finds the rate by itself, one for all
                group |= {"lr": rate, "full": rate}
            made = _module(plan.optimiser).Prodigy(groups, lr=rate, weight_decay=decay, safeguard_warmup=True)
        case "ScheduleFree":
            made = _module(plan.optimiser).AdamWScheduleFree(groups, lr=rate, weight_decay=decay)
            made.train()
        case _:
            made = torch.optim.AdamW(groups, lr=rate, weight_decay=decay, fused=True)
    return made  # type: ignore[no-any-return]


def _module(name: str) -> Any:
    package = PACKAGES[name]
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise BadPlan(f"{name} needs {package}", "train.no_package", name=name, package=package) from error


@contextmanager
def at_rest(steps: torch.optim.Optimizer) -> Iterator[None]:
    """While it holds, the weights are those that are to be used: of an optimiser without a schedule the mean of all,
    while it learns elsewhere. Afterwards they are what they were to the bit, which that itself would not see to."""
    if not hasattr(steps, "eval"):
        yield
        return
    weights = [weight for group in steps.param_groups for weight in group["params"]]
    before = [weight.detach().clone() for weight in weights]
    steps.eval()
    try:
        yield
    finally:
        steps.train()  # type: ignore[attr-defined]
        with torch.no_grad():
            for weight, own in zip(weights, before, strict=True):
                weight.copy_(own)
