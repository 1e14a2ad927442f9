"""The devices that draw and their memory: graphics cards of NVIDIA and AMD (which torch calls cuda both), of Intel
(xpu), Apple's (mps), and the processor.

AMD's and Intel's cards and Apple's have been tried with stand-ins only: what is said of them here is from PyTorch's
documentation (https://docs.pytorch.org/docs/stable/notes/mps.html, …/notes/hip.html, …/notes/get_start_xpu.html).
"""

from __future__ import annotations

import gc

import torch

from engine import machine

# What a device says that has no exception of its own: the processor and Apple's cards.
FULL = ("can't allocate memory", "backend out of memory")


def devices() -> list[str]:
    """The names of the devices there are: all graphics cards, or the processor where there is none."""
    for kind, cards in (("cuda", torch.cuda), ("xpu", torch.xpu)):
        if count := cards.device_count():
            return [f"{kind}:{index}" for index in range(count)]
    return ["mps"] if torch.backends.mps.is_available() else ["cpu"]


def words(device: torch.device) -> str:
    """A device in words for people."""
    match device.type:
        case "cuda":
            return torch.cuda.get_device_name(device) + (" (ROCm)" if is_amd() else "")
        case "xpu":
            return torch.xpu.get_device_name(device)
        case "mps":
            return "Apple (MPS)"
    return f"CPU ({torch.get_num_threads()})"


def is_amd() -> bool:
    """Whether torch was built for AMD's cards, which it then calls cuda."""
    return torch.version.hip is not None


def total(device: torch.device) -> int:
    """The bytes of memory a device has."""
    match device.type:
        case "cuda":
            return int(torch.cuda.mem_get_info(device)[1])
        case "xpu":
            return int(torch.xpu.mem_get_info(device)[1])
        case "mps":
            return int(torch.mps.recommended_max_memory())
    return machine.memory()


def free(device: torch.device) -> int:
    """The bytes of memory that are free on a device."""
    match device.type:
        case "cuda":
            return int(torch.cuda.mem_get_info(device)[0])
        case "xpu":
            return int(torch.xpu.mem_get_info(device)[0])
        case "mps":
            return max(0, int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory()))
    return machine.free_memory()


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the device or on the CPU."""
    told = str(error)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in told for words in FULL)


def release(device: torch.device) -> None:
    """Give back what is held and not used."""
    if device.type == "cpu":
        return
    gc.collect()
    match device.type:
        case "cuda":
            torch.cuda.empty_cache()
        case "xpu":
            torch.xpu.empty_cache()
        case "mps":
            torch.mps.empty_cache()
