"""The switches: ways to draw faster that can be on or off for a loaded model, as a table."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch

from engine.files.tiers import TIERS
from engine.models import card
from engine.models.loaded import Loaded
from engine.speed import precision
from engine.speed.attention import attentions
from engine.speed.batched_call import Backend, Prepared
from engine.speed.compiled import Compiled, Graphs, OnCard, room
from engine.speed.openvino import OpenVino
from engine.tuning import has_openvino

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that can be on or off for a loaded model without changing what it is asked. `turn` turns it on or off;
    `here` says whether it can be on for a model at all, `usual` whether it is on by itself."""

    name: str
    turn: Callable[[Loaded, bool], None]
    here: Callable[[Loaded], bool]
    usual: Callable[[Loaded], bool]


def _channels_last(loaded: Loaded, on: bool) -> None:
    layout = torch.channels_last if on else torch.contiguous_format
    loaded.unet.to(memory_format=layout)
    loaded.vae.to(memory_format=layout)


def lay(loaded: Loaded) -> None:
    """Give a model's VAE the layout in memory that its device wants, for one that has come in the place of another."""
    if usual(loaded, SWITCHES[0]):
        loaded.vae.to(memory_format=torch.channels_last)


def _attention(loaded: Loaded, on: bool) -> None:
    capability = torch.cuda.get_device_capability(loaded.device) if _on_card(loaded) else (0, 0)
    dtype = str(loaded.dtype).rpartition(".")[2]
    wanted = attentions(loaded.tuning.attention, loaded.device.type, dtype, capability, amd=card.is_amd())
    loaded.attention = wanted if on else ()


def _prepared(make: Callable[[Loaded], Backend]) -> Callable[[Loaded, bool], None]:
    def turn(loaded: Loaded, on: bool) -> None:
        loaded.prepared = Prepared(make(loaded)) if on else None

    return turn


def _graphs(loaded: Loaded) -> Backend:
    return Graphs(loaded.unet, OnCard(loaded.device), _room(loaded))


def _compiled(loaded: Loaded) -> Backend:
    capture = OnCard(loaded.device) if _on_card(loaded) else None
    return Compiled(loaded.unet, capture, _room(loaded))


def _room(loaded: Loaded) -> int:
    return room(loaded.device, whole=loaded.tier is TIERS[0])


def _on_card(loaded: Loaded) -> bool:
    return bool(loaded.device.type == "cuda")


def _on_processor(loaded: Loaded) -> bool:
    return bool(loaded.device.type == "cpu")


def _stays(loaded: Loaded) -> bool:
    """Whether the UNet stays where it is, as what was prepared needs it to."""
    return "unet" in loaded.tier.stay


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
    Switch("openvino", _prepared(OpenVino), lambda loaded: _on_processor(loaded) and has_openvino(), _wants_openvino),
)


def _decoded_in(loaded: Loaded) -> torch.dtype:
    return precision.decoded_in(loaded.device, loaded.dtype, loaded.tuning.decoding)


def usual(loaded: Loaded, switch: Switch) -> bool:
    """Whether a switch is on by itself for a model where it is."""
    return switch.usual(loaded) and switch.here(loaded)


def prepare(loaded: Loaded) -> None:
    """Turn on the switches that are on by themselves for a model on its device, once its parts lie where they
    belong."""
    on = []
    for switch in SWITCHES:
        if usual(loaded, switch):
            try:
                switch.turn(loaded, True)
            except (ImportError, OSError, RuntimeError) as error:  # what it needs is not all there
                log.warning("%s is left out for model %s: %s", switch.name, loaded.model.name, error)
            else:
                on.append(switch)
    if loaded.tuning.cpu == "openvino" and _on_processor(loaded) and not has_openvino():
        log.warning("engine.cpu says openvino, which is not installed (pip install '.[openvino]'): torch draws")
    if on:
        names, dtype = ", ".join(switch.name for switch in on), str(loaded.dtype).rpartition(".")[2]
        rounded = _on_card(loaded) and torch.backends.cudnn.allow_tf32
        decoded = f"float32 by {card.TF32}" if rounded else str(_decoded_in(loaded)).rpartition(".")[2]
        log.info("model %s draws with %s in %s, and decodes in %s", loaded.model.name, names, dtype, decoded)
