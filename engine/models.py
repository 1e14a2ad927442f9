"""Models in memory: diffusers folders and single files of SD 1.x, 2.x and SDXL, kept while there is room."""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from engine import catalog, headers, memory, shelves, single, speed
from engine.adapters import Adapted, FileKey, Lora
from engine.calls import Prepared
from engine.memory import out_of_memory
from engine.speed import USUAL, Tuning
from engine.tiers import TIERS, Layout, Tier
from prompts.errors import Refusal

log = logging.getLogger(__name__)

# What the loaders raise over files that are cut short, are no weights, or do not fit their config.
BROKEN = (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, EOFError, SafetensorError)
READ = {".safetensors", ".bin", ".json", ".txt"}  # of the files in a folder
Stamp = tuple[tuple[str, int, int], ...]  # of files: name, size, time of change
Loras = tuple[tuple[Path, float, float], ...]  # file, weight on the UNet, weight on the text encoder


@dataclass(slots=True, eq=False)
class Loaded:
    """A model ready to draw. The UNet and the text encoders are in `dtype`; the VAE is always float32, so that
    light and dark pictures come out alike on every device. `schedule` is the model's own scheduler configuration
    and `signal` its cumulative alphas, (training steps,), on the CPU. SDXL has a second text encoder, its refiner
    that one alone; `blank_negative` says that zeros stand for an empty negative prompt."""

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
    text_encoder_2: Any = None
    tokenizer_2: Any = None
    blank_negative: bool = False
    # Textual inversions that prompts may name, by their names in small letters, and those that were named.
    concepts: Mapping[str, catalog.Companion] = field(default_factory=dict)
    vectors: dict[tuple[Path, int], tuple[Tensor, ...]] = field(default_factory=dict)
    # Filled by the modules that use them: text embeddings, LoRA files, networks that can carry them, what acts on the
    # text encoders at this moment, the latent → RGB map.
    embeddings: OrderedDict[tuple[Any, ...], tuple[Tensor, Tensor | None]] = field(default_factory=OrderedDict)
    loras: OrderedDict[FileKey, Future[Lora]] = field(default_factory=OrderedDict)
    adapted: dict[str, Adapted] = field(default_factory=dict)
    active: tuple[tuple[FileKey, float], ...] = ()
    layout: Layout = field(default_factory=lambda: Layout(TIERS[0]))
    # What its files were when they were read: the model's, and those of a VAE that is not its own.
    stamps: tuple[Stamp, Stamp] = ((), ())
    # What makes it fast (engine/speed.py): what was asked for, attention's kernels, shapes of UNet calls that were
    # prepared; and what previews are made with (engine/previews.py), once one was asked for.
    tuning: Tuning = field(default=USUAL)
    attention: tuple[str, ...] = ()
    prepared: Prepared | None = None
    colours: tuple[Tensor, Tensor] | None = None
    tiny: Any = None
    tiny_sought: bool = False

    @property
    def scale(self) -> int:
        """Picture pixels per latent pixel, along one side."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def tier(self) -> Tier:
        """What stays on the device."""
        return self.layout.tier

    @tier.setter
    def tier(self, tier: Tier) -> None:
        self.layout.tier = tier

    @property
    def most(self) -> int:
        """The most latent pixels a UNet call may have, 0 until memory has run out."""
        return self.layout.most

    @most.setter
    def most(self, most: int) -> None:
        self.layout.most = most

    @property
    def bytes(self) -> int:
        """The memory the weights take."""
        return sum(weight.numel() * weight.element_size() for part in self.parts for weight in part.parameters())

    @property
    def parts(self) -> tuple[Any, ...]:
        """Its networks."""
        return tuple(filter(None, (self.unet, self.vae, self.text_encoder, self.text_encoder_2)))

    @property
    def encoders(self) -> tuple[tuple[Any, Any], ...]:
        """The tokenizer and the text encoder of each that it has."""
        pairs = (self.tokenizer, self.text_encoder), (self.tokenizer_2, self.text_encoder_2)
        return tuple((tokenizer, encoder) for tokenizer, encoder in pairs if encoder is not None)


class Models:
    """The models in memory, the least recently used dropped first when they fill half of the device's memory.

    A model that rows are still being drawn with lives on through those rows.
    """

    def __init__(self, device: torch.device, tuning: Tuning = USUAL) -> None:
        self.device = device
        self._tuning = tuning
        self._budget = memory.total(device) // 2
        self._loaded: OrderedDict[tuple[str, str], Loaded] = OrderedDict()

    def holds(self, model: catalog.Model, vae: catalog.Companion | None = None) -> bool:
        """Whether `get` would answer at once."""
        found = self._loaded.get(_key(model, vae))
        return found is not None and _same(found.model, model) and found.stamps == (_stamp(model.path), _vae_stamp(vae))

    def get(self, model: catalog.Model, vae: catalog.Companion | None = None) -> Loaded:
        """The model, loaded where needed; `vae` takes the place of its own. Raises Refusal `model.damaged`,
        `model.gone`, `model.no_vae` or `vae.damaged`."""
        key = _key(model, vae)
        if not self.holds(model, vae):
            self._forget(model, vae)
            if vae is None:
                self._loaded[key] = load(model, self.device, tuning=self._tuning)
            elif other := self.get(model) if model.vae else self._sibling(model):
                self._loaded[key] = with_vae(other, vae)
            else:
                self._loaded[key] = load(model, self.device, vae, self._tuning)
        self._loaded.move_to_end(key)
        while self._bytes() > self._budget and (spare := self._spare()):
            del self._loaded[spare]
        return self._loaded[key]

    def _sibling(self, model: catalog.Model) -> Loaded | None:
        """The same model with whatever VAE."""
        return next((loaded for (name, _), loaded in self._loaded.items() if name == model.name), None)

    def _forget(self, model: catalog.Model, vae: catalog.Companion | None) -> None:
        """What was read from files that have changed since."""
        self._loaded.pop(_key(model, vae), None)
        now = _stamp(model.path)
        for key, loaded in list(self._loaded.items()):
            if key[0] == model.name and not (_same(loaded.model, model) and loaded.stamps[0] == now):
                del self._loaded[key]

    def _spare(self) -> tuple[str, str] | None:
        """The least recently used one, but for that used last. A model stays as long as it is there with another VAE
        too: its own is all that would be gained."""
        *others, _ = self._loaded
        shared = {name for name, vae in self._loaded if vae}
        return next((key for key in others if key[1] or key[0] not in shared), None)

    @property
    def tiers(self) -> dict[str, str]:
        """How much of each model in memory stays on the device (engine/tiers.py), the one used last at the end."""
        found: dict[str, str] = {}
        for loaded in self._loaded.values():
            found.pop(loaded.model.name, None)
            found[loaded.model.name] = loaded.tier.name
        return found

    def _bytes(self) -> int:
        """The memory all weights take; a part that two models share counts once."""
        parts = {id(part): part for loaded in self._loaded.values() for part in loaded.parts}
        return sum(weight.numel() * weight.element_size() for part in parts.values() for weight in part.parameters())

    def drop_all(self) -> None:
        """Forget every model, for when memory has run out."""
        self._loaded.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def _key(model: catalog.Model, vae: catalog.Companion | None) -> tuple[str, str]:
    return model.name, vae.name if vae else ""


def _same(one: catalog.Model, other: catalog.Model) -> bool:
    """Whether it is the same model, though its hash or picture may have become known meanwhile."""
    return replace(one, hash="", preview=None) == replace(other, hash="", preview=None)


def _stamp(path: Path) -> Stamp:
    """By which files are known to be as they were; nothing for those that are gone."""
    files = sorted(file for file in path.rglob("*") if file.suffix in READ) if path.is_dir() else [path]
    try:
        return tuple((file.name, (stat := file.stat()).st_size, stat.st_mtime_ns) for file in files)
    except OSError:
        return ()


def _vae_stamp(vae: catalog.Companion | None) -> Stamp:
    return _stamp(vae.path) if vae else ()


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

    Raises Refusal `model.damaged`, `model.gone` where it is no longer there, `model.no_vae` where none is in it.
    """
    began = time.monotonic()
    if not model.path.exists():
        raise Refusal("model.gone", name=model.name)
    if vae is None and not model.vae:
        raise Refusal("model.no_vae", name=model.name)
    stamps = _stamp(model.path), _vae_stamp(vae)
    dtype = speed.precision(model.path, device, tuning.precision)
    try:
        made = _from_folder(model, dtype) if model.path.is_dir() else _from_file(model, dtype)
        if vae is not None:
            made["vae"] = _vae(vae, single.SCALING.get(model.family, 0.18215))
        loaded = Loaded(model=model, device=device, dtype=dtype, tuning=tuning, stamps=stamps, **made)
        _check(loaded)
        for part in loaded.parts:
            part.eval().requires_grad_(False)
        memory.place(loaded)
        speed.prepare(loaded)
    except (*BROKEN, pickle.UnpicklingError) as error:
        if out_of_memory(error):
            raise
        log.warning("model %s cannot be loaded: %s", model.name, error)
        raise Refusal("model.damaged", name=model.name) from error
    loaded.seconds = time.monotonic() - began
    log.info("model %s loaded in %.1f s", model.name, loaded.seconds)
    return loaded


