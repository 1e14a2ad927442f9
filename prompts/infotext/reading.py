"""Reading: whatever a program wrote of a picture, pasted or taken from a file."""

from __future__ import annotations

from prompts.infotext.block import found
from prompts.infotext.infotext import Infotext


def read(text: str) -> Infotext | None:
    """The infotext that a text is; None for any other text."""
    one = found(text)
    return one.infotext if one else None
