"""The table of buttons that draw: each is a function from a picture to the recipe of a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from bot.studio.recipes import FACES, HIRES, new_seed
from engine.recipe import Recipe, Source, Upscale, Variation
from prompts.option_values import REDRAW
from prompts.prompt import Prompt
from storage.pictures import PictureRow

VARY = 0.35  # share of the way to another seed's noise: the same composition, other details
VARY_STRONG = 0.7  # the same idea, another composition
TILED = 1024  # pixels of a side; what is larger already is enlarged and drawn over in tiles, which let others by
LARGER = 0.5  # img2img strength of "draw larger": keeps the composition, redraws what twice the size shows
HANDS = replace(FACES, detector="hand")
EXTENDED = 0.8  # img2img strength beyond the old edge: what lies there goes on, and new things may come
WIDER = 0.25  # of each side's length, what zooming out adds at either end
PANNED = 0.5  # of a side's length, what panning adds
STEP, LEAST, MOST = 0.2, 0.1, 2.0  # of a control's weight, where 1 is the usual
MARGIN = 8  # pixels; margins are multiples of it, as sizes are


def again(row: PictureRow) -> Recipe:
    """The same with another seed."""
    return replace(row.recipe, seed=new_seed(), variation=None)


def vary(row: PictureRow) -> Recipe:
    """Nearly the same start noise."""
    return replace(row.recipe, variation=Variation(new_seed(), VARY))


def vary_strong(row: PictureRow) -> Recipe:
    """Start noise that has little left of the old one."""
    return replace(row.recipe, variation=Variation(new_seed(), VARY_STRONG))


def hires(row: PictureRow) -> Recipe:
    """The same seed, then a second pass over it enlarged."""
    return replace(row.recipe, hires=HIRES)


def upscale(row: PictureRow) -> Recipe:
    """The picture itself, resampled to twice its size."""
    return replace(_over(row, 0.0), upscale=Upscale("Lanczos", 2.0))


def larger(row: PictureRow) -> Recipe:
    """Drawn again over the picture at twice its size, in tiles from a size on."""
    if max(row.width, row.height) >= TILED:
        return replace(_over(row, 0.0), upscale=Upscale("Lanczos", 2.0, REDRAW))
    return replace(_over(row, LARGER), width=row.width * 2, height=row.height * 2)


def fix_faces(row: PictureRow) -> Recipe:
    """The picture itself with the faces in it drawn again."""
    return replace(_over(row, 0.0), fixes=(FACES,))


def fix_hands(row: PictureRow) -> Recipe:
    """The picture itself with the hands in it drawn again."""
    return replace(_over(row, 0.0), fixes=(HANDS,))


def zoom_out(row: PictureRow) -> Recipe:
    """More of what is around the picture, on every side."""
    across, down = _share(row.width, WIDER), _share(row.height, WIDER)
    return _extended(row, (across, down, across, down))


def pan(row: PictureRow, side: int) -> Recipe:
    """More of what is beyond one side of the picture: 0 left, 1 top, 2 right, 3 bottom."""
    margins = [0, 0, 0, 0]
    margins[side] = _share(row.height if side % 2 else row.width, PANNED)
    return _extended(row, (margins[0], margins[1], margins[2], margins[3]))


def control_stronger(row: PictureRow) -> Recipe:
    """The same, following its maps more."""
    return _followed(row.recipe, STEP)


def control_weaker(row: PictureRow) -> Recipe:
    """The same, following its maps less."""
    return _followed(row.recipe, -STEP)


def without_control(row: PictureRow) -> Recipe:
    """The same, by its words alone."""
    return replace(row.recipe, controls=())


def _followed(recipe: Recipe, more: float) -> Recipe:
    """With another weight of its controls, which stays above nothing."""
    controls = [replace(one, strength=min(max(round(one.strength + more, 2), LEAST), MOST)) for one in recipe.controls]
    return replace(recipe, controls=tuple(controls))


def _over(row: PictureRow, strength: float) -> Recipe:
    """The recipe that drew the picture, over the picture as it is now, without upscaling, fixes or a second pass."""
    source = Source(row.hash, strength)
    made = replace(row.recipe, width=row.width, height=row.height, source=source)
    return replace(made, variation=None, hires=None, fixes=(), upscale=None)


def _extended(row: PictureRow, margins: tuple[int, int, int, int]) -> Recipe:
    left, top, right, bottom = margins
    return replace(
        _over(row, EXTENDED),
        width=row.width + left + right,
        height=row.height + top + bottom,
        source=Source(row.hash, EXTENDED, margins=margins),
        controls=(),  # whose maps are of the picture as it was
        prompt=_surroundings(row.recipe.prompt),
        seed=new_seed(),
    )


def _surroundings(prompt: Prompt) -> Prompt:
    """The prompt without its subject, which is in the picture already and would come a second time; as it is where
    nothing says what is around it."""
    around = tuple(one for one in prompt.fragments if one.part != "subject")
    scene = any(one.part == "scene_detail" and one.origin != "preset" for one in around)
    joined = any(one.text in ("AND", "BREAK") for one in prompt.fragments)
    return replace(prompt, fragments=around) if scene and not joined and not prompt.raw else prompt


def _share(length: int, share: float) -> int:
    return max(MARGIN, round(length * share / MARGIN) * MARGIN)


ACTIONS: dict[str, Callable[[PictureRow], Recipe]] = {
    "again": again,
    "vary": vary,
    "upscale": upscale,
    "larger": larger,
    "vary_strong": vary_strong,
    "hires": hires,
    "fix_faces": fix_faces,
    "fix_hands": fix_hands,
    "zoom_out": zoom_out,
    "pan_left": partial(pan, side=0),
    "pan_right": partial(pan, side=2),
    "pan_up": partial(pan, side=1),
    "pan_down": partial(pan, side=3),
    "control_stronger": control_stronger,
    "control_weaker": control_weaker,
    "without_control": without_control,
}
# These need the recipe that drew the pixels, not one that only enlarged or mended them.
REDRAWN = frozenset({"again", "vary", "vary_strong", "hires", "control_stronger", "control_weaker", "without_control"})
