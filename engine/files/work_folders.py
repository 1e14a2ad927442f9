"""The folders that this machine learns in for bots: each has a note of whose it is, and goes with its training."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from engine.files.signs import sign
from engine.training_plan import is_name

NOTE = ".bot"  # in a training's folder


class WorkFolders:
    """The folders of trainings below `folder`. Those without a note (of a bot on this machine, which has no hosts) are
    nobody's, and left alone. Whoever asks may do so on several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, bot: str, training: str) -> None:
        """Write down that a training is a bot's. Raises OSError."""
        if is_name(training):
            place = self._folder / training
            place.mkdir(parents=True, exist_ok=True)
            (place / NOTE).write_text(sign(bot), "ascii")

    def may_go(self, bot: str, training: str) -> bool:
        """Whether a training is this bot's to delete: not another's."""
        return self._whose(training) in ("", sign(bot))

    def outlived(self, bot: str, kept: Collection[str]) -> list[str]:
        """The trainings of a bot that are here, and that it does not know any more: all but those `kept`. What is kept
        was asked for now."""
        for training in kept:
            if is_name(training) and self.may_go(bot, training) and (self._folder / training).is_dir():
                with suppress(OSError):
                    self.note(bot, training)
        return [one for one in self._noted() if one not in kept and self._whose(one) == sign(bot)]

    def abandoned(self, seconds: float, heard: Collection[str]) -> list[str]:
        """The trainings in whose folders nothing was written for so long, but for those of the bots that are heard."""
        signs, since = {sign(bot) for bot in heard}, time.time() - seconds
        return [one for one in self._noted() if self._whose(one) not in signs and self._written(one) < since]

    def _noted(self) -> Iterator[str]:
        with suppress(OSError):
            for entry in sorted(os.scandir(self._folder), key=lambda one: one.name):
                if self._whose(entry.name):
                    yield entry.name

    def _whose(self, training: str) -> str:
        if not is_name(training):
            return ""
        try:
            return (self._folder / training / NOTE).read_text("ascii", "replace")
        except OSError:
            return ""

    def _written(self, training: str) -> float:
        """When something was last written there; now, where that cannot be told."""
        try:
            return max(one.stat().st_mtime for one in (self._folder / training).iterdir())
        except (OSError, ValueError):
            return time.time()
