"""While a program is imported, nothing is collected; afterwards it is, and what is there is left alone."""

import atexit
import gc
import weakref
from collections.abc import Iterator

import pytest

from engine import importing


class _Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    atexit.unregister(gc.freeze)
    gc.enable()


def test_nothing_is_looked_through_until_it_is_done() -> None:
    importing.begin()
    assert not gc.isenabled()
    before, _stays = gc.get_freeze_count(), _Circle()
    importing.done()
    assert gc.isenabled()
    assert gc.get_freeze_count() > before


def test_what_comes_afterwards_is_dropped_as_ever() -> None:
    importing.begin()
    importing.done()
    gone = weakref.ref(_Circle())
    gc.collect()
    assert gone() is None


def test_where_nobody_began_nothing_is_kept() -> None:
    before, _stays = gc.get_freeze_count(), _Circle()
    importing.done()
    assert gc.isenabled()
    assert gc.get_freeze_count() <= before
