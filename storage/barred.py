"""Accounts that stay blocked when nothing else of their person is kept: hashes that only this database can tell."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from storage import rules, tables
from storage.database import Database

BLOCKED = "blocked"  # the rule of /admin block
SECRET = "barred.secret"  # the fact with the key of the hashes


async def bar(db: Database, session: AsyncSession, accounts: Iterable[tuple[str, str]]) -> None:
    """Keep these accounts (platform and id) out from now on."""
    for platform, account in accounts:
        row = db.insert(tables.Barred).values(account=await _hash(db, session, platform, account))
        await session.execute(row.on_conflict_do_nothing(index_elements=["account"]))


async def come_back(db: Database, session: AsyncSession, platform: str, account: str, person: str) -> None:
    """Block somebody new again whose account was blocked under a person who is forgotten; from here on the block is an
    ordinary one, which `/admin unblock` lifts."""
    if await session.get(tables.Facts, SECRET) is None:  # nobody has ever been barred
        return
    hashed = await _hash(db, session, platform, account)
    gone = delete(tables.Barred).where(tables.Barred.account == hashed).returning(tables.Barred.account)
    if (await session.execute(gone)).first() is not None:
        session.add(tables.ScopedRules(scope=rules.of_person(person), key=BLOCKED, value=True))


async def _hash(db: Database, session: AsyncSession, platform: str, account: str) -> str:
    """The same for an account as long as the database lives, and nothing to anybody who has not its secret."""
    made = db.insert(tables.Facts).values(key=SECRET, value=secrets.token_hex(32))
    await session.execute(made.on_conflict_do_nothing(index_elements=["key"]))
    row = await session.get_one(tables.Facts, SECRET)
    return hmac.new(str(row.value).encode(), f"{platform}:{account}".encode(), "sha256").hexdigest()
