"""LoRA files: from the names in a prompt to adapters on a model's networks, read in the background and kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

from engine.adapters import embeddings
from engine.adapters.binding import bind
from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Adapter, FileKey, Lora, Mix
from engine.adapters.slots import SlotMix
from engine.files import catalog, lora_names
from engine.files.bundles import bundles
from engine.models import card, memory
from engine.models.card import out_of_memory
from engine.models.loaded import BROKEN, EVERYWHERE, Loaded, Loras, Scope
from prompts.errors import Refusal
from prompts.grammar.lora_blocks import BASE, BLOCKS, block_weights
from prompts.grammar.lora_elements import element_rules, ratio
from prompts.prompt import LoraUse

log = logging.getLogger(__name__)

SHARE = 8  # an eighth of the device's memory may hold LoRAs that nobody uses now: fifty of SDXL's on a card of 80 GB
TEXT = ("text_encoder", "text_encoder_2")
# The LoRAs of a row, each with its weights on the UNet and on the text encoders, and where and when it acts.
Chosen = tuple[tuple[Lora, float, float, Scope], ...]

_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lora")


def resolve(uses: Iterable[LoraUse], folders: Iterable[Path], seed: int = 0) -> Loras:
    """The LoRAs of a prompt as files and weights, in a fixed order; those of weight 0 are left out, and of one
    named twice the last counts. Block weights that are left to chance are made of the `seed`. Raises Refusal
    `lora.unknown` or `lora.none` for one that would change something."""
    named = tuple(uses)
    files = catalog.loras(tuple(folders)) if named else ()
    found: dict[Path, tuple[float, float, *tuple[Scope, ...]]] = {}
    for use in named:
        text = use.weight if use.text_weight is None else use.text_weight
        try:
            path = catalog.lora(files, use.name, tuple(folders)).path
        except Refusal:
            if use.weight or text:
                raise
            continue  # it changes nothing, be it there or not
        blocks = block_weights(use.blocks, f"{seed} {path.stem}") or ()
        scope = Scope(blocks, use.start, use.stop, element_rules(use.elements) or ())
        text *= blocks[0] if blocks and not scope.elements else 1.0  # else each layer has its own
        found[path] = (use.weight, text) if scope == EVERYWHERE else (use.weight, text, scope)
    return tuple((path, *weights) for path, weights in sorted(found.items()) if any(weights[:2]))


def ready(loaded: Loaded, wanted: Loras) -> bool:
    """Whether `choose` would answer at once, be it with a Refusal; files that have not been read are read in the
    background from here on."""
    try:
        requests = [_request(loaded, path) for path, *_ in wanted]
    except Refusal:
        return True
    return all(request.done() for request in requests)


def choose(loaded: Loaded, wanted: Loras) -> Chosen:
    """The LoRAs as this model takes them, waiting for those that are still being read. Raises Refusal
    `lora.damaged` or `lora.wrong_base`."""
    requests = [_request(loaded, path) for path, *_ in wanted]
    chosen = tuple(
        (_weighed(loaded, request.result(), scope), unet, text, scope)
        for request, (_, unet, text, *scopes) in zip(requests, wanted, strict=True)
        for scope in scopes or [EVERYWHERE]
    )
    _tidy(loaded, {lora.key for lora, *_ in chosen})
    return chosen


def _weighed(loaded: Loaded, lora: Lora, scope: Scope) -> Lora:
    """The LoRA with each layer at its block's weight, or what a rule for elements says, made once; layers in no block
    stay as they are where no rule is about them."""
    key = scope.blocks, scope.elements
    if not any(key):
        return lora
    if key not in lora.weighed:
        depth = lora_names.resnets(loaded.unet.config.layers_per_block)
        weights = dict(zip(BLOCKS, scope.blocks, strict=False))
        adapters: dict[str, Adapter] = {}
        for part, adapter in lora.adapters.items():
            if part != "unet" and not scope.elements:  # whose weight is the block's already
                adapters[part] = adapter
                continue
            made = {}
            for name, layer in adapter.items():
                block = lora_names.block(name, depth) if part == "unet" else BASE
                said = ratio(scope.elements, block, lora_names.original(part, name, depth))
                if weight := weights.get(block, 1.0) if said is None else said:
                    made[name] = layer.times(weight)
            adapters[part] = made
        lora.weighed[key] = replace(lora, adapters=adapters, weighed={})
    return lora.weighed[key]


@contextmanager
def on_unet(loaded: Loaded, entries: Sequence[Chosen], area: int = 0) -> Iterator[None]:
    """While it holds, entry i of the UNet's batch is drawn with the LoRAs `entries[i]`; `area` is the latent pixels
    still to be drawn with them, for many of which they may be merged with the UNet's weights."""
    mixes = [_mix(chosen, "unet") if chosen else () for chosen in entries]
    with _adapted(loaded, "unet").acting(mixes, area, lambda size: _roomy(loaded, size)):
        yield


def wanted(chosen: Chosen) -> SlotMix:
    """What slots (engine/adapters/slots.py) are to hold for an entry with these LoRAs."""
    key = tuple(
        (lora.key, scope.blocks, scope.elements, unet)
        for lora, unet, _, scope in chosen
        if unet and "unet" in lora.adapters
    )
    return SlotMix(key, _mix(chosen, "unet"))


