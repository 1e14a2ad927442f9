"""Adapters in slots: what they add beside the layers, from places in memory that stay where they are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from engine.adapters import slots
from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Adapter, Layer, LayerChange, Mix
from engine.adapters.slots import Need, Needs, SlotMix, Slots, Slotted

IN, OUT = 12, 20
DOUBLE = torch.float64  # so that sums in another order are the same sums
NAMES = {
    "down.attentions.0.attn1.to_q": nn.Linear(IN, OUT),
    "down.attentions.0.proj_in": nn.Conv2d(IN, OUT, 1),
    "down.resnets.0.conv1": nn.Conv2d(IN, OUT, 3, padding=1, stride=2),
    "time": nn.Linear(IN, OUT),
}


class Network(nn.Module):
    """A layer of every kind that low-rank adapters reach."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        for name, layer in NAMES.items():
            holder: nn.Module = self
            *path, last = name.split(".")
            for part in path:
                if not hasattr(holder, part):
                    holder.add_module(part, nn.Module())
                holder = getattr(holder, part)
            holder.add_module(last, type(layer)(IN, OUT, **_of(layer)).double())

    def forward(self, words: Tensor, grid: Tensor) -> list[Tensor]:
        layers = dict(self.named_modules())
        inputs = {name: grid if isinstance(layer, nn.Conv2d) else words for name, layer in NAMES.items()}
        inputs["time"] = words[:, 0]
        return [layers[name](one) for name, one in inputs.items()]


def _of(layer: nn.Module) -> dict[str, object]:
    if not isinstance(layer, nn.Conv2d):
        return {}
    return {"kernel_size": layer.kernel_size, "padding": layer.padding, "stride": layer.stride}


def adapter(seed: int, rank: int, names: Sequence[str] = tuple(NAMES), scale: float = 0.5) -> Adapter:
    noise = torch.Generator().manual_seed(seed)
    made = {}
    for name in names:
        layer = NAMES[name]
        kernel = layer.kernel_size if isinstance(layer, nn.Conv2d) else ()
        down = torch.randn(rank, IN, *kernel, generator=noise, dtype=DOUBLE)
        made[name] = Layer(down, torch.randn(OUT, rank, *[1] * len(kernel), generator=noise, dtype=DOUBLE), scale)
    return made


def wanted(name: str, *mix: tuple[Adapter, float]) -> SlotMix:
    return SlotMix((name,) if mix else (), mix)


A, B = adapter(1, 4), adapter(2, 7, scale=1.5)
ATTENTION = adapter(3, 9, ["down.attentions.0.attn1.to_q"])
ONE, OTHER, BOTH, NONE = wanted("a", (A, 0.75)), wanted("b", (B, -0.5)), wanted("ab", (A, 0.25), (B, 1.0)), SlotMix()


