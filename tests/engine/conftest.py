"""One tiny model for all engine tests, as the engine loads it and as diffusers does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.speed import batched_call
from tests import tiny


def pytest_configure(config: pytest.Config) -> None:
    # diffusers' schedulers make arrays of tensors in a way that numpy 2 wants to see changed.
    for warning in ("__array__ implementation", "__array_wrap__ must accept"):
        config.addinivalue_line("filterwarnings", f"ignore:{warning}:DeprecationWarning")
    # The noise tree of DPM++ SDE is asked for its very end, which float32 puts a hair beyond it.
    config.addinivalue_line("filterwarnings", "ignore:Should have tb<=t1:UserWarning")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Torch computes on one thread in this module."""
    yield from _threads(1)


@pytest.fixture(scope="module")
def two_threads() -> Iterator[None]:
    """Torch computes on two threads in this module, whatever the machine has."""
    yield from _threads(2)


def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is prepared aside stands back behind nobody: beside busy programs it would not get its turn for minutes."""
    monkeypatch.setattr(batched_call, "NICER", os.getpriority(os.PRIO_PROCESS, 0))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    loading.quieten()
    return tiny.make(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def entry(tiny_folder: Path) -> catalog.Model:
    return catalog.model(catalog.models([tiny_folder.parent]), "tiny")


@pytest.fixture(scope="session")
def loaded(entry: catalog.Model) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


@pytest.fixture(scope="session")
def pipeline(tiny_folder: Path) -> Any:
    """diffusers' own pipeline over the same folder."""
    made = StableDiffusionPipeline.from_pretrained(tiny_folder, dtype=torch.float32)
    made.set_progress_bar_config(disable=True)
    return made
