"""The desk: every request and every press has its answer, whatever becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat import Card
from tests.bot.studio.test_studio import House, house


def newest(at: House) -> Card:
    return at.chat.log[-1][2]


async def test_a_button_of_another_version_is_answered_in_passing(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.press("no_such_button", "x")
        assert newest(at).text.key == "press.unknown" and newest(at).fleeting


async def test_a_refused_press_is_answered_in_passing_and_a_refused_request_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.press("again", "no-such-picture")
        assert newest(at).text.key == "picture.gone" and newest(at).fleeting
        await at.say("/nonsense")
        assert newest(at).text.key == "command.unknown" and not newest(at).fleeting


async def test_what_nobody_expected_is_answered_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*asked: object) -> None:
        raise RuntimeError("a fault of ours")

    async with house(tmp_path) as at:
        monkeypatch.setattr(at.studio, "imagine", broken)
        await at.say("a red apple")
        assert newest(at).kind == "error" and newest(at).text.key == "error.unexpected"
        assert len(at.chat.log) == 1
