"""How much of a day's seconds somebody has used."""

from __future__ import annotations

from datetime import UTC, datetime, time

from storage import jobs, maps
from storage.database import Database


async def used(db: Database, person: str, now: datetime) -> float:
    """The device-seconds of a person's pictures, maps and trainings of this day, in UTC."""
    midnight = datetime.combine(now.date(), time.min, UTC)
    drawn = await jobs.spent(db, midnight, person)
    return drawn.seconds + await maps.seconds(db, person, now.date())
