"""What the log shows, and how: for people or as JSON, no secrets, and a full disk once, not with every picture."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.logging import RichHandler

from bot import texts
from engine.json_lines import JsonLines
from prompts.errors import Refusal

AGAIN = 3600.0  # seconds after which a disk that is still full is told of again
FULL = "storage.full"


def begin(console: Console, level: str, form: str) -> None:
    """Write the log to the console: records of this level and above, as "text" or "json"."""
    handler: logging.Handler = RichHandler(console=console, show_path=False)
    if form == "json":
        handler = logging.StreamHandler(console.file)
        handler.setFormatter(JsonLines())
    handler.addFilter(FullDisk())
    logging.basicConfig(level=level.upper(), format="%(message)s", handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its news are for developers
    for name in ("httpx", "telegram"):  # they tell every address, and Telegram's hold the token
        logging.getLogger(name).setLevel(logging.WARNING)


class FullDisk(logging.Filter):
    """Lets the first record through that comes of a full disk, as the sentence that says what to do, and then none for
    an hour: every picture, card and update that cannot be written down tells of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        full = next((one for one in _refusals(record) if one.key == FULL), None)
        if full is None:
            return True
        now = self._clock()
        if self._told is not None and now - self._told < AGAIN:
            return False
        self._told = now
        record.msg, record.args = texts.say("en", "log.full", **full.values), None
        record.levelno, record.levelname = logging.ERROR, "ERROR"
        record.exc_info = record.exc_text = None
        return True


def _refusals(record: logging.LogRecord) -> Iterator[Refusal]:
    """What a record tells of: among its values, and what was raised with all that led to it."""
    if isinstance(record.args, tuple):
        yield from (value for value in record.args if isinstance(value, Refusal))
    error = record.exc_info[1] if record.exc_info else None
    seen: set[int] = set()  # one error raised twice may have led to itself
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, Refusal):
            yield error
        error = error.__cause__ or error.__context__
