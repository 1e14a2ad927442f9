"""A network that shares every weight with another, and no module."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_OPTIONS = ("_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs")


def twin(network: Any) -> Any:
    """The same network with the same weights, as modules of its own: what hangs on the other's layers is not on these,
    and what is hung on these never reaches the other."""
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    made: nn.Module = copy.deepcopy(network, shared)
    for module in made.modules():
        for name in (*_HOOKS, *_OPTIONS):
            getattr(module, name).clear()
    return made
