"""What options ask to have changed inside the UNet, as a recipe has it, and back."""

from __future__ import annotations

from dataclasses import astuple
from typing import TypedDict, TypeVar

from bot.studio.provenance import SIGNS
from engine.recipe import FreeU, HyperTile, Recipe
from prompts import grammar, regions
from prompts.errors import Refusal
from prompts.option_values import DEPTHS, FREEUS, MERGED, SWAPS, TILES, TILINGS
from prompts.prompt import Options
from prompts.regions import AskedRegions

Number = TypeVar("Number", int, float)


class Inside(TypedDict):
    """The fields of a recipe that are about it."""

    tiling: str
    freeu: FreeU | None
    token_merging: float
    hypertile: HyperTile | None


class Asked(TypedDict):
    """The fields of options that are about it."""

    tiling: str
    freeu: tuple[float, float, float, float]
    token_merging: float
    hypertile: int
    hypertile_swap: int | None
    hypertile_depth: int | None
    hypertile_second: bool


def inside(options: Options) -> Inside:
    """What of a recipe the options decide. Raises Refusal for what cannot be."""
    tiling = options.tiling or ""
    if tiling not in TILINGS.values():
        raise Refusal("option.bad_value", option="tiling", value=tiling)
    return {
        "tiling": tiling,
        "freeu": _freeu(options),
        "token_merging": _checked("token-merging", options.token_merging or 0.0, *MERGED),
        "hypertile": _hypertile(options),
    }


def asked(recipe: Recipe) -> Asked:
    """The options that ask for what a recipe has."""
    freeu, tiles = recipe.freeu or FreeU(1.0, 1.0, 1.0, 1.0), recipe.hypertile
    return {
        "tiling": recipe.tiling,
        "freeu": (freeu.b1, freeu.b2, freeu.s1, freeu.s2),
        "token_merging": recipe.token_merging,
        "hypertile": tiles.tile if tiles else 0,
        "hypertile_swap": tiles.swap if tiles else None,
        "hypertile_depth": tiles.depth if tiles else None,
        "hypertile_second": tiles is not None and tiles.second,
    }


def written(recipe: Recipe) -> list[str]:
    """The same as it is written into a text."""
    said = [f"--tiling {recipe.tiling}"] if recipe.tiling else []
    if recipe.regions:
        asked = AskedRegions(recipe.regions.places, recipe.regions.base, recipe.regions.map[:SIGNS])
        said.append(f"--regions {asked}")
    if recipe.freeu:
        said.append(f"--freeu {'/'.join(f'{value:g}' for value in astuple(recipe.freeu))}")
    if recipe.token_merging:
        said.append(f"--token-merging {recipe.token_merging:g}")
    if tiles := recipe.hypertile:
        said.append(f"--hypertile {tiles.tile}/{tiles.swap}/{tiles.depth}")
    return said


def lines(recipe: Recipe) -> dict[str, str]:
    """The same for a card, by the names of its lines; "" where there is nothing to tell."""
    again = recipe.hires.token_merging if recipe.hires else 0.0
    freeu, tiles = recipe.freeu, recipe.hypertile
    return {
        "regions": _plan(recipe),
        "tiling": {"xy": "x + y"}.get(recipe.tiling, recipe.tiling),
        "freeu": f"b {freeu.b1:g} {freeu.b2:g} · s {freeu.s1:g} {freeu.s2:g}" if freeu else "",
        "token_merging": " → ".join(f"{share:g}" for share in (recipe.token_merging, again) if share),
        "hypertile": ""
        if tiles is None
        else " · ".join((f"{tiles.tile}", f"{tiles.swap}", f"{tiles.depth}", *(["hires"] if tiles.second else []))),
    }


def _plan(recipe: Recipe) -> str:
    """What is drawn where, a region to a line."""
    if recipe.regions is None:
        return ""
    said = []
    texts = grammar.multicond(recipe.prompt.positive)[1:]
    for place, (words, _) in zip(recipe.regions.places, texts, strict=False):
        said.append(f"{regions.plan(place)} {words.strip()}")
    return "\n".join(said)


def _freeu(options: Options) -> FreeU | None:
    """None where every number is 1, which changes nothing."""
    said = [_checked("freeu", number, *FREEUS) for number in options.freeu or ()]
    return FreeU(*said) if any(number != 1 for number in said) else None


def _hypertile(options: Options) -> HyperTile | None:
    if not options.hypertile:
        return None
    usual = HyperTile()
    swap = usual.swap if options.hypertile_swap is None else options.hypertile_swap
    depth = usual.depth if options.hypertile_depth is None else options.hypertile_depth
    return HyperTile(
        _checked("hypertile", options.hypertile, *TILES),
        _checked("hypertile", swap, *SWAPS),
        _checked("hypertile", depth, *DEPTHS),
        options.hypertile_second,
    )


def _checked(option: str, value: Number, low: Number, high: Number) -> Number:
    """The value, where it lies within its range."""
    if not low <= value <= high:
        raise Refusal("option.out_of_range", option=option, value=value, low=low, high=high)
    return value
