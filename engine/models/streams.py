"""Streams of CUDA cards: what a thread asks of a card beside the one that draws. On every other device the same code
runs without them.

This has been tried with stand-ins for the card only.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

_own = threading.local()


def mark(device: torch.device) -> Any:
    """A mark behind all that this thread has asked of the device so far; None where nothing has to be waited for."""
    if device.type != "cuda":
        return None
    event = torch.cuda.Event()  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return event


@contextmanager
def beside(device: torch.device, after: Any = None) -> Iterator[None]:
    """While it holds, what this thread asks of the device runs on a stream of its own, from the mark `after` on; all of
    it is done when it ends."""
    if device.type != "cuda":
        yield
        return
    stream = _stream(device)
    if after is not None:
        stream.wait_event(after)
    with torch.cuda.stream(stream):
        yield
    stream.synchronize()


def fetched(tensor: Tensor) -> Tensor:
    """The tensor in main memory; from a card by way of memory that does not move, so that only this thread waits."""
    if not tensor.is_cuda:
        return tensor.cpu()
    here = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    here.copy_(tensor, non_blocking=True)
    torch.cuda.current_stream(tensor.device).synchronize()
    return here


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of main memory on the device; to a card by way of memory that does not move, so that nobody waits."""
    if device.type == "cpu":
        return tensor
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=device.type == "cuda")


def settled(device: torch.device, before: Any) -> Any:
    """Wait until a device is behind the mark of the step `before`, and mark this one: it always has a step to do while
    the next one is put together, and never more. Apple's and Intel's cards are waited for altogether."""
    match device.type:
        case "cuda":
            if before is not None:
                before.synchronize()
        case "xpu":
            torch.xpu.synchronize(device)
        case "mps":
            torch.mps.synchronize()
    return mark(device)


def _stream(device: torch.device) -> Any:
    known: dict[torch.device, Any] = _own.__dict__.setdefault("streams", {})
    if device not in known:
        known[device] = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    return known[device]
