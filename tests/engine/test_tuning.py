"""Wishes about speed, from the settings to the worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from bot import app
from bot.settings.config import load
from bot.settings.sections.drawing import EngineSection
from engine import __main__ as begun
from engine.tuning import USUAL, WORDS, Tuning


def test_settings_reach_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {
        "precision": "bfloat16",
        "attention": "math",
        "compile": "none",
        "cpu": "torch",
        "previews": "colours",
        "decoding": "bfloat16",
    }
    environ = {f"DANQING_ENGINE_{name.upper()}": value for name, value in told.items()}
    asked = app.pool(load(None, environ | {"DANQING_DATA_FOLDER": str(tmp_path)}))
    monkeypatch.setattr("sys.argv", ["engine", *asked._arguments])
    assert begun._tuning(begun._arguments()) == Tuning(**told, cache=tmp_path / "cache")
    monkeypatch.setattr("sys.argv", ["engine"])
    assert begun._tuning(begun._arguments()) == replace(USUAL, cpu="auto")


def test_settings_offer_every_word() -> None:
    for name, words in WORDS.items():
        offered = EngineSection.model_fields[name]
        assert get_args(offered.annotation) == words and offered.default == words[0]
