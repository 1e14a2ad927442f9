"""How the Bot API says no."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """An answer with `ok: false`; something that may happen to a good bot."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, dict(parameters or {})


class Breach(Refused):
    """A refusal of what the published documentation forbids; `TelegramServer.violations` keeps it."""


def bad(description: str) -> Refused:
    return Refused(400, f"Bad Request: {description}")


def breach(description: str) -> Breach:
    return Breach(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refused:
    return Refused(403, f"Forbidden: {description}")
