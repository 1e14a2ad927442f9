"""The owner's rules for everybody who asks for pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.people.limits import Limits
from bot.training.may_train import TrainingRules
from engine.policy import Policy
from engine.tagging import USUAL_THRESHOLDS, Thresholds
from prompts.prompt import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The owner's settings that decide how requests become recipes, and who may ask."""

    models: tuple[Path, ...]
    loras: tuple[Path, ...]
    model: str
    pictures_per_request: int
    assistant: bool = True
    draw: Options = field(default_factory=Options)
    wildcards: tuple[Path, ...] = ()
    admins: frozenset[str] = frozenset()
    access: Limits = field(default_factory=Limits)
    places: Mapping[str, Path] = field(default_factory=dict)  # for what is fetched from a hub, by its kind
    taggers: tuple[Path, ...] = ()
    reader: str = ""  # of tags, where nobody names one
    seen: Thresholds = USUAL_THRESHOLDS  # from which score on tags are told
    metadata: Policy = "embed"  # what the files of pictures say of themselves where nobody chose
    training: TrainingRules = field(default_factory=TrainingRules)
    link: str = ""  # where the page is, for those who have no other way to it

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where everything lies that can be drawn with."""
        return tuple(dict.fromkeys((*self.models, *self.loras)))
