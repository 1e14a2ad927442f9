"""What Prometheus is told, with a pool that draws at the test's command."""

from __future__ import annotations

import socket
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import app
from bot.chat import Request
from bot.desk import StudioDesk
from bot.settings.config import load
from prompts.errors import Refusal
from storage.jobs import Place
from tests.fakes import FakeChat, FakePool
from tests.patience import until


async def told(port: int | None) -> dict[str, float]:
    """Every number by its name and what it is about."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for path in ("/health", "/health/ready"):
            async with session.get(path) as answer:
                assert (answer.status, await answer.text()) == (200, "ok\n")
        async with session.get("/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            text = await answer.text()
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_queue_pictures_errors_and_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing, chat = FakePool(slots=2), FakeChat()
    monkeypatch.setattr(app, "pool", lambda config: drawing)
    (tmp_path / "config.yaml").write_text("metrics: {port: 0}")
    config = load(tmp_path / "config.yaml", {})
    async with app.studio(config) as made, app.metrics(config, made) as port:
        await made.open([chat], StudioDesk(made))
        await made.queue.start()
        person = await made.person("fake", "ann")
        for number in range(4):
            place = Place("fake", "ann")
            await made.imagine(Request(person=person, place=place, text="", key=f"k{number}"), "a red apple --n 2")
        await until(lambda: drawing.drawn)
        before = await told(port)
        assert before["danqing_jobs_running"] >= 1 and before["danqing_jobs_waiting"] >= 1
        assert before["danqing_device_slots fake fake#0"] == 2 and before["danqing_device_jobs fake fake#0"] >= 1
        drawing.finish(drawing.drawn[0][0], seconds=3.0)
        await until(lambda: len(drawing.drawn) > 1)
        drawing.fail(drawing.drawn[-1][0], "error.engine")

        async def counted() -> bool:
            return (await told(port)).get("danqing_errors_total error.engine") == 1

        await until(counted)
        after = await told(port)
    assert after["danqing_jobs_total done"] == 1 and after["danqing_jobs_total failed"] == 1
    assert (after["danqing_picture_seconds_count"], after["danqing_picture_seconds_sum"]) == (2, 6.0)
    assert after["danqing_picture_seconds_bucket 2.0"] == 0 and after["danqing_picture_seconds_bucket 5.0"] == 2
    assert after["danqing_wait_seconds_count"] >= 2


async def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "config.yaml").write_text(f"metrics: {{port: {taken.getsockname()[1]}}}")
        config = load(tmp_path / "config.yaml", {})
        async with app.studio(config) as made:
            with pytest.raises(Refusal) as refusal:
                async with app.metrics(config, made):
                    pass
    assert (refusal.value.key, refusal.value.values["setting"]) == ("listen.taken", "metrics.")
