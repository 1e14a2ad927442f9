"""A day with a thousand people on two cards that draw nothing, by a clock of its own: who had how much of them, who
waited for a first step, and how true the seconds told were. Beside it the same day with nobody giving way."""

from __future__ import annotations

import random

from engine.queue.exchange import KEPT
from tests.day import people
from tests.day.day import Day, lived
from tests.speed.figure import Figure

PEOPLE, JOBS = 1000, 5000
CARDS, SLOTS = 2, 8
HOUR = 3600.0
SEED = 1


def figures() -> list[Figure]:
    asked = people.asked(PEOPLE, JOBS, people.DAY, random.Random(SEED))
    ours, before = (lived(asked, cards=CARDS, slots=SLOTS, seed=SEED, gives_way=gives) for gives in (True, False))
    hour = people.asked(PEOPLE, JOBS // 24, HOUR, random.Random(SEED))
    mixed = lived(hour, cards=CARDS, slots=SLOTS, seed=SEED)
    against = "nobody gives way"
    return [
        Figure("Jain's index of device-seconds among those who wait", ours.jain, "", before.jain, against, "0.95"),
        Figure("newcomers' first step within 2 steps", 100 * ours.soon, "%", 100 * before.soon, against, "95"),
        Figure("newcomers' first step, 95th of 100", _late(ours), "s", _late(before), against),
        Figure("error of the seconds told, median of the day", 100 * ours.error, "%", 100 * before.error, against),
        Figure("error of the seconds told, median of a mixed hour", 100 * mixed.error, "%", aim="15"),
        Figure("half-drawn pictures resting on a card, at most", ours.kept, "", aim=f"{KEPT * SLOTS}"),
    ]


def _late(day: Day) -> float:
    steps = day.first_steps
    return steps[int(0.95 * (len(steps) - 1))]
