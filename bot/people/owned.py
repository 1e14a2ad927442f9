"""Pictures and jobs that only their owner, and the admins, may act on."""

from __future__ import annotations

from bot.chat import Person
from prompts.errors import Refusal
from storage import jobs, pictures
from storage.database import Database
from storage.jobs import Kept
from storage.pictures import PictureRow


def owner_or_admin(person: Person, owner: str) -> None:
    """Refuse anybody but the owner of a thing and the admins."""
    if person.id != owner and not person.admin:
        raise Refusal("access.not_yours")


async def picture(db: Database, person: Person, picture: str) -> PictureRow:
    """A picture that this person may act on. Raises Refusal `picture.gone`, `access.not_yours`."""
    row = await pictures.get(db, picture)
    if row is None:
        raise Refusal("picture.gone")
    owner_or_admin(person, row.person)
    return row


async def newest(db: Database, person: Person, none: str) -> PictureRow:
    """The newest picture of this person. Raises Refusal with the key `none` where there is none."""
    found = (await pictures.search(db, person.id, limit=1)).pictures
    if not found:
        raise Refusal(none)
    return found[0]


async def job(db: Database, person: Person, job: str) -> Kept:
    """A job that this person may act on. Raises Refusal `job.unknown`, `access.not_yours`."""
    kept = await jobs.get(db, job)
    if kept is None:
        raise Refusal("job.unknown")
    owner_or_admin(person, kept.job.owner)
    return kept
