"""Products grouped by what entries want: each pays for its own ranks, and has in company what it has alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from engine.adapters import grouped
from engine.adapters.grouped import Halves, Stretch
from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Adapter, Layer, Mix

IN, OUT = 12, 20
DOUBLE = torch.float64  # so that sums in another order are the same sums


def some(entries: int) -> tuple[Tensor, Tensor]:
    """Inputs for both layers of the network below."""
    return torch.randn(entries, 9, IN, dtype=DOUBLE), torch.randn(entries, IN, 6, 5, dtype=DOUBLE)


def adapter(seed: int, rank: int, scale: float = 0.5) -> Adapter:
    """For a network of a linear layer and a convolution."""
    noise = torch.Generator().manual_seed(seed)

    def halves(*kernel: int) -> Layer:
        down = torch.randn(rank, IN, *kernel, generator=noise, dtype=DOUBLE)
        return Layer(down, torch.randn(OUT, rank, *[1] * len(kernel), generator=noise, dtype=DOUBLE), scale)

    return {"linear": halves(), "conv": halves(3, 3)}


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.ModuleDict({"linear": nn.Linear(IN, OUT), "conv": nn.Conv2d(IN, OUT, 3, padding=1)}).double()


def answers(network: nn.Module, mixes: Sequence[Mix], inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    with torch.no_grad(), Adapted(network).acting(mixes):
        return network.linear(inputs[0]), network.conv(inputs[1])


def by_hand(network: nn.Module, mix: Mix, inputs: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The layers with weights that the mix was added to."""
    weights = {name: network.get_parameter(f"{name}.weight").detach().clone() for name in ("linear", "conv")}
    for own, strength in mix:
        for name, layer in own.items():
            assert isinstance(layer, Layer)
            more = strength * layer.scale * layer.up.flatten(1) @ layer.down.flatten(1)
            weights[name] += more.view(weights[name].shape)
    bias = {name: network.get_parameter(f"{name}.bias") for name in weights}
    return (
        nn.functional.linear(inputs[0], weights["linear"], bias["linear"]),
        nn.functional.conv2d(inputs[1], weights["conv"], bias["conv"], padding=1),
    )


A, B, C, D = adapter(1, 4), adapter(2, 7, 1.5), adapter(3, 1), adapter(4, 16)
BATCHES: dict[str, list[Mix]] = {
    "each its own": [((A, 0.75),)] * 2 + [((B, 0.625),)] * 2 + [((C, -0.75),)] * 2 + [((D, 1.0),)] * 2,
    "some none": [()] * 2 + [((A, 0.75),)] * 2 + [()] + [((B, 0.625),)] * 2 + [((B, 0.0),)],
    "several": [((A, 0.75), (B, 0.25))] * 2 + [((B, 0.5), (A, 0.25))] * 2 + [((C, 1.0), (D, 0.375), (A, 0.125))],
    "one at many weights": [((A, 0.125),), ((A, 0.5),), ((A, 0.875),), ((A, 0.0),), ((A, 1.25),)],
    "apart": [((A, 0.75),), ((B, 0.375),), ((A, 0.75),), ((B, 0.375),)],
    "twice in one": [((A, 0.375), (A, 0.375)), ((B, 1.0),)],
}


