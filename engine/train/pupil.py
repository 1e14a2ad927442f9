"""What learns: the protocol of it, and LoRAs: twins of a model's networks, which share its weights, with low-rank
layers beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from engine.files import lora_names
from engine.models.loaded import Loaded
from engine.models.twin import twin
from engine.train.lora_layers import alphas, grown, kohya_names
from engine.train.words import Reader
from engine.training_plan import TrainingPlan
from prompts.errors import Refusal

LARGE = 300_000_000  # weights of a UNet from which it keeps few activations on a graphics card, and computes them again
TEXT = ("text_encoder", "text_encoder_2")


class Pupil(Protocol):
    """What learns on a model, whose own modules never know of it."""

    @property
    def weights(self) -> Mapping[str, Mapping[str, nn.Parameter]]:
        """All that is in a checkpoint, by part and name."""
        ...

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """The weights that learn at each rate."""
        ...

    def found(
        self, latents: Tensor, times: Tensor, texts: Sequence[str], sizes: Tensor, maps: Tensor | None = None
    ) -> Tensor:
        """What the UNet finds in noisy latents (n, 4, h, w), told the texts, and where it wants to know the `sizes`
        (n, 6): the height and width of each picture's file, what was cut off above and to the left, and the height and
        width that are left. `maps` (n, 3, 8h, 8w) in 0…1 are a net's."""
        ...

    def stepped(self) -> None:
        """Do what is to be done after each step."""
        ...

    def tensors(self) -> Mapping[str, Tensor]:
        """What was learnt, as it stands in a file."""
        ...


class LoraPupil:
    """A LoRA being learnt on a model, whose own modules never know of it. It holds the model's weights in memory."""

    def __init__(self, loaded: Loaded, plan: TrainingPlan) -> None:
        self._loaded, self._plan = loaded, plan
        settled(loaded)
        self._unet = twin(loaded.unet)
        spare(self._unet, loaded)
        networks = {"unet": self._unet}
        if plan.text_rate:
            networks |= {part: twin(own) for part in TEXT if (own := getattr(loaded, part)) is not None}
        self._alphas = {part: alphas(part, network, plan) for part, network in networks.items()}
        self.weights: dict[str, dict[str, nn.Parameter]] = {
            part: grown(part, network, plan) for part, network in networks.items()
        }
        self._read = Reader(loaded, {part: network for part, network in networks.items() if part in TEXT})

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """The weights that learn at each rate."""
        plan = self._plan
        return [
            (list(own.values()), plan.unet_rate if part == "unet" else plan.text_rate)
            for part, own in self.weights.items()
        ]

    def found(
        self, latents: Tensor, times: Tensor, texts: Sequence[str], sizes: Tensor, maps: Tensor | None = None
    ) -> Tensor:
        """As Pupil has it."""
        return asked(self._loaded, self._unet, self._read(texts), latents, times, sizes)

    def stepped(self) -> None:
        """Nothing."""

    def tensors(self) -> Mapping[str, Tensor]:
        """The weights as they stand in a file of kohya's kind, halves in float16 and an alpha for each layer."""
        depth = lora_names.resnets(self._loaded.unet.config.layers_per_block)
        xl = self._loaded.text_encoder_2 is not None
        found: dict[str, Tensor] = {}
        for part, own in self.weights.items():
            names = kohya_names(part, self._alphas[part], depth, xl=xl)
            for name, weight in own.items():
                layer, half = name.rsplit(".lora_", 1)
                found[f"{names[layer]}.lora_{half}"] = weight.detach().to("cpu", torch.float16)
            for layer, alpha in self._alphas[part].items():
                found[f"{names[layer]}.alpha"] = torch.tensor(float(alpha))
        return found


def asked(
    loaded: Loaded,
    unet: Any,
    said: tuple[Tensor, Tensor | None],
    latents: Tensor,
    times: Tensor,
    sizes: Tensor,
    net: Any = None,
    maps: Tensor | None = None,
) -> Tensor:
    """What a UNet answers, told what the encoders made of texts, guided by a net where there is one."""
    states, pooled = said
    told: dict[str, Any] = {}
    if loaded.unet.config.addition_embed_type == "text_time":
        assert pooled is not None
        told = {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": sizes.to(loaded.device, states.dtype)}}
    half = loaded.dtype != torch.float32
    seen, when = latents.to(loaded.device, loaded.dtype), times.to(loaded.device)
    with torch.autocast(loaded.device.type, loaded.dtype, enabled=half):
        if net is not None:
            assert maps is not None
            down, middle = net(
                seen, when, encoder_hidden_states=states, controlnet_cond=maps.to(loaded.device), return_dict=False,
                **told,
            )  # fmt: skip
            told |= {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
        answer: Tensor = unet(seen, when, states, return_dict=False, **told)[0]
    return answer


def spare(network: Any, loaded: Loaded) -> None:
    """Have a large network keep few activations on a graphics card, and compute them again."""
    if loaded.device.type != "cpu" and sum(weight.numel() for weight in network.parameters()) > LARGE:
        network.enable_gradient_checkpointing()


def settled(loaded: Loaded) -> None:
    """What is learnt with stays on the device, whatever else comes and goes there. Raises Refusal `train.memory` where
    the UNet itself has no room."""
    if loaded.tier.layers:
        raise Refusal("train.memory")
    for part in ("unet", *TEXT):
        if (own := getattr(loaded, part)) and next(own.parameters()).device != loaded.device:
            own.to(loaded.device)