def with_vae(loaded: Loaded, vae: catalog.Companion) -> Loaded:
    """The same model, all its other parts shared, with another VAE. Raises Refusal `vae.damaged`."""
    other = _vae(vae, float(loaded.vae.config.scaling_factor))
    if len(other.config.block_out_channels) != len(loaded.vae.config.block_out_channels):
        raise Refusal("vae.damaged", name=vae.name)
    stamps = loaded.stamps[0], _stamp(vae.path)
    own = other.eval().requires_grad_(False)
    made = replace(loaded, vae=own, stamps=stamps, colours=None, tiny=None, tiny_sought=False)
    memory.join(made)
    return made


def _vae(vae: catalog.Companion, scaling: float) -> Any:
    try:
        if vae.path.is_dir():
            return _part(AutoencoderKL, vae.path, torch.float32)
        return single.vae_file(vae.path, scaling)
    except BROKEN as error:
        if out_of_memory(error):
            raise
        log.warning("VAE %s cannot be loaded: %s", vae.name, error)
        raise Refusal("vae.damaged", name=vae.name) from error


def _from_folder(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    path = model.path
    index = headers.content(path / "model_index.json")
    made: dict[str, Any] = {"text_encoder": None, "tokenizer": None}
    for tail, kind in (("", CLIPTextModel), ("_2", CLIPTextModelWithProjection)):
        named = index.get(f"text_encoder{tail}", [None] if tail else [True])
        if any(named):
            made[f"text_encoder{tail}"] = _part(kind, path / f"text_encoder{tail}", dtype)
            made[f"tokenizer{tail}"] = CLIPTokenizer.from_pretrained(path / f"tokenizer{tail}", local_files_only=True)
    schedule, signal = _schedule(path / "scheduler")
    return made | {
        "unet": _part(UNet2DConditionModel, path / "unet", dtype),
        "vae": _part(AutoencoderKL, path / "vae", torch.float32),
        "schedule": schedule,
        "signal": signal,
        "blank_negative": model.family == "sdxl" and index.get("force_zeros_for_empty_prompt", True) is True,
        "hash": _aside(lambda: _folder_hash(path / "unet")),
    }


def _from_file(model: catalog.Model, dtype: torch.dtype) -> dict[str, Any]:
    made: dict[str, Any] = {"text_encoder": None, "tokenizer": None} | single.networks(model, dtype)
    for tail in ("", "_2"):
        if encoder := made.get(f"text_encoder{tail}"):
            # OpenCLIP fills up with the number 0, which is "!"; CLIP with the token that ends a text.
            fill = {"pad_token": "!"} if encoder.config.hidden_act == "gelu" else {}
            made[f"tokenizer{tail}"] = CLIPTokenizer.from_pretrained(catalog.DEMO / "tokenizer", **fill)
    config = single.schedule(model)
    scheduler = importlib.import_module("diffusers").DDIMScheduler(**config)
    return made | {
        "schedule": config,
        "signal": scheduler.alphas_cumprod.float(),
        "blank_negative": model.family == "sdxl",
        "hash": _aside(lambda: shelves.digest(model.path)),
    }


def _check(loaded: Loaded) -> None:
    """Raises ValueError where the parts do not belong together."""
    for tokenizer, encoder in loaded.encoders:
        # Without its files transformers makes a tokenizer of two tokens and says nothing.
        if not 256 < len(tokenizer) <= encoder.config.vocab_size:
            raise ValueError(f"{len(tokenizer)} tokens for {encoder.config.vocab_size} embeddings")
    width = sum(encoder.config.hidden_size for _, encoder in loaded.encoders)
    if not loaded.encoders or loaded.unet.config.cross_attention_dim != width:
        raise ValueError("the UNet and the text encoders do not belong together")


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
    kind: Any = getattr(importlib.import_module("diffusers"), name)
    # A whole pipeline under that name would load whatever else lies in the folder.
    if not (isinstance(kind, type) and issubclass(kind, importlib.import_module("diffusers").SchedulerMixin)):
        raise ValueError(f"{name} is no scheduler")
    scheduler = kind.from_pretrained(folder)
    config = dict(scheduler.config)
    # Old files lack these two; the pipeline sets them so when it is made.
    if config.get("steps_offset", 1) != 1:
        config["steps_offset"] = 1
    if config.get("clip_sample", False) is True:
        config["clip_sample"] = False
    return config, scheduler.alphas_cumprod.float()


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


def _folder_hash(folder: Path) -> str:
    """The first ten hex digits of the SHA-256 of the UNet's weights."""
    digest = hashlib.sha256()
    for block in _blocks(folder):
        digest.update(block)
    return digest.hexdigest()[:10]


def _blocks(folder: Path) -> Iterator[bytes]:
    safe = [path for path in _weights(folder) if path.suffix == ".safetensors"]
    plain = [path for path in safe if ".fp16." not in path.name]
    for path in plain or safe or _weights(folder):
        with path.open("rb") as file:
            while block := file.read(2**22):
                yield block
