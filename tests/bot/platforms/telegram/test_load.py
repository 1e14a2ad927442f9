"""Many people in many groups at once, with Telegram's limits enforced."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.platforms.telegram.conftest import FAST
from tests.bot.platforms.telegram.crowd import crowd, floor


@pytest.mark.parametrize(
    ("people", "groups", "speed"), [(40, 8, FAST), pytest.param(300, 50, 1, marks=pytest.mark.speed)]
)
async def test_everybody_is_answered_once_within_the_limits(
    tmp_path: Path, people: int, groups: int, speed: float
) -> None:
    found = await crowd(tmp_path, people, groups, 10.0, speed=speed)
    assert (found.messages, found.refused) == (people, 0)
    assert found.seconds >= floor(people, groups, 10.0) / 2, "the clock is Telegram's"


@pytest.mark.parametrize(
    ("people", "groups", "seconds"),
    [(300, 50, 20.0), (10, 10, 10.0), (40, 4, 20.0), (44, 4, 60.0), (900, 900, 60.0)],
)
def test_the_least_time_comes_from_the_limits(people: int, groups: int, seconds: float) -> None:
    assert floor(people, groups, 10.0) == seconds
