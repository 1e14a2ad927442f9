"""`python -m tests.warm_bot`: the shipped program, with workers that have imported already (tests/warm_workers.py) and
with a dictionary that another has made (tests/shared_dictionary.py)."""

from __future__ import annotations

import os
import sys

from bot.cli.cli import main
from tests import shared_dictionary, warm_workers

if __name__ == "__main__":
    shared_dictionary.share()
    warm_workers.use(os.environ[warm_workers.SOCKET])
    sys.argv[0] = "bot.py"
    main()
