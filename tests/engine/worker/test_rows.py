"""The rows loop: who shares a call, who takes turns, what leaves, and what goes wrong for one row alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.models.loaded import Loaded
from engine.recipe import Variation
from engine.worker import autoencoder, prepare, rows
from engine.worker.denoise import predict
from engine.worker.prompt_encoding import Conditioning, embed
from engine.worker.row import Row
from prompts.errors import Refusal
from tests.engine.drawing import draw, gap, over, photograph, pixels, recipe


def row(loaded: Loaded, index: int = 0, job: str = "job", **changes: Any) -> Row:
    return prepare.start(job, index, recipe(**changes), loaded, ())


def test_rows_of_one_size_share_a_call_and_others_take_turns(loaded: Loaded) -> None:
    at_work = rows.Rows()
    for index, side in enumerate((64, 64, 96, 64)):
        at_work.add(row(loaded, index, width=side))
    stepped = [[one.index for one in at_work.turn().stepped] for _ in range(4)]
    assert stepped == [[0, 1, 3], [2], [0, 1, 3], [2]]


class Costs:
    """A clock that goes on as much as a call costs: a second for every row of 64 × 64 pixels in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(rows, "predict", self.predict)

    def __call__(self) -> float:
        return self.now

    def predict(self, own: list[Row]) -> Any:
        self.now += sum(one.recipe.width * one.recipe.height / 64**2 for one in own)
        return predict(own)


