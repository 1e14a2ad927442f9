"""The models and files that recipes name, found in the folders and loaded where needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine.adapters import embeddings, loras
from engine.controls import nets
from engine.controls.net import Net
from engine.files import catalog
from engine.models.loaded import Loaded
from engine.models.model_cache import ModelCache
from engine.tuning import Tuning
from prompts.errors import Refusal


@dataclass(frozen=True, slots=True)
class Folders:
    """Where each kind of file lies."""

    models: Sequence[Path] = ()
    loras: Sequence[Path] = ()
    upscalers: Sequence[Path] = ()
    vaes: Sequence[Path] = ()
    embeddings: Sequence[Path] = ()
    detectors: Sequence[Path] = ()
    controlnets: Sequence[Path] = ()
    taggers: Sequence[Path] = ()  # which are no models: none of `all`
    rate: bool = False

    def beside(self, lent: Sequence[Path]) -> Folders:
        """The same with folders before them that LoRAs and embeddings were lent in."""
        return replace(self, loras=(*lent, *self.loras), embeddings=(*lent, *self.embeddings)) if lent else self

    @property
    def checking(self) -> Sequence[Path]:
        """The taggers folders whose taggers look at every finished picture."""
        return self.taggers if self.rate else ()

    @property
    def all(self) -> tuple[Path, ...]:
        """The folders of all kinds, each once."""
        kinds = (self.models, self.loras, self.upscalers, self.vaes, self.embeddings, self.detectors, self.controlnets)
        return tuple(dict.fromkeys(folder for kind in kinds for folder in kind))


class Library:
    """The models in the folders, by name. `loading` is told which one begins to be loaded, `loaded` how many seconds it
    took."""

    def __init__(
        self,
        device: torch.device,
        folders: Folders,
        tuning: Tuning,
        loading: Callable[[str], None],
        loaded: Callable[[float], None],
    ) -> None:
        self.device = device
        self.folders = folders
        self._loading = loading
        self._loaded = loaded
        self._models = ModelCache(device, replace(tuning, tiny=folders.all))

    @property
    def tiers(self) -> dict[str, str]:
        """How much of each model in memory stays on the device, the one used last at the end."""
        return self._models.tiers

    def have_guest(self, leaving: Callable[[Loaded], None], give_way: Callable[[], bool]) -> None:
        """Tell what shares a model's weights before it is dropped, and when memory is wanted; see ModelCache."""
        self._models.leaving, self._models.give_way = leaving, give_way

    def holds(self, name: str) -> bool:
        """Whether a model is in memory. Raises Refusal as `load`."""
        return self._models.holds(*self._named(name, ""))

    def load(self, name: str, vae: str = "") -> float:
        """Have a model in memory; the seconds it took to load, 0 where it was there. Raises Refusal for one that is
        unknown or cannot be loaded."""
        model, other = self._named(name, vae)
        if self._models.holds(model, other):
            return 0.0
        began = time.monotonic()
        self._loading(model.name)
        self._models.get(model, other)
        return time.monotonic() - began

    def model(self, name: str, vae: str = "", *, lent: Sequence[Path] = ()) -> Loaded:
        """A model, with a VAE of that name in the place of its own, and all embeddings it may be told of, those that
        were `lent` with them. Raises Refusal as `load`."""
        model, other = self._named(name, vae)
        if not self._models.holds(model, other):
            seconds = 0.0
            try:
                seconds = self.load(model.name, vae)
            finally:
                self._loaded(seconds)
        loaded = self._models.get(model, other)
        embeddings.learn(loaded, catalog.embeddings(self.folders.beside(lent).embeddings))
        return loaded

    def net(self, name: str, loaded: Loaded) -> Net:
        """A net by its name, beside a model. Raises Refusal `control.unknown`, `control.none` or `control.damaged`."""
        return nets.load(self._net(name, loaded), loaded)

    def nets_ready(self, names: Sequence[str], loaded: Loaded) -> bool:
        """Whether `net` would answer at once for each, be it with a Refusal; else they are read meanwhile."""
        try:
            return nets.ready([self._net(name, loaded) for name in names], loaded)
        except Refusal:
            return True

    def _net(self, name: str, loaded: Loaded) -> catalog.Companion:
        folders = self.folders.all
        return catalog.controlnet(catalog.controlnets(folders), name, folders)

    def widen(self, loaded: Loaded) -> str:
        """Have a model loaded in a wider precision from now on; which one, empty where there is none."""
        return self._models.widen(loaded)

    def forget_gone(self) -> None:
        """Have nothing in memory of LoRAs and embeddings whose files are gone."""
        for loaded in self._models.all:
            loras.forget_gone(loaded)

    def drop_all(self) -> None:
        """Forget every model, for when memory has run out."""
        self._models.drop_all()

    def _named(self, name: str, vae: str) -> tuple[catalog.Model, catalog.Companion | None]:
        models, vaes = self.folders.models, self.folders.vaes
        model = catalog.model(catalog.models(models), name, models)
        return model, catalog.vae(catalog.vaes(vaes), vae, vaes) if vae else None
