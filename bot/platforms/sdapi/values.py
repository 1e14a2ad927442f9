"""The values of a JSON object as programs send them: numbers also as texts, and null for what is usual."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bot.platforms.sdapi.faults import Fault
from bot.platforms.web.middleware import clean
from prompts.prompt import Json

Body = Mapping[str, Json]


def text(body: Body, name: str, *, strip: bool = True) -> str:
    """A text, "" where there is none. Raises Fault 422 for what is none."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Fault(422, f"{name} is no text.")
    return clean(value).strip() if strip else clean(value)


def said(body: Body, name: str, usual: Json = None) -> str:
    """A value as an infotext writes it; that of `usual` where nothing is said, "" for nothing at all. Raises Fault 422
    for a list or an object."""
    value = body.get(name)
    value = usual if value is None or value == "" else value
    if value is None:
        return ""
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, str):
        return clean(value).strip()
    raise Fault(422, f"{name} is neither a number nor a text.")


def real(body: Body, name: str, usual: float) -> float:
    """A number. Raises Fault 422."""
    value = body.get(name)
    if value is None or value == "":
        return usual
    try:
        number = math.nan if isinstance(value, bool | list | dict) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Fault(422, f"{name} is no number.")
    return number


def whole(body: Body, name: str, usual: int) -> int:
    """A whole number, of so many digits that it can be read. Raises Fault 422."""
    number = real(body, name, usual)
    if number != int(number) or abs(number) > 2**53:
        raise Fault(422, f"{name} is no whole number.")
    return int(number)


def on(body: Body, name: str, usual: bool = False) -> bool:
    """Whether something is on. Raises Fault 422 for what is neither on nor off."""
    value = body.get(name)
    if value is None:
        return usual
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise Fault(422, f"{name} is neither true nor false.")


def off(value: Json) -> bool:
    """Whether a value asks for nothing."""
    return value is None or value is False or value in (0, "", [], {}, -1)
