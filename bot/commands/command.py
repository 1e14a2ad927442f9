"""The type of a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.chat import Card, Request
from bot.studio.studio import Studio


@dataclass(frozen=True, slots=True)
class Command:
    """`run` gets the text behind the name and gives the answer, or None where a job's card will be the answer.
    The text `command.<name>` says in one sentence what it does, `command.<name>.usage` how it is written."""

    name: str
    aliases: tuple[str, ...]
    run: Callable[[Studio, Request, str], Awaitable[Card | None]]
