"""Fetching a model from a hub with the shipped command, drawing with it, and being cut off in between."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tiny
from tests.patience import PATIENCE
from tests.peers.hub import Fault, Hub, Repository
from tests.running import ROOT
from tests.stories.test_terminal import bot

NAME = "stable-diffusion-v1-5/stable-diffusion-v1-5"
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make(tmp_path_factory.mktemp("published") / "tiny")


@pytest.fixture
def site(published: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with Hub({NAME: Repository.folder(published)}).open() as served:
        for name, value in {
            "HF_ENDPOINT": served.address,
            "HF_HOME": str(tmp_path / "home"),
            "DANQING_ENGINE_MODELS": str(tmp_path / "models"),
        }.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "config.yaml").write_text("engine:\n  models: models\n", "utf-8")
        yield served


def fetch(folder: Path, language: str = "en_US.UTF-8") -> subprocess.CompletedProcess[str]:
    return bot(folder, "models", "install", NAME, "--config", "config.yaml", language=language)


def models(folder: Path) -> list[str]:
    """What is listed besides what is built in."""
    done = bot(folder, "models", "--json", "--config", "config.yaml")
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)["models"]
    return [one["name"] for one in listed if Path(one["path"]).is_relative_to(folder)]


def test_a_model_is_fetched_listed_and_drawn_with(site: Hub, tmp_path: Path) -> None:
    done = fetch(tmp_path)
    assert done.returncode == 0, done.stderr
    place = tmp_path / "models" / "stable-diffusion-v1-5"
    assert done.stdout.strip() == f"The model is in {place}." and "Fetching" in done.stderr and "MB" in done.stderr
    assert models(tmp_path) == ["stable-diffusion-v1-5"]
    drawing = "--model stable-diffusion-v1-5 --steps 2 --size 64x64 --out cat.png --config config.yaml"
    drawn = bot(tmp_path, "imagine", "一只猫", *drawing.split())
    assert drawn.returncode == 0 and (tmp_path / "cat.png").stat().st_size > 1000, drawn.stderr
    again = fetch(tmp_path, "zh_CN.UTF-8")
    assert again.returncode == 0 and str(place) in again.stdout and "模型" in again.stdout


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that starts the tests in the background has them, and all they start, ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def half_fetched(folder: Path) -> bool:
    """Whether the UNet's weights have begun to come; other files become whole, and go, while one looks."""
    for part in folder.rglob("diffusion_pytorch_model.safetensors.part"):
        with contextlib.suppress(FileNotFoundError):
            if "unet" in part.parts and part.stat().st_size:
                return True
    return False


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_command_that_is_stopped_goes_on_when_run_again(how: signal.Signals, site: Hub, tmp_path: Path) -> None:
    site.faults = [Fault(UNET, times=2, pause=60)]
    command = [sys.executable, str(ROOT / "bot.py"), "models", "install", NAME, "--config", "config.yaml"]
    with subprocess.Popen(command, cwd=tmp_path, env=dict(os.environ), stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + PATIENCE
        while not half_fetched(tmp_path):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.send_signal(how)
        assert process.stderr is not None and b"Traceback" not in process.stderr.read()
    assert models(tmp_path) == [], "half a model is none"
    site.faults.clear()
    site.asked.clear()
    done = fetch(tmp_path)
    assert done.returncode == 0, done.stderr
    assert [one.range for one in site.asked if one.path.endswith(UNET) and one.range], "it went on in the middle"
    assert models(tmp_path) == ["stable-diffusion-v1-5"]
    assert [one.name for one in (tmp_path / "models").iterdir()] == ["stable-diffusion-v1-5"]


def test_terms_to_be_accepted_say_how_a_token_is_set(
    site: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.repositories[NAME].gated = True
    for language, words in (("en_US.UTF-8", "terms"), ("zh_CN.UTF-8", "条款")):
        done = fetch(tmp_path, language)
        assert done.returncode == 1 and words in done.stderr and "HF_TOKEN" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    site.tokens = site.repositories[NAME].readers = {"hf_mine"}
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    assert fetch(tmp_path).returncode == 0


def test_a_disk_that_fills_up_is_said_and_what_came_is_kept(site: Hub, tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk: writing fails in the middle of a file just so."""
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000));"
        f"sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['bot.py', 'models', 'install', {NAME!r}];"
        "from bot.cli.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited], cwd=tmp_path, env=os.environ | {"LC_ALL": "en_US.UTF-8"},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "Make room" in done.stderr and "Traceback" not in done.stderr, done.stderr
    [part] = tmp_path.rglob("*.part")
    assert part.stat().st_size == 1_000_000 and models(tmp_path) == []
    done = fetch(tmp_path)
    assert done.returncode == 0, done.stderr
    assert models(tmp_path) == ["stable-diffusion-v1-5"]
