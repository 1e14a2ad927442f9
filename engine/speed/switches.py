"""What makes drawing faster, as tables: qualities that a recipe may name, models that need few steps, and switches."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from prompts.errors import Refusal

if TYPE_CHECKING:
    import torch

    from engine.models.models import Loaded
    from engine.speed.calls import Backend

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Quality:
    """How a recipe may trade exactness for time. With `rest` 2 a UNet's deep levels rest at every second call. `share`
    is that of the full quality's time it takes, `off` by how many steps of 255 its pixels differ on average."""

    name: str
    rest: int = 1
    share: float = 1.0
    off: float = 0.0


# `make bench ARGS=switches` measures what each gains and how far its picture is from the full one; so it was with the
# built-in model on 2026-11-23.
QUALITIES = {quality.name: quality for quality in (Quality(""), Quality("fast", rest=2, share=0.66, off=0.8))}
FULL = "full"  # what people may call the one without a name
OTHER_NAMES = {FULL: "", "完整": "", "快": "fast", "快速": "fast"}


def quality(name: str) -> Quality:
    """The row of that name, as people write it. Raises Refusal `quality.unknown`."""
    known = name.strip().casefold()
    known = OTHER_NAMES.get(known, known)
    if known not in QUALITIES:
        raise Refusal("quality.unknown", name=name[:80])
    return QUALITIES[known]


@dataclass(frozen=True, slots=True)
class FewSteps:
    """Steps, sampler and guidance for a model that was distilled to need few steps; `said` is how its title tells."""

    name: str
    said: str
    steps: int
    sampler: str
    guidance: float = 1.0


# In the order of asking: "Hyper-SD" LoRAs and "SDXL Lightning" models also say which model they come from.
FEW_STEPS = (
    FewSteps("lightning", r"lightning", steps=4, sampler="Euler"),
    FewSteps("hyper", r"hyper[-_ ]?(sd|xl)", steps=8, sampler="DDIM"),
    FewSteps("turbo", r"(?<![a-z])turbo", steps=4, sampler="Euler a"),
    FewSteps("lcm", r"(?<![a-z])lcm|latent[-_ ]consistency", steps=6, sampler="LCM", guidance=1.5),
)


def few_steps(title: str, name: str, *, guided: bool = False) -> FewSteps | None:
    """The row for a distilled model or LoRA by the title in its metadata or its name, with the steps that are named
    there ("4step"); None for an ordinary one. `guided` says that its UNet takes the guidance as an input, which LCM's
    alone does and no name can deny."""
    if guided:
        return next(row for row in FEW_STEPS if row.name == "lcm")
    for text in (title, name):
        for row in FEW_STEPS:
            if re.search(row.said, text.casefold()):
                said = re.search(r"(?<![0-9])(1?[0-9])[-_ ]?steps?", text.casefold())
                return replace(row, steps=max(1, int(said[1]))) if said else row
    return None


