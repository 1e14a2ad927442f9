"""Tiers: which one a size of memory gets, where the parts lie in each, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.files import catalog, tiers
from engine.models import card, loading, memory
from engine.models.loaded import Layout, Loaded
from engine.worker import autoencoder, prepare, rows
from engine.worker.row import Row
from tests.engine.drawing import draw, gap, pixels, recipe

GB = 10**9
SD15 = {"unet": 1.72 * GB, "vae": 0.33 * GB, "text_encoder": 0.25 * GB}
SDXL = {"unet": 5.14 * GB, "vae": 0.33 * GB, "text_encoder": 0.25 * GB, "text_encoder_2": 1.39 * GB}


@pytest.mark.parametrize(
    ("weights", "side", "room", "tier"),
    [
        (SDXL, 1024, 16, "all"),
        (SDXL, 1024, 9, "encoders"),
        (SDXL, 1024, 8, "tiles"),
        (SDXL, 1024, 6, "layers"),
        (SD15, 512, 6, "all"),
        (SD15, 512, 2.7, "tiles"),
        (SD15, 512, 2.45, "parts"),
        (SD15, 512, 1, "layers"),
    ],
)
def test_the_free_memory_chooses(weights: dict[str, float], side: int, room: float, tier: str) -> None:
    sizes = {part: int(size) for part, size in weights.items()}
    assert tiers.choose_tier(sizes, side * side, int(room * GB), "cuda").name == tier


def test_every_tier_needs_less_than_the_one_before() -> None:
    for weights, side in ((SD15, 512), (SDXL, 1024), (SDXL, 2048)):
        sizes = {part: int(size) for part, size in weights.items()}
        needs = [tiers.needs(tier, sizes, side * side) for tier in tiers.TIERS]
        assert needs == sorted(needs, reverse=True) and needs[0] > needs[-1] > 0


def test_in_main_memory_only_the_tiles_help(
    entry: catalog.Model, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert loaded.tier.name == "all"
    monkeypatch.setattr(memory, "free", lambda _: 0)
    small = loading.load(entry, torch.device("cpu"))
    assert small.tier.name == "tiles"
    own = recipe(steps=2)  # one tile, so nothing changes
    assert gap(draw(small, [own])[0], draw(loaded, [own])[0]) == 0
    assert not memory.lower(small)


def test_the_weights_of_a_folder_and_of_a_file_are_counted(loaded: Loaded, tmp_path: Path) -> None:
    def halved(part: nn.Module) -> int:
        return 2 * sum(weight.numel() for weight in part.parameters())

    expected = {"unet": halved(loaded.unet), "vae": 2 * halved(loaded.vae), "text_encoder_2": 0}
    counted = tiers.weights(loaded.model.path)
    assert counted == expected | {"text_encoder": pytest.approx(halved(loaded.text_encoder), rel=0.01)}
    file = {f"model.diffusion_model.{name}": weight for name, weight in loaded.unet.state_dict().items()}
    save_file(file, tmp_path / "single.safetensors")
    assert tiers.weights(tmp_path / "single.safetensors")["unet"] == expected["unet"]


class Part(nn.Module):
    """A part that only remembers where it was sent, in a diary that all parts share."""

    def __init__(self, name: str, diary: list[tuple[str, str]]) -> None:
        super().__init__()
        self.name, self.diary = name, diary

    def to(self, device: Any) -> Any:  # type: ignore[override]
        self.diary.append((self.name, str(device)))
        return self

    def enable_tiling(self) -> None:
        self.diary.append((self.name, "tiles"))


@pytest.fixture
def diary(loaded: Loaded) -> Iterator[tuple[Loaded, list[tuple[str, str]]]]:
    written: list[tuple[str, str]] = []
    parts: dict[str, Any] = {name: Part(name, written) for name in ("unet", "vae", "text_encoder")}
    yield replace(loaded, device=torch.device("meta"), layout=Layout(tiers.TIERS[0]), **parts), written


def visits(own: Loaded, written: list[tuple[str, str]], tier: str) -> list[tuple[str, str]]:
    """Where parts are sent while a prompt is read, two steps are drawn and the picture is decoded."""
    memory.settle(own, next(one for one in tiers.TIERS if one.name == tier))
    written.clear()
    for names in (("text_encoder", "text_encoder_2"), ("unet",), ("unet",), ("vae",)):
        with memory.on_card(own, *names):
            written.append(("call", names[0]))
    return written


def test_parts_come_for_their_calls_and_leave(diary: tuple[Loaded, list[tuple[str, str]]]) -> None:
    text, unet, vae = ("call", "text_encoder"), ("call", "unet"), ("call", "vae")
    comes, goes = ("text_encoder", "meta"), ("text_encoder", "cpu")
    away, here = ("unet", "cpu"), ("unet", "meta")
    assert visits(*diary, "all") == [text, unet, unet, vae]
    assert visits(*diary, "encoders") == [comes, text, goes, unet, unet, vae]
    assert visits(*diary, "tiles") == [comes, text, goes, unet, unet, ("vae", "meta"), vae, ("vae", "cpu")]
    assert visits(*diary, "parts") == [
        away, comes, text, goes, here, unet, here, unet, away, ("vae", "meta"), vae, ("vae", "cpu"),
    ]  # fmt: skip


def test_layer_by_layer_is_the_same_picture(entry: catalog.Model, loaded: Loaded) -> None:
    own = loading.load(entry, torch.device("cpu"))
    memory.settle(own, tiers.TIERS[-1])
    assert gap(draw(own, [recipe(steps=2)])[0], draw(loaded, [recipe(steps=2)])[0]) <= 1


# --- memory that runs out ---


class Narrow:
    """A UNet in a memory that holds only so many batch entries; `tried` are those of each call."""

    def __init__(self, loaded: Loaded, room: int) -> None:
        self.room, self.tried = room, list[int]()
        self._hook = loaded.unet.register_forward_pre_hook(self._look)

    def _look(self, _: object, inputs: tuple[torch.Tensor, ...]) -> None:
        self.tried.append(len(inputs[0]))
        if len(inputs[0]) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")

    def close(self) -> None:
        self._hook.remove()


def drawn(own: Loaded, count: int) -> tuple[list[Row], list[Exception]]:
    at_work = rows.Rows()
    for index in range(count):
        at_work.add(prepare.start("job", index, recipe(steps=2, seed=index), own, ()))
    started, failed = list(at_work), list[Exception]()
    while len(at_work):
        turn = at_work.turn()
        failed += [error for _, error in turn.failed]
        for row in turn.stepped:
            if row.done:
                at_work.leave(row)
    return started, failed


def test_a_batch_too_large_is_halved_and_remembered(entry: catalog.Model, loaded: Loaded) -> None:
    own = loading.load(entry, torch.device("cpu"))
    narrow = Narrow(own, room=5)
    done, failed = drawn(own, 5)
    narrow.close()
    assert not failed
    assert narrow.tried[:4] == [10, 4, 6, 2] and max(narrow.tried[5:]) <= 4
    for row in done:
        [expected] = draw(loaded, [row.recipe])
        assert gap(pixels(autoencoder.pictures(own, [row.latents])[0]), expected) <= 1


def test_a_row_too_large_alone_goes_down_a_tier_and_then_gives_up(entry: catalog.Model) -> None:
    own = loading.load(entry, torch.device("cpu"))
    narrow = Narrow(own, room=1)
    _, failed = drawn(own, 1)
    narrow.close()
    assert narrow.tried == [2, 2]
    assert own.tier.name == "tiles"
    assert [card.out_of_memory(error) for error in failed] == [True]


def test_decoding_goes_down_a_tier_too(entry: catalog.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    own = loading.load(entry, torch.device("cpu"))
    whole = own.vae.decode

    def decode_tiled_only(latents: torch.Tensor, **values: Any) -> Any:
        if not own.vae.use_tiling:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(latents, **values)

    monkeypatch.setattr(own.vae, "decode", decode_tiled_only)
    assert len(autoencoder.pictures(own, [torch.randn(1, 4, 8, 8)])) == 1
    assert own.tier.name == "tiles"
