"""Which of torch's kernels compute attention."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from torch.nn.attention import SDPBackend, sdpa_kernel

from engine.models.loaded import Loaded

log = logging.getLogger(__name__)


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


# What kernels of attention say when they fail, the one that it is about first; those that name none are of whichever
# comes first.
SAYINGS = {
    "cudnn": re.compile(r"cuDNN Frontend|mha_graph|CUDNN_ATTENTION|No valid execution plan", re.IGNORECASE),
    "flash": re.compile(r"flash[_ ]?att|mha_fwd|pytorch_flash", re.IGNORECASE),
    "efficient": re.compile(r"efficient[_ ]attention|fmha|cutlassF", re.IGNORECASE),
    "": re.compile(r"No available kernel|scaled_dot_product", re.IGNORECASE),
}


def drop_failed(loaded: Loaded, error: BaseException) -> bool:
    """Leave the kernel of attention out that an error is about; False where it is about none, or no other is left."""
    told = str(error)
    name = next((name for name, saying in SAYINGS.items() if saying.search(told)), None)
    if name is None or len(loaded.attention) < 2:
        return False
    name = name or loaded.attention[0]
    if name == "math" or name not in loaded.attention:
        return False
    loaded.attention = tuple(kernel for kernel in loaded.attention if kernel != name)
    log.warning("attention by %s is left out for model %s: %s", name, loaded.model.name, told.partition("\n")[0][:300])
    return True


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
