"""Maps by networks: this project's own on drawn shapes, and every kind of the owner's files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from scipy import ndimage

from engine.annotators import body_pose, hed, mlsd, owned, simcc
from engine.annotators.ade20k import COLOURS
from engine.annotators.annotating import made
from engine.files import annotators, detectors
from engine.maps.making import MadeMap
from engine.poses.skeleton import POINTS
from engine.preprocessors import FILE, PREPROCESSORS, preprocessor
from prompts.errors import Refusal
from tests import onnx_files
from tests.drawn import outlined, person, rectangle

SIZE, BOX = (128, 96), (30, 24, 100, 76)
SHAPE = rectangle(SIZE, BOX, "#446688", "#ddbb66")


def shades(found: MadeMap) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    assert found.image.mode == "RGB"
    return np.asarray(found.image)


def agreement(image: Image.Image, box: tuple[int, int, int, int], within: int = 2) -> float:
    """F1 of the white pixels and a rectangle's outline, so many pixels apart at most."""
    white, line = np.asarray(image.convert("L")) > 127, np.asarray(outlined(image.size, box)) > 0
    around = np.ones((2 * within + 1, 2 * within + 1), bool)
    precise = (white & ndimage.binary_dilation(line, around)).sum() / max(1, white.sum())
    found = (line & ndimage.binary_dilation(white, around)).sum() / line.sum()
    return float(2 * precise * found / max(1e-9, precise + found))


# --- straight lines ---


def test_straight_lines_find_at_least_three_sides_of_a_rectangle() -> None:
    left, top, right, bottom = BOX
    sides = [(left, top, right, top), (right, top, right, bottom)]
    sides += [(left, bottom, right, bottom), (left, top, left, bottom)]
    lines = mlsd.found(SHAPE, 0.1, 0.1)

    def along(side: tuple[int, int, int, int]) -> bool:
        ends = (side, (*side[2:], *side[:2]))
        return any(max(abs(a - b) for a, b in zip(line, one, strict=True)) < 8 for line in lines for one in ends)

    assert sum(map(along, sides)) >= 3
    assert agreement(made(preprocessor("mlsd"), SHAPE, SIZE).image, BOX) > 0.6
    assert not mlsd.found(SHAPE, 0.999, 0.1) and not mlsd.found(SHAPE, 0.1, 1000)


def test_straight_lines_lie_where_the_picture_is_drawn() -> None:
    found = made(preprocessor("直线"), SHAPE, (256, 256), fit="fill").image
    assert found.size == (256, 256) and not np.asarray(found)[:32].any()
    assert agreement(found.crop((0, 32, 256, 224)), (60, 48, 200, 152), within=4) > 0.6


# --- poses ---


def test_somebody_drawn_is_found_with_left_and_right_their_own() -> None:
    [one] = body_pose.poses(person(192)).people
    seen = {name: place for name, place in zip(POINTS, one.body, strict=True) if place}
    at = {name: ((x - 0.5) * 8, (y - 0.45) * 8) for name, (x, y) in seen.items()}
    expected = {
        "nose": (0, -1.87), "neck": (0, -0.9), "right shoulder": (-0.75, -0.8), "right elbow": (-1.1, 0.1),
        "left shoulder": (0.75, -0.8), "left elbow": (1.3, -1.2), "left wrist": (1.6, -2.2), "right knee": (-0.45, 2.2),
        "right hip": (-0.32, 1.2), "left hip": (0.32, 1.2), "left knee": (0.45, 2.2), "left ankle": (0.5, 3.2),
    }  # fmt: skip
    for name, (x, y) in expected.items():
        assert abs(at[name][0] - x) < 0.5 and abs(at[name][1] - y) < 0.5, (name, at[name])


def test_a_pose_is_a_map_and_where_nobody_is_it_is_refused() -> None:
    found = made(preprocessor("姿势"), person(192), (192, 192))
    colours = {tuple(one) for one in shades(found).reshape(-1, 3).tolist()}
    assert (255, 0, 0) in colours and (0, 0, 0) in colours and [note.key for note in found.notes] == ["map.one_person"]
    with pytest.raises(Refusal, match=r"map\.nobody"):
        made(preprocessor("openpose"), Image.new("RGB", (64, 64), "grey"), (64, 64))


