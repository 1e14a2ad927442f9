"""Detectors in ONNX files, run by the real runtime; skipped where it is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.finish import detection, yolo
from engine.pixels.tiles import Box
from prompts.errors import Refusal
from tests.onnx_files import bright

pytest.importorskip("onnxruntime", reason="the detectors extra is not installed")


def picture(*lights: tuple[int, int, int, int], size: tuple[int, int] = (128, 128)) -> Image.Image:
    """A dark picture with white rectangles."""
    image = Image.new("RGB", size)
    for light in lights:
        image.paste((255, 255, 255), light)
    return image


@pytest.mark.parametrize("layout", ["v8", "v5", "sorted"])
def test_every_layout_is_read(layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if layout == "v5":  # those have tens of thousands of rows; this one has as few as one that sorts out doubles
        monkeypatch.setattr(yolo, "SORTED_MOST", 10)
    bright(tmp_path / "lamp.onnx", layout=layout)
    [box] = detection.find_boxes(
        "lamp", picture((16, 48, 32, 64)), [tmp_path]
    )  # a cell of 8 pixels, seen at half its size
    assert box == Box(8, 40, 40, 72)
    assert detection.find_boxes("lamp", picture(), [tmp_path]) == []


def test_boxes_are_told_in_the_pictures_own_pixels(tmp_path: Path) -> None:
    bright(tmp_path / "lamp.onnx")
    # 256 × 128 is seen as 64 × 32 with grey above and below, which this network is half sure of.
    network = yolo.load(tmp_path / "lamp.onnx", 1)
    boxes = network.find(picture((64, 0, 96, 32), size=(256, 128)))
    assert boxes[0] == Box(48, -16, 112, 48)


def test_doubles_are_sorted_out_and_unsure_things_left(tmp_path: Path) -> None:
    bright(tmp_path / "lamp.onnx")
    network = yolo.load(tmp_path / "lamp.onnx", 1)
    # Two cells side by side share a third of their union: two things. The same twice is one.
    assert len(network.find(picture((0, 0, 16, 16), (16, 0, 32, 16)))) == 2
    assert network.find(Image.new("RGB", (128, 128), (70, 70, 70))) == []


def test_only_the_class_that_is_looked_for_counts(tmp_path: Path) -> None:
    bright(tmp_path / "both_person.onnx", names="{0: 'lamp', 1: 'person'}", classes=2)
    network = yolo.load(tmp_path / "both_person.onnx", 1)
    light = picture((0, 0, 128, 112))  # the last row of cells is dark
    found = network.find(light, "person")
    assert found and all(box.top >= 96 for box in found)
    assert any(box.top < 96 for box in network.find(light, "hat"))  # no class of that name: all
    people = detection.find_boxes("person", light, [tmp_path])
    assert people and all(box.top >= 96 for box in people)


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x08"])
def test_damaged_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "face.onnx").write_bytes(content)
    with pytest.raises(Refusal) as caught:
        detection.find_boxes("face", picture(), [tmp_path])
    assert (caught.value.key, caught.value.values["name"]) == ("detector.damaged", "face")


def test_a_network_that_is_no_detector_is_refused(tmp_path: Path) -> None:
    bright(tmp_path / "face.onnx", names="{0: 'a', 1: 'b', 2: 'c'}")
    with pytest.raises(Refusal) as caught:
        detection.find_boxes("face", picture((0, 0, 16, 16)), [tmp_path])
    assert caught.value.key == "detector.damaged"


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = bright(tmp_path / "lamp.onnx", classes=2, names="{0: 'lamp', 1: 'dark'}")
    assert set(yolo.load(path, 1).classes.values()) == {"lamp", "dark"}
    bright(path)
    assert set(yolo.load(path, 2).classes.values()) == {"lamp"}
