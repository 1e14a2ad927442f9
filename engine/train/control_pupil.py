"""ControlNets: a copy of a UNet's way down that reads maps, and at first says nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from torch import Tensor, nn
from torch.nn import functional

from engine.errors import TrainingFailed
from engine.models.loaded import Loaded
from engine.models.twin import twin
from engine.train.dice import Purpose, dice
from engine.train.lora_file import WEIGHTS, parts, whole_folder, write
from engine.train.pupil import asked, settled, spare
from engine.train.words import Reader
from engine.training_plan import TrainingPlan

EYES = 8  # pixels of a map for one of the latents


class ControlPupil:
    """A ControlNet for a model's UNet, which stays as it is."""

    def __init__(self, loaded: Loaded, plan: TrainingPlan) -> None:
        self._loaded, self._plan = loaded, plan
        settled(loaded)
        self._unet = twin(loaded.unet)
        self._unet.requires_grad_(False)
        net = ControlNetModel.from_unet(loaded.unet).float()
        _eyes(net.controlnet_cond_embedding, plan.seed)
        net.requires_grad_(True)
        self._net = net.to(loaded.device).train()
        for network in (self._unet, self._net):
            spare(network, loaded)
        self.weights: dict[str, dict[str, nn.Parameter]] = {"net": dict(net.named_parameters())}
        self._read = Reader(loaded, {})

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """As Pupil has it."""
        return [(list(self.weights["net"].values()), self._plan.unet_rate)]

    def found(
        self, latents: Tensor, times: Tensor, texts: Sequence[str], sizes: Tensor, maps: Tensor | None = None
    ) -> Tensor:
        """As Pupil has it."""
        assert maps is not None
        wanted = [EYES * side for side in latents.shape[-2:]]  # whatever the VAE makes of pictures
        if list(maps.shape[-2:]) != wanted:
            maps = functional.interpolate(maps, wanted, mode="area")
        return asked(self._loaded, self._unet, self._read(texts), latents, times, sizes, self._net, maps)

    def stepped(self) -> None:
        """Nothing."""

    def tensors(self) -> Mapping[str, Tensor]:
        """The net as diffusers names its layers, in float16."""
        return {name: weight.detach().to("cpu", torch.float16) for name, weight in self._net.state_dict().items()}

    def save(self, path: Path, metadata: Mapping[str, str]) -> None:
        """The net as a file, or where the path has no ending as a diffusers folder. Raises TrainingFailed, OSError."""
        tensors = self.tensors()
        if wrong := next((name for name, one in tensors.items() if not torch.isfinite(one).all()), None):
            raise TrainingFailed(f"{wrong} has numbers that are none", "train.no_numbers")
        if path.suffix:
            write(path, parts(tensors, metadata))
            return
        with whole_folder(path) as made:
            self._net.save_config(made)
            write(made / WEIGHTS, parts(tensors, metadata))


def _eyes(layers: nn.Module, seed: int) -> None:
    """Give the layers that read maps, which no UNet has, the numbers of the plan's seed; the last of them stays 0."""
    for place, (name, weight) in enumerate(layers.named_parameters()):
        if name.startswith("conv_out"):
            continue
        fan = weight[0].numel() if weight.dim() > 1 else 1
        bound = 1 / math.sqrt(fan) if weight.dim() > 1 else 0.0
        random = dice(seed, Purpose.WEIGHTS, 1, place).uniform(-bound, bound, tuple(weight.shape))
        with torch.no_grad():
            weight.copy_(torch.from_numpy(random))
