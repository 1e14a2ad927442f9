"""What many people ask for in a day: a few ask for most of it, in bursts, more in the evening, of several models and
sizes."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from engine.job import Job
from engine.recipe import Recipe
from tests.fakes import a_recipe

DAY = 86400.0
MODELS = {"danqing-demo": 5, "anime": 3, "photo": 2}  # how often each is asked for
SIZES = {(512, 512): 4, (512, 768): 4, (768, 768): 1, (1024, 1024): 1}
STEPS = {20: 3, 28: 2, 8: 1}
COUNTS = {1: 6, 2: 1, 4: 3, 8: 0.3}  # pictures in a job
BURST = 5.0  # jobs in one sitting, on average
BETWEEN = 40.0  # seconds between two of them
EVENING = 0.9  # by how much the evening has more, and the night less

Asked = list[tuple[float, Job]]
T = TypeVar("T")


def asked(people: int, jobs: int, seconds: float, chance: random.Random) -> Asked:
    """About so many jobs of so many people within so many seconds, each with the second it is asked for, in order."""
    shares = [1 / rank for rank in range(1, people + 1)]  # Zipf
    found: Asked = []
    while len(found) < jobs:
        owner = f"person {chance.choices(range(people), shares)[0]}"
        begun = chance.uniform(0, seconds)
        if chance.random() > (1 + EVENING * math.sin(2 * math.pi * (begun / seconds - 0.5))) / (1 + EVENING):
            continue
        model = _one(MODELS, chance)
        for _ in range(1 + int(chance.expovariate(1 / (BURST - 1)))):
            if begun < seconds:
                found.append((begun, Job(id=f"job {len(found)}", owner=owner, recipes=_recipes(model, chance))))
            begun += chance.expovariate(1 / BETWEEN)
    return sorted(found, key=lambda one: one[0])


def _recipes(model: str, chance: random.Random) -> tuple[Recipe, ...]:
    width, height = _one(SIZES, chance)
    own = replace(a_recipe(steps=_one(STEPS, chance), model=model), width=width, height=height)
    return tuple(replace(own, seed=seed) for seed in range(_one(COUNTS, chance)))


def _one(odds: Mapping[T, float], chance: random.Random) -> T:
    return chance.choices(list(odds), list(odds.values()))[0]
