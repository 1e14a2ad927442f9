"""Quotas: how many pictures and how much drawing time a person has a day, and the pause between two requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import cast

from bot.chat import Press, Request
from bot.people.limits import Limits, Standing, standing
from prompts.errors import Refusal
from storage import jobs, maps
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many pictures and seconds a person has a day (0: no limit), and how much of it is used."""

    pictures: int
    seconds: int
    used: jobs.Spent

    @property
    def left(self) -> int:
        """Pictures that may still be drawn today."""
        return max(0, self.pictures - self.used.pictures)


async def check(
    db: Database, limits: Limits, asked: Request | Press, count: int, now: datetime, here: Standing
) -> None:
    """Raises Refusal for so many pictures more than this person has left today, and for a request that comes too soon
    after their last one."""
    await _patient(db, limits, asked, now, here)
    today = await allowance(db, limits, asked, now, here)
    if today.pictures and count > today.left:
        hours = until_midnight(now)
        raise Refusal("access.pictures", limit=today.pictures, left=today.left, asked=count, hours=hours)
    _timely(today, now)


async def check_seconds(db: Database, limits: Limits, asked: Request | Press, now: datetime) -> None:
    """Raises Refusal for who has no seconds left today: what is only looked at takes no picture, and no pause."""
    _timely(await allowance(db, limits, asked, now), now)


def _timely(today: Allowance, now: datetime) -> None:
    if today.seconds and today.used.seconds >= today.seconds:
        raise Refusal("access.seconds", limit=today.seconds, hours=until_midnight(now))


async def allowance(
    db: Database, limits: Limits, asked: Request | Press, now: datetime, here: Standing | None = None
) -> Allowance:
    """What this person has today. A rule made for them goes first, then the best of their roles, then the server's."""
    here = here or await standing(db, asked)
    roles = {f"{asked.place.platform}:{role}" for role in asked.room.roles}

    def of(name: str, by_role: Mapping[str, int], everybody: int) -> int:
        if (own := here.person.get(name)) is not None:
            return int(cast(int, own))
        if mine := [by_role[role] for role in roles & by_role.keys()]:
            return 0 if 0 in mine else max(mine)
        return int(cast(int, here.server.get(name, everybody)))

    return Allowance(
        of("pictures", limits.role_pictures, limits.pictures),
        of("seconds", limits.role_seconds, limits.seconds),
        await used(db, asked.person.id, now),
    )


async def used(db: Database, person: str, now: datetime) -> jobs.Spent:
    """What a person has used of this day, in UTC: the pictures asked for, and the device-seconds of pictures, maps and
    trainings."""
    drawn = await jobs.spent(db, datetime.combine(now.date(), time.min, UTC), person)
    return replace(drawn, seconds=drawn.seconds + await maps.seconds(db, person, now.date()))


def until_midnight(now: datetime) -> int:
    """Hours, rounded up, until quotas are new: they count by the day in UTC."""
    midnight = datetime.combine(now.date(), time.min, UTC) + timedelta(days=1)
    return math.ceil((midnight - now) / timedelta(hours=1))


async def _patient(db: Database, limits: Limits, asked: Request | Press, now: datetime, here: Standing) -> None:
    pause = float(cast(float, here.server.get("cooldown", limits.cooldown)))
    last = await jobs.last_asked(db, asked.person.id) if pause else None
    if last and (wait := pause - (now - last).total_seconds()) > 0:
        raise Refusal("access.cooldown", seconds=math.ceil(wait))
