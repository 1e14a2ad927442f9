"""Where the settings of a backup go: to their place, or beside those that are there."""

import zipfile
from pathlib import Path

from bot.cli.backing_up import settle_settings


def a_backup(folder: Path, settings: str) -> Path:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("config.yaml", settings)
    return folder / "all.zip"


def test_settings_go_where_there_are_none_and_never_over_others(tmp_path: Path) -> None:
    file, place = a_backup(tmp_path, "language: zh\n"), tmp_path / "new" / "config.yaml"
    assert settle_settings(file, place) is None and place.read_text() == "language: zh\n"
    assert settle_settings(file, place) is None and len(list(place.parent.iterdir())) == 1
    place.write_text("language: en\n")
    beside = settle_settings(file, place)
    assert beside == tmp_path / "new" / "config.restored.yaml" and beside.read_text() == "language: zh\n"
    assert place.read_text() == "language: en\n"
