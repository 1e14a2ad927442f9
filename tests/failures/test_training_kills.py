"""A training that is killed again and again becomes the file that an unbroken one becomes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tiny
from tests.engine.train import plans

pytestmark = pytest.mark.failure
ROOT = Path(__file__).resolve().parents[2]


def command(folder: Path, models: Path) -> list[str]:
    return [
        sys.executable, "-m", "engine.train", str(folder / "plan.json"), "--models", str(models), "--device", "cpu",
        "--keep-every", "2",
    ]  # fmt: skip


def test_killed_twice_in_the_middle_it_becomes_the_same_file(tmp_path: Path) -> None:
    tiny.make(tmp_path / "models" / "tiny")
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    made = {}
    for name, deaths in (("unbroken", ()), ("broken", (3, 7))):
        folder = tmp_path / name
        folder.mkdir()
        plan = plans.small(folder, steps=10, accumulate=2)
        (folder / "plan.json").write_text(json.dumps(plan.to_json()))
        told = command(folder, tmp_path / "models")
        for death in deaths:
            with subprocess.Popen(told, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
                assert child.stdout
                begun = json.loads(child.stdout.readline())
                assert begun["begun"] == (0 if death == deaths[0] else 2)  # from the last checkpoint
                while json.loads(child.stdout.readline())["step"] < death:
                    pass
                child.kill()
        done = subprocess.run(told, cwd=ROOT, env=environ, capture_output=True, check=True, text=True)
        assert json.loads(done.stdout.splitlines()[-1]) == {"written": str(folder / "zwx.safetensors")}
        made[name] = (folder / "zwx.safetensors").read_bytes()
    assert made["broken"] == made["unbroken"]


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path) -> None:
    plan = plans.small(tmp_path, model="gone")
    (tmp_path / "plan.json").write_text(json.dumps(plan.to_json()))
    for text, why in ((None, "model.unknown"), ("{}", "plan")):
        if text:
            (tmp_path / "plan.json").write_text(text)
        done = subprocess.run(command(tmp_path, tmp_path), cwd=ROOT, capture_output=True, check=False, text=True)
        assert done.returncode == 1 and why in json.loads(done.stdout)["failed"]
