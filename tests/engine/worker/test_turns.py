"""Whose turn it is: device-seconds decide, by person, whatever the sizes of groups."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from engine.worker.turns import TURN, RowTurns


@dataclass(eq=False)
class One:
    group: str
    owner: str
    cost: float = 0.01


def at_work(*members: One) -> RowTurns[One]:
    turns = RowTurns[One](lambda one: one.group)
    for member in members:
        turns.add(member, member.owner)
    return turns


def drawn(turns: RowTurns[One], seconds: float) -> tuple[Counter[str], Counter[str]]:
    """How much device time each person and each group have had after so many seconds, a call costing the sum of its
    members."""
    people, groups = Counter[str](), Counter[str]()
    now = 0.0
    while now < seconds:
        members = turns.next()
        assert len({member.group for member in members}) == 1
        for member in members:
            turns.charge(member, member.cost)
            people[member.owner] += member.cost
            groups[member.group] += member.cost
        passed = sum(member.cost for member in members)
        turns.took(passed / len(members))
        now += passed
    return people, groups


@pytest.mark.parametrize(("many", "cost"), [(3, 0.01), (7, 0.01), (7, 0.04), (15, 0.002)])
def test_a_size_alone_does_not_wait_for_a_crowd_of_one_person(many: int, cost: float) -> None:
    turns = at_work(*(One("crowd", "ann") for _ in range(many)), One("alone", "bob", cost))
    people, _ = drawn(turns, 20)
    assert people["bob"] / people["ann"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_groups_of_any_sizes_have_turns_by_device_seconds(seed: int) -> None:
    chance = random.Random(seed)
    sizes = {group: chance.uniform(0.002, 0.05) for group in "abc"}
    members = [
        One(group, f"{group}{index}", cost) for group, cost in sizes.items() for index in range(chance.randint(1, 8))
    ]
    people, _ = drawn(at_work(*members), 60)
    most, least = max(people.values()), min(people.values())
    assert most - least < 0.1 * most + 2 * max(sizes.values())


def test_a_newcomer_has_the_next_turn() -> None:
    turns = at_work(*(One("crowd", str(index)) for index in range(7)))
    drawn(turns, 3)
    late = One("alone", "late")
    turns.add(late, late.owner)
    assert turns.next() == [late]


def test_who_comes_back_has_saved_up_nothing() -> None:
    crowd, late = [One("crowd", str(index)) for index in range(3)], One("alone", "late")
    turns = at_work(*crowd, late)
    drawn(turns, 2)
    turns.remove(late)
    drawn(turns, 10)
    turns.add(late, late.owner)
    people, _ = drawn(turns, 4)
    assert people["late"] == pytest.approx(1.0, abs=0.1)


def test_a_turn_is_short_while_others_wait_and_takes_all_in_turn() -> None:
    turns = at_work(*(One("large", "ann", TURN / 2) for _ in range(4)), One("small", "bob"))
    drawn(turns, 3)
    seen = [turns.next() for _ in range(2)]
    assert all(len(members) <= 2 for members in seen)
    turns = at_work(*(One("large", "ann", TURN) for _ in range(3)), One("small", "bob", TURN))
    had = Counter[int]()
    for _ in range(60):
        [*members] = turns.next()
        for member in members:
            turns.charge(member, member.cost)
            had[id(member)] += 1
        turns.took(TURN)
    assert sorted(had.values())[0] >= 9, "each of her three has a third of her half"
