"""A message that its writer changed after it was sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.job import State
from storage import jobs
from storage.database import Database
from storage.jobs import Place

RECENT = timedelta(minutes=10)  # after which a change to what is done asks for nothing
LOOKED_AT = 50  # of a person's latest jobs
OPEN = (State.WAITING, State.RUNNING)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What a changed message asks for: what it says now, `instead_of` a job that is not done; `late`: to be told that
    it is drawn already, and what to do."""

    instead_of: str = ""
    late: bool = False


async def rewritten(
    db: Database, person: str, text: str, sent: datetime, chat: Place, ours: Callable[[str], bool]
) -> Rewritten | None:
    """What a message of a chat, changed into `text`, asks for, None for nothing; `ours` says whether a request's key is
    of that message."""
    latest = await jobs.of_person(db, person, LOOKED_AT)
    here = (kept for kept in latest if replace(kept.place, message="") == chat)
    job = next((kept.job for kept in here if ours(kept.request_key)), None)
    if job is not None and job.recipes[0].prompt.text.strip() == text.strip():
        return None  # only how it looks has changed
    if job is not None and job.state in OPEN:
        return Rewritten(instead_of=job.id)
    if db.now() - sent > RECENT:
        return None
    return Rewritten(late=job is not None and job.state is State.DONE)
