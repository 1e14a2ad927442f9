"""Each accepted request ends in exactly one visible answer, whoever is killed. Real processes, built-in model.

The workers have imported already, for none of this is about how one starts; in tests/failures/test_devices.py one dies
that was started as shipped.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.texts import say
from engine.files.catalog import DEMO
from engine.pixels import png_recipe
from tests.running import Bot, drawing

pytestmark = [pytest.mark.failure, pytest.mark.asyncio(loop_scope="module")]
LONG = "--steps 80"  # a few seconds, time to be killed in


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory, warm: str) -> AsyncIterator[Bot]:
    made = Bot(tmp_path_factory.mktemp("bot"), {"DANQING_ENGINE_SLOTS": "1"}, warm=warm)
    await made.start()
    yield made
    assert await made.stop() == 0


@pytest_asyncio.fixture(loop_scope="module")
async def bot(running: Bot) -> Bot:
    """One bot for all these stories, which has forgotten the last: what they do to it, it is to outlive."""
    await running.begin_anew()
    return running


async def test_a_killed_worker_loses_nothing(bot: Bot) -> None:
    await bot.say(f"a red apple --seed 11 {LONG}")
    await bot.until(drawing)
    await bot.kill_worker()
    (card,) = await bot.ended(1)
    assert card["state"] == "done"
    recipe = png_recipe.read_recipe(await bot.picture(card["pictures"][0]["id"]))
    assert recipe and recipe.seed == 11
    assert len(await bot.history()) == 1
    assert len(await bot.cards()) == 1


async def test_a_killed_bot_takes_everything_up_again_in_order(bot: Bot) -> None:
    keys = [await bot.say(f"a red apple --seed {seed} {LONG if seed == 0 else ''}") for seed in range(3)]
    before = await bot.until(lambda cards: drawing(cards) and len(cards) == 3)
    await bot.kill()
    await bot.start()
    await bot.say("a red apple --seed 0", key=keys[0])  # the page sends again what was not acknowledged
    after = await bot.ended(3)
    assert [card["id"] for card in after] == [card["id"] for card in before], "answered where they were asked"
    assert [card["state"] for card in after] == ["done"] * 3
    history = await bot.history()
    recipes = [png_recipe.read_recipe(await bot.picture(row["id"])) for row in reversed(history)]
    assert [recipe and recipe.seed for recipe in recipes] == [0, 1, 2], "in order, each once"


async def test_buttons_work_after_a_restart(bot: Bot) -> None:
    await bot.say("a red apple")
    (card,) = await bot.ended(1)
    assert await bot.stop() == 0
    await bot.start()
    picture = card["pictures"][0]["id"]
    for count, action in enumerate(("again", "vary", "upscale", "larger"), 2):
        await bot.press(action, picture)
        assert (await bot.ended(count))[-1]["state"] == "done"
    row = await bot.get(f"/api/pictures/{picture}")
    assert len(row["children"]) == 4


async def test_a_job_that_kills_its_worker_three_times_ends_in_a_plain_error(bot: Bot) -> None:
    await bot.say(f"a red apple {LONG}")
    for _ in range(3):
        await bot.until(drawing)
        child = bot.worker()
        assert child is not None
        child.kill()
        await asyncio.to_thread(child.wait)
        await bot.until(lambda cards: cards[0]["state"] != "running")
    (card,) = await bot.ended(1)
    assert card["state"] == "failed" and card["text"] == say("en", "error.worker_died", attempts=3)
    await bot.say("a blue apple")
    assert (await bot.ended(2))[-1]["state"] == "done"


async def test_the_same_update_twice_is_one_job(bot: Bot) -> None:
    await asyncio.gather(*(bot.say("a red apple", key="the-same-key") for _ in range(5)))
    await bot.ended(1)
    assert len(await bot.cards()) == 1
    assert len(await bot.history()) == 1


async def test_cancel_stops_within_a_step(bot: Bot) -> None:
    await bot.say(f"a red apple {LONG}")
    await bot.say("a blue apple")
    first, second = (await bot.until(lambda cards: drawing(cards) and len(cards) == 2))[:2]
    await bot.press("cancel", second["job"])
    await bot.press("cancel", first["job"])
    assert [card["state"] for card in await bot.ended(2)] == ["cancelled"] * 2
    assert await bot.history() == []


async def test_damaged_weights_are_said_and_the_bot_goes_on(tmp_path: Path, warm: str) -> None:
    models = tmp_path / "models"
    shutil.copytree(DEMO, models / "broken")
    weights = models / "broken" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    bot = Bot(tmp_path, {"DANQING_ENGINE_MODELS": str(models)}, warm=warm)
    await bot.start()
    await bot.say("a red apple --model broken")
    await bot.say("a red apple")
    assert [card["state"] for card in await bot.ended(1)] == ["done"]
    (error,) = [each for each in await bot.messages() if each.get("kind") == "error"]
    assert "broken" in error["text"] and "incomplete" in error["text"]
    await bot.stop()


async def test_a_data_folder_that_cannot_be_written_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    bot = Bot(tmp_path)
    with pytest.raises(AssertionError) as stopped:
        await bot.start()
    assert "Traceback" not in str(stopped.value) and "data" in str(stopped.value)
