"""A training that is killed again and again becomes the file that an unbroken one becomes: alone, and as a guest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from engine.files import catalog
from engine.models import loading
from engine.train.run import TrainingRun
from engine.training_plan import TrainingPlan
from engine.wire import Draw, HalfLearnt, Learning, Learnt, Message, Train, TrainingFile, encode, read_message
from tests import tiny, warm_workers
from tests.engine.drawing import recipe
from tests.engine.train import plans

pytestmark = pytest.mark.failure
ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    loading.quieten()
    return tiny.make(tmp_path_factory.mktemp("models") / "tiny").parent


def planned(folder: Path) -> TrainingPlan:
    folder.mkdir()
    return plans.small(folder, steps=8, accumulate=2)


@pytest.fixture(scope="module")
def unbroken(models: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file that nothing has broken."""
    folder, threads = tmp_path_factory.mktemp("unbroken") / "own", torch.get_num_threads()
    plan = planned(folder)
    torch.set_num_threads(1)
    run = TrainingRun(loading.load(catalog.model(catalog.models([models]), "tiny"), torch.device("cpu")), plan, folder)
    while not run.done:
        run.turn()
    torch.set_num_threads(threads)
    return run.file()


def command(folder: Path, models: Path) -> list[str]:
    return [
        sys.executable, "-m", "engine.train", str(folder / "plan.json"), "--models", str(models), "--device", "cpu",
        "--keep-every", "2",
    ]  # fmt: skip


def test_killed_twice_in_the_middle_it_becomes_the_same_file(tmp_path: Path, models: Path, unbroken: bytes) -> None:
    folder = tmp_path / "broken"
    (folder / "plan.json").write_text(json.dumps(planned(folder).to_json()))
    told = command(folder, models)
    for begins, death in ((0, 3), (2, 6)):
        with subprocess.Popen(told, cwd=ROOT, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout
            assert json.loads(child.stdout.readline())["begun"] == begins  # from the last checkpoint
            while json.loads(child.stdout.readline())["step"] < death:
                pass
            child.kill()
    done = subprocess.run(told, cwd=ROOT, env=ENVIRON, capture_output=True, check=True, text=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {"written": str(folder / "zwx.safetensors")}
    assert (folder / "zwx.safetensors").read_bytes() == unbroken


def test_a_guest_whose_worker_is_killed_twice_in_mid_step_becomes_the_same_file(
    tmp_path: Path, models: Path, unbroken: bytes, warm: str
) -> None:
    plan, begun = planned(tmp_path / "own"), []
    worker = [
        *warm_workers.command(warm), "--device", "cpu", "--slots", "2", "--models", str(models),
        "--trainings", str(tmp_path / "trainings"),
    ]  # fmt: skip
    files = [TrainingFile("t", one.file, (tmp_path / "own" / one.file).read_bytes()) for one in plan.pictures]
    last: Callable[[Message], bool]
    for attempt, until in enumerate((2, 4, 8), start=1):
        with subprocess.Popen(
            worker, cwd=ROOT, env=ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            assert child.stdin and child.stdout
            order = Train("t", attempt, plan.to_json(), every=2)
            drawn = [Draw("job", 0, (recipe(steps=2),))] if attempt == 2 else []  # with somebody to be drawn for first
            child.stdin.write(b"".join(map(encode, (*files, order, *drawn))))
            child.stdin.flush()
            heard: list[Message] = []
            if until < plan.steps:
                last = lambda one, until=until: isinstance(one, HalfLearnt) and one.step == until  # noqa: E731
            else:
                last = lambda one: isinstance(one, Learnt)  # noqa: E731
            while not heard or not last(heard[-1]):
                message = read_message(child.stdout)
                assert message is not None
                heard.append(message)
            begun.append(next(one.step for one in heard if isinstance(one, Learning)))
            child.kill()  # the next step has begun
    assert begun == [0, 2, 4]
    [end] = [one for one in heard if isinstance(one, Learnt)]
    assert end.outcome == "done" and end.blob == unbroken and load(end.blob)


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path) -> None:
    plan = plans.small(tmp_path, model="gone")
    (tmp_path / "plan.json").write_text(json.dumps(plan.to_json()))
    for text, why in ((None, "model.unknown"), ("{}", "plan")):
        if text:
            (tmp_path / "plan.json").write_text(text)
        done = subprocess.run(command(tmp_path, tmp_path), cwd=ROOT, capture_output=True, check=False, text=True)
        assert done.returncode == 1 and "failed" in json.loads(done.stdout) and why in done.stdout
