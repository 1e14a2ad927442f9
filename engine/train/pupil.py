"""The networks while a LoRA is learnt: twins of a model's, which share its weights, with low-rank layers beside
them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


class LoraPupil:
    """A LoRA being learnt on a model, whose own modules never know of it. It holds the model's weights in memory."""

    def __init__(self, loaded: Loaded, plan: TrainingPlan) -> None:
        self._loaded, self._plan = loaded, plan
        settled(loaded)
        self._unet = twin(loaded.unet)
        if loaded.device.type != "cpu" and sum(weight.numel() for weight in self._unet.parameters()) > LARGE:
            self._unet.enable_gradient_checkpointing()
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

    def found(self, latents: Tensor, times: Tensor, texts: Sequence[str], sizes: Tensor) -> Tensor:
        """What the UNet finds in noisy latents (n, 4, h, w), told the texts, and where it wants to know the `sizes`
        (n, 6): the height and width of each picture's file, what was cut off above and to the left, and the height and
        width that are left."""
        loaded = self._loaded
        states, pooled = self._read(texts)
        told = {}
        if loaded.unet.config.addition_embed_type == "text_time":
            assert pooled is not None
            told = {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": sizes.to(loaded.device, states.dtype)}}
        half = loaded.dtype != torch.float32
        with torch.autocast(loaded.device.type, loaded.dtype, enabled=half):
            answer: Tensor = self._unet(
                latents.to(loaded.device, loaded.dtype), times.to(loaded.device), states, return_dict=False, **told
            )[0]
        return answer

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


def settled(loaded: Loaded) -> None:
    """What is learnt with stays on the device, whatever else comes and goes there. Raises Refusal `train.memory` where
    the UNet itself has no room."""
    if loaded.tier.layers:
        raise Refusal("train.memory")
    for part in ("unet", *TEXT):
        if (own := getattr(loaded, part)) and next(own.parameters()).device != loaded.device:
            own.to(loaded.device)
