"""Codes by which somebody who is known on two platforms becomes one person."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prompts.errors import Refusal

MINUTES = 10  # that a code is good for
TRIES = 5  # wrong codes a person may enter in that time: 2^50 codes cannot be guessed so


@dataclass(slots=True)
class Codes:
    """The codes given out; they are forgotten when the program ends. `clock` counts seconds."""

    clock: Callable[[], float] = time.monotonic
    _open: dict[str, tuple[str, float]] = field(default_factory=dict)  # code → person, good until
    _wrong: dict[str, list[float]] = field(default_factory=dict)  # person → when

    def make(self, person: str) -> str:
        """A new code for a person, as ABCDE-FGHIJ; the one they had before is worthless."""
        now = self.clock()
        self._open = {code: row for code, row in self._open.items() if row[0] != person and row[1] > now}
        code = base64.b32encode(secrets.token_bytes(10)).decode()[:10]
        self._open[code] = person, now + MINUTES * 60
        return f"{code[:5]}-{code[5:]}"

    def take(self, code: str, person: str) -> str:
        """Whose code it is; it is used up. Raises Refusal `link.unknown`, `link.own` or `link.too_many_tries`."""
        now = self.clock()
        self._wrong = {one: kept for one, at in self._wrong.items() if (kept := [when for when in at if when > now])}
        if len(self._wrong.get(person, ())) >= TRIES:
            raise Refusal("link.too_many_tries", minutes=MINUTES)
        plain = "".join(sign for sign in code.upper() if sign.isalnum())
        owner, until = self._open.get(plain, ("", now))
        if until <= now:
            self._wrong.setdefault(person, []).append(now + MINUTES * 60)
            raise Refusal("link.unknown")
        if owner == person:
            raise Refusal("link.own")
        del self._open[plain]
        return owner
