"""Samplers written down and done again, for several rows at once: with the same result to the bit."""

from __future__ import annotations

import inspect
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler
from torch import Tensor

from engine import a1111, samplers
from engine.models.loaded import Loaded
from engine.recipe import A1111, Soft
from engine.sampling import ahead, tape, way, written
from engine.sampling.keep import Keep
from engine.sampling.tape import NotLinear, Recording, Tape
from engine.sampling.walk import Surroundings
from engine.sampling.way import NoiseSource, SamplerWay, SharedStep
from engine.worker import schedulers, tapes, walks
from tests.engine.drawing import recipe
from tests.engine.sampling.asked import own

CPU = torch.device("cpu")
SHAPE = 1, 4, 8, 8
ROWS = 3
END = torch.zeros(0)  # no timestep comes after the last one


def noise(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def step_together(ways: list[SamplerWay], predictions: list[Tensor]) -> Tensor:
    """What the rows are shown, after they have taken a step."""
    step = SharedStep(ways, CPU)
    ahead.begin(ways, CPU)
    state, seen = step.taken([torch.cat(predictions)], ahead.take(ways, CPU))
    for one, own_part in zip(ways, seen, strict=True):
        one.go_on(state, own_part)
    return step.shown


class ByHand:
    """A diffusers scheduler that takes a row's steps itself, with what is kept of a picture put back."""

    def __init__(self, name: str, steps: int, loaded: Loaded, seed: int, keep: Keep | None = None) -> None:
        self.keep, self.end = keep, steps
        self.scheduler = schedulers.scheduler(name, loaded.schedule, seed)
        self.scheduler.set_timesteps(steps)
        takes = inspect.signature(self.scheduler.step).parameters
        self.generator = torch.Generator().manual_seed(seed)
        self.extra: dict[str, Any] = {"generator": self.generator} if "generator" in takes else {}
        if "eta" in takes:
            self.extra["eta"] = 0.0
        self.latents = noise(seed) * self.scheduler.init_noise_sigma

    def step(self, at: int, prediction: Tensor) -> Tensor:
        time = self.scheduler.timesteps[at]
        shown: Tensor = self.scheduler.scale_model_input(self.latents, time)
        self.latents = self.scheduler.step(prediction, time, self.latents, **self.extra, return_dict=False)[0]
        if self.keep:
            self.latents = self.keep.blended(self.latents, self.scheduler, self.scheduler.timesteps[at + 1 : self.end])
        return shown


def kept(seed: int, after: Tensor = END) -> Keep:
    """Another part of another picture for each seed."""
    mask = (torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) > 0.5).float()
    return Keep.of(noise(30 + seed), noise(60 + seed), mask, after)


@pytest.mark.parametrize("name", [row.name for row, _ in samplers.groups()])
@pytest.mark.parametrize(
    ("steps", "kind", "parts"),
    [(1, "epsilon", 0), (5, "epsilon", 0), (3, "v_prediction", 0), (5, "epsilon", 1), (4, "epsilon", 2)],
    ids=["one", "five", "v", "a part", "a part, half of the way"],
)
def test_diffusers_schedulers_are_followed_to_the_bit(
    name: str, steps: int, kind: str, parts: int, loaded: Loaded
) -> None:
    """Without a mask, with one, and with one where another row goes on."""
    loaded = replace(loaded, schedule={**loaded.schedule, "prediction_type": kind})
    scheduler = ByHand(name, steps, loaded, 0).scheduler
    end = len(scheduler.timesteps) if parts < 2 else steps // 2 * scheduler.order
    keeps = [kept(seed, scheduler.timesteps[end : end + 1]) if parts else None for seed in range(ROWS)]
    hands = [ByHand(name, steps, loaded, seed, keeps[seed]) for seed in range(ROWS)]
    for hand in hands:
        hand.end = end
    ways = []
    for seed in range(ROWS):
        start = ByHand(name, steps, loaded, seed)
        one = tapes.of_scheduler(
            recipe(sampler=name, steps=steps, seed=seed), loaded, start.scheduler, 0,
            start.scheduler.timesteps[:end], start.latents, start.extra, keeps[seed],
        )  # fmt: skip
        assert one
        ways.append(one)
    for at in range(end):
        assert not ways[0].done
        predictions = [noise(100 * at + seed) for seed in range(ROWS)]
        shown = step_together(ways, predictions)
        expected = [hand.step(at, prediction) for hand, prediction in zip(hands, predictions, strict=True)]
        assert torch.equal(shown, torch.cat(expected))
        for one, hand in zip(ways, hands, strict=True):
            assert torch.equal(one.latents, hand.latents)
    assert all(one.done for one in ways)


