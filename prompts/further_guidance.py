"""Options whose value has further ones behind it ("3:layers=mid+up.0:adaptive=0.002"): what acts beside guidance."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from prompts.errors import Refusal
from prompts.option_values import real

Read = Callable[[str, str], float | str]

# The names of sd-dynamic-thresholding, in small letters.
MODES = (
    *("constant", "linear down", "cosine down", "half cosine down", "linear up", "cosine up", "half cosine up"),
    *("power up", "power down", "linear repeating", "cosine repeating", "sawtooth"),
)
SCALES = (0.0, 100.0)
ENDLESS = 9999.0  # a blur beyond which nothing is left of the shape
_LAYER = r"(?:mid|down|up)(?:\.\d{1,2}){0,3}"


def _real(low: float, high: float) -> Read:
    return lambda option, value: real(option, value, low, high)


def _one_of(*known: str) -> Read:
    def read(option: str, value: str) -> str:
        said = value.casefold().replace("-", " ").replace("_", " ")
        if said not in known:
            raise Refusal("option.bad_value", option=option, value=value)
        return said

    return read


def _layers(option: str, value: str) -> str:
    said = value.casefold().replace(" ", "")
    if not re.fullmatch(rf"{_LAYER}(?:\+{_LAYER}){{0,7}}", said):
        raise Refusal("option.bad_value", option=option, value=value)
    return "+".join(dict.fromkeys(said.split("+")))


def _blur(option: str, value: str) -> float:
    if value.casefold() in ("inf", "infinite", "0"):
        return 0.0
    return real(option, value, 0.1, ENDLESS)


# Under each option what may be said behind its scale; engine/further_guidance.py says what it does.
FURTHER: Mapping[str, Mapping[str, Read]] = {
    "mimic": {
        "percentile": _real(1.0, 100.0),
        "mode": _one_of(*MODES),
        "min": _real(*SCALES),
        "cfg-mode": _one_of(*MODES),
        "cfg-min": _real(*SCALES),
        "value": _real(*SCALES),
        "channels": _one_of("separate", "together"),
        "from": _one_of("mean", "zero"),
        "measure": _one_of("ad", "std"),
        "mix": _real(0.0, 1.0),
        "by": _one_of("steps", "time"),
    },
    "pag": {"layers": _layers, "adaptive": _real(0.0, 1.0)},
    "seg": {"layers": _layers, "blur": _blur},
}


def values(name: str, text: str, option: str = "") -> dict[str, float | str]:
    """What was said for one of the options: its "scale" and the others by their names. `option` is how it was written.
    Raises Refusal `option.bad_value`, `option.further` for a name that it has not."""
    option = option or f"--{name}"
    scale, *others = text.split(":")
    said: dict[str, float | str] = {"scale": real(option, scale, *SCALES)}
    for other in others:
        key, _, value = other.partition("=")
        key = key.strip().casefold()
        if key not in FURTHER[name]:
            raise Refusal("option.further", option=option, name=key[:40], names=", ".join(FURTHER[name]))
        said[key] = FURTHER[name][key](option, value.strip())
    return said


def read(name: str) -> Callable[[str, str], str]:
    """How one of the options is read: its text as `written` has it."""
    return lambda option, value: written(values(name, value, option))


def written(said: Mapping[str, float | str]) -> str:
    """The values as one would write them, without what stands for itself."""
    others = (f"{name}={_written(value)}" for name, value in said.items() if name != "scale")
    return ":".join((_written(said["scale"]), *others))


def _written(value: float | str) -> str:
    return value.replace(" ", "-") if isinstance(value, str) else f"{value:.9f}".rstrip("0").rstrip(".")
