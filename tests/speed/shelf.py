"""How long it takes to look through a folder with two thousand model files: at first, again, and after a start."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from engine.files import catalog, model_folders
from storage import known_files
from storage.database import Database
from tests.engine.files.test_identify import kohya
from tests.model_shapes import write
from tests.speed.figure import Figure

FILES = 2000


async def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "loras"
        for number in range(FILES):
            place = folder / f"{number % 40:02}"
            place.mkdir(parents=True, exist_ok=True)
            write(place / f"{number}.safetensors", kohya(768))
        began = time.perf_counter()
        plain = sum(path.stat().st_size > 0 for path in folder.rglob("*.safetensors"))
        bare = time.perf_counter() - began
        assert plain == FILES
        first, again = _look(folder), _look(folder)
        db = await Database.open("", Path(name) / "data")
        try:
            await known_files.keep(db, model_folders.news())
            model_folders.forget()
            began = time.perf_counter()
            model_folders.recall(await known_files.all_known(db))
            start = time.perf_counter() - began + _look(folder)
        finally:
            await db.close()
    against = "a stat of each"
    return [
        Figure(f"{FILES} new files identified", first, "s", bare, against),
        Figure(f"{FILES} known files looked through again", again, "s", bare, against, "under 2 s"),
        Figure(f"{FILES} files after a start, from the index", start, "s", bare, against, "under 2 s"),
    ]


def _look(folder: Path) -> float:
    began = time.perf_counter()
    assert len(catalog.loras([folder])) == FILES
    return time.perf_counter() - began
