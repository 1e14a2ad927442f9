"""The nets in memory that guide UNets (engine/controls/), shared by the models of a device."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any
from weakref import WeakSet

from torch import nn


class NetCache:
    """The networks of the nets in memory by what they were made of, the least recently used dropped first where they
    take more than there is `room` for (bytes; none: no bound). One that rows are still being drawn with lives on
    through those rows."""

    def __init__(self, room: Callable[[], int] | None = None) -> None:
        self._room = room
        self._kept: OrderedDict[object, Future[Any]] = OrderedDict()
        self._alive: WeakSet[nn.Module] = WeakSet()
        self._lock = threading.RLock()

    def request(self, key: object, begin: Callable[[], Future[Any]]) -> Future[Any]:
        """What was made of this, or is being made; where it is not, it is begun."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = begin()
            self._kept.move_to_end(key)
            return self._kept[key]

    def forget(self, key: object) -> None:
        """Forget one that could not be made, so that it is tried again where it is wanted again."""
        with self._lock:
            self._kept.pop(key, None)

    def learn(self, network: nn.Module) -> None:
        """Know a network whose weights take memory."""
        with self._lock:
            self._alive.add(network)

    def networks(self) -> Iterator[nn.Module]:
        """Every network that is in memory, those included that only rows hold."""
        with self._lock:
            return iter(list(self._alive))

    @property
    def bytes(self) -> int:
        """The memory that their weights take."""
        return sum(map(size, self.networks()))

    def tidy(self) -> None:
        """Drop the least recently used ones beyond the room there is; the one used last stays."""
        while self._room and self.bytes > self._room() and self.drop_oldest():
            pass

    def drop_oldest(self) -> bool:
        """Forget the least recently used one but for that used last; whether there was another."""
        with self._lock:
            if len(self._kept) < 2:
                return False
            self._kept.popitem(last=False)
            return True

    def clear(self) -> None:
        """Forget every one."""
        with self._lock:
            self._kept.clear()


def size(network: nn.Module) -> int:
    """The bytes that a network's weights take."""
    return sum(weight.numel() * weight.element_size() for weight in network.parameters())
