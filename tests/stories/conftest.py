"""The command line without a process, for the stories in which nothing depends on one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.cli import main

Here = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """What `python bot.py` calls, for what is answered in words. A process imports for two seconds, and nothing that is
    said depends on it."""

    def said(*arguments: str, language: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DANQING_DATA_FOLDER", str(tmp_path / "data"))
        monkeypatch.setenv("LC_ALL", language)
        monkeypatch.setattr(sys, "argv", ["bot.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), shown.out, shown.err)

    return said
