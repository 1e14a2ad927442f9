"""LoRAs merged into copies of the weights: the same pictures as beside the layers, and a base that nobody touches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.adapters import loras, low_rank, merged_weights
from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Layer, Mix
from engine.files.tiers import TIERS
from engine.models import card, loading
from engine.models.loaded import Loaded, Loras
from engine.worker import prepare
from engine.worker.rows import Rows
from tests.engine.drawing import draw, gap, recipe
from tests.lora_files import kohya

ENOUGH = 10**6  # latent pixels to be drawn: any merging pays


@pytest.fixture
def own(entry: Any) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


@pytest.fixture(scope="module")
def files(entry: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made, loaded = tmp_path_factory.mktemp("loras"), loading.load(entry, torch.device("cpu"))
    return (
        kohya(made / "one.safetensors", loaded, 1, ("attn2.to_", "self_attn", "conv1", "samplers", "ff.net")),
        kohya(made / "two.safetensors", loaded, 2, ("attn1.to_", "proj_out", "time_emb")),
    )


def use(*paths: Path, weight: float = 0.7) -> Loras:
    return tuple((path, weight, weight) for path in paths)


@contextmanager
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it holds, nothing is merged."""
    with monkeypatch.context() as patch:
        patch.setattr(loras, "_roomy", lambda loaded, size: False)
        yield


@pytest.fixture
def merges(monkeypatch: pytest.MonkeyPatch) -> list[Mix]:
    """The mixes that were merged."""
    made: list[Mix] = []
    merge = merged_weights.merge

    def noted(layers: Any, mix: Mix) -> merged_weights.Merged:
        made.append(mix)
        return merge(layers, mix)

    monkeypatch.setattr(merged_weights, "merge", noted)
    return made


def weights(loaded: Loaded) -> dict[str, tuple[int, torch.Tensor]]:
    return {name: (id(weight), weight.clone()) for name, weight in loaded.unet.named_parameters()}


def unchanged(loaded: Loaded, before: dict[str, tuple[int, torch.Tensor]]) -> bool:
    now = dict(loaded.unet.named_parameters())
    return all(id(now[name]) == own and torch.equal(now[name], weight) for name, (own, weight) in before.items())