LARGE = 10**9  # bytes of weights; the built-in model has a fiftieth, and no half precision pays there
# What may be wished for, as settings and as arguments of `python -m engine`; the first word leaves it to the device.
WORDS = {
    "precision": ("auto", "float32", "float16", "bfloat16"),
    "attention": ("auto", "flash", "efficient", "cudnn", "math"),
    "compile": ("auto", "none", "graphs", "compile"),
    "cpu": ("auto", "torch", "openvino"),
    "previews": ("auto", "colours", "none"),
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a worker is to draw fast: a word of each row of `WORDS`, by itself with PyTorch alone. `cache` is the folder
    where what takes long to make is kept (None: nowhere), `tiny` the folders to look for tiny decoders in."""

    precision: str = "auto"
    attention: str = "auto"
    compile: str = "auto"
    cpu: str = "torch"
    previews: str = "auto"
    cache: Path | None = None
    tiny: tuple[Path, ...] = ()


USUAL = Tuning()


def half(large: bool, device: str, able: dict[str, bool]) -> str:
    """The type that pays on a device that is `able` to do so much: float16 on a graphics card; bfloat16 for large
    models on a CPU that computes with it (1.9 times as fast for SD 1.5's UNet); else float32."""
    if device != "cpu":
        return "float16"
    return "bfloat16" if large and (able.get("avx512_bf16") or able.get("amx_bf16")) else "float32"


def is_large(path: Path) -> bool:
    """Whether a model's files are so large that half precision pays on a CPU."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file()) > LARGE


def precision(path: Path, device: torch.device, wanted: str = "auto") -> torch.dtype:
    """The type that a model's UNet and text encoders are loaded in, as `half` chooses where nothing else is wanted."""
    torch = importlib.import_module("torch")
    if wanted == "auto":
        wanted = half(is_large(path), device.type, torch.cpu.get_capabilities() if device.type == "cpu" else {})
    return getattr(torch, wanted)  # type: ignore[no-any-return]


def attentions(wanted: str, device: str, dtype: str, capability: tuple[int, int] = (0, 0)) -> tuple[str, ...]:
    """The kernels of scaled dot product attention that may be taken, the best first; "math" can always be done.

    Of graphics cards, Hopper (`capability` 9) is quickest with cuDNN; flash wants half precision and Ampere.
    """
    if wanted != "auto":
        return tuple(dict.fromkeys((wanted, "math")))
    if device == "cpu":
        return "flash", "math"
    if dtype == "float32":
        return "efficient", "math"
    first = ("cudnn",) if capability >= (9, 0) else ()
    return (*first, *(("flash",) if capability >= (8, 0) else ()), "efficient", "math")


@contextmanager
def attending(loaded: Loaded) -> Iterator[None]:
    """While it holds, attention is computed by the kernels that the model was given; without any, by torch's choice."""
    if not loaded.attention:
        yield
        return
    attention = importlib.import_module("torch.nn.attention")
    names = {"flash": "FLASH_ATTENTION", "efficient": "EFFICIENT_ATTENTION", "cudnn": "CUDNN_ATTENTION", "math": "MATH"}
    kernels = [getattr(attention.SDPBackend, names[name]) for name in loaded.attention]
    with attention.sdpa_kernel(kernels, set_priority=True):
        yield


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that can be on or off for a loaded model without changing what it is asked. `turn` turns it on or off;
    `here` says whether it can be on for a model at all, `usual` whether it is on by itself."""

    name: str
    turn: Callable[[Loaded, bool], None]
    here: Callable[[Loaded], bool]
    usual: Callable[[Loaded], bool]


def _channels_last(loaded: Loaded, on: bool) -> None:
    torch = importlib.import_module("torch")
    layout = torch.channels_last if on else torch.contiguous_format
    loaded.unet.to(memory_format=layout)
    loaded.vae.to(memory_format=layout)


def _attention(loaded: Loaded, on: bool) -> None:
    torch = importlib.import_module("torch")
    capability = torch.cuda.get_device_capability(loaded.device) if _on_card(loaded) else (0, 0)
    wanted = attentions(loaded.tuning.attention, loaded.device.type, str(loaded.dtype).rpartition(".")[2], capability)
    loaded.attention = wanted if on else ()


def _prepared(make: Callable[[Loaded], Backend]) -> Callable[[Loaded, bool], None]:
    def turn(loaded: Loaded, on: bool) -> None:
        calls = importlib.import_module("engine.speed.calls")
        loaded.prepared = calls.Prepared(make(loaded)) if on else None

    return turn


def _graphs(loaded: Loaded) -> Backend:
    compiled = importlib.import_module("engine.speed.compiled")
    made: Backend = compiled.Graphs(loaded.unet, compiled.OnCard(loaded.device))
    return made


def _compiled(loaded: Loaded) -> Backend:
    compiled = importlib.import_module("engine.speed.compiled")
    made: Backend = compiled.Compiled(loaded.unet, compiled.OnCard(loaded.device) if _on_card(loaded) else None)
    return made


def _openvino(loaded: Loaded) -> Backend:
    made: Backend = importlib.import_module("engine.speed.openvino").OpenVino(loaded)
    return made


def _on_card(loaded: Loaded) -> bool:
    return bool(loaded.device.type == "cuda")


def _stays(loaded: Loaded) -> bool:
    """Whether the UNet stays where it is, as what was prepared needs it to."""
    return "unet" in loaded.tier.stay


def has_openvino() -> bool:
    """Whether the extra `openvino` is installed."""
    return importlib.util.find_spec("openvino") is not None


def _said(loaded: Loaded, name: str) -> bool:
    return bool(getattr(loaded.tuning, name) != "auto")


def _wants_graphs(loaded: Loaded) -> bool:
    return loaded.tuning.compile in ("auto", "graphs")


def _wants_openvino(loaded: Loaded) -> bool:
    return loaded.tuning.cpu in ("auto", "openvino") and loaded.tuning.compile != "compile"


# On a CPU the layout gains nothing (measured: 4 % at most, in bfloat16); tensor cores want it. At most one of the last
# three is on: each takes the UNet's calls.
SWITCHES = (
    Switch("channels_last", _channels_last, lambda loaded: True, _on_card),
    Switch("attention", _attention, lambda loaded: True, lambda loaded: _on_card(loaded) or _said(loaded, "attention")),
    Switch("graphs", _prepared(_graphs), lambda loaded: _on_card(loaded) and _stays(loaded), _wants_graphs),
    Switch("compile", _prepared(_compiled), _stays, lambda loaded: loaded.tuning.compile == "compile"),
    Switch("openvino", _prepared(_openvino), lambda loaded: not _on_card(loaded) and has_openvino(), _wants_openvino),
)


def usual(loaded: Loaded, switch: Switch) -> bool:
    """Whether a switch is on by itself for a model where it is."""
    return switch.usual(loaded) and switch.here(loaded)


def prepare(loaded: Loaded) -> None:
    """Turn on what is on by itself for a model on its device, once its parts lie where they belong."""
    on = []
    for switch in SWITCHES:
        if usual(loaded, switch):
            try:
                switch.turn(loaded, True)
            except (ImportError, OSError, RuntimeError) as error:  # what it needs is not all there
                log.warning("%s is left out for model %s: %s", switch.name, loaded.model.name, error)
            else:
                on.append(switch)
    if loaded.tuning.cpu == "openvino" and not _on_card(loaded) and not has_openvino():
        log.warning("engine.cpu says openvino, which is not installed (pip install '.[openvino]'): torch draws")
    if on:
        names, dtype = ", ".join(switch.name for switch in on), str(loaded.dtype).rpartition(".")[2]
        log.info("model %s draws with %s in %s", loaded.model.name, names, dtype)
