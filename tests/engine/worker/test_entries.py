"""What the queue takes a picture to ask of the UNet, against what its row asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from torch import Tensor

from engine import a1111, samplers
from engine.further_guidance import Perturbed, Smoothed
from engine.models.loaded import Loaded
from engine.patches.patches import Patches
from engine.queue import entries, estimate
from engine.recipe import A1111, FreeU, HyperTile, Recipe
from engine.regions import Regions
from engine.worker import prepare, rows, walks
from tests.engine.drawing import recipe

LIKE = A1111(rng="CPU")


@pytest.fixture
def counting(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Loaded, list[int]]]:
    """A model that answers at once, and the entries of each of its calls."""
    asked: list[int] = []

    def answer(samples: Tensor, *_: Any, **__: Any) -> tuple[Tensor]:
        asked.append(len(samples))
        return (0.1 * samples,)

    monkeypatch.setattr(loaded.unet, "forward", answer)
    yield replace(loaded, tapes=type(loaded.tapes)(), joined=type(loaded.joined)()), asked


def drawn(counting: tuple[Loaded, list[int]], own: Recipe) -> list[int]:
    loaded, asked = counting
    asked.clear()
    at_work, row = rows.Rows(), prepare.start("job", 0, own, loaded, ())
    at_work.add(row)
    while not row.done:
        for _, error in at_work.turn().failed:
            raise error
    return list(asked)


def thought(own: Recipe) -> float:
    each = entries.texts(own) + entries.unwanted(own) + entries.astray(own)
    return entries.calls(own, own.steps) * each


NAMES = [row.name for row, _ in samplers.groups()]
OURS = [recipe(sampler=name, steps=10) for name in [*NAMES, "Heun Karras", "DPM++ SDE Karras"]]
THEIRS = [recipe(sampler=name, steps=12, like=LIKE) for name in a1111.SAMPLERS if name != walks.ADAPTIVE]


@pytest.mark.parametrize("own", [*OURS, *THEIRS], ids=lambda own: f"{own.sampler} {'like' if own.like else ''}")
def test_every_sampler_calls_as_often_as_is_thought(own: Recipe, counting: tuple[Loaded, list[int]]) -> None:
    """To the call; only where it goes back on its way by its own count, roughly."""
    roughly = 0.35 if own.sampler == "Restart" else 0.0
    assert len(drawn(counting, own)) == pytest.approx(entries.calls(own, own.steps), rel=roughly)


KINDS: dict[str, Recipe] = {
    "guided": recipe(steps=20),
    "not guided": recipe(steps=20, guidance=1.0),
    "on a part of the way": recipe(steps=20, guidance_start=0.2, guidance_end=0.7),
    "several texts": recipe("a cat AND a dog :0.5 AND a bird", steps=20),
    "several texts, not guided": recipe("a cat AND a dog", steps=20, guidance=1.0),
    "words for two parts": recipe("a AND b AND c", steps=20, regions=Regions(((0, 0, 0.5, 1), (0.5, 0, 1, 1)))),
    "perpendicular": recipe(negative="dark", steps=20, perpendicular=1.0),
    "perpendicular to nothing": recipe(steps=20, perpendicular=1.0),
    "PAG": recipe(steps=20, pag=Perturbed(3.0)),
    "PAG that fades out": recipe(steps=20, pag=Perturbed(3.0, adaptive=0.006)),
    "PAG and SEG of several texts": recipe("a AND b", steps=20, pag=Perturbed(3.0), seg=Smoothed(2.0)),
    "SEG, not guided": recipe(steps=20, guidance=1.0, seg=Smoothed(2.0)),
    "A1111's, below 1": recipe(steps=20, guidance=0.5, like=LIKE),
    "A1111's early steps": recipe(steps=20, like=replace(LIKE, skip_early=0.3)),
    "A1111's late steps": recipe(steps=20, sampler="DPM++ 2M", like=replace(LIKE, ngms=2.0)),
    "A1111's late steps, all": recipe(steps=20, sampler="DPM++ 2M", like=replace(LIKE, ngms=2.0, ngms_all=True)),
    "A1111's CFG++": recipe(steps=24, sampler="DDIM CFG++", guidance=1.0, like=LIKE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_guidance_is_counted_by_its_entries(kind: str, counting: tuple[Loaded, list[int]]) -> None:
    """Within two calls of twenty: where guidance begins and ends is told by timesteps, which samplers space in their
    own ways."""
    own = KINDS[kind]
    asked = drawn(counting, own)
    widest = max(asked)
    assert sum(asked) == pytest.approx(thought(own), abs=2 * (widest - min(asked)) if widest > min(asked) else 1e-9)


def test_what_takes_time_away_inside_the_unet_is_known() -> None:
    usual = estimate.work(recipe())
    quicker: list[tuple[dict[str, Any], float]] = [
        ({"token_merging": 0.5}, 0.875), ({"hypertile": HyperTile(256)}, 0.85), ({"quality": "fast"}, 0.66),
        ({"freeu": FreeU(1.1, 1.2, 0.9, 0.2)}, 1.0), ({"tiling": "xy"}, 1.0),
    ]  # fmt: skip
    for changes, share in quicker:
        assert estimate.work(recipe(**changes)) == pytest.approx(share * usual)
        assert changes.keys() == {"quality"} or Patches.of(recipe(**changes))
    assert estimate.work(recipe(sampler="Heun", steps=10)) == pytest.approx(1.9 * estimate.work(recipe(steps=10)))
