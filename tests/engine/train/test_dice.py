"""Chance that follows from the place alone."""

from __future__ import annotations

from collections import Counter

import torch

from engine.train.dice import Order, Purpose, dice, normal


def test_numbers_follow_from_seed_purpose_and_place_alone() -> None:
    first = normal(dice(3, Purpose.NOISE, 5), (2, 4))
    dice(3, Purpose.NOISE, 4).random(1000)
    assert torch.equal(first, normal(dice(3, Purpose.NOISE, 5), (2, 4)))
    others = (dice(4, Purpose.NOISE, 5), dice(3, Purpose.TIMES, 5), dice(3, Purpose.NOISE, 6))
    assert not any(torch.equal(first, normal(other, (2, 4))) for other in others)


def test_batches_are_of_one_bucket_and_show_every_picture_as_often() -> None:
    buckets = ["wide"] * 3 + ["square"] * 10 + ["tall"]
    order = Order(1, buckets, 4, 400)
    shown: Counter[int] = Counter()
    for number in range(400):
        batch = order.batch(number)
        (kind,) = {buckets[place] for place in batch}
        assert len(batch) == {"square": 4, "wide": 3, "tall": 1}[kind]  # no picture twice, unless a turn of all ends
        shown.update(batch)
    for kind in set(buckets):  # within a bucket to one
        counts = [shown[place] for place, own in enumerate(buckets) if own == kind]
        assert max(counts) - min(counts) <= 1
    assert max(shown.values()) - min(shown.values()) <= 8  # and of all, but for a batch or two


def test_what_comes_first_is_the_same_whatever_follows() -> None:
    short, long = (Order(1, "aabbbc", 2, batches) for batches in (10, 50))
    assert [short.batch(number) for number in range(10)] == [long.batch(number) for number in range(10)]
    assert [short.batch(number) for number in range(10)] != [Order(1, "aabbbc", 2, 10, 1).batch(n) for n in range(10)]
