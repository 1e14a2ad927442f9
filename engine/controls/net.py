"""A net that guides the shapes of pictures, as the rows that are drawn ask it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models import memory
from engine.models.loaded import Loaded

GREY = (0.299, 0.587, 0.114)  # the share of red, green and blue in a grey picture, as Pillow has it


class MadeForAnother(ValueError):
    """A net that was made for another UNet."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The networks of a net, in memory once for all models that it guides. `eyes` are the layers of a ControlNet that
    read a map, which see each map once and not at every step; `body` is the rest, or a whole T2I-Adapter. `types`
    counts the kinds of maps of a union net (0: it is none), `pooled` says that what it answers has no place (a net for
    shuffled pictures), `swapped` that it takes red and blue in each other's place."""

    kind: Literal["control", "adapter"]
    body: Any
    eyes: nn.Module | None = None
    types: int = 0
    pooled: bool = False
    swapped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """A net beside the model whose UNet it guides, in that UNet's precision and on its device. One of `kind` "control"
    is asked at every step (`hint`, `residuals`), an "adapter" once a picture (`features`)."""

    name: str
    network: Network
    loaded: Loaded

    @property
    def kind(self) -> Literal["control", "adapter"]:
        """What it is asked: residuals or features."""
        return self.network.kind

    @property
    def types(self) -> int:
        """How many kinds of maps a union net tells apart; 0 for a net of one kind."""
        return self.network.types

    @property
    def pooled(self) -> bool:
        """Whether its residuals have no place, (n, channels, 1, 1): it then acts on the words' half of guidance
        only."""
        return self.network.pooled

    @torch.no_grad()
    def hint(self, picture: Tensor) -> Tensor:
        """What a ControlNet sees in a map, (1, channels, h, w) of the latents' size, to be kept for all steps.
        `picture` is (1, 3, 8h, 8w) in 0…1."""
        eyes = self.network.eyes
        assert eyes is not None
        taken = self._taken(picture)
        with memory.beside(self.loaded, eyes):
            return torch.as_tensor(eyes(taken.flip(1) if self.network.swapped else taken))

    @torch.no_grad()
    def residuals(
        self,
        samples: Tensor,
        times: Tensor,
        words: Tensor,
        hint: Tensor,
        added: Mapping[str, Tensor] | None = None,
        type: int | None = None,
    ) -> tuple[list[Tensor], Tensor]:
        """What it adds to the UNet's skip connections, from the outermost inwards, and to its middle, for n entries of
        a call: samples (n, 4, h, w) as the UNet takes them (of more channels the first four count), times (n,), words
        (n, tokens, width), hints (n, …). `added` is what SDXL's UNet is told besides; `type` the number of the map's
        kind for a union net."""
        body, count = self.network.body, len(samples)
        said: dict[str, Any] = {"added_cond_kwargs": dict(added)} if added else {}
        seen: Any = hint
        if self.types:
            assert type is not None
            kinds = torch.zeros(count, self.types, device=samples.device, dtype=samples.dtype)
            kinds[:, type] = 1
            said |= {"control_type": kinds, "control_type_idx": [type]}
            seen = [hint]
        with memory.beside(self.loaded, body):
            down, middle = body(
                samples[:, : body.config.in_channels],
                times,
                encoder_hidden_states=words,
                controlnet_cond=seen,
                return_dict=False,
                **said,
            )
        return list(down), middle

    @torch.no_grad()
    def features(self, picture: Tensor) -> list[Tensor]:
        """What a T2I-Adapter adds to each level of the UNet on its way down, (1, channels, …) each, the same for all
        steps. `picture` is (1, 3, height, width) in 0…1."""
        body = self.network.body
        taken, side = self._taken(picture), int(body.downscale_factor)
        if body.config.in_channels == 1:
            taken = (taken * taken.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
        height, width = taken.shape[-2:]
        taken = functional.pad(taken, (0, -width % side, 0, -height % side), mode="replicate")
        with memory.beside(self.loaded, body):
            return list(body(taken))

    def _taken(self, picture: Tensor) -> Tensor:
        return picture.to(self.loaded.device, self.loaded.dtype)
