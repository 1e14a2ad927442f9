"""Where the settings of a backup go: to their place, or beside those that are there."""

import zipfile
from pathlib import Path

from bot.cli.backing_up import other_settings, settle_settings


def test_settings_go_where_there_are_none_and_never_over_others(tmp_path: Path) -> None:
    file, place = tmp_path / "all.zip", tmp_path / "new" / "config.yaml"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.yaml", "language: zh\n")
    settle_settings(file, place)
    assert place.read_text() == "language: zh\n" and other_settings(file, place) is None
    assert list(place.parent.iterdir()) == [place]
    place.write_text("language: en\n")
    settle_settings(file, place)
    beside = other_settings(file, place)
    assert beside == tmp_path / "new" / "config.restored.yaml" and beside.read_text() == "language: zh\n"
    assert place.read_text() == "language: en\n" and len(list(place.parent.iterdir())) == 2


def test_a_backup_without_settings_changes_none(tmp_path: Path) -> None:
    zipfile.ZipFile(tmp_path / "all.zip", "w").close()
    settle_settings(tmp_path / "all.zip", tmp_path / "config.yaml")
    assert other_settings(tmp_path / "all.zip", tmp_path / "config.yaml") is None
    assert not (tmp_path / "config.yaml").exists()
