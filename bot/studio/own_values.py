"""What of the values that were compared can be somebody's defaults, and how these are kept among their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from engine import qualities
from engine.recipe import Recipe
from prompts import axes, options, styles
from prompts.axes import Axis, Value
from prompts.errors import Refusal
from prompts.prompt import Json, Options, merged

NAME = "values"  # the setting that holds them: each flag (prompts/options.py) with the text that says it
# Flags that may hold for every picture; a seed, a picture's own strength and what is only of one text may not.
KEPT = frozenset((
    "steps", "clip-skip", "hypertile", "guidance", "rescale", "guidance-start", "guidance-end", "token-merging",
    "perp-neg", "pag", "seg", "sampler", "schedule", "vae", "size", "guidance-curve", "upscale", "fix", "tiling",
    "mimic", "freeu", "hd",
))  # fmt: skip
FLAGGED = frozenset(("whole", "real", "words", "switch"))


@dataclass(frozen=True, slots=True)
class NewDefaults:
    """Settings as they become (None: none any more), which axes they are of, and those that cannot be a default."""

    settings: Mapping[str, Json]
    kept: tuple[Axis, ...]
    left: tuple[Axis, ...]


def defaults(settings: Mapping[str, Json]) -> Options:
    """The options that somebody's own values say; one that this version does not know any more says nothing."""
    found = Options()
    for text in _texts(settings).values():
        with suppress(Refusal):
            found = merged(found, options.flags(text).options)
    return found


def beside(name: str, value: Json, settings: Mapping[str, Json]) -> dict[str, Json]:
    """How other settings become when one becomes this: of a size and a ratio only the newer holds."""
    if name == NAME and "size" in cast(Mapping[str, str], value or {}) and settings.get("ratio") is not None:
        return {"ratio": None}
    texts = _texts(settings)
    if name == "ratio" and value is not None and texts.pop("size", ""):
        return {NAME: dict[str, Json](texts) or None}
    return {}


def described(settings: Mapping[str, Json]) -> str:
    """The values as a line: "steps 8, sampler Euler a"."""
    return ", ".join(text.removeprefix("--").replace('"', "") for text in _texts(settings).values())


def flags_of(read: Sequence[Axis]) -> dict[str, str]:
    """The flags, with the texts that say them, of axes that have one value each. Raises Refusal `this_one.none` for
    what cannot hold for every picture."""
    texts: dict[str, str] = {}
    for axis in read:
        if axis.what not in KEPT or _of_axis(axis, axis.values[0], None, texts) is None:
            raise Refusal("this_one.none", names=axis.title)
    return texts


def made_default(
    read: Sequence[Axis], values: Sequence[Value], recipe: Recipe, settings: Mapping[str, Json]
) -> NewDefaults:
    """One value of each axis, as a picture of this recipe has them, as the defaults of somebody with these settings."""
    new: dict[str, Json] = {}
    texts = _texts(settings)
    kept: list[Axis] = []
    left: list[Axis] = []
    for axis, value in zip(read, values, strict=True):
        found = _of_axis(axis, value, recipe, texts)
        (left if found is None else kept).append(axis)
        new |= found or {}
    if new.get("ratio") is not None:
        texts.pop("size", None)
    if texts != _texts(settings):
        new[NAME] = dict[str, Json](texts) or None
        new |= beside(NAME, new[NAME], settings)
    return NewDefaults(new, tuple(kept), tuple(left))


def _texts(settings: Mapping[str, Json]) -> dict[str, str]:
    return dict(cast(Mapping[str, str], settings.get(NAME) or {}))


def _of_axis(axis: Axis, value: Value, recipe: Recipe | None, texts: dict[str, str]) -> dict[str, Json] | None:
    """The settings that hold an axis's value; a flag's text is put among `texts`, or taken away where its value is
    "none". None for what can be no default."""
    if recipe and axis.kind in ("lora", "weight"):
        return {"loras": [[use.name, use.weight] for use in recipe.prompt.loras] or None}
    if axis.kind not in FLAGGED:
        return None
    made = axes.asked("", (axis,), (value,))
    off = axis.what in made.without
    match axis.what:
        case "model" if recipe:
            return {"model": recipe.model}
        case "style":
            return {"style": None if off else styles.find_style(str(value)).name}
        case "quality":
            return {"quality": None if off else qualities.quality(str(value)).name or qualities.FULL}
        case "ar":
            return {"ratio": made.options.ratio}
        case "plain" | "expand":
            return {"expand": None if (axis.what == "plain") == off else False}
    if axis.what not in KEPT or '"' in str(value):
        return None
    if off:
        texts.pop(axis.what, None)
    else:
        texts[axis.what] = f"--{axis.what}" if axis.kind == "switch" else f'--{axis.what} "{value}"'
    return {}
