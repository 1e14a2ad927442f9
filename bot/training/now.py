"""How a training is at this moment: all that its card tells."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat import Say
from storage.trainings import KeptPicture, KeptSample, KeptTraining


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """How long a training is likely to take: its steps, how often pictures are shown, minutes by the clock while nobody
    draws, and seconds of the device, which count to the quota; `left` are those the person has today (None: as many as
    they like)."""

    steps: int
    views: int
    minutes: int
    seconds: int
    left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingNow:
    """A training with its pictures and samples; `files` are the steps whose files are kept. Of a draft the estimate, or
    why there is none (`refused`), whether somebody has to agree first, and the presets that suit its model; of one that
    is under way its place among those that wait (0: none), whether it rests because somebody is drawn for, and the
    seconds it will take."""

    kept: KeptTraining
    pictures: tuple[KeptPicture, ...] = ()
    samples: tuple[KeptSample, ...] = ()
    files: tuple[int, ...] = ()
    estimate: TrainingEstimate | None = None
    refused: Say | None = None
    consent_needed: bool = False
    presets: tuple[str, ...] = ()
    waits_at: int = 0
    resting: bool = False
    seconds_left: float = 0.0
