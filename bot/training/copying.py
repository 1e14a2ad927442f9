"""A training begun once more: the same pictures, captions and choices in a draft."""

from __future__ import annotations

from bot.training import choosing, sample_jobs
from prompts.prompt import Json
from storage import trainings
from storage.database import Database
from storage.trainings import KeptTraining


async def copy(db: Database, kept: KeptTraining, draft: str) -> None:
    """Put what a training was begun with into a draft. What was drawn of what is not to be forgotten is drawn again:
    that may be something else then."""
    for one in await trainings.pictures(db, kept.id):
        if not sample_jobs.is_drawn(one):
            await trainings.add_picture(db, draft, one, await db.files.get(one.hash))
    wishes = {name: value for name, value in kept.wishes.items() if name in choosing.WISHES}
    said: dict[str, Json] = {"wishes": wishes, "trigger": kept.trigger, "kind": kept.kind, "model": kept.model}
    await trainings.change(db, draft, said)
