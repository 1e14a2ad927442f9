"""The card of a training: what is known of it, its newest samples, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat import Button, Card, Field, Say, Shown
from storage.trainings import KeptPicture, KeptSample, KeptTraining

BUTTONS = {
    "draft": ("train_start", "train_delete"),
    "waiting": ("train_pause", "train_stop", "train_delete"),
    "running": ("train_pause", "train_stop", "train_delete"),
    "paused": ("train_go_on", "train_stop", "train_delete"),
    "done": ("train_share", "train_download", "train_delete"),
    "cancelled": ("train_again", "train_download", "train_delete"),
    "failed": ("train_go_on", "train_again", "train_delete"),
}


def training_card(kept: KeptTraining, pictures: Sequence[KeptPicture], samples: Sequence[KeptSample]) -> Card:
    """How a training is, in the place of the card that was there before."""
    last = max((one.step for one in samples if one.picture), default=0)
    shown = tuple(Shown(one.picture, one.hash, one.width, one.height) for one in samples if one.step == last and one.hash)
    fields = [Field(Say("train.field.pictures"), str(len(pictures)))]
    if kept.steps:
        fields.append(Field(Say("train.field.step"), f"{kept.step} / {kept.steps}"))
    if kept.losses:
        fields.append(Field(Say("train.field.loss"), f"{kept.losses[-1]:.3f}"))
    if kept.reason:
        fields.append(Field(Say("train.field.reason"), Say(kept.reason, dict(kept.reason_values))))  # type: ignore[arg-type]
    buttons = tuple(Button(one, kept.id, danger=one == "train_delete") for one in BUTTONS[kept.state])
    text = Say(f"train.state.{kept.state}", {"name": kept.name, "trigger": kept.trigger})
    return Card(text=text, fields=tuple(fields), pictures=shown, buttons=buttons, panel=True)
