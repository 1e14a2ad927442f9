"""What acts beside guidance, in the fields by which the extensions of A1111 and Forge know it again."""

from __future__ import annotations

from collections.abc import Mapping

from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.recipe import Recipe

Pairs = dict[str, str | int | float | None]

ENDLESS = -1  # sd-perturbed-attention's blur that leaves nothing of the shape


def pairs(recipe: Recipe) -> Mapping[str, str | int | float | None]:
    """The fields of a recipe: of sd-dynamic-thresholding, as in A1111 or as in Forge, and of sd-perturbed-attention."""
    found: Pairs = {"Perp-Neg": recipe.perpendicular or None}
    if recipe.threshold:
        found |= _by_time(recipe.threshold) if recipe.threshold.by == "time" else _by_steps(recipe.threshold)
    if pag := recipe.pag:
        # The fourth root of what the scale loses with each timestep, of the scale.
        adaptive = round((pag.adaptive / pag.scale) ** 0.25, 9)
        found |= {"pag_enabled": "True", "pag_scale": pag.scale, "pag_adaptive_scale": adaptive or None}
        found |= _layers("pag", pag)
    if seg := recipe.seg:
        found |= {"seg_enabled": "True", "seg_scale": seg.scale, "seg_blur_sigma": seg.blur or ENDLESS}
        found |= _layers("seg", seg)
    return found


def _layers(prefix: str, one: Perturbed | Smoothed) -> Pairs:
    if one.layers == "mid":
        return {f"{prefix}_block": "middle", f"{prefix}_block_id": "0"}
    return {f"{prefix}_layers": one.layers}  # which has no name there


def _by_steps(one: Thresholding) -> Pairs:
    found: Pairs = {
        "Dynamic thresholding enabled": "True",
        "Mimic scale": one.scale,
        "Separate Feature Channels": str(one.channels == "separate"),
        "Scaling Startpoint": one.start.upper(),
        "Variability Measure": one.measure.upper(),
        "Interpolate Phi": one.mix,
        "Threshold percentile": one.percentile,
    }
    if one.mode != "constant" or one.minimum:
        found |= {"Mimic mode": one.mode.title(), "Mimic scale minimum": one.minimum}
    if one.cfg_mode != "constant" or one.cfg_minimum:
        found |= {"CFG mode": one.cfg_mode.title(), "CFG scale minimum": one.cfg_minimum}
    return found | ({"Scheduler value": one.value} if one.value != Thresholding(0).value else {})


def _by_time(one: Thresholding) -> Pairs:
    return {
        "dynthres_enabled": "True",
        "dynthres_mimic_scale": one.scale,
        "dynthres_threshold_percentile": round(one.percentile / 100, 12),
        "dynthres_mimic_mode": one.mode.title(),
        "dynthres_mimic_scale_min": one.minimum,
        "dynthres_cfg_mode": one.cfg_mode.title(),
        "dynthres_cfg_scale_min": one.cfg_minimum,
        "dynthres_sched_val": one.value,
        "dynthres_separate_feature_channels": "enable" if one.channels == "separate" else "disable",
        "dynthres_scaling_startpoint": one.start.upper(),
        "dynthres_variability_measure": one.measure.upper(),
        "dynthres_interpolate_phi": one.mix,
    }
