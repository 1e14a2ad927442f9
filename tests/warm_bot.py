"""`python -m tests.warm_bot`: the shipped program, with workers that have imported already (tests/warm_workers.py)."""

from __future__ import annotations

import os
import sys

from bot.cli.cli import main
from tests import warm_workers

if __name__ == "__main__":
    warm_workers.use(os.environ[warm_workers.SOCKET])
    sys.argv[0] = "bot.py"
    main()
