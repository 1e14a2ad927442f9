"""Who may do what: lists of servers and people, quotas of a day, and words for adults only."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, cast

from bot.chat import Person, Press, Request
from bot.people import guard
from engine.recipe import Recipe
from prompts.errors import Refusal
from prompts.prompt import Json
from prompts.safety.signs import Verdict
from storage import jobs, people, rules

if TYPE_CHECKING:
    from bot.studio.studio import Studio

Adult = Literal["refuse", "spoiler", "allow", "never"]
OWN_DOORS = frozenset({"web", "console"})  # private by nature: whoever runs the bot holds their keys
NOBODY: Mapping[str, Json] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner allows everybody but the admins. Servers, chats, roles and accounts are "platform:id", an empty
    set of them allows all; of `pictures` and `seconds` (of device time) a person has so many a day, 0 is no limit;
    the best of a person's roles counts."""

    servers: frozenset[str] = frozenset()
    chats: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    private: bool = True
    pictures: int = 0
    seconds: int = 0
    role_pictures: Mapping[str, int] = field(default_factory=dict)
    role_seconds: Mapping[str, int] = field(default_factory=dict)
    cooldown: float = 0.0
    adult: Adult = "refuse"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person has a day (0: no limit), and what is used of it."""

    pictures: int
    seconds: int
    used: jobs.Spent

    @property
    def left(self) -> int:
        """Pictures that may still be drawn today."""
        return max(0, self.pictures - self.used.pictures)


@dataclass(frozen=True, slots=True)
class Standing:
    """The rules that hold where somebody asks: those of the server, and those made for this person."""

    server: Mapping[str, Json]
    person: Mapping[str, Json]


def owner_or_admin(person: Person, owner: str) -> None:
    """Refuse anybody but the owner of a thing and the admins."""
    if person.id != owner and not person.admin:
        raise Refusal("access.not_yours")


async def standing(studio: Studio, asked: Request | Press) -> Standing:
    """The rules made with /admin that hold for this request."""
    person, server = rules.of_person(asked.person.id), rules.of_server(asked.place.platform, asked.room.server)
    found = await rules.of(studio.db, [person, server] if asked.room.server else [person])
    return Standing(found.get(server, NOBODY), found[person])


async def enter(studio: Studio, asked: Request | Press) -> None:
    """Refuse whoever is blocked, and everybody where the bot is not to speak. Raises Refusal."""
    if asked.person.admin:
        return
    limits, room, platform = studio.rules.access, asked.room, asked.place.platform
    here = await standing(studio, asked)
    if here.person.get("blocked") or await _named(studio, asked.person, limits.blocked):
        raise Refusal("access.blocked")
    if room.private:
        if not limits.private and platform not in OWN_DOORS:
            raise Refusal("access.private")
        return
    if limits.servers and f"{platform}:{room.server}" not in limits.servers:
        raise Refusal("access.server")
    chats, roles = _listed(here.server.get("chats")), _listed(here.server.get("roles"))
    if (limits.chats and f"{platform}:{asked.place.chat}" not in limits.chats) or (
        chats and asked.place.chat not in chats and not room.moderator
    ):
        raise Refusal("access.chat")
    ours = {f"{platform}:{role}" for role in room.roles}
    if (limits.roles and not ours & limits.roles) or (roles and not room.roles & roles and not room.moderator):
        raise Refusal("access.role")


async def admit(studio: Studio, asked: Request | Press, made: Sequence[Recipe], verdicts: Collection[Verdict]) -> bool:
    """Refuse what this person may not draw here, or not now; whether the pictures have to be veiled. `verdicts` are
    those on the recipes. Raises Refusal."""
    here = await standing(studio, asked)
    veiled = _judged(studio.rules.access, asked, verdicts, here)
    if asked.person.admin:
        return veiled
    if studio.draining:
        raise Refusal("access.draining")
    await _patient(studio, asked, here)
    today = await allowance(studio, asked, here)
    hours = until_midnight(studio.now())
    if today.pictures and len(made) > today.left:
        raise Refusal("access.pictures", limit=today.pictures, left=today.left, asked=len(made), hours=hours)
    if today.seconds and today.used.seconds >= today.seconds:
        raise Refusal("access.seconds", limit=today.seconds, hours=hours)
    return veiled


async def allowance(studio: Studio, asked: Request | Press, here: Standing | None = None) -> Allowance:
    """What this person has today. A rule made for them goes first, then the best of their roles, then the server's."""
    here = here or await standing(studio, asked)
    limits, roles = studio.rules.access, {f"{asked.place.platform}:{role}" for role in asked.room.roles}

    def of(name: str, by_role: Mapping[str, int], everybody: int) -> int:
        if (own := here.person.get(name)) is not None:
            return int(cast(int, own))
        if mine := [by_role[role] for role in roles & by_role.keys()]:
            return 0 if 0 in mine else max(mine)
        return int(cast(int, here.server.get(name, everybody)))

    midnight = datetime.combine(studio.now().date(), time.min, UTC)
    return Allowance(
        of("pictures", limits.role_pictures, limits.pictures),
        of("seconds", limits.role_seconds, limits.seconds),
        await jobs.spent(studio.db, midnight, asked.person.id),
    )


