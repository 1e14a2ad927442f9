"""LyCORIS' kinds of adapters: each adds what its equation says, on its own rows alone, merged or beside the layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import accelerate
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.adapters import binding, merged_weights
from engine.adapters.low_rank import Adapted
from engine.adapters.mix import Layer, LayerChange
from engine.files import lora_kinds, lora_names
from engine.models import loading
from engine.models.loaded import Loaded, Loras
from tests.engine.drawing import draw, gap, recipe
from tests.lora_files import kohya
from tests.lycoris_files import MAKERS, Made

WORDS = ("attn2.to_k", "attn1.to_out", "resnets.0.conv1", "downsamplers", "self_attn.q_proj")
WEIGHT = 0.7


@pytest.fixture(scope="module")
def own(entry: Any) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


def written(path: Path, loaded: Loaded, kind: str) -> dict[tuple[str, str], Made]:
    """A file of this kind over many layers, and what it holds for each, by part and layer."""
    noise = torch.Generator().manual_seed(len(kind))
    made, weights = {}, {}
    for part, prefix in (("unet", "lora_unet"), ("text_encoder", "lora_te_text_model")):
        for name, layer in getattr(loaded, part).named_modules():
            if isinstance(layer, nn.Linear | nn.Conv2d) and any(word in name for word in WORDS):
                one = made[part, name] = MAKERS[kind](layer.weight.shape, noise)
                stem = f"{prefix}_{name.removeprefix('text_model.').replace('.', '_')}"
                weights |= {f"{stem}.{end}": tensor for end, tensor in one.tensors.items()}
    save_file(weights, path)
    return made


@contextmanager
def merged(loaded: Loaded, made: dict[tuple[str, str], Made], weight: float) -> Iterator[None]:
    """While it holds, a file's differences are written into the weights."""
    layers = {place: getattr(loaded, place[0]).get_submodule(place[1]) for place in made}
    before = {place: layer.weight.data for place, layer in layers.items()}
    for place, layer in layers.items():
        layer.weight.data = before[place] + weight * made[place].difference(before[place])
    loaded.embeddings.clear()
    try:
        yield
    finally:
        for place, layer in layers.items():
            layer.weight.data = before[place]
        loaded.embeddings.clear()


def read(layer: nn.Module, tensors: dict[str, Tensor]) -> Layer | LayerChange | None:
    """A layer's tensors as the loader takes them."""
    found = {lora_names.split(f"lora_unet_x.{end}")[1]: tensor for end, tensor in tensors.items()}
    kind = lora_kinds.kind_of(found.keys())
    assert kind is not None
    return binding.fit(layer, kind, found, None)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize(
    "layer",
    [nn.Linear(24, 16), nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(24, 16, 1), nn.Conv2d(8, 16, 3, stride=2, padding=1)],
    ids=["linear", "conv", "pointwise", "strided"],
)
def test_a_layer_gives_what_the_equation_says(kind: str, layer: nn.Linear | nn.Conv2d) -> None:
    noise = torch.Generator().manual_seed(4)
    made = MAKERS[kind](layer.weight.shape, noise)
    change = read(layer, made.tensors)
    assert change is not None
    x = torch.randn(4, *((5, 24) if isinstance(layer, nn.Linear) else (layer.in_channels, 6, 6)), generator=noise)
    expected = []
    for weight in (0.8, 0.0, -0.5, 0.8):
        changed = deepcopy(layer)
        changed.weight.data += weight * made.difference(layer.weight.data)
        expected.append(changed(x[len(expected)][None]))
    adapter = {"": change}
    with torch.no_grad(), Adapted(layer).acting([((adapter, 0.8),), (), ((adapter, -0.5),), ((adapter, 0.8),)]):
        together = layer(x)
    assert torch.allclose(together, torch.cat(expected), atol=1e-4, rtol=1e-4)
    assert torch.equal(together[1], layer(x)[1])
    copy = merged_weights.merge({"": layer}, ((adapter, 0.8),))
    with copy.acting():
        assert torch.allclose(layer(x[:1]), expected[0], atol=1e-4, rtol=1e-4)
    assert (together[0] - layer(x)[0]).abs().max() > 0.05


