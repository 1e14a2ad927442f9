"""Tags are found by what somebody sees or says, whichever language they are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.training.captions import SaidTag, changed
from bot.training.tag_changes import TagChange
from prompts.translate.chain import chain

KEPT = (SaidTag("smile"), SaidTag("red dress", "红裙子"), SaidTag("white background"))


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("微笑", ["red dress", "white background"]),  # kept in English, as a tagger says it; shown in Chinese
        ("Smile", ["red dress", "white background"]),
        ("紅裙子", ["smile", "white background"]),
        ("red dress", ["smile", "white background"]),
        ("白色背景", ["smile", "red dress"]),
        ("白底", ["smile", "red dress"]),  # another word for it
        ("猫", ["smile", "red dress", "white background"]),
    ],
)
async def test_a_tag_is_taken_away_by_its_name_in_either_language(word: str, left: list[str], tmp_path: Path) -> None:
    now = await changed(KEPT, TagChange("minus", (word,)), chain(tmp_path))
    assert [one.tag for one in now] == left


async def test_a_tag_that_is_kept_in_english_is_renamed_by_its_chinese(tmp_path: Path) -> None:
    now = await changed(KEPT, TagChange("rename", ("微笑",), to="大笑"), chain(tmp_path))
    assert [(one.tag, one.source) for one in now[:2]] == [("laughing", "大笑"), ("red dress", "红裙子")]
