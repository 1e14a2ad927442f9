"""What has to be so before a training begins, or goes on: pictures enough, somebody's consent, seconds left of the
day."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat import Press, Request
from bot.people import quotas
from bot.training import captions, choosing, drafting, looked_at
from bot.training.classroom import Classroom
from bot.training.now import TrainingEstimate
from engine.training_plan import MAX_PICTURES, MIN_PICTURES
from prompts.errors import Refusal
from storage import trainings
from storage.trainings import ACTIVE, KeptPicture, KeptTraining


def needs_consent(kept: KeptTraining, pictures: Sequence[KeptPicture]) -> bool:
    """Whether somebody has to agree before it can begin: it is of a person, or a face was found."""
    return kept.consent is None and (kept.kind == "person" or any(one.faces for one in pictures if not one.prior))


def check_pictures(kept: KeptTraining, pictures: Sequence[KeptPicture]) -> None:
    """Raises Refusal where they are too few or many, or nobody has agreed to being learnt."""
    new = [one for one in pictures if not one.prior]
    if not MIN_PICTURES <= len(new) <= MAX_PICTURES:
        raise Refusal("train.count", count=len(new), least=MIN_PICTURES, most=MAX_PICTURES)
    faces = sum(bool(one.faces) for one in new)
    if needs_consent(kept, new):
        raise Refusal("train.consent_first", count=faces)
    if kept.kind == "person" and 2 * faces < len(new):
        raise Refusal("training.no_faces", count=len(new) - faces)
    if kept.kind == "person" or faces:
        for one in new:
            captions.check(captions.of_picture(one), one.name, person=True)
            looked_at.check_adult(one)


async def daily(studio: Classroom, asked: Request | Press, training: str) -> int:
    """The seconds a day that a person has for one more; 0: no limit. Raises Refusal `train.active`,
    `access.seconds`."""
    if asked.person.admin:
        return 0
    limit = studio.rules.training.active
    others = [one for one in await trainings.of_person(studio.db, asked.person.id, ACTIVE) if one.id != training]
    if len(others) >= limit:
        raise Refusal("train.active", limit=limit)
    await quotas.check_seconds(studio.db, studio.rules.access, asked, studio.now())
    today = await quotas.allowance(studio.db, studio.rules.access, asked, studio.now())
    return today.seconds


async def estimate(studio: Classroom, kept: KeptTraining, asked: Request | Press | None = None) -> TrainingEstimate:
    """What a training would take as it is now. Raises Refusal for what cannot be learnt."""
    pictures = await trainings.pictures(studio.db, kept.id)
    if not pictures:
        raise Refusal("train.count", count=0, least=MIN_PICTURES, most=MAX_PICTURES)
    left = None
    if asked is not None and not asked.person.admin:
        today = await quotas.allowance(studio.db, studio.rules.access, asked, studio.now())
        left = max(0, round(today.seconds - today.used.seconds)) if today.seconds else None
    plan = kept.plan or await choosing.sketch(studio, kept, pictures)
    return drafting.estimate(plan, studio.queue.estimate, await trainings.every(studio.db), left)
