"""What sd-webui-controlnet writes of the nets that guided a picture, of today and of its past, as controls are asked
for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prompts.controls import FITS, MOST, NONE, AskedControl, asked
from prompts.errors import Refusal
from prompts.option_values import real

# The fields of a unit by their names of today, in small letters, and what they were called before.
_OLD = {
    "preprocessor": "module",
    "guidance strength": "guidance end",
    "guidance": "guidance end",
    "starting": "guidance start",
    "ending": "guidance end",
    "guess mode": "guess mode",
    "guessmode": "guess mode",
}
MODES = {"balanced": "", "my prompt is more important": "prompt", "controlnet is more important": "control"}
RESIZES = {
    "just resize": "stretch",
    "crop and resize": "",
    "resize and fill": "fill",
    "scale to fit (inner fit)": "",
    "inner fit (scale to fit)": "",
    "envelope (outer fit)": "fill",
    "outer fit (shrink to fit)": "fill",
}
PASSES = {"both": "", "low res only": "first", "high res only": "second"}
_UNIT = re.compile(r"controlnet(?: |-|_)?(\d+)?(?: (.+))?\Z")
_PAIR = re.compile(r"\s*([A-Za-z][A-Za-z /]*?)\s*:\s*(\([^)]*\)|[^,]*?)\s*(?:,|\Z)")
HASH = re.compile(r"\s*\[[0-9a-f]{6,64}\]\Z")


def read(fields: Mapping[str, str]) -> tuple[tuple[str, ...], Mapping[str, str], frozenset[str]]:
    """The controls of an infotext's fields, texts of prompts/controls.py; what of them is put aside by its name with
    its value; and the names of all that were read."""
    units: dict[int, dict[str, str]] = {}
    names: dict[int, list[str]] = {}
    for name, value in fields.items():
        match = _UNIT.match(name.casefold())
        if match is None:
            continue
        number, key = int(match[1] or 0), match[2]
        unit = units.setdefault(number, {})
        names.setdefault(number, []).append(name)
        unit |= _unit(value) if key is None else {_OLD.get(key, key): value.strip()}
    found: list[str] = []
    aside: dict[str, str] = {}
    for number, unit in sorted(units.items()):
        if unit.get("enabled", "true").casefold() in ("false", "0"):
            continue
        try:
            if len(found) == MOST:
                raise Refusal("control.too_many", count=len(units), limit=MOST)
            found.append(str(_asked(unit)))
        except Refusal:
            aside |= {name: fields[name] for name in names[number]}
    return tuple(found), aside, frozenset(name for some in names.values() for name in some)


def _unit(value: str) -> dict[str, str]:
    """ "Module: canny, Model: …, Weight: 1"; before summer 2023 "preprocessor: canny, …, starting/ending: (0, 1)"."""
    found: dict[str, str] = {}
    for match in _PAIR.finditer(value):
        name, said = match[1].casefold(), match[2]
        if name == "starting/ending":
            found |= dict(zip(("guidance start", "guidance end"), _numbers(said), strict=False))
        elif name == "preprocessor params":
            found |= dict(zip(("processor res", "threshold a", "threshold b"), _numbers(said), strict=False))
        else:
            found[_OLD.get(name, name)] = said
    return found


def _numbers(said: str) -> list[str]:
    return [one.strip() for one in said.strip("()").split(",")]


def _asked(unit: Mapping[str, str]) -> AskedControl:
    """Raises Refusal for what cannot be."""
    module, net = unit.get("module", NONE), HASH.sub("", unit.get("model", ""))
    module = NONE if module.casefold() in ("", NONE) else module
    if net.casefold() in ("", NONE):
        raise Refusal("control.unknown", name="", near="")
    numbers = {
        "strength": real("Weight", unit.get("weight", "1"), 0.0, 2.0),
        "start": real("Guidance Start", unit.get("guidance start", "0"), 0.0, 1.0),
        "end": real("Guidance End", unit.get("guidance end", "1"), 0.0, 1.0),
    }
    for name, key in (("threshold a", "low"), ("threshold b", "high")):
        if name in unit and module != NONE:
            numbers[key] = real(name, unit[name], -1.0, 4096.0)
    mode = "control" if unit.get("guess mode", "").casefold() == "true" else unit.get("control mode", "balanced")
    said = {
        "mode": MODES.get(mode.casefold(), mode),
        "fit": RESIZES.get(unit.get("resize mode", "crop and resize").casefold(), "?"),
        "stages": PASSES.get(unit.get("hr option", "both").casefold(), "?"),
    }
    if said["fit"] not in FITS.values() or said["mode"] not in ("", "prompt", "control") or said["stages"] == "?":
        raise Refusal("option.bad_value", option="ControlNet", value=str(said))
    made = AskedControl(net if module == NONE else module, net="" if module == NONE else net, **numbers, **said)  # type: ignore[arg-type]
    return asked(str(made) + (f":by={NONE}" if module == NONE else ""))