async def veiled(studio: Studio, asked: Request | Press, recipes: Sequence[Recipe]) -> bool:
    """Whether pictures that exist already have to be veiled here."""
    verdicts = await guard.verdicts(studio.sight, recipes)
    if "never" in verdicts:  # drawn before it was known for what it is
        return True
    if asked.room.adult or not any(verdicts):
        return False
    return _adult(studio.rules.access, await standing(studio, asked)) != "allow"


async def shown_to_others(studio: Studio, asked: Request | Press, recipes: Sequence[Recipe]) -> bool:
    """Whether somebody else's pictures have to be veiled here, where people see what they could have drawn. Raises
    Refusal `share.adult` for what they could not, `access.minors`."""
    verdicts = await guard.verdicts(studio.sight, recipes)
    await guard.refuse(studio.db, asked.person.id, verdicts)
    try:
        return _judged(studio.rules.access, asked, verdicts, await standing(studio, asked))
    except Refusal:
        raise Refusal("share.adult") from None


async def _named(studio: Studio, person: Person, accounts: frozenset[str]) -> bool:
    """Whether any account of a person is among these."""
    if not accounts:
        return False
    return any(f"{one.platform}:{one.account}" in accounts for one in await people.accounts(studio.db, person.id))


def until_midnight(now: datetime) -> int:
    """Hours, rounded up, until quotas are new: they count by the day in UTC."""
    midnight = datetime.combine(now.date(), time.min, UTC) + timedelta(days=1)
    return math.ceil((midnight - now) / timedelta(hours=1))


def _judged(limits: Limits, asked: Request | Press, verdicts: Collection[Verdict], here: Standing) -> bool:
    rule = _adult(limits, here)
    unseen = asked.room.adult or (asked.person.admin and asked.room.private)  # by anybody who might mind
    if "adult" not in verdicts or rule == "allow" or (unseen and rule != "never"):
        return False
    if rule == "spoiler":
        return True
    raise Refusal("access.adult_never" if rule == "never" else "access.adult")


def _adult(limits: Limits, here: Standing) -> Adult:
    """The server's rule, unless the owner wants none of it anywhere."""
    return "never" if limits.adult == "never" else cast(Adult, here.server.get("adult", limits.adult))


async def _patient(studio: Studio, asked: Request | Press, here: Standing) -> None:
    pause = float(cast(float, here.server.get("cooldown", studio.rules.access.cooldown)))
    last = await jobs.last_asked(studio.db, asked.person.id) if pause else None
    if last and (wait := pause - (studio.now() - last).total_seconds()) > 0:
        raise Refusal("access.cooldown", seconds=math.ceil(wait))


def _listed(value: Json) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()
