"""The controls of a recipe in the fields that sd-webui-controlnet writes, so that it and others read them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.control import Control
from engine.recipe import Recipe

NONE = "none"  # no preprocessor: the picture was a map already
MODES = {"": "Balanced", "prompt": "My prompt is more important", "control": "ControlNet is more important"}
RESIZES = {"": "Crop and Resize", "fill": "Resize and Fill", "stretch": "Just Resize"}
PASSES = {"first": "Low res only", "second": "High res only"}
# What sd-webui-controlnet calls preprocessors that have another name here.
MODULES = {
    "invert": "invert (from white bg & black line)",
    "lineart_standard": "lineart_standard (from white bg & black line)",
    "lineart": "lineart_realistic",
    "depth": "depth_midas",
    "normal": "normal_bae",
    "seg": "seg_ofade20k",
    "color_grid": "t2ia_color_grid",
    "softedge_teed": "softedge_teed",
}


def pairs(recipe: Recipe) -> Mapping[str, str]:
    """ "ControlNet 0", "ControlNet 1" … with all that is said of each."""
    return {f"ControlNet {number}": _unit(control, recipe) for number, control in enumerate(recipe.controls)}


def _unit(control: Control, recipe: Recipe) -> str:
    said: dict[str, str | float] = {
        "Module": MODULES.get(control.preprocessor, control.preprocessor) or NONE,
        "Model": control.net,
        "Weight": control.strength,
        "Resize Mode": RESIZES[control.fit],
        "Processor Res": min(recipe.width, recipe.height),
    }
    said |= {name: value for name, value in (("Threshold A", control.low), ("Threshold B", control.high)) if value >= 0}
    said |= {
        "Guidance Start": control.start,
        "Guidance End": control.end,
        "Pixel Perfect": "True",
        "Control Mode": MODES[control.mode],
    }
    if control.stages:
        said["Hr Option"] = PASSES[control.stages]
    return ", ".join(f"{name}: {value if isinstance(value, str) else f'{value:.15g}'}" for name, value in said.items())
