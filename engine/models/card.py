"""The devices that draw and their memory: graphics cards of NVIDIA and AMD (which torch calls cuda both), of Intel
(xpu), Apple's (mps), and the processor.

AMD's and Intel's cards and Apple's have been tried with stand-ins only: what is said of them here is from PyTorch's
documentation (https://docs.pytorch.org/docs/stable/notes/mps.html, …/notes/hip.html, …/notes/get_start_xpu.html).
"""

from __future__ import annotations

import gc
import re
from typing import Any

import torch

from engine import machine

# What is said of memory that ran out where torch has no exception for it: by the processor and Apple's cards, by the
# libraries of NVIDIA and AMD, and by drivers.
FULL = re.compile(
    r"can't allocate memory|backend out of memory|_ALLOC(?:ATION)?_FAILED|(?:CUDA|HIP) error: out of memory"
    r"|ErrorMemoryAllocation|OUT_OF_(?:DEVICE|HOST)_MEMORY"
)
# Errors after which a device answers this process with nothing but the same error, whatever it is asked.
LOST = re.compile(
    r"device-side assert|illegal memory access|illegal instruction|misaligned address|invalid program counter"
    r"|(?:unspecified )?launch failure|launch timed out|hardware stack error|uncorrectable (?:NVLink|ECC)"
    r"|device (?:is |was )?(?:lost|removed)|DEVICE_LOST|fallen off the bus",
    re.IGNORECASE,
)
TF32 = "TF32"
EXACT = "float32"


class DeviceLost(BaseException):
    """The device can draw no more in this process. It ends, and what it was drawing is drawn by another: not an
    `Exception`, for there is nothing that whoever catches one could do."""


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
    """The bytes of memory that are free on a device, with what torch holds there and does not use."""
    match device.type:
        case "cuda":
            return int(torch.cuda.mem_get_info(device)[0]) + _spare(torch.cuda, device)
        case "xpu":
            return int(torch.xpu.mem_get_info(device)[0]) + _spare(torch.xpu, device)
        case "mps":
            return max(0, int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory()))
    return machine.free_memory()


def _spare(kind: Any, device: torch.device) -> int:
    return max(0, int(kind.memory_reserved(device)) - int(kind.memory_allocated(device)))


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the device or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or FULL.search(str(error)) is not None


def check(error: BaseException) -> None:
    """Raises DeviceLost where an error means that the device can draw no more in this process."""
    if isinstance(error, RuntimeError) and not out_of_memory(error) and LOST.search(str(error)):
        raise DeviceLost(str(error).partition("\n")[0]) from error


def decide_products(device: torch.device, precision: str) -> str:
    """In what a card multiplies numbers of float32, its VAE's among them, from here on: in TF32, which is several times
    as fast, or exactly where float32 was wished for. Other devices than NVIDIA's have no TF32.

    Its ten bits move a channel by 1/255 at most (the built-in model's VAE, rounded so on a processor: one in 80)."""
    rounded = device.type == "cuda" and not is_amd() and precision != "float32"
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = rounded
        torch.backends.cudnn.allow_tf32 = rounded
    return TF32 if rounded else EXACT


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