def test_the_path_is_the_one_that_diffusers_makes(loaded: Loaded) -> None:
    hand = ByHand("DPM++ SDE", 4, loaded, 3)
    sigmas = hand.scheduler.sigmas
    theirs = BrownianTreeNoiseSampler(hand.latents, sigmas[sigmas > 0].min().item(), sigmas.max().item(), 3)
    made = tapes.of_scheduler(
        recipe(sampler="DPM++ SDE", steps=4, seed=3),
        loaded,
        hand.scheduler,
        0,
        hand.scheduler.timesteps,
        hand.latents,
        {},
    )
    assert made
    pairs = [*pairwise(sigmas[sigmas > 0].unique().flip(0).tolist())]
    for sigma, after in [made.stop.answer.draws[0][1:], *pairs, pairs[0], pairs[0][::-1]]:
        drawn = made.source.path(sigma, after)
        assert torch.equal(drawn, theirs(sigma, after)) and drawn.std() > 0.5


# What each of A1111's options changes in some sampler.
SETTINGS = {"eta": 0.5, "churn": 2.0, "tmin": 0.5, "tmax": 9.0, "noise": 1.01, "unipc_order": 5, "unipc_variant": "bh2"}


SOFTS = Soft(), Soft(bias=2.0, preservation=1.5, boost=1.0), Soft(bias=0.0, preservation=2.0, boost=2.0)


@pytest.mark.parametrize("name", [name for name in a1111.SAMPLERS if name != walks.ADAPTIVE])
@pytest.mark.parametrize(
    ("steps", "settings", "part", "softs"),
    [(1, {}, False, ()), (7, {}, False, ()), (3, SETTINGS, False, ()), (5, {}, True, ()), (4, {}, True, SOFTS)],
    ids=["one", "plain", "set", "a part, and another model on the way", "a part, softly"],
)  # fmt: skip
def test_a1111s_samplers_are_followed_to_the_bit(
    name: str, steps: int, settings: dict[str, Any], part: bool, softs: tuple[Soft, ...], loaded: Loaded
) -> None:
    """Whatever of a picture is kept, and however: each softly in his own way."""
    recipes = [own(name, steps, seed=seed, **settings) for seed in range(ROWS)]
    sampler, _ = a1111.find_sampler(name)
    around: list[Surroundings | None] = [None] * ROWS
    if part:
        keeps = [kept(seed) for seed in range(ROWS)]
        around = [Surroundings(one.clean, one.mask, one.rest, sampler.levels == "timestep") for one in keeps]
        for seed, soft in enumerate(softs):
            grey = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(seed))
            around[seed] = Surroundings(keeps[seed].clean, grey, 1 - grey, sampler.levels == "timestep", soft)
    walked = [walks.begun(one, loaded, None, rest) for one, rest in zip(recipes, around, strict=True)]
    followed = [walk.way for walk in walked if walk.way]
    assert len(followed) == ROWS
    alone = [walks.begun(one, loaded, None, rest, taped=False) for one, rest in zip(recipes, around, strict=True)]
    assert not any(one.way for one in alone)
    other = replace(loaded, schedule={**loaded.schedule, "prediction_type": "v_prediction"})
    at = 0
    while not alone[0].done:
        if part and at == 3:
            assert recipes[0].like
            for walk in (*walked, *alone):
                walk.ask_another(walks.denoiser(sampler, other, recipes[0].like), other)
        count = 2 if alone[0].plus else 1
        predictions = [torch.cat([noise(100 * at + 10 * seed + n) for n in range(count)]) for seed in range(ROWS)]
        assert not followed[0].done and followed[0].stop.time == alone[0].time
        step = SharedStep(followed, CPU)
        assert torch.equal(step.shown, torch.cat([one.input for one in alone]))
        ahead.begin(followed, CPU)
        told = [torch.cat([one[n : n + 1] for one in predictions]) for n in range(count)]
        state, seen = step.taken(told, ahead.take(followed, CPU))
        for one, walk, prediction, own_part in zip(followed, alone, predictions, seen, strict=True):
            one.go_on(state, own_part)
            walk.answer(prediction)
            assert torch.equal(one.latents, walk.latents)
        at += 1
    assert at > 3 or not part or softs
    assert all(one.done for one in followed)


