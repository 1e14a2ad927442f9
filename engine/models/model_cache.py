"""The models in memory, kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import torch

from engine.files import catalog
from engine.models import card
from engine.models.loaded import Loaded
from engine.models.loading import load, stamp, with_vae
from engine.models.net_cache import NetCache
from engine.speed.precision import wider
from engine.tuning import USUAL, Tuning

REACH = ("", "bfloat16", "float32")


class ModelCache:
    """The models in memory, the least recently used dropped first when they fill half of the device's memory.

    A model that rows are still being drawn with lives on through those rows. A guest that holds a model's weights is
    told by `leaving` before the last that has them is dropped, and by `give_way` that memory is wanted.
    """

    def __init__(self, device: torch.device, tuning: Tuning = USUAL) -> None:
        self.device = device
        self._tuning = tuning
        self._budget = card.total(device) // 2
        self._loaded: OrderedDict[tuple[str, str], Loaded] = OrderedDict()
        self._nets = NetCache(lambda: self._budget - self._bytes())
        self.leaving: Callable[[Loaded], None] = lambda loaded: None
        self.give_way: Callable[[], bool] = lambda: False
        self._wider: dict[str, str] = {}  # the precision of models whose numbers grew beyond that they were loaded in

    def widen(self, loaded: Loaded) -> str:
        """Have a model loaded in a wider precision from now on, in which its numbers have room; which one, empty where
        there is none. Rows that are being drawn keep the one that they have."""
        name, wanted = loaded.model.name, wider(loaded.dtype, loaded.device)
        if wanted:
            # Another row may have found it out before, and this one be of the model as it was.
            known = self._wider.get(name, "")
            self._wider[name] = wanted = max(known, wanted, key=REACH.index)
            if known != wanted:
                for key in [key for key in self._loaded if key[0] == name]:
                    self._drop(key)
        return wanted

    def holds(self, model: catalog.Model, vae: catalog.Companion | None = None) -> bool:
        """Whether `get` would answer at once."""
        found = self._loaded.get(_key(model, vae))
        stamps = stamp(model.path), stamp(vae.path if vae else None)
        return found is not None and _same(found.model, model) and found.stamps == stamps

    def get(self, model: catalog.Model, vae: catalog.Companion | None = None) -> Loaded:
        """The model, loaded where needed; `vae` takes the place of its own. Raises Refusal `model.damaged`,
        `model.gone`, `model.no_vae` or `vae.damaged`."""
        key = _key(model, vae)
        if not self.holds(model, vae):
            self._forget(model, vae)
            self.give_way()
            if vae is None:
                self._loaded[key] = load(model, self.device, tuning=self._suited(model))
            elif other := self.get(model) if model.vae else self._sibling(model):
                self._loaded[key] = with_vae(other, vae)
            else:
                self._loaded[key] = load(model, self.device, vae, self._suited(model))
            self._loaded[key].nets = self._nets
            self._loaded[key].give_way = lambda: self.give_way()
        self._loaded.move_to_end(key)
        while self._bytes() + self._nets.bytes > self._budget:
            if self._nets.drop_oldest():
                continue
            if not (spare := self._spare()):
                break
            self._drop(spare)
        return self._loaded[key]

    def _suited(self, model: catalog.Model) -> Tuning:
        return replace(self._tuning, precision=self._wider.get(model.name, self._tuning.precision))

    def _sibling(self, model: catalog.Model) -> Loaded | None:
        """The model with any VAE, where one is in memory."""
        return next((loaded for (name, _), loaded in self._loaded.items() if name == model.name), None)

    def _forget(self, model: catalog.Model, vae: catalog.Companion | None) -> None:
        """Drop models that were read from files that have changed since."""
        if _key(model, vae) in self._loaded:
            self._drop(_key(model, vae))
        now = stamp(model.path)
        for key, loaded in list(self._loaded.items()):
            if key[0] == model.name and not (_same(loaded.model, model) and loaded.stamps[0] == now):
                self._drop(key)

    def _drop(self, key: tuple[str, str]) -> None:
        dropped = self._loaded.pop(key)
        if all(other.unet is not dropped.unet for other in self._loaded.values()):
            self.leaving(dropped)

    def _spare(self) -> tuple[str, str] | None:
        """The least recently used one, but for that used last. A model stays as long as it is there with another VAE
        too: its own is all that would be gained."""
        *others, _ = self._loaded
        shared = {name for name, vae in self._loaded if vae}
        return next((key for key in others if key[1] or key[0] not in shared), None)

    @property
    def tiers(self) -> dict[str, str]:
        """How much of each model in memory stays on the device (engine/files/tiers.py), the one used last at the
        end."""
        found: dict[str, str] = {}
        for loaded in self._loaded.values():
            found.pop(loaded.model.name, None)
            found[loaded.model.name] = loaded.tier.name
        return found

    @property
    def all(self) -> tuple[Loaded, ...]:
        """Every model in memory."""
        return tuple(self._loaded.values())

    def _bytes(self) -> int:
        """The memory all weights take; a part that two models share counts once."""
        parts = {id(part): part for loaded in self._loaded.values() for part in loaded.parts}
        return sum(weight.numel() * weight.element_size() for part in parts.values() for weight in part.parameters())

    def drop_all(self) -> None:
        """Forget every model and net, for when memory has run out."""
        for key in tuple(self._loaded):
            self._drop(key)
        self._nets.clear()
        card.release(self.device)


def _key(model: catalog.Model, vae: catalog.Companion | None) -> tuple[str, str]:
    return model.name, vae.name if vae else ""


def _same(one: catalog.Model, other: catalog.Model) -> bool:
    """Whether it is the same model, though its hash or picture may have become known meanwhile."""
    return replace(one, hash="", preview=None) == replace(other, hash="", preview=None)
