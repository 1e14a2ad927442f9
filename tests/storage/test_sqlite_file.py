"""Whether something may have been kept, asked without a database."""

from pathlib import Path

from storage.database import Database
from storage.sqlite_file import begun


async def test_a_folder_has_something_once_a_database_was_opened_in_it(tmp_path: Path) -> None:
    assert not begun("", tmp_path) and begun("postgresql://a@127.0.0.1/d", tmp_path)
    await (await Database.open("", tmp_path)).close()
    assert begun("", tmp_path)
