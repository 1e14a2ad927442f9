"""Models and LoRAs that were distilled to need few steps, told by their titles and names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class FewSteps:
    """Steps, sampler and guidance for a model that was distilled to need few steps; `said` is how its title tells."""

    name: str
    said: str
    steps: int
    sampler: str
    guidance: float = 1.0


# In the order of asking: "Hyper-SD" LoRAs and "SDXL Lightning" models also say which model they come from.
FEW_STEPS = (
    FewSteps("lightning", r"lightning", steps=4, sampler="Euler"),
    FewSteps("hyper", r"hyper[-_ ]?(sd|xl)", steps=8, sampler="DDIM"),
    FewSteps("turbo", r"(?<![a-z])turbo", steps=4, sampler="Euler a"),
    FewSteps("lcm", r"(?<![a-z])lcm|latent[-_ ]consistency", steps=6, sampler="LCM", guidance=1.5),
)


def few_steps(title: str, name: str, *, guided: bool = False) -> FewSteps | None:
    """The row for a distilled model or LoRA by the title in its metadata or its name, with the steps that are named
    there ("4step"); None for an ordinary one. `guided` says that its UNet takes the guidance as an input, which LCM's
    alone does and no name can deny."""
    if guided:
        return next(row for row in FEW_STEPS if row.name == "lcm")
    for text in (title, name):
        for row in FEW_STEPS:
            if re.search(row.said, text.casefold()):
                said = re.search(r"(?<![0-9])(1?[0-9])[-_ ]?steps?", text.casefold())
                return replace(row, steps=max(1, int(said[1]))) if said else row
    return None
