"""What the log shows."""

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.logs import AGAIN, FullDisk
from engine.job import State
from engine.json_lines import JsonLines
from prompts.errors import Refusal
from tests.bot.studio.test_studio import house

LOG = logging.getLogger("tests.logs")


@pytest.fixture
def shown() -> Callable[[], list[dict[str, str]]]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines())
    handler.addFilter(FullDisk(lambda: clock[0]))
    LOG.handlers = [handler]
    LOG.propagate = False
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]


clock = [0.0]


def test_a_full_disk_is_told_of_once_with_what_to_do(shown: Callable[[], list[dict[str, str]]]) -> None:
    for number in range(5):
        LOG.warning("job %s: not kept: %s", number, Refusal("storage.full", where="/data"))
        try:
            try:
                raise Refusal("storage.full", where="/data")
            except Refusal as refusal:
                raise RuntimeError("the listener failed") from refusal
        except RuntimeError:
            LOG.exception("listener failed")
    LOG.warning("something else: %s", Refusal("storage.busy", where="/data"))
    first, other = shown()
    assert first["level"] == "error" and "Free some space" in first["message"] and "/data" in first["message"]
    assert "trace" not in first and "storage.busy" in other["message"]
    clock[0] += AGAIN
    LOG.error("still: %s", Refusal("storage.full", where="/data"))
    assert len(shown()) == 3


def test_json_lines_are_objects_on_one_line(shown: Callable[[], list[dict[str, str]]]) -> None:
    try:
        raise ValueError("two\nlines 猫")
    except ValueError:
        LOG.exception("a job %s\nfailed", 7)
    (line,) = shown()[-1:]
    assert line["message"] == "a job 7\nfailed" and "ValueError: two\nlines 猫" in line["trace"]
    assert (line["level"], line["logger"]) == ("error", "tests.logs") and line["time"].endswith("+00:00")


async def test_pictures_that_a_full_disk_does_not_take_are_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """People hear of each, the owner of the first."""
    caplog.handler.addFilter(FullDisk(lambda: 0.0))
    async with house(tmp_path) as at:

        async def full(content: bytes, suffix: str = ".png") -> str:
            raise Refusal("storage.full", where="/data")

        monkeypatch.setattr(at.db.files, "put", full)
        for number in range(3):
            await at.say(f"a red apple --seed {number}")
            job = (await at.drawn(number + 1))[-1]
            at.pool.finish(job)
            await at.chat.until(lambda job=job: at.chat.messages[job].state is State.FAILED)  # type: ignore[misc]
            assert at.chat.messages[job].text.key == "storage.full"
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len([one for one in told if "Free some space" in one.getMessage()]) == 1
    assert not [one for one in told if "storage.full" in one.getMessage() or one.exc_info]


def test_an_error_that_led_to_itself_is_told_once() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first
    record = logging.LogRecord("x", logging.WARNING, __file__, 1, "it failed", None, (ValueError, first, None))
    assert FullDisk().filter(record)