def test_rows_that_agree_are_drawn_merged_and_as_beside_the_layers(
    own: Loaded, files: tuple[Path, Path], merges: list[Mix], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = weights(own)
    ones = [recipe(steps=4, seed=seed, guidance=guidance) for seed, guidance in ((1, 7.0), (2, 1.0), (3, 4.0))]
    wanted = [use(*files)] * 3
    together = draw(own, ones, wanted=wanted)
    assert len(merges) == 1 and unchanged(own, before)
    with beside(monkeypatch):
        expected = draw(own, ones, wanted=wanted)
        plain = draw(own, ones)
    assert len(merges) == 1
    for index in range(3):
        assert gap(together[index], expected[index]) <= 1
        assert gap(together[index], plain[index]) > 5
    assert all(gap(*pair) == 0 for pair in zip(draw(own, ones), plain, strict=True))


def test_others_may_join_and_leave_between_two_steps(
    own: Loaded, files: tuple[Path, Path], merges: list[Mix], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = weights(own)
    long, short = recipe(steps=20), recipe(steps=6, seed=2)
    wanted = [use(files[0]), use(files[0]), use(files[1]), ()]
    together = draw(own, [long, short, short, short], wanted=wanted, late=[2, 3])
    assert len(merges) == 2  # until the others came, and again when they had left
    assert unchanged(own, before)
    with beside(monkeypatch):
        for index, one in enumerate((long, short, short, short)):
            assert gap(together[index], draw(own, [one], wanted=[wanted[index]])[0]) <= 1


def test_batches_that_take_turns_stay_right(
    own: Loaded, files: tuple[Path, Path], merges: list[Mix], monkeypatch: pytest.MonkeyPatch
) -> None:
    ones = [recipe(steps=6), recipe(steps=6, width=128), recipe(steps=6, height=128)]
    wanted = [use(files[0]), use(files[1]), ()]
    together = draw(own, ones, wanted=wanted)
    assert len(merges) == 1  # whose weights came first keep their place
    with beside(monkeypatch):
        for index, one in enumerate(ones):
            assert gap(together[index], draw(own, [one], wanted=[wanted[index]])[0]) <= 1


def test_weights_of_a_mix_serve_no_other(
    own: Loaded, files: tuple[Path, Path], merges: list[Mix], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [use(files[0]), use(files[0], weight=0.3), use(*files)]
    drawn = [draw(own, [recipe()], wanted=[wanted])[0] for wanted in kinds]
    assert len(merges) == 3
    with beside(monkeypatch):
        for wanted, picture in zip(kinds, drawn, strict=True):
            assert gap(picture, draw(own, [recipe()], wanted=[wanted])[0]) <= 1


def test_the_copies_go_with_the_last_row(own: Loaded, files: tuple[Path, Path]) -> None:
    drawn = Rows()
    for index, wanted in enumerate((use(files[0]), use(files[0]), ())):
        drawn.add(prepare.start(f"job {index}", 0, recipe(steps=9, width=64 + 8 * index), own, wanted))
    for _ in range(6):
        drawn.turn()
    adapted = own.adapted["unet"]
    assert adapted._merged
    drawn.remove("job 0")
    assert adapted._merged
    drawn.remove("job 1")
    assert not adapted._merged and len(drawn) == 1


def test_copies_that_nobody_used_for_a_while_go_too(own: Loaded, files: tuple[Path, Path]) -> None:
    chosen = loras.choose(own, use(files[0]))
    adapted = loras._adapted(own, "unet")
    with loras.on_unet(own, [chosen], ENOUGH):
        assert adapted._merged
    for _ in range(low_rank.KEPT):
        with loras.on_unet(own, [()], ENOUGH):
            assert adapted._merged
    with loras.on_unet(own, [()], ENOUGH):
        assert not adapted._merged


@pytest.mark.parametrize("reason", ["area", "memory", "tier", "bfloat16"])
def test_what_does_not_pay_or_fit_is_drawn_beside_the_layers(
    reason: str, own: Loaded, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = loras.choose(own, use(files[0]))
    area = 3 if reason == "area" else ENOUGH
    if reason == "memory":
        monkeypatch.setattr(card, "free", lambda device: 1000)
    if reason == "tier":
        own.tier = next(tier for tier in TIERS if tier.name == "parts")
    if reason == "bfloat16":
        own.dtype = torch.bfloat16
    with loras.on_unet(own, [chosen], area):
        assert not own.adapted["unet"]._merged and own.adapted["unet"]._acts


def test_memory_that_runs_out_while_merging_harms_nobody(
    own: Loaded, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(layers: Any, mix: Mix) -> merged_weights.Merged:
        tried.append(mix)
        raise torch.OutOfMemoryError("no room")

    expected = draw(own, [recipe()], wanted=[use(files[0])])[0]
    monkeypatch.setattr(merged_weights, "merge", full)
    assert gap(draw(own, [recipe()], wanted=[use(files[0])])[0], expected) <= 1
    assert tried


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_copies_have_the_bases_type_and_layout(layout: torch.memory_format, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    layer = nn.Conv2d(8, 6, 3, padding=1).requires_grad_(False).to(dtype=dtype, memory_format=layout)
    network = nn.Sequential(layer)
    adapter = {"0": Layer(torch.randn(2, 8, 3, 3).to(dtype), torch.randn(6, 2, 1, 1).to(dtype), 0.5)}
    made = merged_weights.merge(dict(network.named_modules()), ((adapter, 0.8), (adapter, 0.1)))
    [(_, weight)] = made.weights
    assert weight.dtype == dtype and weight.is_contiguous(memory_format=layout)
    own = layer.weight
    product = torch.einsum("orxy,rikl->oikl", adapter["0"].up.float(), adapter["0"].down.float())
    expected = own.float() + 0.9 * 0.5 * product
    assert torch.allclose(weight.float(), expected, atol=1e-6 if dtype == torch.float32 else 4e-3)
    assert [id(one) for one in merged_weights.reached(dict(network.named_modules()), made.mix)] == [id(own)]
    with made.acting():
        assert layer.weight is weight
    assert layer.weight is own


def test_the_base_is_back_after_an_error(own: Loaded, files: tuple[Path, Path]) -> None:
    before = weights(own)
    chosen = loras.choose(own, use(files[0]))
    with pytest.raises(ValueError), loras.on_unet(own, [chosen], ENOUGH):
        assert isinstance(own.adapted["unet"], Adapted) and not unchanged(own, before)
        raise ValueError
    assert unchanged(own, before)
