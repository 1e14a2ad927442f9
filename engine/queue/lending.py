"""What a host has been lent of the files that lie with the bot: learnt LoRAs and embeddings that it has not itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.files.shelf import Need, needs
from engine.recipe import Recipe
from prompts.errors import Refusal

# Bytes of files that one bot keeps on a host: a hundred LoRAs for SD 1.5, or a dozen of SDXL's with a high rank.
ROOM = 4 * 2**30
# Bytes of the largest file that is sent: the server keeps a gigabyte for all that is on its way to the hosts of a user.
LARGEST = 900 * 2**20


@dataclass(frozen=True, slots=True)
class Loan:
    """A file as a host has it; `mark` stands for this content of the file at `path`."""

    mark: str
    path: Path
    size: int


def wanted(recipes: Iterable[Recipe], learnt: Mapping[Need, Path], holds: Collection[Need]) -> tuple[Path, ...]:
    """Which of the files that lie here these recipes are drawn with, and a host that `holds` others has not."""
    words = {name for kind, name in learnt if kind == "embedding"}
    named = (learnt[need] for need in sorted(needs(recipes, words)) if need in learnt and need not in holds)
    return tuple(dict.fromkeys(named))


def read(path: Path, marks: Collection[str]) -> tuple[Loan, bytes | None]:
    """A file as it is now, with its bytes where its mark is not among these. Raises OSError; Refusal `hosts.too_large`
    for one that cannot be sent."""
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        said = f"{path.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}"
        loan = Loan(hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:32], path, stat.st_size)
        if stat.st_size > LARGEST:
            raise Refusal("hosts.too_large", name=path.stem[:80], megabytes=LARGEST // 2**20)
        return loan, None if loan.mark in marks else file.read()


class Loans:
    """The files that one host has been lent since it was greeted, those used last at the end."""

    def __init__(self) -> None:
        self._loans: dict[str, Loan] = {}  # by mark
        self._jobs: dict[str, tuple[str, ...]] = {}  # the marks of each job
        self._doubted: set[str] = set()  # the marks of what may not be there

    @property
    def marks(self) -> Collection[str]:
        """Those of files that need not be sent."""
        return self._loans.keys() - self._doubted

    def lend(self, loan: Loan, job: str, drawn: Collection[str]) -> list[str]:
        """Write down that a job is drawn with a file. Returns the marks of what makes room for it: earlier contents of
        the file, and what was not used for longest, but nothing of the jobs that are being `drawn`."""
        self._loans.pop(loan.mark, None)
        self._doubted.discard(loan.mark)
        self._jobs = {one: marks for one, marks in self._jobs.items() if one in drawn or one == job}
        used = {mark for marks in self._jobs.values() for mark in marks}
        self._jobs[job] = (*self._jobs.get(job, ()), loan.mark)
        over = loan.size + sum(one.size for one in self._loans.values()) - ROOM
        gone: list[str] = []
        for one in tuple(self._loans.values()):
            if one.mark not in used and (over > 0 or one.path == loan.path):
                over -= one.size
                del self._loans[one.mark]
                gone.append(one.mark)
        self._loans[loan.mark] = loan
        return gone

    def doubt(self, job: str) -> None:
        """A job has failed: whatever became of the files that it was drawn with, they are sent again for the next."""
        self._doubted.update(self._jobs.pop(job, ()))

    def without(self, paths: Collection[Path]) -> list[str]:
        """Have nothing but what is of these files, be it that jobs are being drawn with it. Returns the marks of what
        goes."""
        gone = [one.mark for one in self._loans.values() if one.path not in paths]
        for mark in gone:
            del self._loans[mark]
        return gone