def test_a_small_picture_does_not_wait_for_a_large_one(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Costs(monkeypatch)
    at_work = rows.Rows(clock)
    large = row(loaded, job="large", width=256, height=128, steps=10)
    at_work.add(large)
    at_work.turn()
    small = row(loaded, job="small", steps=8)
    at_work.add(small)
    while not small.done:
        at_work.turn()
    assert clock.now <= 8 + 8 + 2 * 8  # its own time, as much for the other, and the calls it met
    late = row(loaded, job="late", steps=2)
    at_work.leave(small)
    at_work.add(late)
    while not large.done:
        at_work.turn()
    assert late.done  # the large one is kept waiting neither, and nobody has saved up credit


def test_a_turn_is_short_where_others_wait(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = rows.Rows(Costs(monkeypatch))
    for index in range(3):
        at_work.add(row(loaded, index, job=f"large {index % 2}", width=128, height=128))
    assert len(at_work.turn().stepped) == 3
    at_work.add(row(loaded, job="small", steps=10))
    turns = [[one.job for one in at_work.turn().stepped] for _ in range(12)]
    assert all(len(turn) == 1 for turn in turns)
    assert turns.count(["small"]) > 6 and ["large 0"] in turns and ["large 1"] in turns


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
    bad.positive = (Conditioning(1.0, ((5, bad.positive[0].at(1)[..., :5]),)),)  # embeddings that no UNet takes
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
        assert prepare.slerp(one, other, share).std().item() == pytest.approx(1.0, abs=0.15)
    assert torch.allclose(prepare.slerp(one, one, 0.5), one)


def test_a_strength_too_small_for_the_steps_still_takes_one(loaded: Loaded) -> None:
    started = prepare.start("job", 0, recipe(steps=5, source=over(0.01)), loaded, (), photograph())
    assert started.steps == 1 and len(started.timesteps) == 1


# --- schedules and AND: what the UNet is told at each step ---


def told(loaded: Loaded, texts: list[str], **changes: Any) -> list[list[str]]:
    """Which of these texts the UNet was given at each call while the recipe was drawn, in the order of the batch."""
    known = {text: embed(loaded, text, "")[0] for text in texts}
    calls: list[list[str]] = []

    def note(_module: object, _positional: object, named: dict[str, Any]) -> None:
        given = named["encoder_hidden_states"].split(1)
        calls.append([next(text for text, own in known.items() if torch.equal(own, one)) for one in given])

    hook = loaded.unet.register_forward_pre_hook(note, with_kwargs=True)
    try:
        text = changes.pop("text")
        draw(loaded, [recipe(text, **changes)], source=photograph() if "source" in changes else None)
    finally:
        hook.remove()
    return calls


def test_a_schedule_changes_the_prompt_after_its_step(loaded: Loaded) -> None:
    calls = told(loaded, ["cat", "dog", ""], text="[cat:dog:0.5]", steps=20)
    assert calls == [["", "cat"]] * 10 + [["", "dog"]] * 10
    calls = told(loaded, ["a ", "a cat", "x", "y"], text="a [cat:3]", negative="[x:y:1]", steps=5)
    assert calls == [["x", "a "], ["y", "a "], ["y", "a "], ["y", "a cat"], ["y", "a cat"]]


def test_an_alternation_changes_it_at_every_step(loaded: Loaded) -> None:
    assert told(loaded, ["cat", "dog"], text="[cat|dog]", steps=5, guidance=1.0) == [
        ["cat"], ["dog"], ["cat"], ["dog"], ["cat"]
    ]  # fmt: skip


def test_both_calls_of_a_second_order_step_have_one_prompt(loaded: Loaded) -> None:
    calls = told(loaded, ["cat", "dog"], text="[cat|dog]", steps=3, sampler="Heun", guidance=1.0)
    assert calls == [["cat"], ["cat"], ["dog"], ["dog"], ["cat"]]


def test_over_a_picture_the_steps_that_are_drawn_count(loaded: Loaded) -> None:
    calls = told(loaded, ["cat", "dog"], text="[cat:dog:0.5]", steps=8, guidance=1.0, source=over(0.5))
    assert calls == [["cat"]] * 2 + [["dog"]] * 2


def test_and_mixes_its_parts_at_every_step(loaded: Loaded) -> None:
    text, steps, guidance = "a cat :0.7 AND [dog:a boat:2] AND blue:-0.3", 4, 5.0
    own = recipe(text, negative="blurry", steps=steps, guidance=guidance)
    [drawn] = draw(loaded, [own])

    def words(text: str) -> torch.Tensor:
        return embed(loaded, text, "")[0]

    by_hand = row(loaded, steps=steps)
    scheduler, latents = by_hand.sampler, by_hand.latents
    with torch.no_grad():
        for step, at in enumerate(scheduler.timesteps, 1):
            scaled = scheduler.scale_model_input(latents, at)

            def noise(text: str) -> torch.Tensor:
                output: torch.Tensor = loaded.unet(scaled, at, encoder_hidden_states=words(text)).sample  # noqa: B023
                return output

            away = noise("blurry")
            mixed = away.clone()
            for part, weight in (("a cat", 0.7), ("dog" if step <= 2 else "a boat", 1.0), ("blue", -0.3)):
                mixed += weight * guidance * (noise(part) - away)
            latents = scheduler.step(mixed, at, latents).prev_sample
    assert gap(drawn, pixels(autoencoder.pictures(loaded, [latents])[0])) <= 1
    assert gap(drawn, draw(loaded, [recipe("a cat", negative="blurry", steps=steps, guidance=guidance)])[0]) > 3


def test_parts_do_not_touch_their_neighbours(loaded: Loaded) -> None:
    recipes = [
        recipe("a cat AND a dog:0.5", negative="blurry", steps=3),
        recipe("a cat", negative="blurry", steps=4, guidance=1.0),
        recipe("[a|b] BREAK c AND d", steps=3, guidance=1.0),
        recipe("a red cat", steps=3),
    ]
    together = draw(loaded, recipes, late=[1])
    assert all(gap(one, draw(loaded, [own])[0]) <= 1 for one, own in zip(together, recipes, strict=True))


def test_each_part_costs_a_place_in_the_call(loaded: Loaded) -> None:
    assert row(loaded).width == 2
    assert prepare.start("job", 0, recipe("a AND b AND c"), loaded, ()).width == 4