@pytest.mark.parametrize("soft", [None, Soft()], ids=["a part", "softly"])
@pytest.mark.parametrize("name", ["DPM++ 2M", "DDIM"])
def test_what_is_foreseen_is_the_same_on_a_tape(name: str, soft: Soft | None, loaded: Loaded) -> None:
    one = kept(1)
    around = Surroundings(one.clean, one.mask, one.rest, before=name == "DDIM", soft=soft)
    taped, alone = (walks.begun(own(name, 5), loaded, None, around, taped=followed) for followed in (True, False))
    assert taped.way and not alone.way and taped.kept is alone.kept is around
    other = replace(loaded, schedule={**loaded.schedule, "prediction_type": "v_prediction"})
    like = own(name, 5).like
    assert like
    while not alone.done:
        if alone.calls == 2:
            for walk in (taped, alone):
                before = walk.clean
                walk.ask_another(walks.denoiser(a1111.find_sampler(name)[0], other, like), other)
                assert walk.clean is not None and before is not None and torch.equal(walk.clean, before)
        prediction = noise(alone.calls)
        taped.answer(prediction)
        alone.answer(prediction)
        assert taped.clean is not None and alone.clean is not None
        assert torch.equal(taped.clean, alone.clean) and taped.share == alone.share
        assert taped.behind() == alone.behind() and taped.left == alone.left


def test_what_is_no_sum_of_latents_is_not_written_down() -> None:
    def write(recording: Recording) -> written.Written:
        latents = recording.stand_in()
        with recording:
            latents = latents.exp()
        yield recording.done(latents)

    with pytest.raises(NotLinear):
        Tape(write)


def test_unipc_of_an_order_that_weighs_several_at_once_goes_by_itself(loaded: Loaded) -> None:
    third = replace(loaded, schedule={**loaded.schedule, "solver_order": 3})
    for model, followed in ((loaded, True), (third, False)):
        hand = ByHand("UniPC", 6, model, 1)
        made = tapes.of_scheduler(
            recipe(sampler="UniPC", steps=6),
            model,
            hand.scheduler,
            0,
            hand.scheduler.timesteps,
            hand.latents,
            hand.extra,
        )
        assert (made is not None) == followed


def test_noise_that_was_drawn_is_drawn_once(loaded: Loaded) -> None:
    """A step that has to be taken again, with fewer rows or others, adds what it would have added."""
    drawn = []

    def source(seed: int) -> NoiseSource:
        def normal() -> Tensor:
            drawn.append(seed)
            return noise(seed)

        return NoiseSource(normal, tapes._none)

    hand = ByHand("Euler a", 3, loaded, 0)
    made = Tape(lambda it: written.of_scheduler(it, hand.scheduler, hand.scheduler.timesteps, hand.extra))
    ways = [SamplerWay(made, noise(seed), source(seed)) for seed in range(4)]
    ahead.begin(ways, CPU)
    [first] = ahead.take(ways, CPU)
    for some in (ways[:1], ways[1:3], ways[3:], ways[::-1]):
        ahead.begin(some, CPU)
        [again] = ahead.take(some, CPU)
        assert torch.equal(again, torch.cat([first[ways.index(one)][None] for one in some]))
    assert sorted(drawn) == [0, 1, 2, 3]


def test_what_nobody_wants_is_not_computed(loaded: Loaded) -> None:
    hand = ByHand("Euler", 3, loaded, 0)
    made = Tape(lambda it: written.of_scheduler(it, hand.scheduler, hand.scheduler.timesteps, hand.extra))
    code = made[0].answer.code
    assert len(code.kept) == 1
    assert way.replay._plan(code)[-1][2] == code.kept[0]
    assert len(tape._codes) < 2000  # as many as samplers do things, whatever the numbers


def test_settings_that_differ_have_tapes_of_their_own(loaded: Loaded) -> None:
    loaded = replace(loaded, tapes=type(loaded.tapes)())
    for like in (A1111(), A1111(eta=0.3), A1111(zero_snr=True)):
        for sampler in ("Euler a", "DDIM"):
            walks.begun(recipe(sampler=sampler, steps=3, like=like), loaded)
            walks.begun(recipe(sampler=sampler, steps=3, like=like, seed=9), loaded)
    assert len(loaded.tapes) == 6
