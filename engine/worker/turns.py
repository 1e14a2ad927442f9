"""Whose turn it is among those who cannot share a call. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

# While others wait, a turn takes as many members of a group as should be done in so many seconds, at least one: on a
# slow processor four large pictures in one call would keep all waiting four times as long, and gain next to nothing.
TURN = 0.5

Member = TypeVar("Member", bound=Hashable)


@dataclass(slots=True)
class _Account:
    owner: str
    seconds: float  # of device time, since it joined


class RowTurns(Generic[Member]):
    """Members, each somebody's and of a `group` that may change; those of one group can share a call.

    The next turn has a group of whoever has had the least device time, of several the one whose last turn is longest
    ago: a size drawn by nobody else waits neither for a crowd nor for each of a stranger's many pictures. Who joins
    starts level with the one that has had least, and goes first.
    """

    def __init__(self, group: Callable[[Member], Hashable]) -> None:
        self._group = group
        self._members: dict[Member, _Account] = {}
        self._had: dict[str, float] = {}  # device-seconds by owner
        self._last: list[Hashable] = []  # the groups in the order of their last turns
        self._pace: dict[Hashable, float] = {}  # seconds that a member of a group took in its last turn

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members))

    def add(self, member: Member, owner: str) -> None:
        """Let somebody's member join before the next turn."""
        own = (account.seconds for account in self._members.values() if account.owner == owner)
        self._members[member] = _Account(owner, min(own, default=0.0))
        self._had.setdefault(owner, min(self._had.values(), default=0.0))

    def remove(self, member: Member) -> None:
        """Let a member leave."""
        del self._members[member]

    def next(self) -> list[Member]:
        """The members whose turn it is: all of one group, or where other groups wait, as many as are soon done."""
        of = {member: self._group(member) for member in self._members}
        groups = dict.fromkeys(of.values())
        owners = {account.owner for account in self._members.values()}
        self._had = {owner: had for owner, had in self._had.items() if owner in owners}
        self._last = [group for group in self._last if group in groups]
        self._pace = {group: pace for group, pace in self._pace.items() if group in groups}

        def had(member: Member) -> tuple[float, bool, int, float]:
            account, group = self._members[member], of[member]
            last = self._last.index(group) if group in self._last else -1
            return self._had[account.owner], account.seconds > 0, last, account.seconds

        chosen = of[min(self._members, key=had)] if len(groups) > 1 else next(iter(groups))
        self._last = [group for group in self._last if group != chosen] + [chosen]
        members = [member for member, group in of.items() if group == chosen]
        if len(groups) > 1 and (pace := self._pace.get(chosen)):
            members = sorted(members, key=had)[: max(1, int(TURN / pace))]
        return members

    def took(self, seconds: float) -> None:
        """How long each member waited for the turn that `next` gave, divided by how many had it."""
        self._pace[self._last[-1]] = seconds

    def charge(self, member: Member, seconds: float) -> None:
        """A member has had so much device time."""
        account = self._members[member]
        account.seconds += seconds
        self._had[account.owner] += seconds
