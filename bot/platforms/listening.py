"""Why nobody can listen at an address, as a sentence with the setting to change."""

from __future__ import annotations

import errno
import os

from prompts.errors import Refusal

KEYS = {errno.EADDRINUSE: "listen.taken", errno.EACCES: "listen.forbidden"}


def refused(error: OSError, host: str, port: int, setting: str) -> Refusal:
    """The refusal for a failed bind; `setting` is the start of the settings that name the address, as "web."."""
    number = error.errno or 0
    # asyncio's own text names the call it made; a name that is not known has a number below zero and a text of its own.
    problem = os.strerror(number) if number > 0 else error.strerror or str(error)
    return Refusal(KEYS.get(number, "listen.host"), host=host, port=port, setting=setting, problem=problem)
