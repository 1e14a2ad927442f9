"""The pictures that lie beside model files, as a card shows them."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bot.chat import Person, Shown, Upload
from bot.studio.uploads import checked, measured
from prompts.errors import Refusal
from storage import uploads
from storage.database import Database

log = logging.getLogger(__name__)
LARGEST = 32 * 2**20  # bytes


async def preview(db: Database, person: Person, path: Path | None) -> tuple[Shown, ...]:
    """The picture, kept for a day as if the person had sent it; nothing for a file that is no picture."""
    if path is None:
        return ()
    try:
        if path.stat().st_size > LARGEST:
            return ()
        content = await asyncio.to_thread(path.read_bytes)
        made = await asyncio.to_thread(checked, Upload(path.name, content))
    except (OSError, Refusal) as error:
        log.warning("the preview %s cannot be shown: %s", path, error)
        return ()
    kept = await uploads.add_upload(db, person.id, made.content)
    return (Shown(kept, kept, *measured(made.content)),)  # it has no recipe: its hash is all its name
