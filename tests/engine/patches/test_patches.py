"""Patches of every kind in a batch: alone as in company, strangers untouched, nothing left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.further_guidance import Perturbed
from engine.models.loaded import Loaded
from engine.patches.patches import Patches
from engine.recipe import A1111, FreeU, Hires, HyperTile, Recipe
from engine.speed.batched_call import Answering, Call, Prepared
from engine.worker import prepare
from engine.worker.rows import Rows
from tests.engine.drawing import draw, gap, recipe

PLAIN = recipe("a green boat", seed=3, steps=3, guidance=5.0, width=256, height=256)
KINDS: dict[str, dict[str, Any]] = {
    "tiling": {"tiling": "xy"},
    "FreeU": {"freeu": FreeU(1.4, 1.6, 0.8, 0.3)},
    "Forge's FreeU": {"freeu": FreeU(1.4, 1.6, 0.8, 0.3), "like": A1111("Karras")},
    "token merging": {"token_merging": 0.5},
    "HyperTile": {"hypertile": HyperTile(128, 2)},
    "at quality fast": {"quality": "fast", "tiling": "y", "freeu": FreeU(1.4, 1.6, 0.8, 0.3), "token_merging": 0.3},
    "beside PAG": {"tiling": "y", "hypertile": HyperTile(128, 2), "pag": Perturbed(2.0)},
    "all": {"tiling": "x", "freeu": FreeU(1.1, 1.2, 0.9, 0.2), "token_merging": 0.4, "hypertile": HyperTile(128)},
}
NOTHING: list[dict[str, Any]] = [
    {"freeu": FreeU(1.0, 1.0, 1.0, 1.0)},
    {"token_merging": 1e-4},
    {"hypertile": HyperTile(512, 1)},
    {"hypertile": HyperTile(128, second=True)},
]


def own(kind: str) -> Recipe:
    return recipe(negative="a dog", steps=3, width=256, height=256, **KINDS[kind])


def latents(loaded: Loaded, recipes: Sequence[Recipe]) -> list[Tensor]:
    """What becomes of some rows that begin together."""
    rows = Rows()
    every = [prepare.start("job", index, one, loaded, ()) for index, one in enumerate(recipes)]
    for row in every:
        rows.add(row)
    while len(rows):
        assert not rows.turn().failed
        for row in [row for row in rows if row.done]:
            rows.leave(row)
    return [row.latents for row in every]


@pytest.fixture(scope="module")
def plain(loaded: Loaded) -> dict[int, list[Tensor]]:
    """What becomes of one and of three plain rows that share their calls."""
    three = [PLAIN, replace(PLAIN, seed=9), replace(PLAIN, seed=1)]
    return {count: latents(loaded, three[:count]) for count in (1, 3)}


@pytest.mark.parametrize("kind", KINDS)
def test_alone_as_in_company_and_strangers_keep_every_bit(
    kind: str, loaded: Loaded, plain: dict[int, list[Tensor]]
) -> None:
    crowd = [replace(own(kind), seed=7), own(kind), PLAIN, replace(PLAIN, seed=9), own("FreeU"), own("HyperTile")]
    together, alone = draw(loaded, crowd, late=[0]), draw(loaded, [own(kind)])[0]
    assert gap(together[1], alone) <= 1
    assert gap(alone, draw(loaded, [recipe(negative="a dog", steps=3, width=256, height=256)])[0]) > 3
    if Patches.of(own(kind)).shared == Patches().shared:  # all three share every call
        beside = latents(loaded, [PLAIN, replace(PLAIN, seed=9), own(kind)])
        assert torch.equal(beside[0], plain[3][0]) and torch.equal(beside[1], plain[3][1])
    else:
        assert torch.equal(latents(loaded, [PLAIN, own(kind)])[0], plain[1][0])


@pytest.mark.parametrize("changes", NOTHING, ids=str)
def test_what_changes_nothing_changes_no_bit(
    changes: dict[str, Any], loaded: Loaded, plain: dict[int, list[Tensor]]
) -> None:
    crowd = [replace(PLAIN, **changes), *(replace(PLAIN, seed=seed, **changes) for seed in (9, 1))]
    assert all(torch.equal(one, other) for one, other in zip(latents(loaded, crowd), plain[3], strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_the_networks_are_themselves_again(kind: str, loaded: Loaded) -> None:
    processors = [layer.processor for layer in loaded.unet.modules() if hasattr(layer, "processor")]
    draw(loaded, [own(kind)])
    assert processors == [layer.processor for layer in loaded.unet.modules() if hasattr(layer, "processor")]
    for part in (loaded.unet, loaded.vae):
        assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in part.modules())


def test_a_call_that_did_not_fit_is_made_again_with_the_same_lots(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = draw(loaded, [own("HyperTile")])[0]
    answered, failed = Call.answered, []

    def once(call: Call, unet: Any) -> Tensor:
        output = answered(call, unet)
        if not failed:
            failed.append(call)
            raise torch.OutOfMemoryError("full")
        return output

    monkeypatch.setattr(Call, "answered", once)
    two = draw(loaded, [own("HyperTile"), replace(own("HyperTile"), seed=5)])
    assert failed and gap(two[0], expected) <= 1


def test_patched_rows_keep_nobody_from_prepared_calls(loaded: Loaded) -> None:
    class Backend:
        name, after, aside, most, room = "counted", 1, False, 8, 2**40

        def __init__(self) -> None:
            self.calls = 0

        def prepare(self, call: Call) -> Any:
            def answer(again: Call) -> Tensor:
                self.calls += 1
                return again.answered(loaded.unet)

            return Answering(answer)

    backend = Backend()
    mine = replace(loaded, prepared=Prepared(backend))
    draw(mine, [own("FreeU"), replace(PLAIN, steps=4)])
    assert backend.calls == 3  # all of the plain row's but the first, which prepares


def test_a_recipe_says_its_patches_and_only_when_it_has_some() -> None:
    plain = recipe()
    assert not Patches.of(plain)
    assert not {"tiling", "freeu", "token_merging", "hypertile"} & plain.to_json().keys()
    for kind in KINDS:
        assert Recipe.from_json(own(kind).to_json()) == own(kind) and own(kind).code != recipe().code
        assert Patches.of(own(kind))
    again = Hires(2.0, 0.5, token_merging=0.3)
    assert Recipe.from_json(recipe(hires=again).to_json()).hires == again
    assert "token_merging" not in Hires(2.0, 0.5).to_json()
