"""LoRA files with random weights, for any model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.models.loaded import Loaded

Shapes = dict[str, torch.Size]


def layers(network: nn.Module) -> Shapes:
    """The weights' shapes of the layers that a LoRA can reach."""
    found = (nn.Linear, nn.Conv2d)
    return {name: layer.weight.shape for name, layer in network.named_modules() if isinstance(layer, found)}


def pair(shape: torch.Size, rank: int, noise: torch.Generator) -> tuple[Tensor, Tensor]:
    """Both halves for a layer, as strong as the layer itself."""
    out, into, *kernel = shape
    down = torch.randn((rank, into, *kernel), generator=noise) / (into * rank) ** 0.5
    return down, torch.randn((out, rank, *[1] * len(kernel)), generator=noise)


def kohya(path: Path, loaded: Loaded, seed: int, wanted: Sequence[str], rank: int = 4) -> Path:
    """A file in kohya's format over the layers that have one of these words in their names; the ranks differ."""
    noise = torch.Generator().manual_seed(seed)
    weights = {}
    networks = {"lora_unet": loaded.unet, "lora_te_text_model": loaded.text_encoder}
    if loaded.text_encoder_2 is not None:
        networks = {
            "lora_unet": loaded.unet,
            "lora_te1_text_model": loaded.text_encoder,
            "lora_te2_text_model": loaded.text_encoder_2,
        }
    for prefix, network in networks.items():
        for index, (name, shape) in enumerate(layers(network).items()):
            if any(word in name for word in wanted):
                stem = f"{prefix}_{name.removeprefix('text_model.').replace('.', '_')}"
                weights[f"{stem}.lora_down.weight"], weights[f"{stem}.lora_up.weight"] = pair(
                    shape, rank + index % 2, noise
                )
                weights[f"{stem}.alpha"] = torch.tensor(rank / 2)
    save_file(weights, path)
    return path
