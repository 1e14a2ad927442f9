"""The built-in model truly follows the edges that its net is shown, through the engine's own rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from engine.control import Control
from engine.controls import nets
from engine.controls.guide import Guide, guide
from engine.demo import control
from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.pixels.control_map import ControlMap
from engine.recipe import Recipe
from engine.worker import autoencoder, prepare, rows
from tests.engine.demo.test_demo_companions import near
from tests.engine.drawing import Pixels, pixels, recipe

THINGS = ("a heart on the left", "a tree on the right", "a fish", "two stars", "a bell on the top")
NEAR = 2  # pixels that an edge may lie beside the one wanted
OWN = recipe("best quality", model=catalog.BUILTIN, width=128, height=128, steps=10, guidance=4.0)
pytestmark = pytest.mark.usefixtures("one_thread")


def drawn(loaded: Loaded, wanted: list[tuple[Recipe, tuple[Guide, ...]]]) -> list[Pixels]:
    at_work = rows.Rows()
    everybody = [prepare.start("job", n, own, loaded, (), guides=guides) for n, (own, guides) in enumerate(wanted)]
    for row in everybody:
        at_work.add(row)
    while len(at_work):
        for row in at_work.turn().stepped:
            if row.done:
                at_work.leave(row)
    return [pixels(image) for image in autoencoder.pictures(loaded, [row.latents for row in everybody])]


def followed(edges: Pixels, picture: Pixels) -> float:
    """How far the edges of a picture are those wanted: the F1 of what lies near one another."""
    wanted, found = edges[..., 0] > 0, control.edges(picture.astype(np.uint8)[None])[0, ..., 0] > 0
    shares = [(one & near(other, NEAR)).sum() / max(1, one.sum()) for one, other in ((wanted, found), (found, wanted))]
    return float(2 * shares[0] * shares[1] / max(1e-6, sum(shares)))


def test_edges_are_followed_in_each_mode_as_far_as_it_says() -> None:
    loaded = loading.load(catalog.builtin(), torch.device("cpu"))
    [companion] = [one for one in catalog.controlnets([catalog.COMPANIONS]) if one.name == control.NAME]
    net = nets.load(companion, loaded)
    sources = drawn(loaded, [(replace(OWN, prompt=recipe(text).prompt), ()) for text in THINGS])
    edges = [pixels(Image.fromarray(one)) for one in control.edges(np.stack(sources).astype(np.uint8))]

    def guided(edge: Pixels, mode: str) -> Guide:
        return guide(
            ControlMap(Control(control.NAME, "a" * 64, mode=mode), Image.fromarray(edge.astype(np.uint8))), net
        )

    wanted = []
    for seed, edge in enumerate(edges):  # the words say nothing of the shapes
        own = replace(OWN, seed=seed)
        wanted += [(own, ()), (own, (guided(edge, ""),)), (own, (guided(edge, "control"),))]
    made = drawn(loaded, wanted)
    scores = np.array([followed(edges[place // 3], one) for place, one in enumerate(made)]).reshape(-1, 3)
    none, balanced, most = scores.mean(axis=0)
    assert balanced >= none + 0.08, scores
    assert most >= none + 0.15, scores