def inputs(entries: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(entries)
    return torch.randn(entries, 9, IN, generator=generator, dtype=DOUBLE), torch.randn(
        entries, IN, 6, 4, generator=generator, dtype=DOUBLE
    )


@torch.no_grad()
def beside(network: Network, mixes: Sequence[Mix], given: tuple[Tensor, Tensor]) -> list[Tensor]:
    with Adapted(network).acting(mixes):
        return [one.clone() for one in network(*given)]


@torch.no_grad()
def by_slots(slotted: Slotted, held: Slots, batch: Sequence[SlotMix], given: tuple[Tensor, Tensor]) -> list[Tensor]:
    own = torch.tensor(held.put(batch))
    with slotted.acting(held, own):
        return [one.clone() for one in slotted.network(*given)]


@torch.no_grad()
def test_slots_add_what_adapters_beside_the_layers_add() -> None:
    """Batch after batch in the same slots, and what is none to the bit."""
    slotted, network = Slotted(Network()), Network()
    held = Slots(slotted.layers, Need(2, 16, 2))
    places = [tensor.data_ptr() for halves in held.halves.values() for tensor in halves]
    for batch in ([ONE, ONE, OTHER], [NONE, BOTH, NONE, ONE], [OTHER, BOTH], [NONE, NONE], [BOTH, ONE, NONE]):
        given = inputs(len(batch))
        plain = network(*given)
        expected = beside(network, [one.mix for one in batch], given)
        for answer, should, bare in zip(by_slots(slotted, held, batch, given), expected, plain, strict=True):
            torch.testing.assert_close(answer, should)
            for entry, one in enumerate(batch):
                assert torch.equal(answer[entry], bare[entry]) == (one is NONE)
    assert places == [tensor.data_ptr() for halves in held.halves.values() for tensor in halves]
    for answer, bare in zip(slotted.network(*inputs(2)), network(*inputs(2)), strict=True):
        assert torch.equal(answer, bare), "a call without slots is the network's own"


@torch.no_grad()
def test_a_strangers_numbers_beyond_all_bounds_stay_with_him() -> None:
    broken = {name: Layer(layer.down * torch.inf, layer.up, 1.0) for name, layer in A.items()}  # type: ignore[union-attr]
    slotted = Slotted(Network())
    held = Slots(slotted.layers, Need(2, 8, 2))
    given = inputs(3)
    answers = by_slots(slotted, held, [NONE, wanted("broken", (broken, 1.0)), ONE], given)
    for answer, alone in zip(answers, by_slots(slotted, held, [NONE, NONE, ONE], given), strict=True):
        assert torch.equal(answer[0], alone[0]) and torch.equal(answer[2], alone[2])
        assert not answer[1].isfinite().any()


def test_only_what_came_is_put_into_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    filled: list[int] = []
    held = Slots(Slotted(Network()).layers, Need(2, 16, 2))
    fill = Slots._fill
    monkeypatch.setattr(Slots, "_fill", lambda self, slot, mix: (filled.append(slot), fill(self, slot, mix)))
    assert held.put([ONE, NONE, OTHER]) == [1, 0, 2] and held.put([OTHER, ONE]) == [2, 1]
    assert filled == [1, 2]
    assert held.put([BOTH, OTHER, NONE]) == [1, 2, 0], "in the place of what nobody wants"
    assert held.put([NONE]) == [0] and held.put([wanted("a", (A, 0.75))]) == [1] and filled == [1, 2, 1, 1]


NEEDED: list[tuple[list[SlotMix], Need | None]] = [
    ([ONE, NONE, ONE], Need(1, 8, 2)),
    ([ONE, OTHER, BOTH], Need(4, 16, 2)),
    ([wanted("c", (ATTENTION, 1.0))], Need(1, 16, 0)),
    ([wanted("p", (adapter(1, 2, ["down.attentions.0.proj_in"]), 1.0))], Need(1, 8, 1)),
    ([NONE, NONE], None),
    ([wanted("256", (adapter(4, slots.RANKS[-1]), 1.0))], Need(1, 256, 2)),
    ([ONE, wanted("257", (adapter(4, slots.RANKS[-1]), 1.0), (adapter(5, 1), 1.0))], None),
    ([ONE, wanted("other kind", ({"time": LayerChange({}, None, torch.zeros(OUT))}, 1.0))], None),
]


@pytest.mark.parametrize(("batch", "need"), NEEDED)
def test_what_a_batch_needs(batch: list[SlotMix], need: Need | None) -> None:
    found = Needs()
    assert found.of(batch) == need == found.of(batch)


def test_adapters_of_attention_take_no_memory_at_other_layers() -> None:
    layers = Slotted(Network()).layers
    small, large = Slots(layers, Need(1, 8, 0)), Slots(layers, Need(1, 8, 2))
    assert list(small.halves) == ["down.attentions.0.attn1.to_q"] and len(large.halves) == len(NAMES)
    assert small.bytes == 2 * 8 * (IN + OUT) * 8 == Slots.bytes_of(layers, Need(1, 8, 0))
    assert large.bytes == Slots.bytes_of(layers, Need(1, 8, 2))
