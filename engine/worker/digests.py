"""Tensors told apart by what is in them."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

SIZE = 16  # bytes of a digest


def digest(tensor: Tensor) -> bytes:
    """What stands for a tensor's shape, kind and every bit of it. On a card it is waited for."""
    own = tensor.detach().cpu().contiguous()
    found = hashlib.blake2b(f"{own.dtype}{tuple(own.shape)}".encode(), digest_size=SIZE)
    found.update(own.flatten().view(torch.uint8).numpy().data)
    return found.digest()


class Digests:
    """Those of one row's tensors that stay what they are, each found once, and what its model is asked in the call to
    come (engine/worker/recall.py). `job` is whose row it is, `recalled` counts the calls that were answered out of
    memory."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.question: object = None
        self.recalled = 0
        self._known: dict[int, tuple[Tensor, bytes]] = {}  # with the tensor, so that its place is no other's
        self._told: tuple[object, object] = (None, None)

    def of(self, tensor: Tensor) -> bytes:
        """A tensor's digest, found once."""
        known = self._known.get(id(tensor))
        if known is None:
            known = self._known[id(tensor)] = tensor, digest(tensor)
        return known[1]

    def told(self, said: object) -> object:
        """What was last noted of what is said; None where that was something else."""
        return self._told[1] if self._told[0] is said else None

    def note(self, said: object, told: object) -> object:
        """Note what stands for what is said, until something else is."""
        self._told = said, told
        return told