def test_rows_of_one_batch_have_their_own_and_each_is_the_merged_weights(
    own: Loaded, entry: Any, tmp_path: Path
) -> None:
    kinds = {kind: written(tmp_path / f"{kind}.safetensors", own, kind) for kind in MAKERS}
    wanted: list[Loras] = [((tmp_path / f"{kind}.safetensors", WEIGHT, WEIGHT),) for kind in kinds]
    stranger = kohya(tmp_path / "stranger.safetensors", own, 1, ("attn2.to_", "self_attn", "conv1"))
    wanted += [(), ((stranger, 0.8, 0.8),), tuple((path, 0.0, 0.0) for ((path, _, _),) in wanted)]
    one = recipe(steps=2)
    *together, plain, _, nothing = draw(own, [one] * len(wanted), wanted=wanted)
    assert gap(plain, nothing) == 0
    reference = loading.load(entry, torch.device("cpu"))
    for picture, use, (kind, made) in zip(together, wanted, kinds.items(), strict=False):
        with merged(reference, made, WEIGHT):
            expected = draw(reference, [one])[0]
        assert gap(picture, expected) <= 1, kind
        assert gap(draw(own, [one], wanted=[use])[0], expected) <= 1, kind  # alone
        assert gap(expected, plain) > 5, kind


def bias_too(layer: Any, made: dict[str, Tensor], weight: float) -> Any:
    """A copy of the layer with differences of weight and bias written into it."""
    changed = deepcopy(layer)
    for end, tensor in made.items():
        own = changed.bias if end in ("diff_b", "b_norm") else changed.weight
        if own is None:
            own = changed.bias = nn.Parameter(torch.zeros(len(changed.weight)))
        own.data = own.data + weight * tensor.reshape(own.shape)
    return changed


@pytest.mark.parametrize(
    ("layer", "ends"),
    [
        (nn.GroupNorm(2, 8), ("w_norm", "b_norm")),
        (nn.GroupNorm(2, 8), ("w_norm",)),
        (nn.LayerNorm(6), ("w_norm", "b_norm")),
        (nn.LayerNorm(6), ("diff", "diff_b")),
        (nn.LayerNorm(6), ("b_norm",)),
        (nn.GroupNorm(2, 8), ("diff_b",)),
        (nn.Linear(6, 5), ("diff", "diff_b")),
        (nn.Linear(6, 5, bias=False), ("diff_b",)),
        (nn.Conv2d(8, 5, 3, padding=1), ("diff", "diff_b")),
        (nn.Conv2d(8, 5, 3, padding=1, bias=False), ("diff_b",)),
    ],
    ids=str,
)
def test_norms_and_biases(layer: nn.Module, ends: tuple[str, ...]) -> None:
    noise = torch.Generator().manual_seed(6)
    assert isinstance(layer.weight, Tensor)
    flat = torch.Size([len(layer.weight)])
    made = {end: torch.randn(flat if end != "diff" else layer.weight.shape, generator=noise) for end in ends}
    change = read(layer, made)
    assert change is not None
    adapter = {"": change}
    x = torch.randn(3, 8, 6, 6, generator=noise)
    with torch.no_grad():
        expected = [bias_too(layer, made, weight)(x[entry][None]) for entry, weight in enumerate((0.6, 0.0, -1.0))]
        plain = layer(x)
        with Adapted(layer).acting([((adapter, 0.6),), (), ((adapter, -1.0),)]):
            together = layer(x)
        with merged_weights.merge({"": layer}, ((adapter, 0.6),)).acting():
            alone = layer(x[:1])
        after = layer(x)
    assert torch.allclose(together, torch.cat(expected), atol=1e-5)
    assert torch.allclose(alone, expected[0], atol=1e-5)
    assert torch.equal(together[1], plain[1]) and torch.equal(after, plain)
    assert (together[0] - plain[0]).abs().max() > 0.05


