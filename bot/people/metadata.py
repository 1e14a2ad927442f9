"""What the files of somebody's pictures say of themselves where they are sent: by their own choice and the place's."""

from __future__ import annotations

from bot.chat import Press, Request
from bot.people.limits import standing
from engine.policy import Policy, policy, stricter
from storage import people
from storage.database import Database

SETTING = "metadata"  # of a person, and of a server's rules


async def of_person(db: Database, person: str, usual: Policy) -> Policy:
    """What a person chose, the owner's usual one where they have not."""
    return policy(await people.setting(db, person, SETTING), usual)


async def of_asked(db: Database, asked: Request | Press, usual: Policy) -> Policy:
    """What holds for a request: of the person's choice and the rule of the place the stricter."""
    own, here = await of_person(db, asked.person.id, usual), (await standing(db, asked)).server.get(SETTING)
    return stricter(own, policy(here))
