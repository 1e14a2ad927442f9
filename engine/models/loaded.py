"""The type of a model in memory, and what the loaders raise: below all that loads models or draws with one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import Tensor

from engine.adapters.low_rank import Adapted
from engine.adapters.mix import FileKey, Lora
from engine.files import catalog
from engine.files.tiers import TIERS, Tier
from engine.models.call_memory import CallMemory
from engine.models.net_cache import NetCache
from engine.speed.batched_call import Prepared
from engine.tuning import USUAL, Tuning
from prompts.grammar.lora_elements import Rules

# What the loaders raise over files that are cut short, are no weights, or do not fit their config.
BROKEN = (
    OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, EOFError, SafetensorError,
    StrictDataclassError,
)  # fmt: skip
Stamp = tuple[tuple[str, int, int], ...]  # of files: name, size, time of change
Blocks = tuple[float, ...]  # the weights of prompts/grammar/lora_blocks.py's BLOCKS


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when a LoRA acts: the weights of its blocks (none: all alike), the steps that are done when it begins
    to and when it ceases to (None: never) on the UNet, and the rules for single layers."""

    blocks: Blocks = ()
    start: int = 0
    stop: int | None = None
    elements: Rules = ()

    def covers(self, done: int) -> bool:
        """Whether it acts in the step that comes after so many. As in sd-webui-lora-block-weight the first step counts
        as the second does."""
        return self.start <= max(done, 1) and (self.stop is None or max(done, 1) < self.stop)


EVERYWHERE = Scope()
# File, weight on the UNet, weight on the text encoder, and where and when it acts where that is not all over.
Loras = tuple[tuple[Path, float, float, *tuple[Scope, ...]], ...]


# What else filled a card when a call did not fit (another program, a model that has gone since) may be gone after some
# pictures: so many calls are ten of 20 steps. A try that fails costs one call.
PATIENCE, LONGEST = 200, 6400


@dataclass(slots=True, eq=False)
class Layout:
    """Where the parts of a model lie: one for all who share its UNet, with whichever VAE. `most` is the most latent
    pixels a UNet call may have, 0 until memory has run out; `vaes` are those it is decoded with. Who holds `settled`
    keeps the VAE where and as it is."""

    tier: Tier
    most: int = 0
    vaes: WeakSet[Any] = field(default_factory=WeakSet)
    settled: threading.RLock = field(default_factory=threading.RLock)
    nets_stay: bool = True  # beside the UNet, where it stays; until memory has run out
    calls: int = 0  # of the UNet since `most` was set
    patience: int = PATIENCE

    def narrow(self, most: int) -> None:
        """Let calls have no more latent pixels than so many, for longer each time that memory has run out."""
        self.patience = min(2 * self.patience, LONGEST) if self.most else self.patience
        self.most, self.calls = most, 0

    def went_well(self) -> None:
        """Note a call for which there was memory: after many of them more is tried again."""
        self.calls += 1
        if self.most and self.calls >= self.patience:
            self.most, self.calls = self.most * 3 // 2, 0


@dataclass(slots=True, eq=False)
class Loaded:
    """A model ready to draw. The UNet and the text encoders are in `dtype`; the VAE's weights are always float32,
    so that light and dark pictures come out alike on every device. `schedule` is the model's own scheduler
    configuration and `signal` its cumulative alphas, (training steps,), on the CPU. SDXL has a second text encoder, its
    refiner that one alone; `blank_negative` says that zeros stand for an empty negative prompt."""

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
    vectors: dict[tuple[Path, int, str], tuple[Tensor, ...]] = field(default_factory=dict)
    # Filled by the modules that use them: text embeddings, LoRA files, networks that can carry them, nets that guide
    # the UNet (shared by the models of a device), what acts on the text encoders at this moment, the latent → RGB map.
    embeddings: OrderedDict[tuple[Any, ...], tuple[Tensor, Tensor | None]] = field(default_factory=OrderedDict)
    loras: OrderedDict[FileKey, Future[Lora]] = field(default_factory=OrderedDict)
    adapted: dict[str, Adapted] = field(default_factory=dict)
    nets: NetCache = field(default_factory=NetCache)
    active: tuple[tuple[FileKey, float, object], ...] = ()
    # Likewise what samplers do (engine/worker/tapes.py), and what batches are told (engine/worker/batch.py).
    tapes: OrderedDict[object, Any] = field(default_factory=OrderedDict)
    joined: OrderedDict[object, Any] = field(default_factory=OrderedDict)
    answered: CallMemory = field(default_factory=CallMemory)  # engine/worker/recall.py
    layout: Layout = field(default_factory=lambda: Layout(TIERS[0]))
    # What its files were when they were read: the model's, and those of a VAE that is not its own.
    stamps: tuple[Stamp, Stamp] = ((), ())
    # For drawing fast (engine/tuning.py, engine/speed/): what was asked for, attention's kernels, shapes of UNet calls
    # that were prepared; and what previews are made with (engine/worker/previews.py), once one was asked for.
    tuning: Tuning = field(default=USUAL)
    attention: tuple[str, ...] = ()
    prepared: Prepared | None = None
    colours: tuple[Tensor, Tensor] | None = None
    tiny: Any = None
    tiny_sought: bool = False
    # Where memory has run out: has what is only a guest on the device give way, once; False where none did.
    give_way: Callable[[], bool] = field(default=lambda: False)

    @property
    def scale(self) -> int:
        """Picture pixels per latent pixel, along one side."""
        return int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def tier(self) -> Tier:
        """The tier, which says what stays on the device."""
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
