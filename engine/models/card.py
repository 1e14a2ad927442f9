"""The memory of a device, be it a graphics card or the processor: how much there is, how much is free, running out."""

from __future__ import annotations

import gc
import os

import torch


def total(device: torch.device) -> int:
    """The bytes of memory a device has."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free(device: torch.device) -> int:
    """The bytes of memory that are free on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the device or on the CPU (which has no exception of its own)."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def release(device: torch.device) -> None:
    """Give back what is held and not used."""
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
