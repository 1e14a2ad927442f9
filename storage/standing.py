"""Where a database stands, told without changing it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage import migrations
from storage.database import address_of, connect, place_of
from storage.errors import refusing


async def standing(url: str, folder: Path) -> tuple[str, str | None]:
    """The place of the database that `Database.open` would open, and its revision: None where there are no tables
    yet. Raises Refusal as `Database.open` does."""
    address = address_of(url, folder)
    where = place_of(address)
    if address.get_backend_name() == "sqlite" and not await asyncio.to_thread(Path(where).exists):
        return where, None
    engine = connect(url, folder)
    try:
        with refusing(where):
            async with engine.connect() as connection:
                return where, await connection.run_sync(migrations.revision)
    finally:
        await engine.dispose()
