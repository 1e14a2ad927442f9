"""LoRAs that act in some of the steps: `start=`, `stop=`, `step=`, and weights of blocks that are left to chance."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.adapters import loras
from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded, Loras
from engine.recipe import A1111
from engine.worker import prepare, rows
from prompts.grammar.lora_blocks import block_weights
from prompts.prompt import LoraUse
from tests import tiny
from tests.engine.drawing import draw, gap, recipe

STEPS = 5


@pytest.fixture
def own(entry: catalog.Model) -> Loaded:
    return loading.load(entry, torch.device("cpu"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("loras")
    tiny.kohya_lora(made / "ink.safetensors", seed=2, text=False)
    return made


def find(folder: Path, *uses: LoraUse, seed: int = 0) -> Loras:
    return loras.resolve(uses, [folder], seed)


def by_hand(own: Loaded, wanted: Loras, acting: set[int], **changes: object) -> torch.Tensor:
    """The latents of a row whose LoRAs are put on and taken off by hand; `acting` are steps, from 0."""
    row = prepare.start("a", 0, recipe(steps=STEPS, **changes), own, wanted)
    mine = row.loras
    at_work = rows.Rows()
    at_work.add(row)
    while not row.done:
        row.loras = mine if row.step in acting else ()
        at_work.turn()
    return row.latents


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether they are the same but for the order of sums, whatever the spread of the sampler's latents."""
    return bool((one - other).abs().max() <= 1e-4 * other.abs().max())


def latents(own: Loaded, wanted: list[Loras], **changes: object) -> list[torch.Tensor]:
    made = [prepare.start("a", at, recipe(steps=STEPS, **changes), own, use) for at, use in enumerate(wanted)]
    at_work = rows.Rows()
    for row in made:
        at_work.add(row)
    while len(at_work):
        assert not at_work.turn().failed
        for row in made:
            if row.done and row in tuple(at_work):
                at_work.leave(row)
    return [row.latents for row in made]


USES = {
    (0, 1, 2, 3, 4): LoraUse("ink", 0.8),
    (2, 3, 4): LoraUse("ink", 0.8, start=2),
    (0, 1, 2): LoraUse("ink", 0.8, stop=3),
    (2, 3): LoraUse("ink", 0.8, start=2, stop=4),
    (4,): LoraUse("ink", 0.8, start=4, stop=99),
}


@pytest.mark.parametrize(
    "changes",
    [{"sampler": "Euler"}, {"sampler": "Heun"}, {"sampler": "Euler a", "like": A1111()}],
    ids=["euler", "heun", "a1111"],
)
def test_a_lora_acts_in_its_steps_alone(own: Loaded, folder: Path, changes: dict[str, object]) -> None:
    wanted = [find(folder, use) for use in USES.values()]
    together = latents(own, wanted, **changes)
    always = find(folder, LoraUse("ink", 0.8))
    for acting, found, use in zip(USES, together, wanted, strict=True):
        expected = by_hand(own, always, set(acting), **changes)
        assert close(found, expected), acting
        assert close(latents(own, [use], **changes)[0], expected), acting
    apart = [(found - together[0]).abs().max() for found in together[1:]]
    assert min(apart) > 0.01


def test_outside_its_steps_it_is_as_none_at_all(own: Loaded, folder: Path) -> None:
    never = [LoraUse("ink", 0.8, start=5), LoraUse("ink", 0.8, stop=0), LoraUse("ink", 0.8, start=4, stop=2)]
    silent = [LoraUse("ink", 0.8, blocks=",".join(["0"] * 12)), LoraUse("ink", 0.0, start=2)]
    # In one place beside the same row: some processors multiply by another way in another place.
    plain, *found = (latents(own, [use, ()])[0] for use in ((), *(find(folder, use) for use in (*never, *silent))))
    assert all(torch.equal(one, plain) for one in found)


def test_the_first_step_counts_as_the_second() -> None:
    row = [loras.Scope(start=1).covers(0), loras.Scope(stop=1).covers(0), loras.Scope(start=2).covers(1)]
    assert row == [True, False, False]


def test_chance_is_the_pictures_own(own: Loaded, folder: Path) -> None:
    use = LoraUse("ink", 0.8, blocks=",".join(["R"] * 26))
    drawn = [find(folder, use, seed=seed)[0][3].blocks for seed in (1, 2)]
    assert find(folder, use, seed=1)[0][3].blocks == drawn[0] != drawn[1]
    said = LoraUse("ink", 0.8, blocks=",".join(f"{weight}" for weight in drawn[0]))
    assert block_weights(said.blocks) == drawn[0]
    one = recipe(steps=2)
    chance, written, other = draw(
        own, [one] * 3, wanted=[find(folder, use, seed=1), find(folder, said), find(folder, use, seed=2)]
    )
    assert gap(chance, written) <= 1 < gap(chance, other)
