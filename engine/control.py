"""What guides the shapes of a picture: a ControlNet or T2I-Adapter with the map that it follows."""

from __future__ import annotations

from dataclasses import dataclass, fields

from prompts.controls import MOST as MOST  # on one picture
from prompts.prompt import Json


@dataclass(frozen=True, slots=True)
class Control:
    """A `net` by its name in the list of models and companions, and `picture`, SHA-256 (hex) of the **map** that it
    follows, so that a recipe draws the same when preprocessors change.

    `strength` is its weight (0 is none), and it acts from `start` to `end`, shares (0…1) of the steps, at those that
    diffusers' pipelines count: step i of n where i/n ≥ start and (i+1)/n ≤ end. `mode` is "" (balanced), "prompt" (the
    words count more) or "control" (the map counts more), `fit` how a map of another shape is laid on the picture: ""
    (cut), "fill" or "stretch". `mask` is the hash of a picture that is white where it acts (empty: everywhere),
    `stages` whether it acts in the "first" pass or the "second" alone, `type` what a net for several kinds of maps is
    given ("depth"; empty: what its preprocessor makes).

    Nothing is drawn from `source`, the hash of the picture that the map was made of, `preprocessor`, which made it, and
    its thresholds `low` and `high` (below 0: the usual ones): they tell where the map comes from.
    """

    net: str
    picture: str
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    mode: str = ""
    fit: str = ""
    mask: str = ""
    stages: str = ""
    type: str = ""
    source: str = ""
    preprocessor: str = ""
    low: float = -1.0
    high: float = -1.0

    @property
    def files(self) -> tuple[str, ...]:
        """The hashes of the files that it is drawn from."""
        return (self.picture, self.mask) if self.mask else (self.picture,)

    def acts(self, step: int, steps: int) -> bool:
        """Whether it acts at this step, counted from 0."""
        return self.strength != 0 and step / steps >= self.start and (step + 1) / steps <= self.end

    def to_json(self) -> dict[str, Json]:
        """The net, the map, and the fields that are not at their defaults."""
        usual = {one.name: one.default for one in fields(self)}
        said = {name: getattr(self, name) for name in usual}
        return {name: value for name, value in said.items() if value != usual[name]}
