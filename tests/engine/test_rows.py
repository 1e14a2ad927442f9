"""The rows loop: who shares a call, who takes turns, what leaves, and what goes wrong for one row alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine import rows
from engine.models import Loaded
from engine.recipe import Variation
from prompts.errors import Refusal
from tests.engine.drawing import draw, gap, over, photograph, recipe


def row(loaded: Loaded, index: int = 0, job: str = "job", **changes: Any) -> rows.Row:
    return rows.start(job, index, recipe(**changes), loaded, ())


def test_rows_of_one_size_share_a_call_and_others_take_turns(loaded: Loaded) -> None:
    at_work = rows.Rows()
    for index, side in enumerate((64, 64, 96, 64)):
        at_work.add(row(loaded, index, width=side))
    stepped = [[one.index for one in at_work.turn().stepped] for _ in range(4)]
    assert stepped == [[0, 1, 3], [2], [0, 1, 3], [2]]


def test_a_job_leaves_before_its_next_step(loaded: Loaded) -> None:
    at_work = rows.Rows()
    at_work.add(row(loaded, job="stays"))
    at_work.add(row(loaded, job="leaves"))
    at_work.turn()
    at_work.remove("leaves")
    assert [one.job for one in at_work.turn().stepped] == ["stays"]
    assert len(at_work) == 1


def test_steps_are_the_samplers_not_the_calls(loaded: Loaded) -> None:
    at_work = rows.Rows()
    at_work.add(row(loaded, sampler="Heun", steps=3))
    seen = []
    while True:
        [one] = at_work.turn().stepped
        seen.append((one.step, one.steps))
        if one.done:
            break
    assert len(seen) == 5
    assert seen[-1] == (3, 3)
    assert [step for step, _ in seen] == sorted(step for step, _ in seen)


def test_device_time_is_shared_by_what_each_row_costs(loaded: Loaded) -> None:
    at_work = rows.Rows()
    guided, plain = row(loaded, 0), row(loaded, 1, guidance=1.0)
    before = guided.seconds, plain.seconds
    for one in (guided, plain):
        at_work.add(one)
    at_work.turn()
    spent = guided.seconds - before[0], plain.seconds - before[1]
    assert spent[0] == pytest.approx(2 * spent[1])


def test_a_broken_row_does_not_take_its_neighbours_along(loaded: Loaded) -> None:
    at_work = rows.Rows()
    good, bad = row(loaded, 0), row(loaded, 1)
    bad.positive = bad.positive[..., :5]  # embeddings that no UNet takes
    at_work.add(good)
    at_work.add(bad)
    turn = at_work.turn()
    assert [one.index for one in turn.stepped] == [0]
    assert [one.index for one, _ in turn.failed] == [1]
    assert list(at_work) == [good]


def test_prompt_lengths_that_go_badly_together_take_two_calls(loaded: Loaded) -> None:
    texts = ["a BREAK " * 4 + "a", "a BREAK " * 6 + "a"]  # five and seven chunks
    recipes = [recipe(text, steps=2) for text in texts] + [recipe("a", steps=2)]
    together = draw(loaded, recipes)
    assert all(gap(one, draw(loaded, [own])[0]) <= 1 for one, own in zip(together, recipes, strict=True))


def test_steps_a_sampler_cannot_do_are_refused(loaded: Loaded) -> None:
    for steps, sampler in ((0, "Euler"), (51, "LCM"), (151, "Euler")):
        with pytest.raises(Refusal) as caught:
            row(loaded, steps=steps, sampler=sampler)
        assert caught.value.key == "sampler.steps"


def test_variation_walks_from_one_seed_to_the_other(loaded: Loaded) -> None:
    here, there, none, whole, part = draw(
        loaded,
        [
            recipe(seed=1),
            recipe(seed=2),
            recipe(seed=1, variation=Variation(2, 0.0)),
            recipe(seed=1, variation=Variation(2, 1.0)),
            recipe(seed=1, variation=Variation(2, 0.1)),
        ],
    )
    assert gap(none, here) <= 1
    assert gap(whole, there) <= 1
    near, far = (np.abs(part.astype(int) - other).mean() for other in (here, there))
    assert 0 < near < far


def test_slerp_keeps_the_spread() -> None:
    one, other = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    for share in (0.0, 0.3, 0.5, 1.0):
        assert rows.slerp(one, other, share).std().item() == pytest.approx(1.0, abs=0.15)
    assert torch.allclose(rows.slerp(one, one, 0.5), one)


def test_a_strength_too_small_for_the_steps_still_takes_one(loaded: Loaded) -> None:
    started = rows.start("job", 0, recipe(steps=5, source=over(0.01)), loaded, (), photograph())
    assert started.steps == 1 and len(started.timesteps) == 1
