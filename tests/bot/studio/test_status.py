"""How the engine is: what the page, /info and /queue tell of devices, memory and loading."""

from __future__ import annotations

from pathlib import Path

from bot.chat import Card, Say
from bot.studio.status import status
from engine.job import State
from engine.queue.pool import Worker
from engine.queue.queue import Queue
from tests.bot.commands.test_commands import said
from tests.bot.studio.test_studio import house
from tests.fakes import FakePool


async def test_the_smallest_device_tells_how_much_of_the_model_stays(tmp_path: Path) -> None:
    async with house(tmp_path, FakePool(workers=3)) as at:
        one, two, three = at.pool.workers
        at.pool.lose(three)
        one.tiers, two.tiers = {"danqing-demo": "encoders", "other": "layers"}, {"danqing-demo": "tiles"}
        told = status(at.queue, "danqing-demo")
        assert told["tier"] == "tiles" and told["device"] == "2 × fake" and told["workers"] == 3
        two.device = "another"
        assert status(at.queue, "danqing-demo")["device"] == "fake, another"
        lines = {line.label.key: line.value for line in (await said(at, "/info")).fields}
        assert lines["info.memory"] == Say("page.tier.tiles")


async def test_a_model_that_is_loaded_is_told_in_the_card_and_the_queue(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        [worker] = at.pool.workers
        await at.say("a red apple")
        [job] = await at.drawn()

        def head() -> Card | None:
            return at.chat.messages.get(job)

        at.pool.load(worker, "danqing-demo")
        at.queue._news.tell_standings()
        await at.chat.until(lambda: (card := head()) is not None and card.text.key == "job.loading")
        card = head()
        assert card and card.state is State.RUNNING and card.text.values == {"model": "danqing-demo"}
        [line] = [line for line in (await said(at, "/queue")).fields if line.label.key == "queue.text"]
        assert isinstance(line.value, Say) and line.value.key == "queue.loading"
        at.pool.loaded(worker, "danqing-demo")
        at.pool.step(job, 1)
        await at.chat.until(lambda: (card := head()) is not None and card.text.key.startswith("job.running"))
        at.pool.finish(job)


async def _nothing(told: object) -> None:
    pass


async def _fetch(picture: str) -> bytes:
    return b""


def test_hosts_of_one_name_are_told_as_so_many() -> None:
    """Two on one machine, or pods whose names somebody gave by hand."""
    pool = FakePool()
    ink = frozenset({("lora", "ink")})
    lent = frozenset({("lora", "t-0010")})  # which is somebody's, and lies with the bot
    pool.workers = tuple(
        Worker(id=f"{session}/cpu#0", device="cpu", host=name, slots=2, lies=ink, holds=ink | lent)
        for session, name in (("host.a", "gpu"), ("host.b", "gpu"), ("host.c", "other"))
    )
    told = status(Queue(pool, _nothing, _fetch, per_person=1, in_all=1), "danqing-demo")
    assert isinstance(told["hosts"], list)
    shown = [(one["name"], one["device"], one["loras"]) for one in told["hosts"] if isinstance(one, dict)]
    assert shown == [("gpu × 2", "2 × cpu", 1), ("other", "cpu", 1)]
