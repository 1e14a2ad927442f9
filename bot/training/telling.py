"""How a training is at this moment, put together for its card and the page."""

from __future__ import annotations

from contextlib import suppress

from bot.chat import Press, Request, Say
from bot.training import beginning, choosing, drafting, looked_at
from bot.training.classroom import Classroom
from bot.training.now import TrainingNow
from prompts.errors import Refusal
from storage import trainings
from storage.trainings import KeptPicture, KeptTraining


async def pictures(studio: Classroom, kept: KeptTraining) -> list[KeptPicture]:
    """Its pictures, in order, with all that is to be known of them."""
    found = await trainings.pictures(studio.db, kept.id)
    model, plan = await choosing.model_of(studio, kept), kept.plan
    if plan is None and found and model:
        with suppress(Refusal):
            plan = drafting.sketch(kept, found, model)
    return looked_at.told(found, plan, kept.kind, str(kept.wishes.get("preset") or "")) if plan else found


async def now(
    studio: Classroom, kept: KeptTraining, files: tuple[int, ...], resting: bool, asked: Request | Press | None
) -> TrainingNow:
    """All that a card of it tells; `files` are the steps whose files are kept, and of a draft the day's seconds are
    those of whoever has `asked`."""
    estimate, refused = None, None
    if kept.state == "draft":
        try:
            estimate = await beginning.estimate(studio, kept, asked)
        except Refusal as refusal:
            refused = Say(refusal.key, refusal.values)
    waiting, found = list(studio.queue.trainings.waiting), await pictures(studio, kept)
    left = kept.seconds / kept.step * (kept.steps - kept.step) if kept.step and kept.active else 0.0
    return TrainingNow(
        kept=kept,
        pictures=tuple(found),
        samples=tuple(await trainings.samples(studio.db, kept.id)),
        files=files,
        estimate=estimate,
        refused=refused,
        consent_needed=beginning.needs_consent(kept, found),
        presets=drafting.presets(await choosing.model_of(studio, kept), kept.kind),
        waits_at=waiting.index(kept.id) + 1 if kept.id in waiting else 0,
        resting=resting,
        seconds_left=left,
    )
