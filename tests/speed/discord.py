"""Five hundred people press /imagine within ten seconds: how soon each is acknowledged."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.bot.platforms.discord.live import crowd
from tests.speed.figure import Figure

PEOPLE, WITHIN = 500, 10.0


async def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        found = await crowd(Path(folder), PEOPLE, WITHIN, 300.0)
    assert found.answered == found.posted == PEOPLE
    seconds = sorted(found.acknowledged)
    return [
        Figure("/imagine acknowledged, median of 500 in 10 s", statistics.median(seconds) * 1000, "ms"),
        Figure("/imagine acknowledged, the slowest", seconds[-1] * 1000, "ms", 3000, "Discord's limit", "under 1 s"),
    ]
