"""Which of them learns, by what a plan says is to be learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.models.loaded import Loaded
from engine.train.control_pupil import ControlPupil
from engine.train.inversion import InversionPupil
from engine.train.pupil import LoraPupil, Pupil
from engine.train.whole import WholePupil
from engine.training_plan import TrainingPlan

PUPILS: Mapping[str, Callable[[Loaded, TrainingPlan], Pupil]] = {
    "lora": LoraPupil, "inversion": InversionPupil, "whole": WholePupil, "controlnet": ControlPupil,
}  # fmt: skip


def pupil(loaded: Loaded, plan: TrainingPlan) -> Pupil:
    """What learns by a plan on a model. Raises BadPlan, Refusal `train.memory`."""
    return PUPILS[plan.learns](loaded, plan)
