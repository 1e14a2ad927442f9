"""Two accounts that become one person's: what was learnt by either is that person's at once."""

from __future__ import annotations

from pathlib import Path

from bot.studio.suggest import suggest
from storage import trainings
from tests.bot.training.school import school
from tests.fakes import a_lora


async def test_a_lora_that_was_learnt_before_is_the_persons_at_once(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.teaching.draft(await at.asks("bob"), "totem")
        a_lora(at.loras, "totem")
        await trainings.change(at.db, kept.id, {"state": "done", "file": "totem"})
        await at.teaching.recall()
        code = str(at.chat.messages[await at.says("/link", "ann")].text.values["code"])
        ann = (await at.asks("ann")).person
        assert not await suggest(at.studio, ann, "lora", "", 9)
        assert at.chat.messages[await at.says(f"/link {code}", "bob")].text.key == "link.done"
        assert [one.value for one in await suggest(at.studio, ann, "lora", "", 9)] == ["totem"]
