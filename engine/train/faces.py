"""Faces in pictures that are to be learnt from: looked for before anything begins, as somebody has to have agreed."""

from __future__ import annotations

from pathlib import Path

from engine.finish import blaze
from engine.train.seen import opened
from engine.training_plan import TrainingPlan
from prompts.errors import Refusal


def check_faces(plan: TrainingPlan, folder: Path) -> None:
    """Raises Refusal `train.consent` where one of the pictures of what is new shows a face, or the kind is a person,
    and nobody has agreed; `train.no_face` where a person is to be learnt from pictures of which not half show one."""
    if plan.consent and plan.kind != "person":
        return
    files = {one.file: one for one in plan.new}
    shown = sum(bool(blaze.faces(opened(folder, one).convert("RGB"))) for one in files.values())
    if (shown or plan.kind == "person") and not plan.consent:
        raise Refusal("train.consent", count=shown)
    if plan.kind == "person" and 2 * shown < len(files):
        raise Refusal("train.no_face", count=len(files) - shown)