def test_a_low_rank_product_may_come_with_a_bias() -> None:
    layer, noise = nn.Linear(6, 5), torch.Generator().manual_seed(7)
    down, up, bias = (torch.randn(shape, generator=noise) for shape in ((2, 6), (5, 2), (5,)))
    change = read(layer, {"lora_down.weight": down, "lora_up.weight": up, "diff_b": bias})
    assert change is not None
    x = torch.randn(2, 6, generator=noise)
    with torch.no_grad(), Adapted(layer).acting([(({"": change}, 0.5),)]):
        changed = layer(x)
    assert torch.allclose(changed, layer(x) + 0.5 * (x @ down.T @ up.T + bias), atol=1e-5)


def test_weights_that_rest_in_main_memory_are_read_there() -> None:
    """A kind that needs the layer's own weight, where the smallest cards keep it away between two calls."""
    layer, noise = nn.Linear(8, 8), torch.Generator().manual_seed(8)
    made = MAKERS["oft"](layer.weight.shape, noise)
    expected = deepcopy(layer)
    expected.weight.data += made.difference(layer.weight.data)
    network = nn.Sequential(layer)
    change = read(layer, made.tensors)
    assert change is not None
    accelerate.cpu_offload(network, execution_device=torch.device("cpu"))
    assert layer.weight.is_meta
    x = torch.randn(2, 8, generator=noise)
    with torch.no_grad(), Adapted(network).acting([(({"0": change}, 1.0),)]):
        assert torch.allclose(network(x), expected(x), atol=1e-5)


@pytest.mark.parametrize("kind", ["loha", "dora_outputs", "full"])
def test_four_channels_fit_a_layer_for_inpainting(kind: str) -> None:
    """On the channels of the latents; those of mask and picture stay as they are."""
    layer, noise = nn.Conv2d(9, 8, 3, padding=1), torch.Generator().manual_seed(9)
    made = MAKERS[kind](torch.Size([8, 4, 3, 3]), noise)
    change = read(layer, made.tensors)
    assert change is not None
    expected = deepcopy(layer)
    expected.weight.data[:, :4] += made.difference(layer.weight.data[:, :4])
    x = torch.randn(1, 9, 5, 5, generator=noise)
    with torch.no_grad(), Adapted(layer).acting([(({"": change}, 1.0),)]):
        assert torch.allclose(layer(x), expected(x), atol=1e-4)


@pytest.mark.parametrize(
    ("layer", "halves"),
    [
        (nn.Conv2d(8, 8, 3), ((2, 4, 3, 3), (8, 2, 1, 1))),  # four channels are the latents' in a layer of nine alone
        (nn.LayerNorm(8), ((2, 8), (8, 2))),
        (nn.LayerNorm(8), ((2, 1), (8, 2))),
        (nn.Linear(8, 8), ((2, 9), (8, 2))),
        (nn.Linear(8, 8), ((2, 8), (8, 3))),
    ],
)
def test_halves_of_other_layers_fit_none(layer: nn.Module, halves: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    down, up = map(torch.ones, halves)
    assert read(layer, {"lora_down.weight": down, "lora_up.weight": up}) is None


@pytest.mark.parametrize("kind", MAKERS)
def test_tensors_of_another_width_fit_none(kind: str) -> None:
    made = MAKERS[kind](torch.Size([16, 24]), torch.Generator().manual_seed(2))
    assert read(nn.Linear(24, 16), made.tensors) is not None
    if kind != "ia3_outputs" and not kind.startswith(("oft", "boft")):  # which say nothing of the inputs
        assert read(nn.Linear(20, 16), made.tensors) is None
    if kind != "ia3_inputs":
        assert read(nn.Linear(24, 20), made.tensors) is None


def test_a_low_rank_product_of_four_channels_fits_too() -> None:
    layer = nn.Conv2d(9, 8, 3, padding=1)
    down, up = torch.randn(2, 4, 3, 3), torch.randn(8, 2, 1, 1)
    change = read(layer, {"lora_down.weight": down, "lora_up.weight": up})
    assert isinstance(change, Layer)
    x = torch.randn(1, 9, 5, 5)
    low = nn.functional.conv2d(x[:, :4], down, padding=1)
    expected = layer(x) + nn.functional.conv2d(low, up)
    with torch.no_grad(), Adapted(layer).acting([(({"": change}, 1.0),)]):
        assert torch.allclose(layer(x), expected, atol=1e-4)
