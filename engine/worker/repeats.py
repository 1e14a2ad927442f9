"""Which pictures may have steps in common."""

from __future__ import annotations

from collections.abc import Sequence

from engine.recipe import Recipe


def repeats(recipes: Sequence[Recipe]) -> frozenset[int]:
    """The numbers of those recipes of one job that another of them is like in model, seed and size. Pictures that have
    these in common may begin alike; to look at others would be for nothing, and on a card each look waits for it. Those
    of other jobs do not count: a picture that is drawn by itself owes no bit to what was drawn before."""
    kinds = [(one.model, one.seed, one.width, one.height) for one in recipes]
    return frozenset(at for at, one in enumerate(kinds) if kinds.count(one) > 1)
