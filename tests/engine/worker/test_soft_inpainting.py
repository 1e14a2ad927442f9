"""Soft inpainting in A1111's way, against Euler's method and its blending written out over the plain UNet, and what
shows of it against its weights cell by cell."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from engine.models.loaded import Loaded
from engine.pixels import masks, soft_mask, source_picture
from engine.pixels.source_picture import Whole
from engine.pixels.tiles import Box
from engine.recipe import Recipe, Soft, Source
from engine.worker import autoencoder
from prompts.errors import Refusal
from tests.engine.drawing import Pixels, gap, photograph, pixels, recipe
from tests.engine.worker.test_like_a1111 import CPU, euler, noise, seen, shown, sigmas, together, words
from tests.engine.worker.test_stages import SOURCE
from tests.engine.worker.test_worker import png

OWN = recipe("a blue boat", steps=5, like=CPU)
SOFTS = (Soft(), Soft(2.0, 1.5, 1.0, 0.5, 2.0, 4.0), Soft(bias=0.0, preservation=0.0, influence=1.0))


def slope() -> Image.Image:
    """Black at the left, white at the right."""
    return Image.fromarray(np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1)))


def softly(soft: Soft | None, **source: object) -> Recipe:
    return replace(OWN, source=replace(Source(SOURCE, 0.8, mask="m", soft=soft), **source))  # type: ignore[arg-type]


def between(clean: Tensor, drawn: Tensor, share: Tensor, boost: float) -> Tensor:
    """Cell by cell: the mean's direction, and the power mean of the lengths."""
    made = torch.empty_like(clean)
    for down in range(clean.shape[-2]):
        for across in range(clean.shape[-1]):
            old, new = (one[0, :, down, across].double() for one in (clean, drawn))
            part = float(share[0, 0, down, across])
            mean = old * (1 - part) + new * part
            length = (float(old.norm()) ** boost * (1 - part) + float(new.norm()) ** boost * part) ** (1 / boost)
            made[0, :, down, across] = (mean * length / (mean.norm() + 1e-5)).float()
    return made


def middle(values: Pixels, down: int, across: int, least: float, most: float) -> float:
    """The mean of what lies between two shares of a neighbourhood's stack of values."""

    def gauss(squared: float) -> float:
        return math.exp(-squared / 2.25)

    none, stack = gauss(9), []
    for row in range(max(0, down - 2), min(values.shape[0], down + 3)):
        for column in range(max(0, across - 2), min(values.shape[1], across + 3)):
            weight = (gauss((row - down) ** 2 + (column - across) ** 2) - none) / (1 - none)
            stack.append((float(values[row, column]), weight))
    whole = sum(weight for _, weight in stack)
    low, high = whole * least, whole * most
    if high - low < 1:
        low, high = (low + high) / 2 - 0.5, (low + high) / 2 + 0.5
        if high > whole:
            low, high = whole - 1, whole
        if low < 0:
            low, high = 0.0, 1.0
    at = total = 0.0
    for value, weight in sorted(stack):
        total += value * max(0.0, min(high, at + weight) - max(low, at))
        at += weight
    return total / (high - low)


def what_shows(distance: Pixels, mask: Pixels, soft: Soft, size: tuple[int, int]) -> Image.Image:
    cells = [(down, across) for down in range(distance.shape[0]) for across in range(distance.shape[1])]
    for least, most in ((0.9, 1.0), (0.25, 0.75)):
        before, distance = distance, np.zeros_like(distance)
        for cell in cells:
            distance[cell] = middle(before, *cell, least, most)
    shades = np.zeros(distance.shape, np.uint8)
    for cell in cells:
        bias = 0.5 * (1 - soft.influence) + (1 - float(mask[cell]) ** (soft.preservation / 2)) * soft.influence
        half = soft.threshold * bias / (1.00001 - bias)
        kept = 1 / (1 + (float(distance[cell]) / half) ** soft.contrast) if half else 0.0
        shades[cell] = int(255 * (1 - (6 * kept**5 - 15 * kept**4 + 10 * kept**3)))
    return Image.fromarray(shades).resize(size, Image.Resampling.LANCZOS).filter(ImageFilter.GaussianBlur(4))


def expected(loaded: Loaded, soft: Soft, grey: Image.Image) -> Pixels:
    """The slope of a mask redrawn softly by Euler's method over the plain UNet."""
    share = torch.from_numpy(np.asarray(grey.resize((8, 8), Image.Resampling.BICUBIC), np.float32) / 255)[None, None]
    clean = autoencoder.latents(loaded, photograph(), None)
    levels, said = sigmas(loaded, 5)[5 - 4 - 1 :], words(loaded, "a blue boat", "", 5)

    def foreseen(latents: Tensor, sigma: Tensor, call: int) -> Tensor:
        drawn = seen(loaded, latents, sigma, said(call), OWN.guidance)
        return between(clean, drawn, share ** (float(sigma) ** soft.bias * soft.preservation), soft.boost)

    latents = euler(clean + noise(OWN.seed, 64, 64) * levels[0], levels, foreseen)
    distance = (latents - clean).norm(dim=1)[0].numpy()
    mask = what_shows(distance, share[0, 0].numpy(), soft, (64, 64))
    return pixels(Image.composite(shown(loaded, latents), photograph(), mask))


