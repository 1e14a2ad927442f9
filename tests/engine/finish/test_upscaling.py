"""Upscalers: sizes, refusals, networks against their reference, and tiles without seams."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from bot.texts import say
from engine.files import upscalers
from engine.finish import esrgan, upscaling
from engine.pixels.tiles import Box, Joined, Shades, cut
from prompts.errors import Refusal
from tests.engine.drawing import photograph, pixels

CPU = torch.device("cpu")


def wave(*shape: int, start: int) -> torch.Tensor:
    """Weights that any version of any library makes alike."""
    size = math.prod(shape)
    return (0.05 * torch.sin(torch.arange(size, dtype=torch.float64) * 1.7 + start)).float().reshape(shape)


def rrdb(ups: int = 1, first: int = 3) -> dict[str, torch.Tensor]:
    """An RRDB net of 8 filters and one block in the oldest naming."""
    sizes = {"model.0": (8, first), "model.1.sub.1": (8, 8)}
    for dense in (1, 2, 3):
        for layer in range(5):
            out = 8 if layer == 4 else 32
            sizes[f"model.1.sub.0.RDB{dense}.conv{layer + 1}.0"] = (out, 8 + 32 * layer)
    sizes |= {f"model.{3 * (up + 1)}": (8, 8) for up in range(ups)}
    sizes |= {f"model.{3 * ups + 2}": (8, 8), f"model.{3 * ups + 4}": (3, 8)}
    return conv(sizes)


def conv(sizes: dict[str, tuple[int, int]]) -> dict[str, torch.Tensor]:
    made = {}
    for start, (name, (out, into)) in enumerate(sizes.items()):
        made[f"{name}.weight"] = wave(out, into, 3, 3, start=start)
        made[f"{name}.bias"] = wave(out, start=start) + 0.1
    return made


def compact() -> dict[str, torch.Tensor]:
    """A compact net of 8 filters that doubles the size."""
    made = conv({"body.0": (8, 3), "body.2": (8, 8), "body.4": (12, 8)})
    return made | {f"body.{layer}.weight": wave(8, start=layer) + 0.2 for layer in (1, 3)}


def shades(height: int = 6, width: int = 5) -> Shades:
    return np.asarray(photograph(width, height), np.float32) / np.float32(255)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    save_file(rrdb(), tmp_path / "4x-锐化.safetensors")
    save_file(compact(), tmp_path / "small.safetensors")
    yield tmp_path
    esrgan.load.cache_clear()


# What spandrel 0.4.2 makes of the same weights and the same picture: its size, mean and spread, and one pixel.
REFERENCE = [
    (rrdb(), (12, 10), 0.11235273, 0.026796676, (0.109194, 0.146688, 0.081141)),
    (rrdb(2), (24, 20), 0.10548326, 0.038713425, (0.151282, 0.108528, 0.056581)),
    (rrdb(2, 12), (12, 10), 0.105370566, 0.038677197, (0.15079, 0.108969, 0.056199)),
    (compact(), (12, 10), 0.5452207, 0.33742914, (0.567065, 0.491724, 1.0)),
]


@pytest.mark.parametrize("case", range(4))
@pytest.mark.parametrize("naming", ["oldest", "middle", "newest"])
def test_networks_draw_what_spandrel_draws(case: int, naming: str, tmp_path: Path) -> None:
    weights, size, mean, spread, pixel = REFERENCE[case]
    save_file(named(weights, naming), tmp_path / "net.safetensors")
    large = esrgan.load(tmp_path / "net.safetensors", CPU).enlarge(shades())
    assert large.shape == (*size, 3)
    assert large.mean() == pytest.approx(mean, abs=1e-5)
    assert large.std() == pytest.approx(spread, abs=1e-5)
    assert large[5, 4] == pytest.approx(pixel, abs=1e-5)


def named(weights: dict[str, torch.Tensor], naming: str) -> dict[str, torch.Tensor]:
    """The same weights as the later programs call them."""
    if naming == "oldest" or "body.0.weight" in weights:
        return weights
    ups = (max(int(name.split(".")[1]) for name in weights) - 4) // 3
    names = {"model.0.": "conv_first.", f"model.{3 * ups + 4}.": "conv_last."}
    if naming == "middle":
        names |= {"model.1.sub.0.RDB": "RRDB_trunk.0.RDB", "model.1.sub.1.": "trunk_conv."}
        names |= {f"model.{3 * up}.": f"upconv{up}." for up in range(1, ups + 1)} | {f"model.{3 * ups + 2}.": "HRconv."}
    else:
        names |= {"model.1.sub.0.RDB": "body.0.rdb", "model.1.sub.1.": "conv_body."}
        names |= {f"model.{3 * up}.": f"conv_up{up}." for up in range(1, ups + 1)} | {
            f"model.{3 * ups + 2}.": "conv_hr."
        }
    made = {}
    for name, weight in weights.items():
        old = next(old for old in names if name.startswith(old))
        made[names[old] + name.removeprefix(old).replace(".0.", ".")] = weight
    return made


def test_lanczos_enlarges_to_the_size() -> None:
    work = upscaling.enlarge(photograph(64, 48), "lanczos", (96, 72), CPU)
    with pytest.raises(StopIteration) as end:
        next(work)
    assert end.value.value.size == (96, 72)


def test_networks_are_found_and_named(folder: Path) -> None:
    assert upscalers.find_upscaler("4X-锐化", [folder]) == folder / "4x-锐化.safetensors"
    assert upscaling.tiles("small", 300, 200, [folder]) == 2
    assert upscaling.tiles("Lanczos", 300, 200, [folder]) == 0
    with pytest.raises(Refusal) as caught:
        upscalers.find_upscaler("smal", [folder])
    assert caught.value.values["near"] == "small"


@pytest.mark.parametrize("written", ["RealESRGAN_x4", "realesrgan_x4.pth"])
@pytest.mark.parametrize("archive", [True, False])
def test_a_network_in_a_file_of_torchs_is_drawn_with_as_it_is(written: str, archive: bool, tmp_path: Path) -> None:
    path = tmp_path / "RealESRGAN_x4.pth"
    torch.save({"params_ema": compact()}, path, _use_new_zipfile_serialization=archive)
    save_file(compact(), tmp_path / "plain.safetensors")
    assert upscalers.find_upscaler(written, [tmp_path]) == path
    shades = np.random.default_rng(3).random((12, 9, 3), np.float32)
    made, plain = (esrgan.load(one, CPU).enlarge(shades) for one in (path, tmp_path / "plain.safetensors"))
    assert np.array_equal(made, plain)


@pytest.mark.parametrize("written", ["bad", "bad.pth"])
def test_a_network_that_hides_a_program_is_answered_with_its_reason(written: str, tmp_path: Path) -> None:
    torch.save({"params_ema": compact(), "x": print}, tmp_path / "bad.pth")
    with pytest.raises(Refusal) as caught:
        upscalers.find_upscaler(written, [tmp_path])
    assert caught.value.key == "file.unsafe" and say("en", caught.value.key, name="x")


def test_a_network_of_another_kind_or_damaged_is_refused(tmp_path: Path) -> None:
    save_file({"layers.0.residual_group.x.weight": torch.zeros(3, 3)}, tmp_path / "swin.safetensors")
    save_file(rrdb(), tmp_path / "cut.safetensors")
    whole = (tmp_path / "cut.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    for name, key in (("swin", "upscaler.kind"), ("cut", "upscaler.damaged")):
        with pytest.raises(Refusal) as caught:
            esrgan.load(tmp_path / f"{name}.safetensors", CPU)
        assert caught.value.key == key and caught.value.values == {"name": name}


def test_tiles_meet_without_a_seam(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A net sees a few pixels far, so tiles that share more than that equal the whole."""
    picture = photograph(90, 70)
    whole = enlarged(picture, folder)
    monkeypatch.setattr(upscaling, "TILE", 48)
    monkeypatch.setattr(upscaling, "OVERLAP", 16)
    assert upscaling.tiles("small", 90, 70, [folder]) == 6
    tiled = enlarged(picture, folder)
    assert whole.size == tiled.size == (180, 140)
    assert np.abs(pixels(whole) - pixels(tiled)).max() <= 1


