"""What somebody has blocked is in none of the words that a picture is drawn with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.studio import blocked
from engine.recipe import Fix, Hires
from prompts.prompt import Fragment
from tests.engine.drawing import recipe


async def test_the_words_of_a_second_pass_and_of_what_is_fixed_have_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def words(*_: Any) -> dict[str, str]:
        return {"glasses": "glasses"}

    monkeypatch.setattr(blocked.kept_tags, "blocked", words)
    plain = recipe()
    asked = replace(
        plain,
        prompt=replace(plain.prompt, fragments=(Fragment("girl"), Fragment("glasses"))),
        hires=Hires(1.5, 0.4, prompt="girl, glasses"),
        fixes=(Fix("face", 0.4, "[PROMPT], smile, glasses", "blurry"), Fix("hand", 0.4)),
    )
    (made,) = await blocked.left_out(None, "p", [asked])  # type: ignore[arg-type]
    assert made.hires and (made.prompt.positive, made.hires.prompt) == ("girl", "girl")
    assert made.fixes == (Fix("face", 0.4, "[PROMPT], smile", "blurry"), Fix("hand", 0.4))
