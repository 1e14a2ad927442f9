"""The codes behind buttons: `1|<action>|<target>`. The 1 is for the day when another form is needed. Nothing else has
to be remembered, so a button works after a restart and years later."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 64  # bytes of a code


@dataclass(frozen=True, slots=True)
class CallbackData:
    """An action, and the id of the thing it acts on."""

    action: str
    target: str


def callback_data(action: str, target: str) -> str:
    """Raises ValueError for what Telegram would not take."""
    text = f"1|{action}|{target}"
    if len(text.encode()) > LONGEST:
        raise ValueError(f"{text!r} is too long for a button")
    return text


def parse_callback_data(data: str) -> CallbackData | None:
    """The code of a pressed button, None for one that this version does not know."""
    version, _, rest = data.partition("|")
    action, bar, target = rest.partition("|")
    return CallbackData(action, target) if version == "1" and bar else None