def enlarged(picture: Image.Image, folder: Path) -> Image.Image:
    work = upscaling.enlarge(picture, "small", (2 * picture.width, 2 * picture.height), CPU, [folder])
    while True:
        try:
            next(work)
        except StopIteration as end:
            return Image.fromarray(np.asarray(end.value))


# --- tiles ---


@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 200), (512, 40), (1000, 1001)])
def test_tiles_cover_everything_and_overlap(width: int, height: int) -> None:
    boxes = cut(width, height, 64, 16)
    seen = np.zeros((height, width), int)
    for box in boxes:
        assert 0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height
        assert box.width == min(64, width) and box.height == min(64, height)
        seen[box.top : box.bottom, box.left : box.right] += 1
    assert seen.min() == 1
    lefts = sorted({box.left for box in boxes})
    assert all(later - earlier <= 64 - 16 for earlier, later in itertools.pairwise(lefts))


def test_tiles_lie_on_eighths() -> None:
    assert all(side % 8 == 0 for box in cut(200, 312, 128, 16, 8) for side in box.corners)


def test_what_is_cut_and_joined_is_the_same() -> None:
    whole = np.random.default_rng(1).random((70, 90, 3)).astype(np.float32)
    joined = Joined(90, 70)
    for box in cut(90, 70, 32, 8):
        joined.add(box, whole[box.top : box.bottom, box.left : box.right])
    assert np.allclose(joined.shades, whole, atol=1e-6)
    assert Box(1, 2, 3, 4).times(2) == Box(2, 4, 6, 8)
