"""What the tests of patches have in common."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from engine.files.catalog import builtin
from engine.models import loading
from engine.models.loaded import Loaded


@pytest.fixture(scope="session")
def demo() -> Loaded:
    """The built-in model."""
    return loading.load(builtin(), torch.device("cpu"))


@pytest.fixture
def elsewhere() -> Callable[[Callable[[], Any]], Any]:
    """Does something on another thread and waits for it."""

    def done(work: Callable[[], Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result()

    return done