@pytest.mark.parametrize("batched", [False, True], ids=["stretch by stretch", "at once"])
@pytest.mark.parametrize("name", BATCHES)
def test_each_entry_gets_what_it_gets_alone(
    name: str, batched: bool, network: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixes = BATCHES[name]
    inputs = some(len(mixes))
    plain = answers(network, [()], inputs)
    if batched:
        monkeypatch.setattr(Adapted, "_batched", lambda self, layer, output: isinstance(layer, nn.Linear))
    together = answers(network, mixes, inputs)
    for entry, mix in enumerate(mixes):
        own = tuple(one[entry : entry + 1] for one in inputs)
        for which, answer in enumerate(together):
            torch.testing.assert_close(answer[entry : entry + 1], by_hand(network, mix, own)[which])
            if not any(weight for _, weight in mix):
                assert torch.equal(answer[entry], plain[which][entry])


@pytest.mark.parametrize("name", BATCHES)
def test_run_by_run_the_products_are_those_of_the_row_alone_to_the_bit(name: str) -> None:
    mixes = BATCHES[name]
    places = {id(own): place for place, own in enumerate((A, B, C, D))}
    layers = {place: one for place, own in enumerate((A, B, C, D)) if isinstance(one := own["linear"], Layer)}
    wanted = [{places[id(own)]: weight for own, weight in mix} for mix in mixes]
    x, halves = some(len(mixes))[0], Halves(layers)
    together = torch.zeros(len(mixes), 9, OUT, dtype=DOUBLE)
    for stretch in grouped.stretches(wanted, frozenset(layers)):
        share = torch.full((stretch.stop - stretch.start, len(halves.of(stretch.places)[0])), 0.7, dtype=DOUBLE)
        grouped.stretch_added(nn.Linear(IN, OUT), halves, stretch, share, x, together)
        alone, whole = (
            torch.zeros_like(together[stretch.start : stretch.stop]),
            Stretch(0, stretch.stop - stretch.start, stretch.places),
        )
        grouped.stretch_added(nn.Linear(IN, OUT), halves, whole, share, x[stretch.start : stretch.stop], alone)
        assert torch.equal(together[stretch.start : stretch.stop], alone)


def test_a_mix_for_a_batch_of_any_size_is_one_run(network: nn.Module) -> None:
    inputs = some(5)
    mix = ((A, 0.75), (B, 0.25))
    for answer, expected in zip(answers(network, [mix], inputs), by_hand(network, mix, inputs), strict=True):
        torch.testing.assert_close(answer, expected)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([{0: 1.0}, {0: 1.0}, {1: 1.0}, {1: 0.5}], (Stretch(0, 2, (0,)), Stretch(2, 4, (1,)))),
        ([{0: 1.0}, {}, {0: 1.0}], (Stretch(0, 1, (0,)), Stretch(2, 3, (0,)))),
        ([{0: 1.0, 1: 0.0}, {0: 1.0}], (Stretch(0, 2, (0,)),)),
        ([{0: 1.0, 1: 1.0}, {1: 1.0, 0: 1.0}], (Stretch(0, 1, (0, 1)), Stretch(1, 2, (1, 0)))),
        ([{2: 1.0}, {2: 1.0}], ()),
    ],
)
def test_entries_side_by_side_that_want_the_same_are_a_run(
    wanted: list[dict[int, float]], expected: tuple[Stretch, ...]
) -> None:
    assert grouped.stretches(wanted, frozenset({0, 1})) == expected


@pytest.mark.parametrize(
    ("spans", "entries", "length"),
    [
        ([(0, 2), (2, 4), (4, 6)], 6, 2),
        ([(0, 2), (4, 6)], 6, 2),
        ([(0, 2), (2, 3)], 3, 0),
        ([(1, 3), (3, 5)], 6, 0),
        ([(0, 2), (14, 16)], 16, 0),
        ([(0, 1), (1, 2)], 2, 1),
    ],
)
def test_a_batch_is_cut_into_equal_parts_where_that_pays(
    spans: list[tuple[int, int]], entries: int, length: int
) -> None:
    assert grouped.even([Stretch(start, stop, (0,)) for start, stop in spans], entries) == length


def test_what_was_stacked_for_a_batch_is_kept_for_its_next_step() -> None:
    halves = Halves({place: one for place, own in enumerate((A, B)) if isinstance(one := own["linear"], Layer)})
    found = (Stretch(0, 2, (0,)), Stretch(2, 4, (1,)))
    down, up = halves.stack(found, 2)
    assert (down.shape, up.shape) == ((2, 7, IN), (2, OUT, 7)) and not down[0, 4:].any() and not up[0, :, 4:].any()
    assert halves.stack(found, 2)[0] is down
    assert halves.stack((Stretch(0, 2, (1,)), Stretch(2, 4, (0,))), 2)[0] is not down


def test_each_entry_pays_for_its_own_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight rows with an adapter each cost what they cost with one for all."""
    made = [adapter(seed, 16) for seed in range(8)]
    halves = Halves({place: one for place, own in enumerate(made) if isinstance(one := own["linear"], Layer)})
    linear, asked = torch.nn.functional.linear, [0]

    def counted(x: Tensor, weight: Tensor) -> Tensor:
        asked[0] += x[..., 0].numel() * weight.numel()
        return linear(x, weight)

    monkeypatch.setattr(grouped.functional, "linear", counted)
    costs = []
    for places in ([0] * 8, list(range(8))):
        asked[0] = 0
        for stretch in grouped.stretches(
            [{place: 1.0} for place in places for _ in range(2)], frozenset(halves.layers)
        ):
            x, output = some(16)[0], torch.zeros(16, 9, OUT, dtype=DOUBLE)
            grouped.stretch_added(nn.Linear(IN, OUT), halves, stretch, torch.ones(1, 16, dtype=DOUBLE), x, output)
        costs.append(asked[0])
    assert costs[0] == costs[1] > 0


def test_a_weight_that_changes_is_taken_up(network: nn.Module) -> None:
    adapted = Adapted(network)
    inputs = some(2)
    for mixes in (
        [((A, 0.75),), ((B, 0.5),)],
        [((A, 0.25),), ((B, 0.5),)],
        [((B, 0.25),), ((A, 0.5),)],
        [(), ((A, 1.0),)],
    ):
        with torch.no_grad(), adapted.acting(mixes):
            answer = network.linear(inputs[0])
        for entry, mix in enumerate(mixes):
            own = inputs[0][entry : entry + 1], inputs[1][entry : entry + 1]
            torch.testing.assert_close(answer[entry : entry + 1], by_hand(network, mix, own)[0])
