"""Where a model's parts lie, by its tier (engine/files/tiers.py), and what to do when memory runs out all the same: the
batch is halved (engine/worker/rows.py), and a row that does not fit even alone takes its model down a tier.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from torch import nn

from engine.files.tiers import DRAWING, MAIN_MEMORY, ON_CPU, PARTS, TIERS, Tier, choose_tier, drawable
from engine.models.card import check, free, out_of_memory, release
from engine.models.loaded import Loaded
from engine.models.net_cache import size

log = logging.getLogger(__name__)

T = TypeVar("T")
_thread = threading.local()


def place(loaded: Loaded) -> None:
    """Put a model that was just loaded into main memory where it belongs."""
    room = free(loaded.device) + (loaded.bytes if loaded.device.type == "cpu" else 0)  # where it is already
    loaded.layout.vaes.add(loaded.vae)
    weights, pixels = _weights(loaded), loaded.model.width * loaded.model.height
    loaded.tier = choose_tier(weights, pixels, room, loaded.device.type)
    if loaded.device.type not in MAIN_MEMORY:
        # Two entries for a picture's pixels. So no first batch of many rows has to run out of memory to be halved.
        loaded.most = max(1, 2 * drawable(loaded.tier, weights, pixels, room) // loaded.scale**2)
    trying(loaded, lambda: settle(loaded, loaded.tier))


def join(loaded: Loaded) -> None:
    """Put the VAE of a model that shares all its other parts with one in memory where that one's lies."""
    loaded.layout.vaes.add(loaded.vae)
    trying(loaded, lambda: _lay(loaded, loaded.vae))


@contextmanager
def beside(loaded: Loaded, network: nn.Module) -> Iterator[None]:
    """While it holds, a net is on the device of the UNet that it guides, and it stays there where the UNet does until
    memory runs out."""
    stays = loaded.device.type in MAIN_MEMORY or ("unet" in loaded.tier.stay and loaded.layout.nets_stay)
    if any(weight.device != loaded.device for weight in network.parameters()):
        network.to(loaded.device)
        if stays and loaded.most:  # of the room that was for pictures it takes its own
            least = 2 * loaded.model.width * loaded.model.height // loaded.scale**2
            loaded.most = max(least, loaded.most - 2 * size(network) // (DRAWING * loaded.scale**2))
    try:
        yield
    finally:
        if not stays:
            network.to("cpu")


def _send_away(loaded: Loaded) -> bool:
    """Have nets come for their calls only from now on; False where none was on the device, or they do already."""
    if loaded.device.type in MAIN_MEMORY or not loaded.layout.nets_stay:
        return False
    there = [net for net in loaded.nets.networks() if any(one.device == loaded.device for one in net.parameters())]
    if not there:
        return False
    loaded.layout.nets_stay = False
    for network in there:
        network.to("cpu")
    release(loaded.device)
    log.warning("model %s ran out of memory: its nets come for their calls only", loaded.model.name)
    return True


def lower(loaded: Loaded) -> bool:
    """Take a model down a tier after memory has run out, or first of all have its nets leave the device between their
    calls; False where it is at the last one."""
    if _send_away(loaded):
        return True
    tiers = ON_CPU if loaded.device.type in MAIN_MEMORY else TIERS
    if loaded.tier is tiers[-1]:
        return False
    settle(loaded, tiers[tiers.index(loaded.tier) + 1])
    log.warning("model %s ran out of memory and goes on as %r", loaded.model.name, loaded.tier.name)
    return True


def settle(loaded: Loaded, tier: Tier) -> None:
    """Let a model take a tier, once what is being decoded is done."""
    with loaded.layout.settled:
        _settle(loaded, tier)


def _settle(loaded: Loaded, tier: Tier) -> None:
    loaded.tier = tier
    if "unet" not in tier.stay:
        loaded.prepared = None  # which knows where the weights lay
    for name in PARTS:
        if name != "vae" and (part := getattr(loaded, name)):
            part.to(loaded.device if name in tier.stay else "cpu")
    for vae in {loaded.vae, *loaded.layout.vaes}:
        _lay(loaded, vae)
    if tier.layers:
        # Here: it takes long to import, and only the smallest cards need it.
        importlib.import_module("accelerate").cpu_offload(loaded.unet, execution_device=loaded.device)
    release(loaded.device)


def _lay(loaded: Loaded, vae: Any) -> None:
    vae.to(loaded.device if "vae" in loaded.tier.stay else "cpu")
    if loaded.tier.tiled:
        vae.enable_tiling()


@contextmanager
def on_card(loaded: Loaded, *names: str) -> Iterator[None]:
    """While it holds, these parts of the model are on its device."""
    tier = loaded.tier
    guests = [part for name in names if name not in tier.stay and (part := getattr(loaded, name))]
    if not guests or loaded.device.type == "cpu" or (tier.layers and names == ("unet",)):
        yield
        return
    if "unet" not in names and "unet" not in tier.stay and not tier.layers:
        loaded.unet.to("cpu")
    for guest in guests:
        guest.to(loaded.device)
    try:
        yield
    finally:
        if names != ("unet",):  # the UNet is called again at once; it leaves when another part comes
            for guest in guests:
                guest.to("cpu")


def decodes_beside(loaded: Loaded) -> bool:
    """Whether the VAE may decode on another thread while the UNet draws: where both stay. Apple's and Intel's cards
    have not been tried with two threads."""
    return loaded.device.type == "cpu" or (loaded.device.type == "cuda" and {"unet", "vae"} <= loaded.tier.stay)


@contextmanager
def as_it_is() -> Iterator[None]:
    """While it holds, this thread takes no model down a tier: memory that runs out is an error."""
    _thread.settled = True
    try:
        yield
    finally:
        _thread.settled = False


def trying(loaded: Loaded, call: Callable[[], T]) -> T:
    """Make a call and give what it returns; where memory runs out it is made again, a tier lower each time, until none
    is left."""
    while True:
        try:
            return call()
        except Exception as error:
            check(error)
            if not out_of_memory(error) or getattr(_thread, "settled", False):
                raise
            failure = error.with_traceback(None)  # whose frames hold what filled the memory
        if not (loaded.give_way() or lower(loaded)):
            raise failure


def _weights(loaded: Loaded) -> dict[str, int]:
    parts = {name: part for name in PARTS if (part := getattr(loaded, name))}
    return {
        name: sum(weight.numel() * weight.element_size() for weight in part.parameters())
        for name, part in parts.items()
    }
