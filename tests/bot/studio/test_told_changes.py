"""What a change made otherwise, told with both values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot import texts
from bot.studio import told_changes
from engine.recipe import Hires
from storage import jobs
from tests.bot.commands.test_compare import ended
from tests.bot.studio.test_studio import house
from tests.fakes import a_recipe


def test_parameters_are_told_with_both_values_and_nothing_else_is() -> None:
    old = a_recipe("a fox", seed=7)
    assert told_changes.parameters(old, old) == ()
    new = replace(old, steps=old.steps + 10, hires=Hires(2.0, 0.5), tiling="xy")
    said = [texts.say("zh", note.key, **note.values) for note in told_changes.parameters(old, new)]
    steps = f"步数 {old.steps} → {old.steps + 10}"
    assert said == [steps, "高清修复 – → ×2", "高清重绘幅度 – → 0.5", "无缝平铺 – → xy"]


async def test_a_sentence_and_a_form_tell_the_options_they_changed(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        await at.say("a red car --seed 5")
        card = await ended(at)
        await at.press("edit", card.pictures[0].id, sentence="把车改成蓝色，竖图")
        edited = await ended(at, 2)
        kept = await jobs.get(at.db, str(edited.job))
        assert kept
        found = {note.key: dict(note.values) for note in kept.job.recipe.prompt.notes}
        assert "128×128 → " in found["lesson.size"]["value"] and "edit.replaced" in found
        await at.press("edit", edited.pictures[0].id, steps="12", prompt="a blue car, rain")
        formed = await ended(at, 3)
        kept = await jobs.get(at.db, str(formed.job))
        assert kept
        found = {note.key: dict(note.values) for note in kept.job.recipe.prompt.notes}
        assert found["lesson.steps"] == {"value": "20 → 12"} and found["edit.added"] == {"after": "rain"}
