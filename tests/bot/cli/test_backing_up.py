"""Where the settings of a backup go: to their place, or beside those that are there. And when nothing is restored."""

import zipfile
from pathlib import Path

import pytest

from bot.cli.backing_up import bring_back, other_settings, save, settle_settings
from bot.settings.config import load
from bot.texts import say
from prompts.errors import Refusal
from storage.leader import Lead
from tests.database import opened


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


async def test_a_restore_waits_until_the_bot_is_stopped(tmp_path: Path) -> None:
    config = load(None, {"DANQING_DATA_FOLDER": str(tmp_path / "data")})
    await (await opened(tmp_path / "data")).close()
    file = tmp_path / "all.zip"
    runs = await Lead.take("", tmp_path / "data", lambda where: None, lambda reason: None)
    said = await save(config, None, file, replace=False, say=lambda key, **values: say("en", key, **values))
    assert "all.zip" in said
    with zipfile.ZipFile(file) as kept:
        assert not [name for name in kept.namelist() if "lock" in name]
    with pytest.raises(Refusal) as refusal:
        await bring_back(config, file, replace=True, say=lambda key, **values: key)
    assert refusal.value.key == "storage.held"
    await runs.close()
    assert await bring_back(config, file, replace=True, say=lambda key, **values: key) == "backup.restored"
    again = await Lead.take("", tmp_path / "data", lambda where: None, lambda reason: None)
    await again.close()
    empty = load(None, {"DANQING_DATA_FOLDER": str(tmp_path / "empty")})
    await (await Lead.take("", tmp_path / "empty", lambda where: None, lambda reason: None)).close()
    assert await bring_back(empty, file, replace=False, say=lambda key, **values: key) == "backup.restored"
