"""CUDA graphs with a stand-in for the card: what is recorded, what it holds, and how much all may hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.models import card
from engine.speed import compiled
from engine.speed.compiled import WARM, OnCard


class Card:
    """As much of torch.cuda as a capture needs: a graph holds 5 MiB, and what calls leave behind is 7 MiB more."""

    def __init__(self) -> None:
        self.reserved = 100
        self.spare = 0
        self.recording = False
        self.pools: list[Any] = []

    @contextmanager
    def graph(self, graph: Any, pool: Any = None, capture_error_mode: str = "global") -> Iterator[None]:
        assert capture_error_mode == "thread_local", "a thread that reads LoRAs may use the card meanwhile"
        self.pools.append(pool)
        self.recording = True
        yield
        self.recording = False
        self.reserved += 5

    def release(self, _: torch.device) -> None:
        self.reserved -= self.spare
        self.spare = 0


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    stream = SimpleNamespace(wait_stream=lambda other: None)
    for name, value in {
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda own: nullcontext(),
        "device": lambda own: nullcontext(),
        "CUDAGraph": lambda: SimpleNamespace(replay=lambda: None),
        "graph": made.graph,
        "memory_reserved": lambda device: made.reserved << 20,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(card, "release", made.release)
    return made


def test_a_graph_has_memory_of_its_own_and_says_how_much(there: Card) -> None:
    recorded: list[bool] = []

    def work() -> Tensor:
        recorded.append(there.recording)
        if not there.recording:
            there.reserved, there.spare = there.reserved + 7, there.spare + 7
        return torch.zeros(2)

    capture = OnCard(torch.device("cuda"))
    held = [capture(work)[2] for _ in range(2)]
    assert held == [5 << 20] * 2, "without what the calls before it left behind"
    assert recorded == ([False] * WARM + [True]) * 2
    assert there.pools == [None, None], "so that it is free when the graph is dropped"


@pytest.mark.parametrize(("whole", "free", "room"), [(True, 20, 3), (False, 20, 1.5), (True, 4, 2)])
def test_graphs_may_hold_a_part_of_the_card(
    whole: bool, free: float, room: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "total", lambda device: 24 << 30)
    monkeypatch.setattr(card, "free", lambda device: int(free * 2**30))
    assert compiled.room(torch.device("cuda"), whole=whole) == int(room * 2**30)
