"""Controls through a worker: what each stage's rows are shown of the map, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.control import Control
from engine.finish import detection
from engine.models.loaded import Loaded
from engine.pixels.control_map import ControlMap
from engine.pixels.tiles import Box
from engine.recipe import A1111, Fix, Hires, Recipe, Source, Upscale
from engine.wire import Draw, Message, PutSource
from engine.worker import canvas
from tests import tiny_nets
from tests.engine.drawing import photograph, pixels, recipe
from tests.engine.worker.test_worker import drawn_by, opened, outcome, png, work

MAP, SOURCE = "c" * 64, "a" * 64
BESIDE = Control("one", MAP)
SHORT = Hires(1.0, 0.6, upscaler="Lanczos", width=96, height=64)


@pytest.fixture(scope="module")
def shelf(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a net for the tiny model."""
    folder = tmp_path_factory.mktemp("shelf")
    tiny_nets.control(loaded.unet).save_pretrained(folder / "one")
    return folder


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[ControlMap]:
    """The maps that rows are shown."""
    found: list[ControlMap] = []
    real = canvas.guide

    def noted(one: ControlMap, net: Any) -> Any:
        found.append(one)
        return real(one, net)

    monkeypatch.setattr(canvas, "guide", noted)
    return found


def reach(image: Image.Image) -> tuple[int, int, int, int]:
    """Which part of `photograph`, whose red grows to the right and whose green grows downwards, a picture is: left,
    top, right, bottom in hundredths."""
    shades = pixels(image) / 2.55
    across, down = np.median(shades[..., 0], axis=0), np.median(shades[..., 1], axis=1)
    return round(across[0]), round(down[0]), round(across[-1]), round(down[-1])


def drawn(
    tiny_folder: Path, shelf: Path, own: Recipe, *files: tuple[str, Image.Image], map_: Image.Image | None = None
) -> list[Message]:
    puts = [PutSource(name, png(image)) for name, image in ((MAP, map_ or photograph(128, 128)), *files)]
    heard = work(tiny_folder.parent, *puts, Draw("job", 0, (own,)), vaes=[shelf])
    assert outcome(heard, "job") == "done"
    return heard


@pytest.mark.parametrize("like", [None, A1111()])
def test_second_passes_and_tiles_are_shown_their_part_of_the_map(
    like: A1111 | None, tiny_folder: Path, shelf: Path, shown: list[ControlMap]
) -> None:
    own = recipe(
        steps=2,
        like=like,
        controls=(BESIDE,),
        hires=Hires(1.5, 0.6, upscaler="Lanczos"),
        upscale=Upscale("Lanczos", 1.5, 0.6),
    )
    drawn(tiny_folder, shelf, own)
    [first, second, *tiles] = [one.image for one in shown]
    assert (first.size, second.size) == ((64, 64), (96, 96))
    assert reach(first) == pytest.approx((0, 0, 100, 100), abs=1) and reach(second) == pytest.approx(
        (0, 0, 100, 100), abs=1
    )
    assert len(tiles) == 4
    corners = {reach(one) for one in tiles}
    assert len(corners) == 4 and min(left for left, *_ in corners) <= 1 and max(right for *_, right, _ in corners) >= 99
    for tile in tiles:
        left, top, right, bottom = reach(tile)
        assert right - left == pytest.approx(100 * tile.width / 144, abs=2)
        assert bottom - top == pytest.approx(100 * tile.height / 144, abs=2)


@pytest.mark.parametrize(("stages", "sizes"), [("first", [64]), ("second", [96]), ("", [64, 96])])
def test_a_control_acts_in_the_passes_that_it_names(
    stages: str, sizes: list[int], tiny_folder: Path, shelf: Path, shown: list[ControlMap]
) -> None:
    own = recipe(steps=2, controls=(replace(BESIDE, stages=stages),), hires=Hires(1.5, 0.6, upscaler="Latent"))
    drawn(tiny_folder, shelf, own)
    assert [one.image.width for one in shown] == sizes


def test_a_second_pass_of_another_shape_sees_what_is_left_of_it(
    tiny_folder: Path, shelf: Path, shown: list[ControlMap]
) -> None:
    drawn(tiny_folder, shelf, recipe(steps=2, controls=(BESIDE,), hires=SHORT))
    left, top, right, bottom = reach(shown[1].image)
    assert (left, right) == pytest.approx((0, 100), abs=1) and (top, bottom) == pytest.approx((16, 84), abs=2)


def test_what_is_mended_is_shown_its_part_of_the_map(
    tiny_folder: Path, shelf: Path, shown: list[ControlMap], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection, "find_boxes", lambda *_: [Box(40, 8, 56, 24)])
    own = recipe(steps=2, controls=(BESIDE,), fixes=(Fix("face", 0.6),))
    drawn(tiny_folder, shelf, own)
    assert reach(shown[1].image) == pytest.approx((50, 0, 100, 50), abs=2)  # twice the box, moved into the picture


def test_a_part_that_is_redrawn_is_shown_its_part_of_the_map(
    tiny_folder: Path, shelf: Path, shown: list[ControlMap]
) -> None:
    mask = Image.new("L", (128, 128))
    mask.paste(255, (64, 64, 96, 96))
    source = Source(SOURCE, 0.6, mask="m", padding=16)
    drawn(
        tiny_folder,
        shelf,
        recipe(steps=3, controls=(BESIDE,), source=source),
        (SOURCE, photograph(128, 128)),
        ("m", mask),
    )
    [only] = shown
    assert only.image.size == (64, 64)
    assert reach(only.image) == pytest.approx((37, 37, 87, 87), abs=2)


def test_a_picture_follows_its_map_through_a_worker(tiny_folder: Path, shelf: Path) -> None:
    def made(*controls: Control) -> Any:
        heard = drawn(tiny_folder, shelf, recipe(controls=controls))
        return pixels(opened(drawn_by(heard, "job")[0]))

    without, weightless, followed = made(), made(replace(BESIDE, strength=0.0)), made(BESIDE)
    assert np.array_equal(without, weightless)
    assert np.abs(followed - without).mean() > 5


def test_what_cannot_be_followed_is_refused_and_others_are_drawn(
    tiny_folder: Path, shelf: Path, tmp_path: Path
) -> None:
    shutil.copytree(shelf / "one", tmp_path / "broken")
    weights = next((tmp_path / "broken").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    wrong = {
        "gone": (replace(BESIDE, picture="d" * 64),),
        "unknown": (replace(BESIDE, net="onn"),),
        "many": (BESIDE,) * 5,
        "none": (replace(BESIDE, picture=""),),
        "strong": (replace(BESIDE, strength=2.5),),
        "broken": (replace(BESIDE, net="broken"),),
    }
    jobs = [Draw(name, 0, (recipe(controls=controls, steps=2),)) for name, controls in wrong.items()]
    heard = work(
        tiny_folder.parent,
        PutSource(MAP, png(photograph())),
        *jobs,
        Draw("good", 0, (recipe(controls=(BESIDE,), steps=2),)),
        vaes=[shelf, tmp_path],
    )
    told = {name: outcome(heard, name) for name in (*wrong, "good")}
    broken = told.pop("broken")
    assert broken.startswith(("control.", "file."))
    assert told == {
        "gone": "picture.gone",
        "unknown": "control.unknown",
        "many": "control.too_many",
        "none": "control.no_picture",
        "strong": "option.out_of_range",
        "good": "done",
    }
