"""Tiny nets with random weights; what is zero at birth is noise, as a net that answers nothing proves nothing."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import ControlNetModel
from torch import Tensor, nn

from engine.models.loaded import Loaded

SIDE = 64  # of a map, in pixels


def noisy(network: Any, seed: int = 1) -> Any:
    """The same with noise where it is zero."""
    noise = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            if not bool(weight.any()):
                weight.copy_(torch.randn(weight.shape, generator=noise) * 0.3)
    return network.eval()


def control(unet: Any, seed: int = 1, **changes: Any) -> Any:
    """A ControlNet for this UNet."""
    torch.manual_seed(seed)
    return noisy(ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 16), **changes), seed)


def picture(seed: int = 3) -> Tensor:
    """A map, (1, 3, SIDE, SIDE) in 0…1."""
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def call(loaded: Loaded) -> tuple[Tensor, Tensor, Tensor]:
    """What a UNet is called with for two entries: samples, times, words."""
    noise = torch.Generator().manual_seed(4)
    words = torch.randn(2, 77, loaded.unet.config.cross_attention_dim, generator=noise)
    return torch.randn(2, 4, SIDE // 8, SIDE // 8, generator=noise), torch.tensor([900, 101]), words


def parts(network: nn.Module) -> dict[str, Tensor]:
    """Copies of its weights by name."""
    return {name: weight.detach().clone().contiguous() for name, weight in network.state_dict().items()}
