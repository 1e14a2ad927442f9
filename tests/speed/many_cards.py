"""Many people at many cards that draw nothing, by a clock of its own: what the queue takes of the processor for a job,
how long people wait, how even their shares are. `MANY_CARDS=1000,100000,240` is a thousand cards and a hundred thousand
people who come within four minutes, which takes half an hour."""

from __future__ import annotations

import os

from tests.day.many import crowd, late
from tests.speed.figure import Figure

USUAL = ((4, 60, 20), (20, 120, 5), (100, 1000, 8))  # cards, people, seconds within which they come


def figures() -> list[Figure]:
    asked = os.environ.get("MANY_CARDS")
    sizes = [tuple(map(int, asked.split(",")))] if asked else USUAL
    return [figure for cards, people, seconds in sizes for figure in _of(cards, people, seconds)]


def _of(cards: int, people: int, seconds: int) -> list[Figure]:
    seen, what = crowd(cards=cards, people=people, seconds=seconds), f"{cards} cards, {people} people"
    waits = [Figure(f"{what}: first step, {share}th of 100", late(seen.first, share), "s") for share in (50, 95, 99)]
    return [
        Figure(f"{what}: the queue's own processor time for a job", seen.per_job, "ms"),
        *waits,
        Figure(f"{what}: job finished, 95th of 100", late(seen.last, 95), "s"),
        Figure(f"{what}: Jain's index of those who wait all the time", seen.jain, ""),
    ]
