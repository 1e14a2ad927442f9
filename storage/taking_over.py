"""The page's first account with a password takes over what was drawn before there was one."""

from __future__ import annotations

from sqlalchemy import Executable, func, select, update

from prompts.prompt import Json
from storage import dictionary, tables
from storage.database import Database
from storage.jobs import Place

OPEN, TAKEN = "open", "taken"
_FACT = "web.local"  # whether what the account without a password has waits for somebody, or is somebody's


async def leave_open(db: Database, account: str) -> None:
    """Remember that the page stands open, with this account for everybody: the next one with a password is its heir."""
    async with db.writing() as session:
        if await session.get(tables.Accounts, ("web", account)) is not None:
            await session.execute(_set(db, OPEN))


async def take_over(db: Database, old: str, new: str) -> bool:
    """Give a new account of the page the person, and the conversation, of the one that everybody had before there was
    a password; the old account stays that person's, too. In one transaction; False, and nothing changes, where it is
    somebody's already, where others had a password before, or where there is nothing."""
    async with db.writing() as session:
        await db.lock(session)
        account, fact = tables.Accounts, await session.get(tables.Facts, _FACT)
        person = await session.scalar(select(account.person).where(account.platform == "web", account.account == old))
        others = select(func.count()).select_from(account).where(account.platform == "web", account.account != old)
        state: Json = fact.value if fact else None
        if person is None or state == TAKEN or (state != OPEN and await session.scalar(others)):
            return False
        session.add(account(platform="web", account=new, person=person))
        chats, rooms = tables.Messages, tables.OwnWords
        await session.execute(update(chats).where(chats.chat == old).values(chat=new))
        for table in (tables.Jobs, tables.Posts):
            await session.execute(update(table).where(table.platform == "web", table.chat == old).values(chat=new))
        await session.execute(
            update(rooms)
            .where(rooms.owner == dictionary.of_room(Place("web", old)))
            .values(owner=dictionary.of_room(Place("web", new)))
        )
        await session.execute(_set(db, TAKEN))
        return True


def _set(db: Database, value: str) -> Executable:
    row = db.insert(tables.Facts).values(key=_FACT, value=value)
    return row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value})
