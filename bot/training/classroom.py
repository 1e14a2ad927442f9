"""What trainings need of the studio."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.chat import Chat, Person
from bot.people.guard import Sight
from bot.studio.rules import Rules
from bot.training.sample_jobs import RecipeMaker
from prompts.translate.translator import Translator
from storage.jobs import Place


class Classroom(RecipeMaker, Protocol):
    """The parts of bot/studio/studio.py that something is learnt with."""

    rules: Rules
    chats: dict[str, Chat]
    sight: Sight
    now: Callable[[], datetime]

    @property
    def translators(self) -> Callable[[Person, Place | None], Awaitable[Sequence[Translator]]]: ...
