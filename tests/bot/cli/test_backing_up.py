"""Nothing is restored under a bot that runs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from bot.cli.backing_up import bring_back, save
from bot.settings.config import load
from bot.texts import say
from prompts.errors import Refusal
from storage.leader import Lead
from tests.database import opened


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
