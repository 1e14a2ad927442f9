"""What holds for every test: nothing of the user's environment reaches it, a property draws the same each time, and
what was skipped for want of a program is said at the end."""

from __future__ import annotations

import gc
import os
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import is_hypothesis_test, settings

from tests import properties, shared_dictionary

if TYPE_CHECKING:
    from playwright.async_api import Browser

# What people set for themselves and we or our libraries read. CUDA_VISIBLE_DEVICES and PYTHONPATH are left alone: they
# say which card and which checkout the tests are for.
THEIRS = re.compile(
    r"DANQING_(?!TEST_).*"
    r"|(HF|HUGGING_?FACE|TRANSFORMERS|DIFFUSERS|ACCELERATE|TOKENIZERS|SAFETENSORS|PYTORCH|TORCH\w*?)_.*"
    r"|(HTTPS?|ALL|NO|FTP|WSS?)_PROXY"
    r"|LANG|LANGUAGE|LC_.*|TZ"
    r"|(OMP|GOMP|KMP|MKL|OPENBLAS|NUMEXPR|OPENVINO|ORT)_.*"
    r"|PTB_.*|_?TYPER_.*|PYTHON(WARNINGS|UTF8|IOENCODING|DEVMODE|ASYNCIODEBUG|COERCECLOCALE)"
    r"|NO_COLOR|FORCE_COLOR|CLICOLOR(_FORCE)?|PY_COLORS|TTY_.*|GITHUB_ACTIONS|COLUMNS|LINES",
    re.IGNORECASE,
)
# And what holds instead: one zone and one language everywhere, no token from the user's own files, and one thread that
# computes in each process, for the tests and the workers they start share the processor. Networks as small as theirs
# are no quicker on two, and where cores are fewer than threads each waits in every layer for one that is not running:
# that was a third of the processor time of the tests that draw. Modules that are about threads say how many they want.
OURS = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "HF_TOKEN_PATH": os.devnull,
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}


def theirs(names: Iterable[str]) -> list[str]:
    """The variables among these that no test shall see."""
    return [name for name in names if THEIRS.fullmatch(name) and name not in OURS]


# Here and not in a fixture alone: torch and huggingface_hub read them once, when a test module imports them.
for _name in theirs(os.environ):
    del os.environ[_name]
os.environ.update(OURS)
time.tzset()
# Whoever wants no compiled files has every program that is started compile all of ours anew, a second each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(autouse=True)
def no_environment_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away what another test has left behind."""
    for name in theirs(os.environ):
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def warm() -> Iterator[str]:
    """Where workers are to be had that have imported already, as `Bot` asks for them; see tests/warm_workers.py."""
    from tests import warm_workers  # few tests want any of it

    with warm_workers.served() as at:
        yield at


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all who look at the page: a test has contexts of its own in it, which share nothing."""
    from playwright.async_api import async_playwright  # few tests want any of it

    from tests.bot.platforms.web.test_page import CHROMIUM, QUIET

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()


def pytest_configure(config: pytest.Config) -> None:
    """Before the properties are imported, which take what they do not say themselves from the profile."""
    shared_dictionary.share()
    settings.load_profile(properties.LONG if _long(config) else properties.STEADY)


# Few tests, each of minutes: begun last, one process would sit with them while the others have nothing left to do.
SLOW = ("tests/stories/", "tests/failures/", "tests/speed/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


def pytest_collection_finish() -> None:
    """What is imported by now stays. torch and transformers look through all there is again and again while they load
    a model: over the half million objects of their own modules that was half of the processor time of the tests that
    draw."""
    gc.freeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """In a long run the properties are what is marked `long`, so that it runs these and nothing else."""
    if _long(item.config) and isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
        item.add_marker(properties.LONG)


def _long(config: pytest.Config) -> bool:
    return bool(re.search(rf"(?<!not )\b{properties.LONG}\b", config.option.markexpr))


# What some tests need beyond the packages, with what brings it on Debian.
PROGRAMS = {"PostgreSQL": "postgresql", "Chromium": "chromium"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line on what was skipped because a program is not there, with the command that brings it."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.getreports("skipped")]
    missing = Counter(program for reason in reasons for program in PROGRAMS if program in reason)
    if missing:
        named = " and ".join(f"{program} ({count})" for program, count in missing.items())
        packages = " ".join(PROGRAMS[program] for program in missing)
        terminalreporter.write_line(
            f"{missing.total()} tests were skipped for want of {named}. "
            f"To run them: sudo apt install {packages} && .ci/run"
        )
