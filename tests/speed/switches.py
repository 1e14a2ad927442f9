"""The gain of each switch (engine/speed/switches.py) and quality (engine/qualities.py), what it does to the picture,
and how near the floor it comes: the time that the multiplications alone would take at the pace of the device's own
matrix product.

Every switch is turned from how it is without being asked for, on the built-in model.
"""

from __future__ import annotations

import logging
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine import qualities, tuning
from engine.files.catalog import builtin
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.models.loaded import Loaded
from engine.recipe import FreeU, HyperTile, Recipe
from tests.fakes import a_recipe
from tests.speed.figure import Figure

if TYPE_CHECKING:
    import torch

ROUNDS = 9
STEPS = 20
# What recipes change inside the UNet, on the built-in model's own size, and what of it is for large pictures.
INSIDE: dict[str, dict[str, Any]] = {
    "edges that meet (--tiling)": {"tiling": "xy"},
    "FreeU": {"freeu": FreeU(1.3, 1.4, 0.9, 0.2)},
    "token merging 0.5": {"token_merging": 0.5},
}
FINEST: dict[str, dict[str, Any]] = {
    "edges that meet (--tiling)": {"tiling": "xy"},
    "FreeU": {"freeu": FreeU(1.3, 1.4, 0.9, 0.2)},
    "token merging 0.25": {"merged": 0.25},
    "token merging 0.5": {"merged": 0.5},
    "HyperTile 256": {"hypertile": HyperTile(256, 1)},
}
LARGE, FEW = 512, 3  # pixels a side, and how often a call that takes seconds is made
# What acts beside guidance (engine/further_guidance.py).
BESIDE: dict[str, dict[str, Any]] = {
    "dynamic thresholding": {"threshold": Thresholding(2.0)},
    "a perpendicular negative": {"perpendicular": 1.0},
    "PAG in the middle": {"pag": Perturbed(3.0)},
    "PAG on the first half of the way": {"pag": Perturbed(3.0, adaptive=0.006)},
    "SEG in the middle": {"seg": Smoothed(3.0)},
}
PATIENCE = 900.0  # seconds for a shape to be prepared: compiling takes minutes on a small machine


@dataclass(frozen=True, slots=True)
class Way:
    """A way to draw the same picture."""

    name: str
    loaded: Loaded
    recipe: Recipe


def drawn(loaded: Loaded, recipe: Recipe) -> tuple[float, Any]:
    """Seconds for a picture, and its pixels."""
    import numpy as np

    from engine.worker import autoencoder

    began = time.perf_counter()
    [image] = autoencoder.pictures(loaded, [latents(loaded, recipe)], tiling=recipe.tiling)
    return time.perf_counter() - began, np.asarray(image).astype(float)


def latents(loaded: Loaded, recipe: Recipe) -> Any:
    """What a recipe is drawn to, before it is decoded, (1, 4, h, w)."""
    from engine.worker import prepare
    from engine.worker.rows import Rows

    rows = Rows()
    rows.add(prepare.start("j", 0, recipe, loaded, ()))
    [row] = rows
    while not row.done:
        rows.turn()
    return row.latents


def figures() -> list[Figure]:
    import torch

    from engine.models import loading
    from engine.speed import switches

    logging.getLogger("engine").setLevel(logging.WARNING)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plain = tuning.Tuning(compile="none", cpu="torch", precision="float32")
    loaded = loading.load(builtin(), device, tuning=plain)
    for switch in switches.SWITCHES:
        switch.turn(loaded, False)
    recipe = a_recipe("a black cat on a red background", steps=STEPS)
    flop, peak = work(loaded, recipe), pace(loaded)
    found = [Figure("a 32-bit matrix product of this device", peak / 1e12, "TFLOP/s")]
    for name in filter(None, qualities.QUALITIES):
        other = replace(recipe, quality=name)
        found += _pair(Way(f"quality {name!r}", loaded, other), loaded, recipe, work(loaded, other) / peak)
    half = replace(recipe, guidance_start=0.25, guidance_end=0.75)
    found += _pair(
        Way("guidance on the middle half of the way", loaded, half), loaded, recipe, work(loaded, half) / peak
    )
    for name, changes in INSIDE.items():
        other = replace(recipe, **changes)
        found += _pair(Way(name, loaded, other), loaded, recipe, work(loaded, other) / peak)
    found += finest(device)
    for name, change in BESIDE.items():
        other = replace(recipe, **change)
        own = work(loaded, other)
        found += _pair(Way(name, loaded, other), loaded, recipe, own / peak)
        found.append(Figure(f"{name}, operations of a picture", own / 1e9, "GFLOP", flop / 1e9, "without"))
    for precision in ("bfloat16", *(("float16",) if device.type == "cuda" else ())):
        halved = loading.load(builtin(), device, tuning=replace(plain, precision=precision))
        found += _pair(Way(precision, halved, recipe), loaded, recipe, flop / pace(halved))
    decodes = loading.load(builtin(), device, tuning=replace(plain, decoding="bfloat16"))
    found += _pair(Way("decoding in bfloat16", decodes, recipe), loaded, recipe, flop / peak)
    for switch in switches.SWITCHES:
        switched = loading.load(builtin(), device, tuning=replace(plain, compile="none"))
        if not switch.here(switched):
            found.append(Figure(f"{switch.name}: not on this machine", 0.0, "s"))
            continue
        for each in switches.SWITCHES:
            each.turn(switched, each is switch)
        waited = prepared(switched, recipe)
        if switched.prepared and not switched.prepared.shapes:
            found.append(Figure(f"{switch.name}: could not be prepared here", waited, "s"))
            continue
        if waited:
            found.append(
                Figure(f"{switch.name}, until its shape is ready, the plain way drawing meanwhile", waited, "s")
            )
        found += _pair(Way(switch.name, switched, recipe), loaded, recipe, flop / peak)
    return [*found, *previewed(loaded)]


