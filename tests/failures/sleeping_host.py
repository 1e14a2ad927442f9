"""`python -m tests.failures.sleeping_host`: `python bot.py work` with workers that sleep instead of drawing, and that
write each job down as it is begun and as it is drawn."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bot import app
from bot.cli.cli import main
from tests import shared_dictionary
from tests.failures.sleeping_bot import FILE, SECONDS
from tests.sleeping_workers import SleepingWorkers

if __name__ == "__main__":
    shared_dictionary.share()
    made = SleepingWorkers(float(os.environ[SECONDS]), file=Path(os.environ[FILE]), name=str(os.getpid()))
    app.pool = lambda config: made  # type: ignore[assignment, return-value]
    sys.argv[:] = ["bot.py", "work"]
    main()
