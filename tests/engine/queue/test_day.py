"""A hundred people by a clock of their own: nobody is forgotten, shares are equal, newcomers begin at once."""

from __future__ import annotations

import random
import statistics

from hypothesis import given
from hypothesis import strategies as st

from engine.job import State
from engine.queue.exchange import KEPT
from tests.day import people
from tests.day.day import jain, lived
from tests.properties import tried

CARDS, SLOTS = 2, 8


def test_those_who_wait_have_equal_shares_and_newcomers_begin_at_once() -> None:
    soon, newcomers = 0.0, 0
    for seed in (1, 2, 3, 8):
        asked = people.asked(100, 220, 1200, random.Random(seed))
        day = lived(asked, cards=CARDS, slots=SLOTS, seed=seed)
        assert day.ended == {State.DONE: len(asked) - day.refused}
        assert sum(count for _, count in day.fairness) > 5, "it was a busy time"
        assert day.jain >= 0.95
        assert 0 < day.kept <= KEPT * SLOTS
        soon += day.soon * len(day.first_steps)
        newcomers += len(day.first_steps)
    assert soon / newcomers >= 0.95, "of all together: of sixty, four that a loading card held up are too many"


@tried(4)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 8))
def test_whatever_comes_everything_ends_once_and_little_is_kept(seed: int, cards: int, slots: int) -> None:
    asked = people.asked(30, 40, 300, random.Random(seed))
    day = lived(asked, cards=cards, slots=slots, seed=seed)
    assert day.ended == {State.DONE: len(asked) - day.refused}
    assert day.kept <= KEPT * slots
    assert all(told.took > 0 for told in day.told.values())


def test_giving_way_is_what_makes_it_so() -> None:
    asked = people.asked(100, 220, 1200, random.Random(1))
    day = lived(asked, cards=CARDS, slots=SLOTS, seed=1, gives_way=False)
    assert day.soon < 0.9 and day.kept == 0


def test_the_seconds_told_come_true() -> None:
    """Over mixed hours of three models and four sizes, all together: one may be busier than anybody could know."""
    hours = [people.asked(1000, 208, 3600, random.Random(seed)) for seed in (1, 2, 3)]
    days = [lived(hour, cards=CARDS, slots=SLOTS, seed=seed) for seed, hour in enumerate(hours, 1)]
    errors = [error for day in days for error in day.errors]
    assert len(errors) > 600 and statistics.median(errors) <= 0.15


def test_jains_index() -> None:
    assert jain([1, 1, 1, 1]) == 1 and jain([4, 0, 0, 0]) == 0.25