def finest(device: torch.device) -> list[Figure]:
    """Seconds of a call of SD 1.5's finest level alone, at its real width with random weights, for a large picture;
    on a processor its own seconds, whoever else is at work."""
    import torch
    from diffusers import UNet2DConditionModel

    from engine.patches.patches import Patched, Patches, on_unet

    unet = UNet2DConditionModel(
        block_out_channels=(320, 320),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        mid_block_type=None,
        layers_per_block=1,
        attention_head_dim=8,
        cross_attention_dim=768,
    ).to(device)
    cells = LARGE // 8
    noise = torch.randn(1, 4, cells, cells, device=device)
    words = torch.randn(1, 77, 768, device=device)

    clock = time.process_time if device.type == "cpu" else time.perf_counter

    @torch.no_grad()
    def called(patches: Patches) -> float:
        began = clock()
        with on_unet(unet, [Patched(patches, 1, random.Random(1))], (cells, cells)):
            unet(noise, 500, encoder_hidden_states=words).sample[0, 0, 0, 0].item()  # waits for a card
        return clock() - began

    ways = {"": Patches()} | {name: Patches(**changes) for name, changes in FINEST.items()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(FEW + 1):
        for name, patches in ways.items():
            seconds = called(patches)
            if turn:
                times[name].append(seconds)
    plain = statistics.median(times.pop(""))
    label = f"a call of SD 1.5's finest level, {LARGE}×{LARGE}"
    return [Figure(f"{name}, {label}", statistics.median(own), "s", plain, "without") for name, own in times.items()]


def work(loaded: Loaded, recipe: Recipe) -> float:
    """The floating point operations of a picture: two for each multiplication and addition, attention included."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        drawn(loaded, recipe)
    return float(counter.get_total_flops())


def pace(loaded: Loaded) -> float:
    """Operations a second of a large matrix product in the model's precision."""
    import torch

    size = 8192 if loaded.device.type == "cuda" else 1024
    one, other = (torch.randn(size, size, device=loaded.device, dtype=loaded.dtype) for _ in range(2))

    def multiplied() -> float:
        began = time.perf_counter()
        (one @ other)[0, 0].item()  # waits for a card
        return time.perf_counter() - began

    return float(2 * size**3 / min(multiplied() for _ in range(12)))


def prepared(loaded: Loaded, recipe: Recipe) -> float:
    """Seconds until the shape of a picture's calls is prepared; 0 where the switch prepares none."""
    if loaded.prepared is None:
        return 0.0
    loaded.prepared.backend.after = 1
    began = time.perf_counter()
    while not loaded.prepared.shapes and time.perf_counter() - began < PATIENCE:
        drawn(loaded, replace(recipe, steps=2))
        if loaded.prepared.left_out:
            break
    return time.perf_counter() - began


def _pair(way: Way, loaded: Loaded, recipe: Recipe, floor: float) -> list[Figure]:
    """Both drawn in turns: the seconds, the mean difference of their pixels, and the floor's share of the time."""
    times: dict[bool, list[float]] = {True: [], False: []}
    pixels = {}
    for turn in range(ROUNDS + 1):
        for on in (False, True):
            seconds, pixels[on] = drawn(way.loaded, way.recipe) if on else drawn(loaded, recipe)
            if turn:
                times[on].append(seconds)
    with_it, without = (statistics.median(times[on]) for on in (True, False))
    share = 100 * floor / min(times[True])  # on a busy machine the quickest is nearest to what it can do
    return [
        Figure(f"{way.name}, one picture, {STEPS} steps", with_it, "s", without, "without"),
        Figure(f"{way.name}, mean difference of the picture", abs(pixels[True] - pixels[False]).mean(), "/255"),
        Figure(f"{way.name}, share of the floor", share, "%"),
    ]


def previewed(loaded: Loaded) -> list[Figure]:
    """Seconds for a preview by the tiny decoder against the linear map, and how far each is from the picture."""
    import io

    import numpy as np
    import torch
    from PIL import Image

    from engine.tuning import Tuning
    from engine.worker import autoencoder, previews

    coarse = replace(loaded, tuning=Tuning(previews="colours"))
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0)) * 0.7
    [whole] = autoencoder.pictures(loaded, [noise])

    def made(own: Loaded) -> tuple[float, float]:
        image = Image.open(io.BytesIO(previews.preview(own, noise))).convert("RGB").resize(whole.size)
        off = np.abs(np.asarray(image, np.float32) - np.asarray(whole, np.float32)).mean()
        return _quickest(lambda: previews.preview(own, noise)), float(off)

    (tiny, tiny_off), (mapped, mapped_off) = made(loaded), made(coarse)
    return [
        Figure("a preview by the tiny decoder", tiny * 1000, "ms", mapped * 1000, "the linear map"),
        Figure("its mean difference from the decoded picture", tiny_off, "/255", mapped_off, "the linear map"),
    ]


def _quickest(call: Callable[[], object]) -> float:
    times = []
    for _ in range(2 * ROUNDS):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)
