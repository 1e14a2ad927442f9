"""Who may have something learnt, where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.chat import Person, Press, Request, Room
from bot.people.limits import standing
from prompts.errors import Refusal
from storage.database import Database

WhoTrains = Literal["off", "admins", "roles", "everybody"]
ORDER: tuple[WhoTrains, ...] = ("off", "admins", "roles", "everybody")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRules:
    """What the owner allows: who, the roles that may ("platform:id"), how many trainings under way, drafts and bytes a
    person may have, after how long a draft goes that nobody touches, and pictures and checkpoints after the end."""

    who: WhoTrains = "admins"
    roles: frozenset[str] = frozenset()
    active: int = 1
    drafts: int = 3
    bytes: int = 500 * 2**20
    draft_kept: timedelta = timedelta(days=7)
    kept: timedelta = timedelta(days=30)


async def check(db: Database, rules: TrainingRules, asked: Request | Press) -> None:
    """Raises Refusal `train.off`, `train.who` for whoever may not have anything learnt here."""
    rule = (await standing(db, asked)).server.get("training")
    here = next((one for one in ORDER if one == rule), rules.who)
    who = min(rules.who, here, key=ORDER.index)
    if who == "off":
        raise Refusal("train.off")
    if not allowed(rules, who, asked.person, asked.place.platform, asked.room):
        raise Refusal("train.who")


def allowed(rules: TrainingRules, who: WhoTrains, person: Person, platform: str, room: Room) -> bool:
    """Whether somebody is one of those who may."""
    if who == "off":
        return False
    if person.admin or who == "everybody":
        return True
    return who == "roles" and bool({f"{platform}:{role}" for role in room.roles} & rules.roles)