def drop_merged(loaded: Loaded) -> None:
    """Give back the memory that merged weights take; they are made anew where they are wanted again."""
    if "unet" in loaded.adapted:
        loaded.adapted["unet"].drop_merged()


def forget_gone(loaded: Loaded) -> None:
    """Have nothing in memory of LoRAs and embeddings whose files are not there any more as they were read."""
    loras = [key for key in loaded.loras if not _is_there(*key)]
    vectors = [key for key in loaded.vectors if not _is_there(key[0], None, key[1])]
    for lora in loras:
        del loaded.loras[lora]
    for vector in vectors:
        del loaded.vectors[vector]
    if loras or vectors:
        loaded.embeddings.clear()  # of texts that were read with them
        for adapted in loaded.adapted.values():
            adapted.clear()


def _is_there(path: Path, size: int | None, modified: int) -> bool:
    """Whether a file is as it was; without a size, when it was changed tells."""
    try:
        status = path.stat()
    except OSError:
        return False
    return size in (None, status.st_size) and status.st_mtime_ns == modified


def _roomy(loaded: Loaded, size: int) -> bool:
    """Whether a copy of so many bytes of the UNet's weights may lie on the device: where it stays there whole, and as
    much again is left for the pictures. Not in bfloat16, whose eight bits would round small changes away."""
    if "unet" not in loaded.tier.stay or loaded.tier.layers or loaded.dtype == torch.bfloat16:
        return False
    return 2 * size <= card.free(loaded.device)


@contextmanager
def on_text(loaded: Loaded, chosen: Chosen) -> Iterator[None]:
    """While it holds, the text encoders are on the device and work with these LoRAs, which `loaded.active` says; and
    the embeddings in their files may be named. Of one name the file in a folder of embeddings counts, as in A1111."""
    mixes = {part: _mix(chosen, part) for part in _networks(loaded) if part in TEXT}
    with memory.on_card(loaded, *mixes), ExitStack() as stack:
        for part, mix in mixes.items():
            stack.enter_context(_adapted(loaded, part).acting([mix]))
        loaded.active = tuple(
            (lora.key, text, (scope.blocks, scope.elements) if scope.elements else ())
            for lora, _, text, scope in chosen
            if text and lora.adapters.keys() & set(TEXT)
        )
        known = loaded.concepts
        brought = embeddings.fitting(loaded, (one for lora, *_ in chosen for one in lora.bundled))
        loaded.concepts = {**brought, **known}
        try:
            yield
        finally:
            loaded.active, loaded.concepts = (), known


def _mix(chosen: Chosen, part: str) -> Mix:
    weighted = ((lora, text if part in TEXT else unet) for lora, unet, text, _ in chosen)
    return tuple((lora.adapters[part], weight) for lora, weight in weighted if weight and part in lora.adapters)


def _adapted(loaded: Loaded, part: str) -> Adapted:
    if part not in loaded.adapted:
        loaded.adapted[part] = Adapted(_networks(loaded)[part])
    return loaded.adapted[part]


def _networks(loaded: Loaded) -> dict[str, nn.Module]:
    networks = {part: getattr(loaded, part, None) for part in lora_names.PARTS}
    return {part: network for part, network in networks.items() if network is not None}


# --- files ---


def _request(loaded: Loaded, path: Path) -> Future[Lora]:
    try:
        status = path.stat()
    except OSError as error:
        raise Refusal("lora.damaged", name=path.stem) from error
    key = path, status.st_size, status.st_mtime_ns
    if key not in loaded.loras:
        loaded.loras[key] = _reader.submit(_read, loaded, key)
    loaded.loras.move_to_end(key)
    return loaded.loras[key]


def _tidy(loaded: Loaded, used: set[FileKey]) -> None:
    """Forget files that could not be read, and the least recently wanted ones beyond the budget."""
    done = {key: request for key, request in loaded.loras.items() if request.done()}
    sizes = {key: 0 if request.exception() else request.result().bytes for key, request in done.items()}
    spare = sum(sizes.values()) - card.total(loaded.device) // SHARE
    for key, size in sizes.items():
        if not size or (spare > 0 and key not in used):
            del loaded.loras[key]
            spare -= size


def _read(loaded: Loaded, key: FileKey) -> Lora:
    path = key[0]
    try:
        with safe_open(path, framework="pt") as file:
            metadata: Mapping[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        adapters, left = bind(loaded, _networks(loaded), tensors, _alphas(path, metadata), path.stem)
        bundled = bundles({name: tuple(tensor.shape) for name, tensor in tensors.items()})
        return Lora(key, adapters, left, bundled=catalog.bundled(path, bundled))
    except BROKEN as error:
        if out_of_memory(error):
            raise
        log.warning("LoRA %s cannot be read: %s", path.name, str(error)[:500])
        raise Refusal("lora.damaged", name=path.stem, model=loaded.model.name) from error


def _alphas(path: Path, metadata: Mapping[str, str]) -> Mapping[str, Any]:
    """peft's configuration, which holds the alphas that its weights' file has not: in the header, or in a file beside
    it."""
    if written := metadata.get("lora_adapter_metadata"):
        return dict(json.loads(written))
    beside = path.with_name("adapter_config.json")
    if path.stem == "adapter_model" and beside.is_file():
        return dict(json.loads(beside.read_text("utf-8")))
    return {}