def test_what_is_half_marked_keeps_half_of_the_picture(tiny_folder: Path, loaded: Loaded) -> None:
    files = [(SOURCE, photograph()), ("m", slope())]
    hard = softly(None)
    *drawn, plain = together(tiny_folder.parent, *map(softly, SOFTS), hard, files=files)
    for made, soft in zip(drawn, SOFTS, strict=True):
        assert gap(made, expected(loaded, soft, slope())) <= 2
        [alone] = together(tiny_folder.parent, softly(soft), files=files)
        assert gap(made, alone) <= 1
        assert gap(made, plain) > 9
    blurred = softly(Soft(), blur=6)
    solid = Image.new("L", (64, 64))
    solid.paste(255, (16, 24, 48, 64))
    [made] = together(tiny_folder.parent, blurred, files=[(SOURCE, photograph()), ("m", solid)])
    assert gap(made, expected(loaded, Soft(), masks.blurred(solid, 6))) <= 2


def test_what_is_half_see_through_is_half_marked(tiny_folder: Path, loaded: Loaded) -> None:
    picture = photograph().convert("RGBA")
    greys = slope().point(lambda shade: min(shade, 250))  # nothing without a colour of its own
    picture.putalpha(greys.point(lambda shade: 255 - shade))
    [made] = together(tiny_folder.parent, softly(Soft(), mask=""), files=[(SOURCE, picture)])
    assert gap(made, expected(loaded, Soft(), greys)) <= 2


def test_every_kind_of_sampler_draws_softly_alike_in_company(tiny_folder: Path) -> None:
    files = [(SOURCE, photograph()), ("m", slope())]
    asked = [replace(softly(Soft()), sampler=name, steps=3) for name in ("DPM++ 2M", "DDIM", "LCM")]
    hard = [replace(softly(None), sampler=own.sampler, steps=3) for own in asked]
    made = together(tiny_folder.parent, *asked, *hard, files=files)
    for own, soft, other in zip(asked, made, made[3:], strict=False):
        [alone] = together(tiny_folder.parent, own, files=files)
        assert gap(soft, alone) <= 1 < gap(soft, other)


def test_a_part_alone_is_drawn_softly_where_it_lies(tiny_folder: Path) -> None:
    solid = Image.new("L", (64, 64))
    solid.paste(255, (40, 40, 56, 56))
    asked = softly(Soft(threshold=0.0), blur=2, padding=4)
    [made] = together(tiny_folder.parent, asked, files=[(SOURCE, photograph()), ("m", solid)])
    away = np.abs(made.astype(int) - pixels(photograph()).astype(int)).max(axis=-1)
    assert away[:24, :24].max() == 0 < away[44:52, 44:52].min()


def test_what_shows_of_a_part_is_placed_in_the_whole() -> None:
    distance, mask = np.random.default_rng(3).random((2, 8, 8), np.float32)
    whole = Whole(Image.new("RGB", (100, 80)), Image.new("L", (100, 80)), Box(10, 20, 42, 52))
    made = soft_mask.shown(whole, (64, 64), distance, mask, Soft())
    inside = what_shows(distance, mask, Soft(), (64, 64)).resize((32, 32), Image.Resampling.LANCZOS)
    there = Image.new("L", (100, 80))
    there.paste(inside, (10, 20))
    assert np.abs(np.asarray(made, int) - np.asarray(there, int)).max() <= 1


def test_what_has_not_moved_is_the_pictures_own() -> None:
    still, mask = np.zeros((8, 8), np.float32), np.ones((8, 8), np.float32)
    whole = Whole(Image.new("RGB", (64, 64)), Image.new("L", (64, 64)))
    for soft in (Soft(), Soft(threshold=0.0), Soft(influence=1.0)):
        assert not soft_mask.shown(whole, (64, 64), still, mask, soft).getbbox()


def test_numbers_that_cannot_be_and_our_own_way_are_refused() -> None:
    files = {SOURCE: png(photograph()), "m": png(slope())}
    for soft in (Soft(boost=0.0), Soft(influence=2.0), Soft(bias=-1.0), Soft(threshold=math.nan)):
        with pytest.raises(Refusal, match=r"option\.out_of_range"):
            source_picture.drawn_over(softly(soft), files)
    with pytest.raises(Refusal, match=r"soft\.like"):
        source_picture.drawn_over(replace(softly(Soft()), like=None), files)
    with pytest.raises(Refusal, match=r"mask\.none"):
        source_picture.drawn_over(softly(Soft(), mask=""), files)
