"""Calls in buckets, and shapes that a backend prepared: padded, bounded, made aside, given up with a word."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.adapters import loras, low_rank, merged_weights, slots
from engine.adapters.slots import Need, SlotMix, Slots, Slotted
from engine.files.tiers import TIERS
from engine.models import loading, memory
from engine.models.loaded import Loaded, Loras
from engine.models.twin import twin
from engine.recipe import Recipe
from engine.speed import batched_call
from engine.speed.batched_call import Answering, Call, Prepared, Shape
from engine.speed.compiled import Captured, Graphs
from tests import tiny
from tests.engine.drawing import Pixels, draw, gap, like_a_card, made_aside, recipe
from tests.engine.speed.calls import call
from tests.lora_files import kohya


@dataclass
class Slow:
    """A backend that notes what it is asked, waits for `go` and fails with `failure`."""

    unet: Callable[..., tuple[Tensor, ...]]
    after: int = 1
    aside: bool = False
    most: int = 2
    room: int = 0
    slots: bool = False
    name: str = "slow"
    failure: Exception | None = None
    later: Exception | None = None
    go: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    asked: list[Shape] = field(default_factory=list)
    threads: list[tuple[str, int]] = field(default_factory=list)  # with how far they stand back

    def prepare(self, call: Call) -> Answering:
        self.asked.append(call.shape)
        back = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        self.threads.append((threading.current_thread().name, back))
        self.began.set()
        if self.aside:
            assert self.go.wait(30)
        if self.failure:
            raise self.failure

        def answer(again: Call) -> Tensor:
            assert again.shape == call.shape
            if self.later:
                raise self.later
            return again.answered(self.unet)

        return Answering(answer)


@pytest.fixture
def unet(loaded: Loaded) -> Callable[..., tuple[Tensor, ...]]:
    return loaded.unet  # type: ignore[no-any-return]


SIZES = [(1, 1), (2, 2), (5, 6), (10, 10), (11, 12), (14, 14), (17, 20), (32, 32), (33, None)]


@pytest.mark.parametrize(("entries", "size"), SIZES)
def test_entries_are_rounded_up_to_a_bucket(entries: int, size: int | None) -> None:
    assert batched_call.bucket(entries) == size


def test_guided_rows_fill_their_buckets() -> None:
    """Two entries for each: no bucket up to 16 has any to spare for them, and beyond none is a fifth empty."""
    for entries in range(1, batched_call.BUCKETS[-1] + 1):
        size = batched_call.bucket(entries)
        assert size is not None
        if entries <= 16:
            assert size - entries == (entries % 2 if entries > 1 else 0)
        assert entries < 4 or 0 <= size - entries < size / 5


@torch.no_grad()
def test_what_fills_a_bucket_up_changes_nothing_else(unet: Callable[..., tuple[Tensor, ...]]) -> None:
    """To the bit, whatever it is: a graph that was recorded with others' rows answers as one with one's own."""
    own, others = call(3), call(1, side=8, tokens=77)
    wild = own.of(tuple(torch.cat([one, 100 * other]) for one, other in zip(own.tensors, others.tensors, strict=True)))
    captured = Captured(unet, wild, like_a_card)
    captured(wild)
    filled = captured(own.padded(4))[:3]
    assert torch.equal(filled, wild.answered(unet)[:3])
    assert torch.equal(filled, own.padded(4).answered(unet)[:3])


def test_padding_changes_no_answer(unet: Callable[..., tuple[Tensor, ...]]) -> None:
    with torch.no_grad():
        own = call(5)
        full = own.padded(6)
        assert full.entries == 6 and torch.equal(full.words[5], own.words[4])
        torch.testing.assert_close(full.answered(unet)[:5], own.answered(unet), atol=1e-5, rtol=1e-5)
        assert own.padded(5) is own


def test_everything_a_call_holds_is_padded_and_kept_apart() -> None:
    own = replace(call(3), guidance=torch.rand(3, 16), added={"time_ids": torch.rand(3, 6), "text": torch.rand(3, 8)})
    full = own.padded(4)
    assert [len(tensor) for tensor in full.tensors] == [4] * 6
    assert full.guidance is not None and full.added is not None
    assert torch.equal(full.guidance[:3], own.guidance)  # type: ignore[arg-type]
    assert all(torch.equal(full.added[name][:3], own.added[name]) for name in full.added)  # type: ignore[index]


@torch.no_grad()
def test_a_shape_is_prepared_once_it_was_called_often_enough(unet: Callable[..., tuple[Tensor, ...]]) -> None:
    backend = Slow(unet, after=3)
    prepared = Prepared(backend)
    assert [prepared.answer(call(5)) is None for _ in range(4)] == [True, True, True, False]
    answer = prepared.answer(call(6))  # the same bucket
    assert answer is not None and len(answer) == 6
    assert backend.asked == [(6, 4, 8, 8, 77)]
    assert prepared.answer(call(40)) is None and len(backend.asked) == 1


@torch.no_grad()
def test_the_least_recently_called_shape_is_dropped(unet: Callable[..., tuple[Tensor, ...]]) -> None:
    prepared = Prepared(Slow(unet))
    for entries in (1, 2, 1, 4):
        prepared.answer(call(entries))
    assert [shape[0] for shape in prepared.shapes] == [1, 4]
    prepared.drop()
    assert prepared.shapes == () and prepared.answer(call(1)) is None


@dataclass
class Held:
    """A backend whose shapes hold a megabyte for each entry once they have answered."""

    unet: Callable[..., tuple[Tensor, ...]]
    room: int
    after: int = 2
    most: int = 99
    name: str = "held"
    slots: bool = False
    aside: bool = False
    asked: list[int] = field(default_factory=list)

    def prepare(self, call: Call) -> Answering:
        self.asked.append(call.entries)
        held: list[int] = []

        def answer(again: Call) -> Tensor:
            held[:] = [again.entries << 20]
            return again.answered(self.unet)

        return Answering(answer, lambda: sum(held))


@torch.no_grad()
def test_shapes_are_kept_by_the_memory_they_hold(
    unet: Callable[..., tuple[Tensor, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    backend = Held(unet, room=7 << 20, after=1)
    prepared = Prepared(backend)
    for entries in (1, 2, 4, 1):
        for _ in range(2):
            prepared.answer(call(entries))
    assert [shape[0] for shape in prepared.shapes] == [2, 4, 1], "seven megabytes are just enough"
    for _ in range(2):
        assert prepared.answer(call(6)) is not None or not prepared.dropped
    assert [shape[0] for shape in prepared.shapes] == [1, 6], "the least recently called made room"
    assert {shape[0]: count for shape, count in prepared.dropped.items()} == {2: 1, 4: 1}
    with caplog.at_level(logging.WARNING, "engine.speed.batched_call"):
        for _ in range(3):
            prepared.answer(call(8))
    assert [shape[0] for shape in prepared.left_out] == [8] and "it holds 8 MiB, of 7" in caplog.text
    assert [shape[0] for shape in prepared.shapes] == [1, 6], "one that is too large takes nobody's place"
    assert prepared.answer(call(8)) is None and backend.asked.count(8) == 1


@torch.no_grad()
def test_more_sizes_than_there_is_room_for_are_not_prepared_again_and_again(
    unet: Callable[..., tuple[Tensor, ...]],
) -> None:
    backend = Held(unet, room=8 << 20)
    prepared = Prepared(backend)
    answered = [prepared.answer(call(entries)) is not None for _ in range(60) for entries in (4, 6)]
    assert len(backend.asked) <= 6, "of a hundred and twenty calls in turns"
    assert sum(answered) > 45, "one of both is quick nearly always"
    assert sum(prepared.dropped.values()) == len(backend.asked) - 1


@torch.no_grad()
def test_what_takes_long_is_prepared_aside_one_after_another(unet: Callable[..., tuple[Tensor, ...]]) -> None:
    backend = Slow(unet, aside=True)
    prepared = Prepared(backend)
    for _ in range(3):
        assert prepared.answer(call(1)) is None and prepared.answer(call(2)) is None
    assert backend.began.wait(60) and len(backend.asked) == 1
    backend.go.set()
    made_aside(prepared)
    assert prepared.answer(call(1)) is not None and prepared.answer(call(2)) is not None
    assert backend.threads == [("slow", batched_call.NICER)] * 2


@pytest.mark.parametrize("when", ["failure", "later"])
@torch.no_grad()
def test_a_shape_that_fails_is_left_to_the_plain_unet_and_said(
    when: str, unet: Callable[..., tuple[Tensor, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    backend = Slow(unet)
    setattr(backend, when, RuntimeError("no kernel"))
    prepared = Prepared(backend)
    with caplog.at_level(logging.WARNING, "engine.speed.batched_call"):
        assert [prepared.answer(call(2)) for _ in range(4)] == [None] * 4
    assert len(backend.asked) == 1 and prepared.left_out == ((2, 4, 8, 8, 77),)
    [said] = caplog.messages
    assert "slow is left out for 2 × 4 × 8 × 8 with 77 tokens" in said and "no kernel" in said


@torch.no_grad()
def test_where_memory_runs_out_every_shape_makes_room_for_the_plain_unet(
    unet: Callable[..., tuple[Tensor, ...]],
) -> None:
    backend = Slow(unet)
    prepared = Prepared(backend)
    for _ in range(2):
        prepared.answer(call(1))
    assert prepared.answer(call(2)) is None
    backend.later = torch.OutOfMemoryError("full")
    assert prepared.answer(call(2)) is None and prepared.shapes == ()
    backend.later = None
    assert prepared.answer(call(1)) is None and prepared.answer(call(1)) is not None
    assert prepared.answer(call(2)) is prepared.answer(call(2)) is None  # there is no room for this one


def test_a_twin_shares_every_weight_and_no_module(loaded: Loaded) -> None:
    other = twin(loaded.unet)
    own = dict(loaded.unet.named_parameters())
    assert all(weight is own[name] for name, weight in other.named_parameters()) and own
    assert not {id(module) for module in other.modules()} & {id(module) for module in loaded.unet.modules()}


@torch.no_grad()
def test_captured_work_is_repeated_on_tensors_that_stay(unet: Callable[..., tuple[Tensor, ...]]) -> None:
    places: list[int] = []

    def watched(sample: Tensor, *others: Tensor, **named: Tensor) -> tuple[Tensor, ...]:
        places.append(sample.data_ptr())
        return unet(sample, *others, **named)

    captured = Captured(watched, call(2), like_a_card)
    first, second = call(2), replace(call(2), samples=call(2).samples * 0.5)
    answers = [captured(first), captured(second), captured(first)]
    assert len(set(places)) == 1
    for own, answer in zip((first, second, first), answers, strict=True):
        torch.testing.assert_close(answer, own.answered(unet), atol=1e-5, rtol=1e-5)


def test_pictures_by_graphs_are_the_same_alone_and_in_company(loaded: Loaded) -> None:
    own = loading.load(loaded.model, torch.device("cpu"))
    recipes = [recipe(steps=8), recipe(steps=6, seed=2, negative="dark"), recipe(steps=5, seed=3, guidance=1.0)]
    plain = draw(loaded, recipes, late=[2])
    own.prepared = Prepared(Graphs(own.unet, like_a_card, 2**30))
    together = draw(own, recipes, late=[2])
    alone = [draw(own, [one])[0] for one in recipes]
    assert {shape[0] for shape in own.prepared.shapes} == {1, 2, 4, 6}
    assert all(gap(one, other) <= 1 for one, other in zip(plain, together, strict=True))
    assert all(gap(one, other) <= 1 for one, other in zip(plain, alone, strict=True))


def test_resting_levels_and_loras_are_the_plain_unets(loaded: Loaded, tmp_path: Path) -> None:
    own = loading.load(loaded.model, torch.device("cpu"))
    backend = Slow(own.unet)
    own.prepared = Prepared(backend)
    fast, drawn = recipe(steps=6, quality="fast"), recipe(steps=3)
    lora = ((tiny.kohya_lora(tmp_path / "own.safetensors"), 0.8, 0.8),)
    pictures = (
        [draw(one, [fast])[0] for one in (own, loaded)],
        [draw(one, [drawn], wanted=[lora])[0] for one in (own, loaded)],
    )
    assert not backend.asked
    assert all(gap(one, other) == 0 for one, other in pictures)
    assert gap(pictures[1][0], draw(own, [drawn])[0]) > 1 and backend.asked


@dataclass
class Company:
    """People with LoRAs of their own beside one without, and the shapes and captures of their calls."""

    pictures: list[Pixels]
    shapes: tuple[Shape, ...]
    captures: int


def by_graphs(loaded: Loaded, recipes: Sequence[Recipe], wanted: Sequence[Loras], **changes: Any) -> Company:
    captures: list[int] = []

    def capture(work: Callable[[], Tensor]) -> tuple[Callable[[], object], Tensor, int]:
        captures.append(1)
        return like_a_card(work)

    loaded.prepared = Prepared(Graphs(loaded.unet, capture, changes.pop("room", 2**30)))
    pictures = draw(loaded, recipes, wanted=wanted, **changes)
    return Company(pictures, loaded.prepared.shapes, len(captures))


@pytest.fixture
def people(loaded: Loaded, tmp_path: Path) -> tuple[list[Recipe], list[Loras]]:
    """Four, two of them with the same LoRA at different weights, one with another of other layers, one without."""
    one = kohya(tmp_path / "one.safetensors", loaded, 1, ("attn2.to_", "self_attn"))
    other = kohya(tmp_path / "other.safetensors", loaded, 2, ("conv1", "proj_out", "ff.net", "time_emb_proj"))
    recipes = [recipe(seed=seed, steps=steps) for seed, steps in ((1, 6), (2, 11), (3, 6), (4, 11))]
    return recipes, [((one, 0.8, 0.8),), (), ((other, 0.7, 0.7), (one, 0.3, 0.0)), ((one, -0.5, 0.0),)]


def test_graphs_draw_people_with_their_own_loras(loaded: Loaded, people: tuple[list[Recipe], list[Loras]]) -> None:
    """As the plain UNet does, beside each other and alone; with slots for as many as there are, which go on being used
    when somebody comes or leaves."""
    recipes, wanted = people
    own = loading.load(loaded.model, torch.device("cpu"))
    plain = draw(loaded, recipes, wanted=wanted, late=[3])
    together = by_graphs(own, recipes, wanted, late=[3])
    for one, other in zip(plain, together.pictures, strict=True):
        assert gap(one, other) <= 1
    assert {shape[0]: shape[5:] for shape in together.shapes} == {8: (4, 16, 2), 4: (1, 8, 0)}
    assert together.captures == len(together.shapes)
    for index, (person, lora) in enumerate(zip(recipes, wanted, strict=True)):
        alone = by_graphs(own, [person], [lora])
        assert gap(alone.pictures[0], plain[index]) <= 1
        assert [shape[5:] for shape in alone.shapes] == [[(1, 8, 0)], [()], [(1, 16, 2)], [(1, 8, 0)]][index]


@torch.no_grad()
def test_who_has_no_lora_draws_beside_one_as_without_to_the_bit(loaded: Loaded, tmp_path: Path) -> None:
    """Whatever lies in the slots, and whatever lay there before."""
    chosen = loras.choose(loaded, ((kohya(tmp_path / "own.safetensors", loaded, 1, ("attn", "conv", "ff")), 1.0, 1.0),))
    graphs = Graphs(loaded.unet, like_a_card, 2**30)
    wanted, none = loras.wanted(chosen), SlotMix()
    bare = graphs.prepare(call(4)).answer(call(4))

    def slotted(*entries: SlotMix) -> Call:
        return replace(call(4), adapters=entries, need=Need(1, 8, 2))

    ready = graphs.prepare(slotted(none, none, none, none))
    for entries in ((none, wanted, none, wanted), (wanted, wanted, wanted, none), (none, none, none, none)):
        for which, (answer, should) in enumerate(zip(ready.answer(slotted(*entries)), bare, strict=True)):
            assert torch.equal(answer, should) == (entries[which] is none)
    assert loras.wanted(loras.choose(loaded, ((chosen[0][0].key[0], 0.0, 1.0),))).mix == ()


@torch.no_grad()
def test_slots_are_shared_and_their_memory_is_counted_once(loaded: Loaded, tmp_path: Path) -> None:
    chosen = loras.choose(loaded, ((kohya(tmp_path / "own.safetensors", loaded, 1, ("attn2",)), 1.0, 1.0),))
    size = Slots.bytes_of(Slotted(loaded.unet).layers, Need(1, 8, 0))

    def slotted(entries: int) -> Call:
        return replace(call(entries), adapters=(loras.wanted(chosen),) * entries, need=Need(1, 8, 0))

    answers = call(6).samples.nbytes
    prepared = Prepared(Graphs(loaded.unet, like_a_card, size + answers))
    for entries in (4, 2, 2):
        for _ in range(4):
            prepared.answer(slotted(entries))
    assert [shape[0] for shape in prepared.shapes] == [4, 2], "both, as they have the same slots"
    for _ in range(4):
        prepared.answer(slotted(6))
    assert [shape[0] for shape in prepared.shapes] == [6] and prepared.dropped.total() == 2
    small = Prepared(Graphs(loaded.unet, like_a_card, size - 1))
    assert [small.answer(slotted(2)) for _ in range(4)] == [None] * 4 and len(small.left_out) == 1
    assert small.answer(call(2)) is None and not small.soon(slotted(2)) and small.soon(call(2))


def test_beyond_the_slots_loras_are_the_plain_unets(
    loaded: Loaded, people: tuple[list[Recipe], list[Loras]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes, wanted = people
    monkeypatch.setattr(slots, "RANKS", (1, 2))
    own = loading.load(loaded.model, torch.device("cpu"))
    plain = draw(loaded, recipes[:2], wanted=wanted[:2])
    found = by_graphs(own, recipes[:2], wanted[:2])
    assert found.shapes == ((2, 4, 8, 8, 77),), "the rest of who has none, when the other is done"
    assert all(gap(one, other) <= 1 for one, other in zip(plain, found.pictures, strict=True))


def test_while_slots_are_made_ready_nothing_is_merged(
    loaded: Loaded, people: tuple[list[Recipe], list[Loras]], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes, wanted = people
    merged: list[object] = []
    merge = merged_weights.merge
    monkeypatch.setattr(merged_weights, "merge", lambda *given: (merged.append(given), merge(*given))[1])
    monkeypatch.setattr(low_rank, "WEIGHTS", 10**9)
    own = loading.load(loaded.model, torch.device("cpu"))
    by_graphs(own, recipes[:1], wanted[:1])
    assert not merged
    by_graphs(own, recipes[:1], wanted[:1], room=0)
    assert merged, "where there is no room for slots"


def test_a_unet_that_leaves_its_place_is_the_plain_one(loaded: Loaded) -> None:
    own = loading.load(loaded.model, torch.device("cpu"))
    own.prepared = Prepared(Slow(own.unet))
    memory.settle(own, TIERS[2])
    assert own.prepared is not None
    memory.settle(own, TIERS[3])
    assert own.prepared is None
