"""Detectors by the names that people call them; files of others; what is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from engine.files import detectors
from engine.recipe import Fix
from prompts.errors import Refusal


@pytest.mark.parametrize(
    ("said", "kind"),
    [("Faces", "face"), ("脸", "face"), ("双手", "hand"), ("people", "person"), ("Face_YOLOv8n.onnx", "face_yolov8n")],
)
def test_what_people_call_them(said: str, kind: str) -> None:
    assert detectors.kind(said) == kind


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for name, key in (("foot", "detector.unknown"), ("person", "detector.no_file")):
        with pytest.raises(Refusal) as caught:
            detectors.check_fix(Fix(name, 0.4), [tmp_path])
        assert caught.value.key == key
        assert not detectors.available(name, [tmp_path])
    assert detectors.available("hands") and detectors.names([tmp_path]) == ("face", "hand")
    with pytest.raises(Refusal) as caught:
        detectors.check_fix(Fix("face", 1.5))
    assert caught.value.key == "strength.not_allowed"


def test_a_file_goes_before_the_table_and_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hand_yolov8n.onnx").write_bytes(b"")
    (tmp_path / "note.txt").write_bytes(b"")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert (
        detectors.chosen("hand", [tmp_path])
        == tmp_path / "hand_yolov8n.onnx"
        == detectors.chosen("Hand_yolov8n", [tmp_path])
    )
    assert isinstance(detectors.chosen("face", [tmp_path]), detectors.Detector)
    assert detectors.names([tmp_path]) == ("face", "hand", "hand_yolov8n")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Refusal) as caught:
        detectors.chosen("hand", [tmp_path])
    assert (caught.value.key, caught.value.values["package"]) == ("detector.absent", "onnxruntime")
