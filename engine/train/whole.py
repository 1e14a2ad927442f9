"""The UNet's own weights, in a copy: DreamBooth as it was at first."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from diffusers.loaders import single_file_utils as renaming
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.errors import BadPlan, TrainingFailed
from engine.models.loaded import Loaded
from engine.models.single_file import SCALES
from engine.models.twin import twin
from engine.train.lora_file import KINDS, WEIGHTS, parts, whole_folder, write
from engine.train.pupil import asked, settled, spare
from engine.train.words import Reader
from engine.training_plan import TrainingPlan


class WholePupil:
    """A copy of a model's UNet, in float32, that learns with all its weights; with `ema` a mean of them beside it.
    Raises BadPlan for a model of eight bits, which what is learnt cannot be put back into."""

    def __init__(self, loaded: Loaded, plan: TrainingPlan) -> None:
        self._loaded, self._plan = loaded, plan
        _check_put_back(loaded.model.path)
        settled(loaded)
        self._unet = copy.deepcopy(twin(loaded.unet)).float().train()
        self._unet.requires_grad_(True)
        spare(self._unet, loaded)
        own = dict(self._unet.named_parameters())
        self.weights: dict[str, dict[str, nn.Parameter]] = {"unet": own}
        if plan.ema:
            mean = {name: nn.Parameter(weight.detach().clone(), False) for name, weight in own.items()}
            self.weights["mean"] = mean
        self._read = Reader(loaded, {})

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """As Pupil has it."""
        return [(list(self.weights["unet"].values()), self._plan.unet_rate)]

    def found(
        self, latents: Tensor, times: Tensor, texts: Sequence[str], sizes: Tensor, maps: Tensor | None = None
    ) -> Tensor:
        """As Pupil has it."""
        return asked(self._loaded, self._unet, self._read(texts), latents, times, sizes)

    @torch.no_grad()
    def stepped(self) -> None:
        """Let the mean follow."""
        for name, mean in self.weights.get("mean", {}).items():
            mean.lerp_(self.weights["unet"][name], 1 - self._plan.ema)

    def tensors(self) -> Mapping[str, Tensor]:
        """The UNet's weights by diffusers' names, the mean of them where one is kept, in the model's precision."""
        own = self.weights.get("mean", self.weights["unet"])
        return {name: weight.detach().to("cpu", self._loaded.dtype) for name, weight in own.items()}

    def save(self, path: Path, metadata: Mapping[str, str]) -> None:
        """The model with what was learnt in the place of its UNet, in the form that it has: a file of all tensors, or a
        diffusers folder. Raises TrainingFailed for numbers that are none, OSError."""
        learnt = dict(self.tensors())
        if wrong := next((name for name, one in learnt.items() if not torch.isfinite(one).all()), None):
            raise TrainingFailed(f"{wrong} has numbers that are none", "train.no_numbers")
        base = self._loaded.model.path
        if base.is_file():
            _save_file(base, path, learnt, self._loaded, metadata)
        else:
            _save_folder(base, path, learnt, metadata)


def _check_put_back(base: Path) -> None:
    if not base.is_file():
        return
    with safe_open(base, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 (it is no mapping)
            if name.endswith(SCALES) or file.get_slice(name).get_dtype() not in KINDS.values():
                raise BadPlan("weights of eight bits cannot be put back", "train.eight_bits")


def _save_file(
    base: Path, path: Path, learnt: Mapping[str, Tensor], loaded: Loaded, metadata: Mapping[str, str]
) -> None:
    tensors = load_file(base)
    # The renaming hands the very tensors on, by which their names in the file are known again.
    renamed = renaming.convert_ldm_unet_checkpoint(dict(tensors), loaded.unet.config)
    names = {id(one): name for name, one in tensors.items()}
    for name, one in learnt.items():
        own = names[id(renamed[name])]
        tensors[own] = one.to(tensors[own].dtype)
    with safe_open(base, framework="pt") as file:
        told = dict(file.metadata() or {})
    write(path, parts(tensors, {**told, **metadata}))


def _save_folder(base: Path, path: Path, learnt: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    with whole_folder(path) as made:
        shutil.copytree(base, made, dirs_exist_ok=True, ignore=lambda folder, names: [
            name for name in names if Path(folder) == base / "unet" and name != "config.json"
        ])  # fmt: skip
        write(made / "unet" / WEIGHTS, parts(learnt, {"format": "pt", **metadata}))
