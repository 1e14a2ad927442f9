"""Who may do what."""

from __future__ import annotations

from bot.chat import Person
from prompts.errors import Refusal


def owner_or_admin(person: Person, owner: str) -> None:
    """Refuse anybody but the owner of a thing and the admins."""
    if person.id != owner and not person.admin:
        raise Refusal("access.not_yours")
