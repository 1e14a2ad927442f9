"""A model brought into memory, from a diffusers folder or a single file of SD 1.x, 2.x and SDXL."""

from __future__ import annotations

import logging
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from engine.files import catalog, model_folders
from engine.files.identify import identify
from engine.models import diffusers_folder, memory, single_file
from engine.models.card import out_of_memory
from engine.models.loaded import BROKEN, Loaded, Stamp
from engine.models.tokenizers import tokenizer
from engine.speed import precision, switches
from engine.tuning import USUAL, Tuning
from prompts.errors import Refusal

log = logging.getLogger(__name__)

READ = {".safetensors", ".bin", ".json", ".txt"}  # of the files in a folder


def stamp(path: Path | None) -> Stamp:
    """By which a file or folder is known to be as it was; nothing for none and for what is gone."""
    if path is None:
        return ()
    files = sorted(file for file in path.rglob("*") if file.suffix in READ) if path.is_dir() else [path]
    try:
        return tuple((file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files)
    except OSError:
        return ()


def quieten() -> None:
    """Keep the libraries' progress bars and load reports out of the log; their errors stay."""
    for chatter in (diffusers_logging, transformers_logging):
        chatter.set_verbosity_error()
        chatter.disable_progress_bar()


def load(
    model: catalog.Model, device: torch.device, vae: catalog.Companion | None = None, tuning: Tuning = USUAL
) -> Loaded:
    """The model from its folder or file, in the precision and with the switches that suit the device, unless `tuning`
    asks for others.

    Raises Refusal `model.damaged`, or what is wrong with the file where that is known, `model.gone` where it is no
    longer there, `model.no_vae` where none is in it.
    """
    began = time.monotonic()
    if not model.path.exists():
        raise Refusal("model.gone", name=model.name)
    if vae is None and not model.vae:
        raise Refusal("model.no_vae", name=model.name)
    stamps = stamp(model.path), stamp(vae.path if vae else None)
    dtype = precision.precision(model.path, device, tuning.precision)
    try:
        made = _in_folder(model, dtype) if model.path.is_dir() else _in_file(model, dtype)
        if vae is not None:
            made["vae"] = _vae(vae, single_file.SCALING.get(model.family, 0.18215))
        loaded = Loaded(model=model, device=device, dtype=dtype, tuning=tuning, stamps=stamps, **made)
        _check(loaded)
        for part in loaded.parts:
            part.eval().requires_grad_(False)
        memory.place(loaded)
        switches.prepare(loaded)
    except (*BROKEN, pickle.UnpicklingError) as error:
        if out_of_memory(error):
            raise
        log.warning("model %s cannot be loaded: %s", model.name, error)
        raise _spoiled(model, "model.damaged") from error
    loaded.seconds = time.monotonic() - began
    log.info("model %s loaded in %.1f s", model.name, loaded.seconds)
    return loaded


def with_vae(loaded: Loaded, vae: catalog.Companion) -> Loaded:
    """The same model, all its other parts shared, with another VAE. Raises Refusal `vae.damaged`."""
    other = _vae(vae, float(loaded.vae.config.scaling_factor))
    if len(other.config.block_out_channels) != len(loaded.vae.config.block_out_channels):
        raise Refusal("vae.damaged", name=vae.name)
    stamps = loaded.stamps[0], stamp(vae.path)
    own = other.eval().requires_grad_(False)
    made = replace(loaded, vae=own, stamps=stamps, colours=None, tiny=None, tiny_sought=False)
    memory.join(made)
    switches.lay(made)
    return made


def _vae(vae: catalog.Companion, scaling: float) -> Any:
    try:
        if vae.path.is_dir():
            return diffusers_folder.vae(vae.path)
        return single_file.vae_file(vae.path, scaling)
    except BROKEN as error:
        if out_of_memory(error):
            raise
        log.warning("VAE %s cannot be loaded: %s", vae.name, error)
        raise _spoiled(vae, "vae.damaged") from error


def _spoiled(named: catalog.Model | catalog.Companion, key: str) -> Refusal:
    """What to say of a file that cannot be loaded: what the list says of it by now, else the text of the key."""
    try:
        found = identify(named.path)
    except OSError:
        return Refusal(key, name=named.name)
    spoiled = catalog.Skipped(named.name, named.path, found.problem or key, lacking=found.lacking, lacks=found.lacks)
    return Refusal(spoiled.key, **spoiled.values)


def _in_folder(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    return diffusers_folder.networks(model, dtype) | {
        "hash": _aside(lambda: diffusers_folder.digest(model.path / "unet"))
    }


def _in_file(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    made: dict[str, Any] = {"text_encoder": None, "tokenizer": None} | single_file.networks(model, dtype)
    for tail in ("", "_2"):
        if encoder := made.get(f"text_encoder{tail}"):
            # OpenCLIP fills up with the number 0, which is "!"; CLIP with the token that ends a text.
            fill = {"pad_token": "!"} if encoder.config.hidden_act == "gelu" else {}
            made[f"tokenizer{tail}"] = tokenizer(catalog.DEMO / "tokenizer", **fill)
    config = single_file.schedule(model)
    scheduler = diffusers.DDIMScheduler(**config)
    return made | {
        "schedule": config,
        "signal": scheduler.alphas_cumprod.float(),
        "blank_negative": model.family == "sdxl",
        "hash": _aside(lambda: model_folders.digest(model.path)),
    }


def _check(loaded: Loaded) -> None:
    """Raises ValueError where the parts do not belong together."""
    for words, encoder in loaded.encoders:
        # Without its files transformers makes a tokenizer of two tokens and says nothing.
        if not 256 < len(words) <= encoder.config.vocab_size:
            raise ValueError(f"{len(words)} tokens for {encoder.config.vocab_size} embeddings")
    width = sum(encoder.config.hidden_size for _, encoder in loaded.encoders)
    if not loaded.encoders or loaded.unet.config.cross_attention_dim != width:
        raise ValueError("the UNet and the text encoders do not belong together")


def _aside(work: Callable[[], str]) -> Future[str]:
    """A hash computed in the background, gigabytes take seconds; empty where the file went away meanwhile."""
    future: Future[str] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except OSError:
            future.set_result("")

    threading.Thread(target=run, name="hash", daemon=True).start()
    return future
