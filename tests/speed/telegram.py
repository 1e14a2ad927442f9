"""Three hundred people in fifty groups ask within ten seconds, with Telegram's limits enforced."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from tests.bot.platforms.telegram.crowd import crowd, floor
from tests.speed.figure import Figure

PEOPLE, GROUPS, WITHIN = 300, 50, 10.0
AGAINST = "the least that Telegram's limits leave"


async def figures() -> list[Figure]:
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found = await crowd(Path(folder), PEOPLE, GROUPS, WITHIN)
    busy = time.process_time() - began
    least = floor(PEOPLE, GROUPS, WITHIN)
    assert found.messages == PEOPLE, f"{found.messages} messages for {PEOPLE} requests"
    return [
        Figure("first word to each of 300 people in 50 groups, median", statistics.median(found.first), "s"),
        Figure("… the last of them", found.first[-1], "s"),
        Figure("picture to each, median", statistics.median(found.last), "s"),
        Figure("… the last of them", found.last[-1], "s"),
        Figure("from the first request to the last picture", found.seconds, "s", least, AGAINST),
        Figure("refused with a 429", found.refused, "", aim="none"),
        Figure("messages for a request, each a picture in the end", found.messages / PEOPLE, "", aim="exactly 1"),
        Figure("processor time for a request, Telegram's other side included", busy / PEOPLE * 1000, "ms"),
    ]
