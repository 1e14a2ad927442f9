"""Files that bots have lent to this machine: each is there for the jobs that say its mark, and in no list."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from engine.files.only_one import hold

_MARK = re.compile(r"[0-9a-f]{8,64}")
_NO_NAME = set("/\\:\0")


class LentFiles:
    """The files lent to one program, in a folder of its own below `folder`, that goes with it: at its end, or when the
    next one starts. Each lies alone in a folder of its bot's, so that files of one name do not meet. It may be asked on
    several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: Path | None = None
        self._held: IO[bytes] | None = None
        self._beginning = threading.Lock()

    def tidy(self) -> None:
        """Delete what programs have left that are gone."""
        for lock in self._folder.glob("*.lock"):
            with suppress(OSError), lock.open("ab") as file:
                hold(file)  # which only fails while its program lives
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink()

    def keep(self, bot: str, mark: str, name: str, content: bytes) -> None:
        """Keep a file, there whole or not at all. Raises OSError; ValueError for what is no mark or name."""
        if not _MARK.fullmatch(mark) or not name or name.startswith(".") or set(name) & _NO_NAME:
            raise ValueError("no mark, or no name of a file")
        place = self._of(bot, self._begun()) / mark
        place.mkdir(parents=True, exist_ok=True)
        part = place / ".part"
        try:
            part.write_bytes(content)
            part.replace(place / f"{name}.safetensors")
        except OSError:
            shutil.rmtree(place, ignore_errors=True)
            raise

    def place(self, bot: str, mark: str) -> Path | None:
        """The folder that a file lies in; None where there is none."""
        if self._own is None or not _MARK.fullmatch(mark):
            return None
        place = self._of(bot, self._own) / mark
        return place if place.is_dir() else None

    def has(self, path: str) -> bool:
        """Whether a file is one of them."""
        return self._own is not None and self._own in Path(path).parents

    def take_back(self, bot: str, marks: Iterable[str]) -> None:
        """Delete files of a bot's."""
        for place in filter(None, (self.place(bot, mark) for mark in marks)):
            shutil.rmtree(place, ignore_errors=True)

    def any_of(self, bot: str) -> bool:
        """Whether there are files of a bot's."""
        return self._own is not None and self._of(bot, self._own).is_dir()

    def forget(self, bot: str) -> bool:
        """Delete all files of a bot's; whether there were any."""
        if self._own is None or not self.any_of(bot):
            return False
        shutil.rmtree(self._of(bot, self._own), ignore_errors=True)
        return True

    def close(self) -> None:
        """Delete everything."""
        if self._own and self._held:
            shutil.rmtree(self._own, ignore_errors=True)
            self._held.close()
            with suppress(OSError):
                self._own.with_suffix(".lock").unlink()
        self._own = self._held = None

    def _begun(self) -> Path:
        """The folder of this program, made when the first file comes. Raises OSError."""
        with self._beginning:
            if self._own is not None:
                return self._own
            self._folder.mkdir(parents=True, exist_ok=True)
            own = self._folder / secrets.token_hex(8)
            lock = own.with_suffix(".lock")
            held = lock.open("ab")
            try:
                hold(held)
                lock.stat()  # nobody has tidied it away between the two
            except OSError:
                held.close()
                raise
            self._own, self._held = own, held
            return own

    @staticmethod
    def _of(bot: str, own: Path) -> Path:
        return own / hashlib.sha256(bot.encode()).hexdigest()[:16]
