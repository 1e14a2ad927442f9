"""What translators said before (`TranslationMemory` of prompts), so that nobody waits for the same clause twice."""

from __future__ import annotations

import logging

from sqlalchemy import Select, delete, select

from prompts.errors import Refusal
from storage import tables
from storage.database import Database

log = logging.getLogger(__name__)

MOST = 20_000  # rows that `tidy` leaves, some 3 MB
LONGEST = 400  # characters: a key of PostgreSQL's index has room for 2700 bytes


class Translations:
    """The translations kept in a database. A database in trouble costs a translation its memory and nothing else."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def recall(self, translator: str, text: str) -> str | None:
        """The English of a text, None when this translator was never asked for it."""
        if len(text) > LONGEST or len(translator) > LONGEST:
            return None
        try:
            async with self._db.session() as session:
                return await session.scalar(recall_query(translator, tables.clean(text)))
        except Refusal as refusal:
            log.warning("a translation could not be looked up: %s", refusal)
            return None

    async def keep(self, translator: str, text: str, english: str) -> None:
        """Remember a translation."""
        if len(text) > LONGEST or len(translator) > LONGEST:
            return
        row = self._db.insert(tables.KeptTranslations).values(
            translator=translator, text=text, english=english, created=self._db.now()
        )
        try:
            async with self._db.writing() as session:
                await session.execute(row.on_conflict_do_nothing())
        except Refusal as refusal:
            log.warning("a translation could not be kept: %s", refusal)

    async def tidy(self, most: int = MOST) -> int:
        """Forget all but the newest; how many were forgotten. Raises Refusal."""
        table = tables.KeptTranslations
        async with self._db.writing() as session:
            oldest = await session.scalar(select(table.created).order_by(table.created.desc()).offset(most).limit(1))
            if oldest is None:
                return 0
            gone = await session.scalars(delete(table).where(table.created <= oldest).returning(table.text))
            return len(gone.all())


def recall_query(translator: str, text: str) -> Select[str]:
    """Apart, so that a test can look at its plan."""
    table = tables.KeptTranslations
    return select(table.english).where(table.translator == translator, table.text == text)
