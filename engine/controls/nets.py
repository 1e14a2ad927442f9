"""Nets from their files: read in the background, kept beside the models, and placed where the UNet is."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from torch import nn

from engine.controls.net import Net, Network
from engine.files.catalog import Companion
from engine.models import diffusers_folder, loading
from engine.models.card import out_of_memory
from engine.models.loaded import BROKEN, Loaded
from prompts.errors import Refusal

log = logging.getLogger(__name__)

_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="net")


def ready(companions: Iterable[Companion], loaded: Loaded) -> bool:
    """Whether `load` would answer at once for each of them, be it with a Refusal; those that have not been read are
    read in the background from here on."""
    requests = [_request(one, loaded) for one in companions]
    return all(request.done() for request in requests)


def load(companion: Companion, loaded: Loaded) -> Net:
    """The net in a file or folder for this model's UNet, waiting for it where it is still being read. Raises Refusal
    `control.damaged`."""
    network: Network = _request(companion, loaded).result()
    loaded.nets.tidy()
    return Net(companion.name, network, loaded)


def _request(companion: Companion, loaded: Loaded) -> Future[Network]:
    key = companion.path, loading.stamp(companion.path), loaded.dtype
    return loaded.nets.request(key, lambda: _reader.submit(partial(_read, companion, loaded)))


def _read(companion: Companion, loaded: Loaded) -> Network:
    try:
        network = _placed(_network(companion, loaded), loaded)
    except BROKEN as error:
        if out_of_memory(error):
            raise
        log.warning("net %s cannot be read: %s", companion.name, str(error)[:500])
        raise Refusal("control.damaged", name=companion.name) from error
    return network


def _network(companion: Companion, loaded: Loaded) -> Network:
    body = diffusers_folder.network(ControlNetModel, companion.path, loaded.dtype)
    eyes = body.controlnet_cond_embedding
    body.controlnet_cond_embedding = nn.Identity()  # a map is looked at once, by `Net.hint`
    return Network("control", body, eyes, pooled=body.config.global_pool_conditions)


def _placed(network: Network, loaded: Loaded) -> Network:
    """The same, ready to be called beside this UNet, whose layout in memory it takes over."""
    last = loaded.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    for part in filter(None, (network.eyes, network.body)):
        part.eval().requires_grad_(False)
        part.to(memory_format=torch.channels_last if last else torch.contiguous_format)
        loaded.nets.learn(part)
    return network
