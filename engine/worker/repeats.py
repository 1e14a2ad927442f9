"""Which pictures may have steps in common."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from engine.recipe import Recipe

KNOWN = 512  # kinds of pictures


class Repeats:
    """What was asked for lately: by whom, with which model and seed, in which size. Pictures that have all of it in
    common may begin alike; to look at others would be for nothing, and on a card each look waits for it."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, None] = OrderedDict()

    def learn(self, owner: str, recipes: Sequence[Recipe]) -> frozenset[int]:
        """The numbers of those recipes of somebody's that another is like, of these or of those before them."""
        kinds = [(owner, one.model, one.seed, one.width, one.height) for one in recipes]
        found = frozenset(at for at, one in enumerate(kinds) if one in self._known or kinds.count(one) > 1)
        for one in kinds:
            self._known[one] = None
            self._known.move_to_end(one)
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return found
