"""The picture beside a LoRA that shows what it draws."""

from __future__ import annotations

import asyncio
import hashlib
import io
from pathlib import Path

from PIL import Image

from bot.studio.contact_sheet import encoded
from storage import uploads
from storage.database import Database


def preview(content: bytes) -> bytes:
    """A sample without the words in its file."""
    with Image.open(io.BytesIO(content)) as picture:
        return encoded(picture.convert("RGB"), "PNG")


async def forget(db: Database, path: Path, person: str) -> None:
    """Leave nothing of a preview that was shown to its owner (bot/studio/model_previews.py keeps it as an upload)."""
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError:
        return
    await uploads.forget(db, person, hashlib.sha256(content).hexdigest())
