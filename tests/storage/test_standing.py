from __future__ import annotations

from pathlib import Path

import pytest

from prompts.errors import Refusal
from storage import migrations
from storage.database import Database
from storage.sqlite_file import FILE
from storage.standing import standing


async def test_where_a_database_stands_is_told_without_making_it(url: str, tmp_path: Path) -> None:
    place, revision = await standing(url, tmp_path)
    assert revision is None
    assert list(tmp_path.iterdir()) == []
    await (await Database.open(url, tmp_path)).close()
    assert await standing(url, tmp_path) == (place, migrations.HEAD)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else entirely " * 500)
    with pytest.raises(Refusal, match=r"storage\.damaged"):
        await standing("", tmp_path)
