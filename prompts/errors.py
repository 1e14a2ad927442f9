"""What can go wrong between a person and a picture, in a form that can be said in the person's language.

Refusal             the person can do something about it; carries a text key of bot/texts and its values, and notes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from prompts.prompt import Note


class Refusal(Exception):
    """A request that cannot be carried out as it stands; `key` names the sentence that says what to do."""

    def __init__(self, key: str, **values: str | int | float) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values
        self.notes: tuple[Note, ...] = ()

    def noted(self, *notes: Note) -> Self:
        """The refusal with what the person should know beside it, as who could not be asked."""
        self.notes = notes
        return self

    def __str__(self) -> str:
        return f"{self.key} {self.values}" if self.values else self.key