@pytest.mark.parametrize("count", [17, 26, 133])
def test_poses_by_the_owners_network(tmp_path: Path, count: int) -> None:
    places = [(8.0 + number % 32, 8.0 + number // 4, 0.9) for number in range(count)]
    places[7] = (10.0, 10.0, 0.1)  # a left elbow that it is not sure of
    path = onnx_files.pose_network(tmp_path / "dw-ll_tiny.onnx", places)
    [one] = simcc.poses(path, Image.new("RGB", (48, 64))).people
    # The network sees the picture with a quarter of room around it.
    nose = ((places[0][0] - 24) * 1.25 + 24) / 48, ((places[0][1] - 32) * 1.25 + 32) / 64
    assert one.body[0] == pytest.approx(nose) and one.body[POINTS.index("left elbow")] is None
    assert bool(one.face) == bool(one.left_hand) == bool(one.right_hand) == (count == 133)
    found = made(preprocessor("openpose"), Image.new("RGB", (48, 64)), (48, 64), folders=[tmp_path])
    assert shades(found).any()


def test_a_network_with_other_points_is_refused(tmp_path: Path) -> None:
    path = onnx_files.pose_network(tmp_path / "rtmpose.onnx", [(9.0, 9.0, 0.9)] * 5)
    with pytest.raises(Refusal, match=r"map\.damaged"):
        simcc.poses(path, Image.new("RGB", (48, 64)))


# --- soft edges, converted ---


def hed_file(folder: Path) -> Path:
    """HED's layers with weights by hand: the first block sees steps to the right and below, the others nothing."""
    widths = ((3, 4), (4, 2), (2, 2), (2, 2), (2, 2))
    weights: dict[str, torch.Tensor] = {}
    for block, (given, width) in enumerate(widths, start=1):
        for layer in range(hed.LAYERS[block - 1]):
            weights[f"block{block}.{layer}.weight"] = torch.zeros(width, width if layer else given, 3, 3)
            weights[f"block{block}.{layer}.bias"] = torch.zeros(width)
        weights[f"side{block}.weight"] = torch.zeros(1, width, 1, 1)
        weights[f"side{block}.bias"] = torch.zeros(1)
    for number, (row, column, sign) in enumerate(((1, 2, 1), (1, 2, -1), (2, 1, 1), (2, 1, -1))):
        weights["block1.0.weight"][number, :, row, column] = sign
        weights["block1.0.weight"][number, :, 1, 1] = -sign
        weights["block1.1.weight"][number, number, 1, 1] = 1
    weights["side1.weight"][:] = 0.2
    weights["fuse.weight"] = torch.tensor([1.0, 0, 0, 0, 0]).view(1, 5, 1, 1)
    weights["fuse.bias"] = torch.tensor([-4.0])
    save_file(weights, folder / "hed.safetensors")
    return folder / "hed.safetensors"


def test_soft_edges_of_a_rectangle_agree_with_it(tmp_path: Path) -> None:
    hed_file(tmp_path)
    assert agreement(made(preprocessor("软边缘"), SHAPE, SIZE, folders=[tmp_path]).image, BOX) >= 0.6


def test_scribbles_are_the_crests_of_soft_edges() -> None:
    across = np.abs(np.arange(64) - 32)
    soft = np.clip(1.2 - across / 12, 0, 1).astype(np.float32)
    strokes = owned._scribble(np.tile(soft, (1, 1, 48, 1)))
    assert (strokes[:, 30:35] == 255).all() and not strokes[:, :14].any() and not strokes[:, 51:].any()


def test_other_weights_are_no_hed(tmp_path: Path) -> None:
    save_file({"some": torch.zeros(1)}, tmp_path / "hed.safetensors")
    with pytest.raises(Refusal, match=r"map\.damaged"):
        made(preprocessor("hed"), SHAPE, SIZE, folders=[tmp_path])


# --- the owner's .onnx files ---

KINDS = {"seg": 150, "normal": 3}


@pytest.mark.parametrize("name", [row.name for row in PREPROCESSORS.values() if row.needs == FILE])
def test_every_kind_of_network_makes_its_map(tmp_path: Path, name: str) -> None:
    word = PREPROCESSORS[name].files[0]
    onnx_files.map_network(tmp_path / f"my_{word}_net.onnx", channels=KINDS.get(name, 1), side=32)
    found = shades(made(preprocessor(name), SHAPE, SIZE, folders=[tmp_path]))
    inside, outside = (np.median(part.reshape(-1, 3), axis=0) for part in (found[40:60, 50:80], found[5:15, 5:120]))
    assert found.shape == (96, 128, 3)
    if name.startswith("scribble"):
        assert set(np.unique(found)) <= {0, 255}
    else:
        assert np.abs(inside - outside).max() > 20
    if name == "seg":
        assert {tuple(one) for one in found.reshape(-1, 3).tolist()} <= {tuple(one) for one in COLOURS.tolist()}
    assert my(tmp_path, name).name == f"my_{word}_net.onnx" and not detectors.files([tmp_path])


def my(folder: Path, name: str) -> Path:
    return annotators.files([folder])[name]


def test_networks_of_any_size_and_with_channels_last(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    onnx_files.map_network(folders[0] / "depth.onnx")
    onnx_files.map_network(folders[1] / "depth.onnx", last=True)
    one, other = (shades(made(preprocessor("depth"), SHAPE, SIZE, folders=[folder])) for folder in folders)
    assert (one == other).all() and one.min() < 10 and one.max() > 245


def test_far_networks_and_lines_on_white_are_turned_round(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder, file in ((near, "depth_anything.onnx"), (far, "zoe_depth.onnx")):
        folder.mkdir()
        onnx_files.map_network(folder / file, side=32)
    one, other = (shades(made(preprocessor("depth"), SHAPE, SIZE, folders=[folder])) for folder in (near, far))
    assert np.abs(one.astype(int) + other - 255).max() <= 2
    (near / "depth_anything.json").write_text(json.dumps({"invert": True}))
    assert (shades(made(preprocessor("depth"), SHAPE, SIZE, folders=[near])) == other).all()


def test_a_note_beside_a_file_says_what_it_is(tmp_path: Path) -> None:
    onnx_files.map_network(tmp_path / "model.onnx", side=32)
    with pytest.raises(Refusal, match=r"map\.no_file"):
        made(preprocessor("depth"), SHAPE, SIZE, folders=[tmp_path])
    assert list(detectors.files([tmp_path])) == ["model"]
    (tmp_path / "model.json").write_text(json.dumps({"kind": "深度", "mean": [0, 0, 0], "std": [1, 1, 1], "bgr": True}))
    found = shades(made(preprocessor("depth"), SHAPE, SIZE, folders=[tmp_path]))
    assert found.max() > 200 and not detectors.files([tmp_path])
    assert "depth" in [row.name for row in annotators.available([tmp_path])]


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "depth.onnx").write_bytes(content)
    with pytest.raises(Refusal, match=r"map\.damaged"):
        made(preprocessor("depth"), SHAPE, SIZE, folders=[tmp_path])


def test_networks_for_something_else_are_named(tmp_path: Path) -> None:
    onnx_files.map_network(tmp_path / "depth.onnx", deep=4, side=32)
    with pytest.raises(Refusal, match=r"map\.damaged"):
        made(preprocessor("depth"), SHAPE, SIZE, folders=[tmp_path])


def test_names_tell_kinds() -> None:
    for stem, name in (
        ("u2net_human_seg", "mask"), ("lineart_anime", "lineart_anime"), ("depth_anything_v2_small", "depth"),
        ("dpt_hybrid", "depth"), ("table5_pidinet", "softedge_pidinet"), ("hed", "softedge_hed"),
        ("segformer_ade20k", "seg"), ("dsine", "normal"), ("dw-ll_ucoco_384", "openpose"), ("yolov8n-depth", ""),
        ("face_yolov8n", ""), ("person", ""), ("sk_model", "lineart"),
    ):  # fmt: skip
        rows = annotators.of_file(stem)
        assert (rows[0].name if rows else "") == name, stem


def test_without_onnxruntime_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx_files.map_network(tmp_path / "depth.onnx", side=32)
    monkeypatch.setattr(annotators, "RUNS_FILES", "no_such_runtime")
    with pytest.raises(Refusal) as refused:
        annotators.chosen(preprocessor("depth"), [tmp_path])
    assert refused.value.key == "map.absent"
    onnx_files.pose_network(tmp_path / "dwpose.onnx", [(9.0, 9.0, 0.9)] * 17)
    assert annotators.chosen(preprocessor("openpose"), [tmp_path]) is None  # this project's own does it then


def test_every_row_that_needs_a_file_has_a_manner() -> None:
    assert set(owned.MANNERS) == {row.name for row in PREPROCESSORS.values() if row.needs == FILE}
