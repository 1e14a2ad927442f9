"""What each switch and quality of engine/speed.py gains, and what it does to the picture."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import Any

from engine.catalog import builtin
from engine.models import Loaded
from engine.recipe import Recipe
from tests.fakes import a_recipe
from tests.speed.figure import Figure

ROUNDS = 9


def drawn(loaded: Loaded, recipe: Recipe) -> tuple[float, Any]:
    """Seconds for a picture, and its pixels."""
    import numpy as np

    from engine import begin, decode
    from engine.rows import Rows

    began = time.perf_counter()
    rows = Rows()
    rows.add(begin.start("j", 0, recipe, loaded, ()))
    [row] = rows
    while not row.done:
        rows.turn()
    [image] = decode.pictures(loaded, [row.latents])
    return time.perf_counter() - began, np.asarray(image).astype(float)


def figures() -> list[Figure]:
    import torch

    from engine import models, speed

    loaded = models.load(builtin(), torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    recipe = a_recipe("a black cat on a red background", steps=20)
    halved = models.load(builtin(), loaded.device)
    for part in (halved.unet, halved.text_encoder):
        part.to(torch.bfloat16)
    halved.dtype = torch.bfloat16
    found = []
    for quality in filter(None, speed.QUALITIES):
        found += _pair(f"quality {quality!r}", loaded, recipe, loaded, replace(recipe, quality=quality))
    found += _pair("bfloat16", loaded, recipe, halved, recipe)
    for switch in speed.SWITCHES:
        switched = models.load(builtin(), loaded.device)
        switch.turn(switched, loaded.device.type not in switch.devices)
        found += _pair(f"{switch.name} turned from how it is", loaded, recipe, switched, recipe)
    return found


def _pair(name: str, plain: Loaded, recipe: Recipe, other: Loaded, changed: Recipe) -> list[Figure]:
    """Both drawn in turns: the seconds, and the mean difference of their pixels."""
    times: dict[bool, list[float]] = {True: [], False: []}
    pixels = {}
    for turn in range(ROUNDS + 1):
        for on in (False, True):
            seconds, pixels[on] = drawn(other, changed) if on else drawn(plain, recipe)
            if turn:
                times[on].append(seconds)
    with_it, without = (statistics.median(times[on]) for on in (True, False))
    return [
        Figure(f"{name}, one picture, 20 steps", with_it, "s", without, "without"),
        Figure(f"{name}, mean difference of the picture", abs(pixels[True] - pixels[False]).mean(), "/255"),
    ]
