"""The passes of a picture: drawn from noise or over another, and drawn again larger."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial

import torch
from PIL import Image
from torch import Tensor

from engine import a1111, second_pass
from engine.files import catalog
from engine.files.upscalers import LATENT
from engine.models.loaded import Loras
from engine.pixels import soft_mask
from engine.pixels.control_map import PictureView
from engine.pixels.tiles import Box
from engine.recipe import Recipe
from engine.second_pass import SecondSize
from engine.worker import autoencoder, prepare, walks
from engine.worker.canvas import Ask, Canvas, Done, Enlarging, enlarged, images
from engine.worker.prepare import drawn
from engine.worker.row import Followed, Row, Successor

FIRST, SECOND = "first pass", "second pass"  # A1111's "Hires refiner": the pass that a refiner takes over, or both


def first(
    canvas: Canvas, rest: int, latents: bool
) -> Generator[Ask, Done, tuple[Image.Image | Tensor, Image.Image | None]]:
    """The picture itself, or its latents, and how much of it shows where the picture that it was softly drawn into is
    kept (None: as the mask says); `rest` are the steps planned after it. A refiner goes on with it."""
    recipe, base = canvas.recipe, canvas.base
    image, mask = (base.image, base.mask) if base else (None, None)
    steps = drawn(recipe.steps, recipe.source.strength if recipe.source else 1.0)
    refiner = recipe.refiner
    if recipe.like:
        begun: list[Row] = []

        def start() -> Row:
            begun[:] = [canvas.row(recipe, image, mask)]  # once more where it grew beyond its precision
            return begun[0]

        here = not recipe.hires or recipe.like.refined != SECOND
        followed = partial(_followed, canvas, recipe, start) if here else start
        [done] = yield Ask([followed], steps, rest, latents, whole=True)
        return done, _shown(canvas, begun[0])
    shared = refiner is not None and 0 < refiner.switch < 1
    before = (
        prepare.taken_over(recipe, canvas.model(recipe.model, recipe.vae), refiner.switch)
        if refiner and shared
        else steps
    )
    if refiner is None or not 0 < before < steps:
        [done] = yield Ask([partial(canvas.row, recipe, image, mask)], steps, rest, latents, whole=True)
        return done, None

    def row(model: str, loras: Loras, stretch: tuple[float, float], brought: Tensor | None) -> Row:
        loaded = canvas.model(model, recipe.vae)
        own = replace(recipe, model=model)
        # A refiner's family has no nets, and in A1111 it takes over without them.
        guides = canvas.guides(own, loaded) if brought is None else ()
        return prepare.start(
            canvas.job,
            canvas.index,
            own,
            loaded,
            loras,
            image,
            mask,
            stretch,
            brought,
            guides=guides,
            painted=canvas.painted,
        )

    switch = before / steps
    base_row = partial(row, recipe.model, canvas.loras, (0.0, switch), None)
    [brought] = yield Ask([base_row], before, rest + steps - before, latents=True, whole=True)
    assert isinstance(brought, Tensor)
    refined = partial(row, refiner.model, (), (switch, 1.0), brought)
    [done] = yield Ask([refined], steps - before, rest, latents, whole=True)
    return done, None


def _shown(canvas: Canvas, row: Row) -> Image.Image | None:
    """How much shows of a row that was softly drawn: where its latents have moved."""
    whole, source, walk = canvas.base and canvas.base.whole, canvas.recipe.source, row.walk
    if not (whole and source and source.soft and walk and walk.kept):
        return None
    distance = (row.latents - walk.kept.clean).norm(dim=1)[0].float().numpy()
    size = canvas.recipe.width, canvas.recipe.height
    return soft_mask.shown(whole, size, distance, walk.kept.mask[0, 0].numpy(), source.soft)


def _followed(canvas: Canvas, recipe: Recipe, start: Callable[[], Row], before: int = 0) -> Row:
    """A row in A1111's way, which its refiner takes over on its way; `before` are the calls of the pass before it."""
    row, refiner = start(), recipe.refiner
    if refiner is None or row.walk is None or not 0 < refiner.switch < 1:
        return row
    walk = row.walk

    def model() -> Followed:
        loaded = canvas.model(refiner.model, recipe.vae)
        assert recipe.like
        walk.ask_another(walks.denoiser(a1111.find_sampler(recipe.sampler)[0], loaded, recipe.like), loaded)
        return loaded, *walks.texts(recipe, loaded, before, canvas.painted)

    row.successor = Successor(refiner.switch, model, by_steps=bool(recipe.like and recipe.like.by_steps))
    if row.due:
        row.hand_over()
    return row


def second(canvas: Canvas, base: Image.Image | Tensor, rest: int) -> Enlarging:
    """The picture or its latents enlarged, and drawn over. What is enlarged beyond the size asked for is cut off."""
    recipe, hires = canvas.recipe, canvas.recipe.hires
    assert hires
    own = second_pass.recipe(recipe, hires)
    size = second_pass.size(recipe, hires)
    steps = second_steps(own)
    if isinstance(base, Tensor):
        scale = recipe.width // base.shape[-1]
        mode, averaged = LATENT[hires.upscaler]
        cells = [side // catalog.STEP * catalog.STEP // scale for side in size.enlarged]
        large = torch.nn.functional.interpolate(base, size=(cells[1], cells[0]), mode=mode, antialias=averaged)
        base = _cut(large, size, scale)
    elif hires.upscaler in LATENT:  # there are no latents of a picture that was taken as it is
        base = base.resize(size.enlarged, Image.Resampling.LANCZOS).crop(size.box)
    else:
        base = yield from enlarged(canvas, base, hires.upscaler, size.enlarged, rest + steps)
        if recipe.like:  # it is the latents that are cut off there
            loaded = canvas.model(own.model, own.vae)
            base = _cut(autoencoder.latents(loaded, base, None, recipe.tiling), size, loaded.scale)
        else:
            base = base.crop(size.box)
    seen = PictureView(size.enlarged, Box(*size.box))
    drawn_again = partial(canvas.row, own, base, loras=canvas.second, seen=seen, again=True)
    if recipe.like:
        before = walks.counted(recipe, recipe.steps)
        start = partial(drawn_again, exact=True, before=before)
        row = start if recipe.like.refined == FIRST else partial(_followed, canvas, own, start, before)
    else:
        row = drawn_again
    done = yield Ask([row], steps, rest, whole=True)
    return images(done)[0]


def second_steps(own: Recipe) -> int:
    """The steps of a second pass: in A1111's way all of them are drawn."""
    assert own.source
    return own.steps if own.like else drawn(own.steps, own.source.strength)


def _cut(latents: Tensor, size: SecondSize, scale: int) -> Tensor:
    left, top, right, bottom = (pixels // scale for pixels in size.box)
    return latents[..., top:bottom, left:right]
