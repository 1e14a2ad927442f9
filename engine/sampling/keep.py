"""The rest of a picture of which only a part is redrawn, as diffusers' pipeline holds it in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Keep:
    """The rest of a picture for a model that knows nothing of masks: `clean` latents and the `noise` they are brought
    to each step's level with, both (1, 4, h, w); `mask` (1, 1, h, w) is 1 where to redraw, `rest` where not; `after` is
    the timestep that comes after the row's own, (1,), where another row goes on, and empty where none does."""

    clean: Tensor
    noise: Tensor
    mask: Tensor
    rest: Tensor
    after: Tensor

    @classmethod
    def of(cls, clean: Tensor, noise: Tensor, mask: Tensor, after: Tensor) -> Self:
        """What is kept where the mask is 0."""
        return cls(clean, noise, mask, 1 - mask, after)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What of it is as large as the picture, in the order that it is made of."""
        return self.clean, self.noise, self.mask, self.rest

    def blended(self, latents: Tensor, sampler: Any, left: Tensor) -> Tensor:
        """The latents with what is kept put back, at the level of the first of the timesteps that are left."""
        level = left[:1] if len(left) else self.after
        kept = sampler.add_noise(self.clean, self.noise, level) if len(level) else self.clean
        return self.rest * kept + self.mask * latents
