"""Model files: known after a restart, and hashed in the background."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.models import model_files
from engine.files import catalog, model_folders
from storage import known_files
from storage.database import Database
from tests.engine.files.test_identify import kohya
from tests.model_shapes import write


async def test_what_was_found_out_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await Database.open("", tmp_path / "data")
    try:
        gone = write(tmp_path / "gone.safetensors", kohya(768))
        path = write(tmp_path / "ink.safetensors", kohya(2048))
        model_folders.news()
        await model_files.look(db, [tmp_path])
        assert {Path(known.path).name for known in await known_files.all_known(db)} == {gone.name, path.name}
        [row] = [known for known in await known_files.all_known(db) if known.path == str(path)]
        assert len(row.hash) == 10
        gone.unlink()
        monkeypatch.setattr(model_folders, "_known", {})
        await model_files.recall(db)
        assert [known.path for known in await known_files.all_known(db)] == [str(path)]
        monkeypatch.delattr(model_folders, "identify")  # nothing is looked into again
        [lora] = catalog.loras([tmp_path])
        assert (lora.family, lora.hash) == ("sdxl", row.hash)
    finally:
        await db.close()
