"""Noise as A1111 draws it: Philox as published, seeds resized and varied, the Brownian path of the SDE samplers."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import torchsde

from engine.recipe import A1111, Variation, following
from engine.sampling.brownian import Increments, Path
from engine.sampling.noise import Noise, centred, numbers, slerp
from engine.sampling.philox import Philox, philox
from tests.engine.drawing import recipe

SHAPE = (1, 4, 8, 8)
WORDS = (1 << 32) - 1
PI = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((WORDS,) * 4, (WORDS,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (PI, (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ],
)  # fmt: skip
def test_philox(counter: tuple[int, ...], key: tuple[int, int], words: tuple[int, ...]) -> None:
    """The known answers that come with Random123."""
    found = philox([np.array([word], np.uint64) for word in counter], key)
    assert tuple(int(word[0]) for word in found) == words
    assert [int(word[0]) for word in philox([np.array([word], np.uint64) for word in counter], key, half=True)] == [
        *words[:2]
    ]


def test_normal_numbers_are_those_of_a_card() -> None:
    """What `torch.manual_seed(0); torch.randn(3, 4, device="cuda")` prints."""
    known = [[-0.9247, -0.4253, -2.6438, 0.1452], [-0.1209, -0.5797, -0.6229, -0.3284]]
    known += [[-1.0745, -0.3631, -1.6711, 2.2655]]
    assert Philox(0).normal((3, 4)).allclose(torch.tensor(known), atol=6e-5)


def test_each_call_has_other_numbers_and_they_are_normal() -> None:
    source = Philox(2**32 - 1)
    first, second = source.normal((1, 4, 64, 64)), source.normal((1, 4, 64, 64))
    assert abs(float((first * second).mean())) < 0.03
    for one in (first, second):
        assert abs(float(one.mean())) < 0.03
        assert abs(float(one.std()) - 1) < 0.03


def noise(variation: Variation | None = None, **like: Any) -> Noise:
    return Noise(recipe(seed=5, variation=variation, like=A1111(**like)), SHAPE, 8)


@pytest.mark.parametrize("rng", ["GPU", "NV", "CPU"])
def test_steps_go_on_with_the_numbers_of_the_start(rng: str) -> None:
    made, plain = noise(rng=rng), numbers(rng, 5)
    assert made.start.equal(plain(SHAPE))
    assert made.next().equal(plain(SHAPE))
    moved, other = noise(rng=rng, ensd=31337), numbers(rng, 5 + 31337)
    assert moved.start.equal(made.start)
    assert moved.next().equal(other(SHAPE))


@pytest.mark.parametrize(("width", "height"), [(64, 128), (128, 64), (32, 32), (128, 96), (64, 64)])
def test_a_seed_of_another_size(width: int, height: int) -> None:
    """Its noise stands in the middle: every cell that both sizes have is the other's."""
    found = noise(rng="CPU", seed_resize=(width, height)).start[0, 0]
    inner = numbers("CPU", 5)((1, 4, height // 8, width // 8))[0, 0]
    outer = numbers("CPU", 5)(SHAPE)[0, 0]
    down, across = (8 - height // 8) // 2, (8 - width // 8) // 2
    for row in range(8):
        for column in range(8):
            there = row - down, column - across
            known = 0 <= there[0] < height // 8 and 0 <= there[1] < width // 8
            assert found[row, column] == (inner[there] if known else outer[row, column])


def test_what_is_centred_leaves_both_as_they_are() -> None:
    inner, outer = torch.ones(1, 4, 2, 2), torch.zeros(1, 4, 6, 4)
    assert centred(inner, outer).sum() == 16
    assert outer.sum() == 0


def test_a_variation_goes_along_the_great_circle_column_by_column() -> None:
    start, end = numbers("CPU", 5)(SHAPE), numbers("CPU", 9)(SHAPE)
    found = noise(rng="CPU", variation=Variation(9, 0.3)).start
    assert found.equal(slerp(start, end, 0.3))
    for channel, column in ((0, 0), (2, 5), (3, 7)):
        one, other = start[0, channel, :, column], end[0, channel, :, column]
        angle = float(torch.acos(one @ other / one.norm() / other.norm()))
        share = np.sin(0.7 * angle) / np.sin(angle), np.sin(0.3 * angle) / np.sin(angle)
        assert found[0, channel, :, column].allclose(share[0] * one + share[1] * other, atol=1e-4)
    assert slerp(start, start, 0.3).allclose(start)


def path(rng: str, seed: int, least: float, most: float) -> Path:
    return Path(lambda own: numbers(rng, own)(SHAPE), seed, SHAPE, least, most)


def test_the_path_is_torchsdes() -> None:
    sigmas = torch.linspace(14.6146, 0.0292, 9)
    tree = torchsde.BrownianTree(
        t0=sigmas[-1], w0=torch.zeros(SHAPE[1:]), t1=sigmas[0], entropy=11, tol=1e-6, pool_size=24
    )
    ours = path("CPU", 11, float(sigmas[-1]), float(sigmas[0]))
    pairs = list(pairwise(sigmas))
    pairs += [(high, (high * low).sqrt()) for high, low in pairs] + [(sigmas[0], sigmas[5])]
    for high, low in pairs:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # its ends lie a hair beyond each other in float32
            known = -tree(low, high)[None] / (high - low).sqrt()
        assert ours(float(high), float(low)).allclose(known, atol=2e-5)


def test_the_path_of_a_card_is_another_and_the_same_in_any_order() -> None:
    one, other, card = (path(rng, 11, 0.03, 14.6) for rng in ("GPU", "NV", "CPU"))
    forth = [one(8.0, 4.0), one(4.0, 1.0)]
    back = [other(4.0, 1.0), other(8.0, 4.0)]
    assert forth[0].allclose(back[1], atol=1e-6)
    assert forth[1].allclose(back[0], atol=1e-6)
    assert not card(8.0, 4.0).allclose(forth[0], atol=0.1)


@pytest.mark.parametrize("asked", ["in order", "steps of two halves", "back", "anywhere"])
@pytest.mark.parametrize("seed", [0, 11, 2**32 - 1, 2**40 + 3])
def test_increments_are_torchsdes_to_the_bit(seed: int, asked: str) -> None:
    """Whatever of the path is kept from one question to the next, and whatever is forgotten."""
    least, most = 0.0291675, 14.6146416
    times = np.geomspace(most, least, 12).tolist()
    pairs = [(low, high) for high, low in pairwise(times)]
    match asked:
        case "steps of two halves":
            pairs = [(end, high) for low, high in pairs for end in ((low * high) ** 0.5, low)]
        case "back":
            pairs.reverse()
        case "anywhere":
            chosen = np.random.default_rng(seed).uniform(least - 0.1, most + 0.1, (12, 2))
            pairs = [*map(tuple, np.sort(chosen).tolist()), (least, most), (3.0, 3.0)]
    ours = Increments(seed, SHAPE, least, most)
    theirs = torchsde.BrownianInterval(
        t0=least, t1=most, size=SHAPE, entropy=seed, tol=1e-6, pool_size=24, halfway_tree=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # some times lie beyond its ends
        for low, high in pairs:
            assert torch.equal(ours(low, high), theirs(low, high))


def test_what_is_asked_again_takes_no_noise_and_little_is_kept() -> None:
    """A time costs the halves around it once, and what is known of two times is all that stays."""
    taken: list[int] = []

    def seeded(seed: int) -> torch.Tensor:
        taken.append(seed)
        return numbers("CPU", seed)(SHAPE)

    ours = Path(seeded, 11, SHAPE, 0.03, 14.6)
    for high, middle, low in ((14.6, 9.0, 5.0), (5.0, 3.0, 2.0), (2.0, 1.5, 1.0)):
        first = ours(high, middle)
        ours(high, low)
        before = len(taken)
        assert torch.equal(ours(high, middle), first) and len(taken) == before
    assert len(set(taken)) > 3 * 15  # of twenty halves, those of the last time serve again
    assert len(taken) - len(set(taken)) < 3 * 5


@pytest.mark.parametrize("seed", [2**32, 2**40 + 3, 2**53 + 1, 2**64 - 1])
def test_seeds_of_more_than_32_bits_are_taken_as_a1111_takes_them(seed: int) -> None:
    """torch's generator on the CPU looks at the last 32 bits, a card's at all 64; the path of the SDE samplers, too."""
    assert torch.equal(numbers("CPU", seed)(SHAPE), numbers("CPU", seed % 2**32)(SHAPE))
    assert not torch.equal(numbers("NV", seed)(SHAPE), numbers("NV", seed % 2**32)(SHAPE))
    paths = [Noise(recipe(seed=one, like=A1111(rng="CPU")), SHAPE, 8).path(0.1, 10.0) for one in (seed, seed % 2**32)]
    assert not torch.equal(paths[0](10.0, 1.0), paths[1](10.0, 1.0))
    Noise(recipe(seed=seed, like=A1111(rng="CPU", ensd=31337)), SHAPE, 8).next()


def test_the_seeds_after_a_seed_are_as_they_were() -> None:
    assert [following(5, 2), following(2**32 - 1, 1), following(2**32, 1), following(2**64 - 1, 1)] == [
        7, 0, 2**32 + 1, 0,
    ]  # fmt: skip
