"""A day with a thousand people on two cards that draw nothing, by a clock of its own: who had how much of them, who
waited for a first step, and how true the seconds told were. Beside it the same day with nobody giving way."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

from engine.job import Job
from engine.queue.exchange import KEPT
from tests.day import people
from tests.day.day import Day, lived
from tests.fakes import a_recipe
from tests.speed.figure import Figure

PEOPLE, JOBS = 1000, 5000
CARDS, SLOTS = 2, 8
HOUR = 3600.0
SEED = 1
HOURS = (1, 2, 3, 4, 5)  # seeds of mixed hours: one has two hundred jobs, and chance decides how busy it is
LATER = 6.0  # seconds after somebody's eight jobs


def figures() -> list[Figure]:
    asked = people.asked(PEOPLE, JOBS, people.DAY, random.Random(SEED))
    ours, before = (lived(asked, cards=CARDS, slots=SLOTS, seed=SEED, gives_way=gives) for gives in (True, False))
    hours = [mixed_hour(seed) for seed in HOURS]
    errors = [error for hour in hours for error in hour.errors]
    first, kept = (beside_eight(gives_way=gives) for gives in (True, False))
    against = "nobody gives way"
    return [
        Figure("Jain's index of device-seconds among those who wait", ours.jain, "", before.jain, against, "0.95"),
        Figure("newcomers' first step within 2 steps", 100 * ours.soon, "%", 100 * before.soon, against, "95"),
        Figure("newcomers' first step, 95th of 100", _late(ours), "s", _late(before), against),
        Figure("a newcomer's first step beside eight pictures of somebody's", first, "s", kept, against),
        Figure("error of the seconds told, median of the day", 100 * ours.error, "%", 100 * before.error, against),
        Figure(f"… of {len(hours)} mixed hours together", 100 * statistics.median(errors), "%", aim="15"),
        Figure("… of the worst of them", 100 * max(hour.error for hour in hours), "%", aim="15"),
        Figure("half-drawn pictures resting on a card, at most", ours.kept, "", aim=f"{KEPT * SLOTS}"),
    ]


def mixed_hour(seed: int) -> Day:
    """An hour with as much to do as in an hour of the day."""
    hour = people.asked(PEOPLE, JOBS // 24, HOUR, random.Random(seed))
    return lived(hour, cards=CARDS, slots=SLOTS, seed=seed)


def beside_eight(*, gives_way: bool) -> float:
    """Seconds until somebody new sees a first step where one card's eight rows are somebody's eight jobs."""
    recipe = replace(a_recipe(steps=20), width=768, height=768)
    eight = [(0.0, Job(id=f"job {index}", owner="ann", recipes=(recipe,))) for index in range(SLOTS)]
    asked = [*eight, (LATER, Job(id="new", owner="bob", recipes=(recipe,)))]
    return lived(asked, cards=1, slots=SLOTS, seed=SEED, gives_way=gives_way).newcomers["new"].seconds


def _late(day: Day) -> float:
    steps = day.first_steps
    return steps[int(0.95 * (len(steps) - 1))]
