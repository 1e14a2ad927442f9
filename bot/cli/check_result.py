"""One thing that `python bot.py check` has looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.chat import Say
from prompts.errors import Refusal

Level = Literal["ok", "warn", "error"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing looked at; `text` says what was found and, unless all is well, what to mend."""

    level: Level
    text: Say


def result(level: Level, key: str, /, **values: str | int | float) -> CheckResult:
    """What was found, as a text key and its values."""
    return CheckResult(level, Say(key, values))


def refused(refusal: Refusal, level: Level = "error") -> CheckResult:
    """A refusal as a result."""
    return CheckResult(level, Say(refusal.key, refusal.values))
