"""Which of torch's kernels compute attention."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.models.loaded import Loaded


def attentions(
    wanted: str, device: str, dtype: str, capability: tuple[int, int] = (0, 0), *, amd: bool = False
) -> tuple[str, ...]:
    """The kernels of scaled dot product attention that may be taken, the best first; "math" can always be done.

    Of graphics cards, Hopper (`capability` 9) is quickest with cuDNN; flash wants half precision and Ampere. AMD counts
    its cards otherwise and has no cuDNN: there flash and efficient are one library's, which passes on what it cannot.
    """
    if wanted != "auto":
        return tuple(dict.fromkeys((wanted, "math")))
    if device == "cpu":
        return "flash", "math"
    if dtype == "float32":
        return "efficient", "math"
    if amd:
        return "flash", "efficient", "math"
    first = ("cudnn",) if capability >= (9, 0) else ()
    return (*first, *(("flash",) if capability >= (8, 0) else ()), "efficient", "math")


@contextmanager
def attending(loaded: Loaded) -> Iterator[None]:
    """While it holds, attention is computed by the kernels that the model was given; without any, by torch's choice."""
    if not loaded.attention:
        yield
        return
    names = {"flash": "FLASH_ATTENTION", "efficient": "EFFICIENT_ATTENTION", "cudnn": "CUDNN_ATTENTION", "math": "MATH"}
    kernels = [getattr(SDPBackend, names[name]) for name in loaded.attention]
    with sdpa_kernel(kernels, set_priority=True):
        yield
