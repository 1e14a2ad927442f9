"""`python -m tests.failures.sleeping_bot`: the shipped program with workers that sleep instead of drawing, and that
write each job down as it is begun and as it is drawn: a line with the process, the word and the job."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bot import app
from bot.cli.cli import main
from engine.job import Job
from engine.queue.pool import Worker
from tests import shared_dictionary
from tests.fakes import FakePool

SECONDS, FILE = "DANQING_TEST_SECONDS", "DANQING_TEST_FILE"  # how long a job takes, and where it is written down


class SleepingPool(FakePool):
    """Draws each job by sleeping."""

    async def draw(self, worker: Worker, job: Job, sources: Mapping[str, bytes]) -> None:
        _note("begun", job.id)
        await super().draw(worker, job, sources)

    def finish(self, job: str, seconds: float = 1.0, *, adult: object = ()) -> None:
        if any(job in worker.jobs for worker in self.workers):
            _note("drawn", job)
        super().finish(job, seconds)


def _note(word: str, job: str) -> None:
    with Path(os.environ[FILE]).open("a") as file:
        file.write(f"{os.getpid()} {word} {job.partition('/')[0]}\n")


if __name__ == "__main__":
    shared_dictionary.share()
    app.pool = lambda config: SleepingPool(seconds=float(os.environ[SECONDS]))  # type: ignore[assignment, return-value]
    sys.argv[0] = "bot.py"
    main()
