"""Who may delete which training."""

from __future__ import annotations

from bot.chat import Press, Request
from storage import people, trainings
from storage.database import Database
from storage.trainings import KeptTraining


def may_delete(asked: Request | Press, kept: KeptTraining) -> bool:
    """Their own; any for an admin, and for moderators those whose card stands in their chat."""
    mine = kept.person == asked.person.id
    here = (kept.place.platform, kept.place.chat) == (asked.place.platform, asked.place.chat)
    return mine or asked.person.admin or (asked.room.moderator and here)


async def meant(db: Database, asked: Request | Press, who: str) -> list[KeptTraining]:
    """What somebody may delete that is called so: by its id, its name, or the id of whose it is."""
    found = [one for one in await trainings.every(db) if may_delete(asked, one)]
    called = {who.casefold(), *([person.id] if (person := await _person(db, asked, who)) else [])}
    return [one for one in found if called & {one.id, one.name.casefold(), one.person}]


async def _person(db: Database, asked: Request | Press, who: str) -> people.PersonRow | None:
    platform, _, account = who.rpartition(":")
    account = account.strip("<@!>")
    return await people.find_person(db, platform or asked.place.platform, account) or await people.get(db, account)
