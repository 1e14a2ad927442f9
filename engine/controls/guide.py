"""A control as the row follows it: its net, and what that saw in the map once and for all steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engine import preprocessors
from engine.control import Control
from engine.controls.net import Net
from engine.files.net_purposes import union_type
from engine.pixels.control_map import ControlMap
from prompts.errors import Refusal

SOFT = 0.825  # by which each level counts less than the one further in, where the words count more
SOFT_ADAPTER = (0.25, 0.62, 0.825, 1.0)  # of a T2I-Adapter's four levels
MASKED = -1.0  # of a map in 0…1
LONG, SHORT = 13, 10  # residuals of a net for SD and for SDXL


@dataclass(slots=True, eq=False)
class Guide:
    """A `control` with its `net`. `hint` is what a ControlNet saw in the map, `features` what a T2I-Adapter makes of
    it, `mask` (1, 1, height, width) in 0…1 how much it acts where. `type` is the kind of map that a union net is told.
    `share` is what an entry of its call costs beside one of the UNet's."""

    control: Control
    net: Net
    hint: Tensor | None
    features: tuple[Tensor, ...]
    mask: Tensor | None
    type: int | None
    share: float
    _masks: dict[tuple[int, int], Tensor] = field(default_factory=dict)

    @property
    def one_sided(self) -> bool:
        """Whether it acts on the words' half of guidance alone."""
        return self.control.mode == "control" or self.net.pooled

    def weights(self, count: int) -> list[float]:
        """The weight of each of so many residuals or features, from the outermost inwards."""
        soft = self.control.mode != "" and not self.net.pooled
        own = soft_weights(count, adapter=self.net.kind == "adapter") if soft else [1.0] * count
        return [self.control.strength * one for one in own]

    def masked(self, size: tuple[int, int]) -> Tensor | None:
        """How much it acts where, at a level of this height and width; None for everywhere alike."""
        if self.mask is None:
            return None
        if size not in self._masks:
            self._masks[size] = functional.interpolate(self.mask, size=size, mode="area")
        return self._masks[size]


def soft_weights(count: int, *, adapter: bool = False) -> list[float]:
    """The weights of residuals where the words count more: 0.825^(12 - j) for the j-th of SD's thirteen.

    Of SDXL's ten each has that of the first ten of thirteen, so that the middle has 0.825³: so sd-webui-controlnet has
    it, and so it looks the same here (diffusers' guess mode goes from 0.1 to 1 over the ten). A net of another depth
    goes from the first to the last over its levels.

    Source: `soft_injection` of Mikubill/sd-webui-controlnet."""
    if adapter:
        return list(SOFT_ADAPTER[-count:]) if count <= len(SOFT_ADAPTER) else [1.0] * count
    steps = LONG - 1
    if count == SHORT:
        return [SOFT ** (steps - level) for level in range(count)]
    return [SOFT ** (steps * (1 - level / max(1, count - 1))) for level in range(count)]


@torch.no_grad()
def guide(drawn: ControlMap, net: Net) -> Guide:
    """What a row follows, of a map that is as large as the row's picture. Raises Refusal `control.no_type`."""
    control, device = drawn.control, net.loaded.device
    picture = _shades(drawn.image).to(device)
    if drawn.hole and not net.types:  # nets for inpainting are shown so what is to be drawn anew
        picture = torch.where(_shades(drawn.hole).to(device) > 0.5, MASKED, picture)
    adapter = net.kind == "adapter"
    body, unet = net.network.body, net.loaded.unet
    return Guide(
        control,
        net,
        hint=None if adapter else net.hint(picture),
        features=tuple(net.features(picture)) if adapter else (),
        mask=_shades(drawn.mask).to(device) if drawn.mask else None,
        type=_type(control, net),
        share=0.0 if adapter else _size(body) / max(1, _size(unet)),
    )


def _shades(image: Image.Image) -> Tensor:
    shades = torch.from_numpy(np.asarray(image, np.float32) / 255)
    return shades[None, None] if shades.ndim == 2 else shades.permute(2, 0, 1)[None].contiguous()


def _size(network: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _type(control: Control, net: Net) -> int | None:
    """The number of the map's kind, by what the control says, else by what made the map; None for a net of one
    kind."""
    if not net.types:
        return None
    row = preprocessors.named(control.preprocessor) if control.preprocessor else None
    for kind in (control.type, *(row.kinds if row else ())):
        if (found := union_type(kind, net.types)) is not None:
            return found
    raise Refusal("control.no_type", name=net.name)
