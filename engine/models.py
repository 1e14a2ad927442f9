"""Models in memory: a diffusers folder of the SD 1.x layout, loaded part by part and kept while there is room."""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import os
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from engine import catalog
from prompts.errors import Refusal

log = logging.getLogger(__name__)

# What the loaders raise over files that are cut short, are no weights, or do not fit their config.
BROKEN = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, EOFError, SafetensorError)
Loras = tuple[tuple[Path, float, float], ...]  # file, weight on the UNet, weight on the text encoder


@dataclass(slots=True, eq=False)
class Loaded:
    """A model ready to draw. The UNet and the text encoder are in `dtype`; the VAE is always float32, so that
    light and dark pictures come out alike on every device. `schedule` is the model's own scheduler configuration
    and `signal` its cumulative alphas, (training steps,), on the CPU."""

    model: catalog.Model
    device: torch.device
    dtype: torch.dtype
    unet: Any
    vae: Any
    text_encoder: Any
    tokenizer: Any
    schedule: Mapping[str, Any]
    signal: Tensor
    hash: Future[str]
    seconds: float = 0.0
    # Filled by the modules that use them: text embeddings, adapters loaded and active, the latent → RGB map.
    embeddings: OrderedDict[tuple[Any, ...], Tensor] = field(default_factory=OrderedDict)
    pipeline: Any = None
    adapters: OrderedDict[Path, str] = field(default_factory=OrderedDict)
    active: Loras = ()
    colours: tuple[Tensor, Tensor] | None = None

    @property
    def scale(self) -> int:
        """Picture pixels per latent pixel, along one side."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def bytes(self) -> int:
        """The memory the weights take."""
        parts = (self.unet, self.vae, self.text_encoder)
        return sum(weight.numel() * weight.element_size() for part in parts for weight in part.parameters())


class Models:
    """The models in memory, the least recently used dropped first when they fill half of the device's memory.

    A model that rows are still being drawn with lives on through those rows.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._budget = _memory(device) // 2
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()

    def holds(self, model: catalog.Model) -> bool:
        """Whether `get` would answer at once."""
        return model.name in self._loaded and self._loaded[model.name].model == model

    def get(self, model: catalog.Model) -> Loaded:
        """The model, loaded where needed. Raises Refusal `model.damaged`."""
        if not self.holds(model):
            self._loaded.pop(model.name, None)
            self._loaded[model.name] = load(model, self.device)
        self._loaded.move_to_end(model.name)
        while len(self._loaded) > 1 and sum(loaded.bytes for loaded in self._loaded.values()) > self._budget:
            self._loaded.popitem(last=False)
        return self._loaded[model.name]

    def drop_all(self) -> None:
        """Forget every model, for when memory has run out."""
        self._loaded.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def quieten() -> None:
    """Keep the libraries' progress bars and load reports out of the log; their errors stay."""
    for chatter in (diffusers_logging, transformers_logging):
        chatter.set_verbosity_error()
        chatter.disable_progress_bar()


def load(model: catalog.Model, device: torch.device) -> Loaded:
    """The model from its folder: float32 on the CPU, float16 on a graphics card. Raises Refusal `model.damaged`."""
    began = time.monotonic()
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    path = model.path
    try:
        vae = _part(AutoencoderKL, path / "vae", torch.float32)
        text_encoder = _part(CLIPTextModel, path / "text_encoder", dtype)
        tokenizer = CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
        # Without its files transformers makes a tokenizer of two tokens and says nothing.
        if not 256 < len(tokenizer) <= text_encoder.config.vocab_size:
            raise ValueError(f"{len(tokenizer)} tokens for {text_encoder.config.vocab_size} embeddings")
        schedule, signal = _schedule(path / "scheduler")
        unet = _part(UNet2DConditionModel, path / "unet", dtype)
        if unet.config.cross_attention_dim != text_encoder.config.hidden_size:
            raise ValueError("the UNet and the text encoder do not belong together")
        for part in (unet, vae, text_encoder):
            part.eval().requires_grad_(False).to(device)
    except (*BROKEN, pickle.UnpicklingError) as error:
        if out_of_memory(error):
            raise
        log.warning("model %s cannot be loaded: %s", model.name, error)
        raise Refusal("model.damaged", name=model.name) from error
    seconds = time.monotonic() - began
    log.info("model %s loaded in %.1f s", model.name, seconds)
    return Loaded(
        model=model,
        device=device,
        dtype=dtype,
        unet=unet,
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        schedule=schedule,
        signal=signal,
        hash=_hash(path / "unet"),
        seconds=seconds,
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the device or on the CPU (which has no exception of its own)."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _part(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    part, report = kind.from_pretrained(
        folder, dtype=dtype, variant=_variant(folder), local_files_only=True, output_loading_info=True
    )
    if missing := sorted(report["missing_keys"]):  # the loaders would draw these at random
        raise ValueError(f"{folder.name} lacks {len(missing)} weights, first {missing[0]}")
    return part


def _variant(folder: Path) -> str | None:
    """ "fp16" for a folder that has its weights only under that name."""
    names = [path.name for path in _weights(folder)]
    return "fp16" if names and all(".fp16." in name for name in names) else None


def _weights(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".safetensors", ".bin"})


def _schedule(folder: Path) -> tuple[Mapping[str, Any], Tensor]:
    """The scheduler's configuration as a StableDiffusionPipeline would hold it, and its cumulative alphas."""
    name = json.loads((folder / "scheduler_config.json").read_text(encoding="utf-8"))["_class_name"]
    scheduler = getattr(importlib.import_module("diffusers"), name).from_pretrained(folder)
    config = dict(scheduler.config)
    # Old files lack these two; the pipeline sets them so when it is made.
    if config.get("steps_offset", 1) != 1:
        config["steps_offset"] = 1
    if config.get("clip_sample", False) is True:
        config["clip_sample"] = False
    return config, scheduler.alphas_cumprod.float()


def _hash(folder: Path) -> Future[str]:
    """The first ten hex digits of the SHA-256 of the UNet's weights, computed aside: gigabytes take seconds."""
    future: Future[str] = Future()

    def work() -> None:
        digest = hashlib.sha256()
        try:
            for block in _blocks(folder):
                digest.update(block)
            future.set_result(digest.hexdigest()[:10])
        except OSError:  # the file went away; pictures then carry no hash
            future.set_result("")

    threading.Thread(target=work, name="hash", daemon=True).start()
    return future


def _blocks(folder: Path) -> Iterator[bytes]:
    safe = [path for path in _weights(folder) if path.suffix == ".safetensors"]
    plain = [path for path in safe if ".fp16." not in path.name]
    for path in plain or safe or _weights(folder):
        with path.open("rb") as file:
            while block := file.read(2**22):
                yield block
