"""The model files of this machine: what is known of them is kept in the database, and hashes come in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from engine.files import catalog, model_folders
from engine.files.identity import Kind
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import known_files
from storage.database import Database

log = logging.getLogger(__name__)

LOOK_EVERY = 600.0  # seconds
COMPANIONS: tuple[Kind, ...] = ("embedding", "vae", "controlnet", "upscaler", "decoder")


def cards(folders: Sequence[Path]) -> dict[str, Json]:
    """Every model, LoRA and companion in these folders with all that is known of it, as JSON."""
    models: list[Json] = [
        {
            "name": one.name,
            "family": one.family,
            "base": one.base,
            "prediction": one.prediction,
            "size": f"{one.width}x{one.height}",
            "inpaint": one.channels == 9,
            "vae": one.vae,
            "triggers": list(one.triggers),
            "hash": one.hash,
            "path": str(one.path),
        }
        for one in catalog.models(folders)
    ]
    loras: list[Json] = [
        {
            "name": one.name,
            "family": one.family,
            "base": one.base,
            "rank": one.rank,
            "format": one.format,
            "triggers": list(one.words),
            "weight": one.weight,
            "preview": str(one.preview or ""),
            "hash": one.hash,
            "path": str(one.path),
        }
        for one in catalog.loras(folders)
    ]
    others: list[Json] = [
        {
            "kind": one.kind,
            "name": one.name,
            "family": one.family,
            "vectors": one.vectors,
            "format": one.format,
            "purpose": one.purpose,
            "path": str(one.path),
        }
        for kind in COMPANIONS
        for one in catalog.companions(folders, kind)
    ]
    skipped: list[Json] = [
        {"path": str(one.path), "why": one.key, "lacks": one.lacks, "lacking": one.lacking}
        for one in catalog.skipped(folders)
    ]
    return {"models": models, "loras": loras, "companions": others, "skipped": skipped}


async def recall(db: Database) -> None:
    """Load from the database what was found out about model files in earlier runs."""
    known = await known_files.all_known(db)
    model_folders.recall(known)
    gone = await asyncio.to_thread(lambda: [file.path for file in known if not Path(file.path).exists()])
    await known_files.forget(db, gone)


async def remember(db: Database) -> None:
    """Keep what was found out about model files since this was last done, where it can be kept."""
    try:
        await known_files.keep(db, model_folders.news())
    except Refusal as refusal:
        log.warning("what the model files are could not be kept: %s", refusal)


async def watch(db: Database, folders: Sequence[Path]) -> None:
    """Look into new files now and then, and compute their hashes one by one; until cancelled."""
    while True:
        try:
            await look(db, folders)
        except Refusal as refusal:
            log.warning("what the model files are could not be kept: %s", refusal)
        await asyncio.sleep(LOOK_EVERY)


async def look(db: Database, folders: Sequence[Path]) -> None:
    """Look into new files once, compute the hashes that are missing, and keep what was found out. Raises Refusal."""
    unhashed = await asyncio.to_thread(lambda: tuple(model_folders.unhashed(folders)))
    await known_files.keep(db, model_folders.news())
    for path in unhashed:
        try:
            await asyncio.to_thread(model_folders.digest, path)
        except OSError as error:
            log.warning("%s cannot be read: %s", path.name, error)
        await known_files.keep(db, model_folders.news())
