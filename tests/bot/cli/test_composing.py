"""Lines of the standard input, each answered for itself."""

import io
import json
import sys
from pathlib import Path

import pytest

from bot.cli.composing import composing, show_lines
from bot.settings.config import Config


async def test_a_line_that_breaks_something_of_ours_is_answered_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config.model_validate({"data": {"folder": str(tmp_path)}})
    monkeypatch.setattr(sys, "stdin", io.StringIO("一只猫\ndeep\n--steps x\n一只狗"))
    async with composing(config, None, "", False) as made:

        async def breaking(text: str):  # type: ignore[no-untyped-def]
            if text == "deep":
                raise RecursionError("too deep")
            return await made(text)

        await show_lines(breaking, "en")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row.get("key") for row in rows] == [None, "cli.unexpected", "option.bad_value", None]
    assert "cat" in rows[0]["positive"] and "dog" in rows[3]["positive"] and "RecursionError" in rows[1]["error"]
