"""The ids of buttons, selects and forms. They say all there is to know, so that they work for as long as they are seen.

`dq1:<action>:<target>[:<index>]`, at most 100 characters; `index` only tells apart what is otherwise the same.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "dq1"
LONGEST = 100  # characters that Discord takes
ASK = "ask_"  # before an action: ask whether it is meant
SHOW = "show"  # a picture with all its buttons, for the person alone
PICK = "pick"  # a select, whose values are "<action>:<target>"
BASE = "base"  # a form that asks what to draw over a picture


@dataclass(frozen=True, slots=True)
class Id:
    """An action, and the id of the thing it acts on."""

    action: str
    target: str


def make(action: str, target: str, index: int | None = None) -> str:
    """The id of something to press. Raises ValueError where it would be too long for Discord."""
    made = f"{VERSION}:{action}:{target}" + ("" if index is None else f":{index}")
    if len(made) > LONGEST:
        raise ValueError(f"the id {made} is too long")
    return made


def parse_id(custom: str) -> Id | None:
    """The action and target in an id; None for an id of another version or another bot."""
    version, _, rest = custom.partition(":")
    action, _, rest = rest.partition(":")
    target = rest.partition(":")[0]
    return Id(action, target) if version == VERSION and action and target else None
