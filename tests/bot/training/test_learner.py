"""What the process that learns tells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.training.learner import Learner
from prompts.errors import Refusal


@pytest.mark.parametrize(
    ("status", "key"), [(0, ""), (3, "train.stopped"), (1, "train.failed")], ids=["done", "interrupted", "failed"]
)
async def test_it_ends_as_its_child_does_whatever_libraries_print(tmp_path: Path, status: int, key: str) -> None:
    learner = Learner(tmp_path, (), "cpu", tmp_path / "a.safetensors")
    told = f"import sys; print('a library'); print('{{\"step\": 1, \"loss\": 0.5}}'); print(7); sys.exit({status})"
    learner._command = [sys.executable, "-c", told]
    events, refused = [], ""
    try:
        async for event in learner.events():
            events.append(event)
    except Refusal as refusal:
        refused = refusal.key
    assert [event for event in events if event] == [{"step": 1, "loss": 0.5}] and refused == key
