"""CUDA graphs with a stand-in for the card: what is recorded, what it holds, and how much all may hold. What
`torch.compile` makes of calls, with LoRAs and without."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Layer
from engine.adapters.slots import Need, SlotMix
from engine.models import card, loading
from engine.models.loaded import Loaded, Loras
from engine.models.twin import twin
from engine.speed import compiled
from engine.speed.batched_call import Answering, Call, Prepared
from engine.speed.compiled import WARM, Compiled, OnCard
from tests.engine.drawing import draw, gap, made_aside, recipe
from tests.engine.speed.calls import call
from tests.lora_files import kohya


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


class Small(nn.Module):
    """As much of a UNet as takes seconds to compile."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(4, 4, 3, padding=1)
        self.words = nn.Linear(32, 4)

    def forward(
        self, samples: Tensor, times: Tensor, *, encoder_hidden_states: Tensor, **_: object
    ) -> tuple[Tensor, ...]:
        told = self.words(encoder_hidden_states).mean(dim=1) + times[:, None] / 1000
        return (torch.nn.functional.silu(self.inner(samples) + told[:, :, None, None]),)


class Waiting(Compiled):
    """Compiles from the moment it may."""

    after = 2

    def __init__(self, unet: nn.Module) -> None:
        super().__init__(unet)
        self.go = threading.Event()

    def prepare(self, call: Call) -> Answering:
        self.go.wait(60)
        return super().prepare(call)


@pytest.mark.usefixtures("in_turn")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # inductor's own
@torch.no_grad()
def test_compiled_in_the_background_it_says_the_same(caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    small = Small()
    backend = Waiting(small)
    prepared = Prepared(backend)
    with caplog.at_level(logging.INFO, "engine.speed.batched_call"):
        assert [prepared.answer(call(3)) for _ in range(4)] == [None] * 4, "the plain UNet draws meanwhile"
        backend.go.set()
        made_aside(prepared)
    assert "compile is ready for 4 × 4 × 8 × 8 with 77 tokens" in caplog.messages
    answer = prepared.answer(call(3))
    assert answer is not None
    torch.testing.assert_close(answer, call(3).answered(small), atol=1e-5, rtol=1e-5)


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is traced is called as it is, which takes seconds instead of minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))


@pytest.mark.usefixtures("traced")
def test_compiled_shapes_draw_people_with_their_own_loras(loaded: Loaded, tmp_path: Path) -> None:
    wanted: list[Loras] = [((kohya(tmp_path / "one.safetensors", loaded, 1, ("attn2.to_",)), 0.8, 0.8),), ()]
    recipes = [recipe(seed=1, steps=4), recipe(seed=2, steps=6)]
    own = loading.load(loaded.model, torch.device("cpu"))
    plain = draw(loaded, recipes, wanted=wanted)
    backend = Compiled(own.unet, None, 2**30)
    backend.after, backend.aside = 1, False  # so that it is known when a shape is ready
    own.prepared = Prepared(backend)
    found = draw(own, recipes, wanted=wanted)
    assert [shape[0] for shape in own.prepared.shapes] == [4, 2] and not own.prepared.left_out
    assert [shape[5:] for shape in own.prepared.shapes] == [(1, 8, 0), ()]
    assert all(gap(one, other) <= 1 for one, other in zip(plain, found, strict=True))


class SmallWithLoras(Small):
    """The same, with a layer that LoRAs reach by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.attn1 = nn.ModuleDict({"to_q": nn.Linear(4, 4)})

    def forward(self, samples: Tensor, *others: Tensor, **named: Any) -> tuple[Tensor, ...]:
        [answer] = super().forward(samples, *others, **named)
        return (self.attn1["to_q"](answer.permute(0, 2, 3, 1)).permute(0, 3, 1, 2),)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # inductor's own
@torch.no_grad()
def test_compiled_calls_have_slots() -> None:
    """They add what LoRAs beside the layers add, and nothing to the bit to who has none; what lies in them changes, and
    nothing is compiled for it. A shape with slots is not taken for the same without, nor the other way round."""
    dynamo = importlib.import_module("torch._dynamo")
    torch.manual_seed(0)
    small, own = SmallWithLoras(), call(2)
    generator = torch.Generator().manual_seed(1)
    sizes = {"inner": ((3, 4, 3, 3), (4, 3, 1, 1)), "words": ((3, 32), (4, 3)), "attn1.to_q": ((3, 4), (4, 3))}
    adapter = {
        name: Layer(torch.randn(down, generator=generator), torch.randn(up, generator=generator), 0.5)
        for name, (down, up) in sizes.items()
    }
    wanted, none = SlotMix(("own",), ((adapter, 1.0),)), SlotMix()
    backend, other, bare = Compiled(small, None, 2**30), twin(small), own.answered(small)
    beside = Adapted(other)

    def slotted(*entries: SlotMix) -> Call:
        return replace(own, adapters=entries, need=Need(1, 8, 2))

    plain, ready = backend.prepare(own), backend.prepare(slotted(none, none))
    assert ready.slots and not plain.slots
    answers = []
    with dynamo.config.patch(error_on_recompile=True):
        for entries in ((none, wanted), (wanted, none), (none, none)):
            answers.append(ready.answer(slotted(*entries)))
            with beside.acting([one.mix for one in entries]):
                torch.testing.assert_close(answers[-1], own.answered(other), atol=1e-4, rtol=1e-4)
            torch.testing.assert_close(plain.answer(own), bare, atol=1e-5, rtol=1e-5)
    assert torch.equal(answers[0][0], answers[2][0]) and torch.equal(answers[1][1], answers[2][1])
    assert not torch.equal(answers[0][1], answers[2][1]) and not torch.equal(answers[1][0], answers[2][0])
