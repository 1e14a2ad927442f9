"""Shares: codes under which others may open a picture and its recipe, until its owner takes them back."""

from __future__ import annotations

import base64
import secrets

from sqlalchemy import delete, select

from storage import tables
from storage.database import Database
from storage.pictures import PictureRow, get


def new_code() -> str:
    """Sixteen random characters (base32, 80 bits): too many to be guessed."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


async def share(db: Database, picture_id: str) -> str | None:
    """The code of a picture, a new one where it has none; None where there is no such picture."""
    async with db.writing() as session:
        there = select(tables.Pictures.id).where(tables.Pictures.id == picture_id)
        if await session.scalar(there.with_for_update(read=True, key_share=True)) is None:
            return None
        row = db.insert(tables.Shares).values(code=new_code(), picture=picture_id, created=db.now())
        await session.execute(row.on_conflict_do_nothing(index_elements=["picture"]))
        return await session.scalar(select(tables.Shares.code).where(tables.Shares.picture == picture_id))


async def opened(db: Database, code: str) -> PictureRow | None:
    """The picture that a code opens; None for a code that never was, was taken back, or whose picture is gone."""
    async with db.session() as session:
        row = await session.get(tables.Shares, code)
    return None if row is None else await get(db, row.picture)


async def code_of(db: Database, picture_id: str) -> str | None:
    """The code of a picture that is shared."""
    async with db.session() as session:
        return await session.scalar(select(tables.Shares.code).where(tables.Shares.picture == picture_id))


async def take_back(db: Database, code: str) -> None:
    """Make a code worthless; the picture gets another one when it is shared again."""
    async with db.writing() as session:
        await session.execute(delete(tables.Shares).where(tables.Shares.code == code))
