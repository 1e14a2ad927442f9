"""Nets from their files: read in the background, kept beside the models, and placed where the UNet is."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from engine.controls import net_files
from engine.controls.net import MadeForAnother, Net, Network
from engine.errors import BadFile
from engine.files.catalog import Companion, Skipped
from engine.files.identify import identify
from engine.models import loading
from engine.models.card import out_of_memory
from engine.models.loaded import BROKEN, Loaded
from prompts.errors import Refusal

log = logging.getLogger(__name__)

CONTROL_LORA = "control_lora"  # the format of an Identity

_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="net")


def ready(companions: Iterable[Companion], loaded: Loaded) -> bool:
    """Whether `load` would answer at once for each of them, be it with a Refusal; those that have not been read are
    read in the background from here on."""
    requests = [_request(one, loaded) for one in companions]
    return all(request.done() for request in requests)


def load(companion: Companion, loaded: Loaded) -> Net:
    """The net in a file or folder for this model's UNet, waiting for it where it is still being read. Raises Refusal
    `control.damaged`, or what is wrong with the file where that is known, and `control.wrong_base` for a net that does
    not fit this model's UNet."""
    request = _request(companion, loaded)
    try:
        network = request.result()
        net_files.check(network.body, loaded.unet)  # it may have been read beside another model
    except MadeForAnother as error:
        log.warning("net %s does not fit model %s: %s", companion.name, loaded.model.name, error)
        raise Refusal("control.wrong_base", name=companion.name) from error
    finally:
        if request.exception():
            loaded.nets.forget(_key(companion, loaded))
    loaded.nets.tidy()
    return Net(companion.name, network, loaded)


def _request(companion: Companion, loaded: Loaded) -> Future[Network]:
    base = own_weights(loaded) if companion.format == CONTROL_LORA else {}
    return loaded.nets.request(_key(companion, loaded), lambda: _reader.submit(_read, companion, loaded, base))


def _key(companion: Companion, loaded: Loaded) -> tuple[object, ...]:
    """What a net is made of: its file as it is now, in the UNet's precision, and of the UNet's own weights where it is
    the difference to those."""
    key: tuple[object, ...] = (companion.path, loading.stamp(companion.path), companion.purpose, loaded.dtype)
    return (*key, loaded.model.path, loaded.stamps[0]) if companion.format == CONTROL_LORA else key


def own_weights(loaded: Loaded) -> dict[str, Tensor]:
    """The weights of a model's UNet by name, wherever they lie."""
    found: dict[str, Tensor] = dict(loaded.unet.named_parameters())
    for name, weight in found.items():
        if weight.is_meta:  # its layers come to the device one by one (memory.settle)
            stem, _, end = name.rpartition(".")
            found[name] = loaded.unet.get_submodule(stem)._hf_hook.weights_map[end]
    return found


def _read(companion: Companion, loaded: Loaded, base: Mapping[str, Tensor]) -> Network:
    try:
        return _laid(net_files.network(companion, loaded.unet, base, loaded.dtype), loaded)
    except MadeForAnother:
        raise
    except (*BROKEN, BadFile) as error:
        if out_of_memory(error):
            raise
        log.warning("net %s cannot be read: %s", companion.name, str(error)[:500])
        raise _spoiled(companion) from error


def _spoiled(companion: Companion) -> Refusal:
    """What to say of a file that cannot be read: what the list says of it by now, else that it is damaged."""
    try:
        found = identify(companion.path)
    except OSError:
        return Refusal("control.damaged", name=companion.name)
    key = found.problem or "control.damaged"
    spoiled = Skipped(companion.name, companion.path, key, lacking=found.lacking, lacks=found.lacks)
    return Refusal(spoiled.key, **spoiled.values)


def _laid(network: Network, loaded: Loaded) -> Network:
    """The same, ready to be called beside this UNet, whose layout in memory it takes over."""
    last = loaded.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    for part in filter(None, (network.eyes, network.body)):
        part.eval().requires_grad_(False)
        if last:
            part.to(memory_format=torch.channels_last)
        loaded.nets.learn(part)
    return network
