"""The shipped program backed up while it draws, and gone on with from an empty folder."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.running import ROOT, Bot


async def command(folder: Path, *arguments: str, data: str = "data", language: str = "en_US.UTF-8") -> tuple[int, str]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DANQING_")}
    environ |= {"LANG": language, "COLUMNS": "60"} | ({"DANQING_DATA_FOLDER": str(folder / data)} if data else {})
    done = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "bot.py"), *arguments, cwd=folder, env=environ, stdout=-1, stderr=-1
    )
    out, err = await done.communicate()
    assert done.returncode is not None
    return done.returncode, (out + err).decode().strip()


async def test_a_running_bot_is_backed_up_and_goes_on_elsewhere(tmp_path: Path, warm: str) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    (old / "config.yaml").write_text("data: {folder: kept}\nlanguage: en\nweb: {port: 0}\n")
    settings = {"DANQING_DATA_FOLDER": "", "DANQING_WEB_PORT": ""}
    first = Bot(old, settings, warm=warm)
    first.arguments = ("--config", "config.yaml")
    await first.start()
    await first.say("a red boat --steps 2 --seed 5")
    (card,) = await first.ended(1)
    shown = card["pictures"][0]["id"]
    content = await first.picture(shown)
    saving = ("backup", str(tmp_path / "all.zip"), "--config", "config.yaml")
    code, said = await command(old, *saving, data="")
    assert (code, said.count("\n")) == (0, 0) and "all.zip" in said
    code, said = await command(old, *saving, data="", language="zh_CN.UTF-8")
    assert code == 1 and "已存在" in said and "--replace" in said
    await first.kill()

    back = ("restore", str(tmp_path / "all.zip"), "--config", "config.yaml")
    code, said = await command(new, *back, data="")
    assert code == 0, said
    assert (new / "config.yaml").read_text() == (old / "config.yaml").read_text()
    assert sorted(one.name for one in new.iterdir()) == ["config.yaml", "kept"]
    assert (await command(new, *back, data=""))[0] == 1
    second = Bot(new, settings, warm=warm)
    second.arguments = ("--config", "config.yaml")
    await second.start()
    assert [one["id"] for one in (await second.cards())[0]["pictures"]] == [shown]
    assert await second.picture(shown) == content
    await second.press("again", shown)
    cards = await second.ended(2)
    assert [one["state"] for one in cards] == ["done", "done"]
    assert await second.stop() == 0


async def test_nothing_to_back_up_is_said_in_a_line(tmp_path: Path) -> None:
    code, said = await command(tmp_path, "backup", "x.zip")
    assert code == 1 and "nothing to back up" in said and "\n" not in said
    assert list(tmp_path.iterdir()) == []
