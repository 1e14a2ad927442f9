"""Pictures drawn in A1111's way are those that its samplers' published equations give, alone and among strangers."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import a1111
from engine.models.loaded import Loaded
from engine.recipe import Refiner
from engine.sampling.dpm_solver import MOST_TRIES
from engine.sampling.levels import Levels
from engine.worker import autoencoder, prepare, redrawn, rows, walks
from engine.worker.row import Successor
from tests import tiny
from tests.engine.drawing import Pixels, draw, gap, over, photograph, recipe
from tests.engine.sampling import oracle
from tests.engine.sampling.asked import NEAR, expected, own

# Those of which most pictures are, with every schedule, and others with a few.
PAIRS = [
    *itertools.product(
        ("DPM++ 2M", "Euler a", "DPM++ SDE", "DPM++ 2M SDE"),
        ("Karras", "Exponential", "Polyexponential", "SGM Uniform", "Simple", "Normal", "DDIM", "Beta",
         "Align Your Steps", "KL Optimal"),
    ),
    *(("Heun", "Align Your Steps"), ("DPM++ 3M SDE", "Beta"), ("LMS", "Simple"), ("Euler", "DDIM")),
    *(("DPM2 a", "KL Optimal"), ("Restart", "SGM Uniform"), ("DPM++ 2S a", "Normal"), ("DPM2", "Polyexponential")),
]  # fmt: skip
ALONE = ("Euler a", "DPM++ 2M", "DPM++ 3M SDE", "DPM2 a", "PLMS", "DPM++ 2S a")


@pytest.fixture(scope="module")
def crowd(loaded: Loaded) -> dict[str, Pixels]:
    """Every sampler at once, a third of them late, beside one that is drawn as diffusers would."""
    recipes = [own(name) for name in a1111.SAMPLERS]
    drawn = draw(loaded, [*recipes, recipe(seed=8, steps=7, sampler="Euler a")], late=range(0, len(recipes), 3))
    return dict(zip(a1111.SAMPLERS, drawn, strict=False))


@pytest.mark.parametrize("name", list(a1111.SAMPLERS))
def test_every_sampler(name: str, loaded: Loaded, crowd: dict[str, Pixels]) -> None:
    truth = expected(loaded, own(name))
    assert truth.std() > 20  # a grey picture would prove nothing
    assert gap(crowd[name], truth) <= NEAR
    if name in ALONE:
        assert gap(draw(loaded, [own(name)])[0], truth) <= NEAR


def test_the_table_and_what_draws_have_the_same_samplers() -> None:
    assert a1111.SAMPLERS.keys() == walks.SAMPLERS.keys()


@pytest.mark.parametrize("schedule", [name for name in a1111.SCHEDULES if name != a1111.AUTOMATIC])
@pytest.mark.parametrize("sampler", ["Euler", "DPM2 a"])
def test_every_schedule(sampler: str, schedule: str, loaded: Loaded) -> None:
    """As sigmas, and with the last but one left out."""
    one = own(sampler, 7, schedule=schedule)
    eyes = oracle.Eyes(loaded, one)
    planned = walks.sigmas(a1111.SAMPLERS[sampler], one, loaded, Levels(loaded.signal), one.steps)
    assert torch.tensor(planned, dtype=torch.float64).allclose(oracle.planned(eyes, one), rtol=1e-4, atol=1e-6)


@pytest.fixture(scope="module")
def paired(loaded: Loaded) -> dict[tuple[str, str], Pixels]:
    """Every pair at once, a third of them late."""
    recipes = [own(sampler, schedule=schedule) for sampler, schedule in PAIRS]
    return dict(zip(PAIRS, draw(loaded, recipes, late=range(0, len(recipes), 3)), strict=True))


@pytest.mark.parametrize(("sampler", "schedule"), PAIRS)
def test_pairs(sampler: str, schedule: str, loaded: Loaded, paired: dict[tuple[str, str], Pixels]) -> None:
    """From the words to the picture, alone and among strangers."""
    one = own(sampler, schedule=schedule)
    truth = expected(loaded, one)
    assert truth.std() > 20
    assert gap(draw(loaded, [one])[0], truth) <= NEAR
    assert gap(paired[sampler, schedule], truth) <= NEAR


@pytest.mark.parametrize("steps", [22, 37])
def test_restart_goes_back(steps: int, loaded: Loaded) -> None:
    one = own("Restart", steps, guidance=1.0)
    assert gap(draw(loaded, [one])[0], expected(loaded, one)) <= NEAR


# --- over a picture ---


@pytest.mark.parametrize("name", ["Euler a", "DPM++ 2M", "DPM++ SDE", "DPM2", "DPM fast"])
def test_over_a_picture(name: str, loaded: Loaded) -> None:
    one, photo = own(name, 7, source=over(0.6)), photograph()
    clean = autoencoder.latents(loaded, photo, None)
    truth = oracle.picture(loaded, oracle.latents(loaded, one, clean))
    assert gap(draw(loaded, [own("Euler", seed=3), one], source=photo)[1], truth) <= NEAR


def test_part_of_a_picture(loaded: Loaded) -> None:
    one, photo = own("Euler a", 7, source=replace(over(0.8), mask="b" * 64)), photograph()
    mask = photo.convert("L").point(lambda shade: 255 if shade > 128 else 0)
    clean = autoencoder.latents(loaded, photo, None)
    truth = oracle.latents(loaded, one, clean, redrawn.coarse(mask, clean))
    assert gap(draw(loaded, [one], source=photo, mask=mask)[0], oracle.picture(loaded, truth)) <= NEAR


@pytest.mark.parametrize(("steps", "strength", "exact", "calls"), [
    (20, 0.5, False, 11), (20, 1.0, False, 20), (20, 0.0, False, 1), (8, 0.7, True, 8),
])  # fmt: skip
def test_how_many_steps_are_taken(steps: int, strength: float, exact: bool, calls: int, loaded: Loaded) -> None:
    one = own("Euler", steps, source=over(strength))
    walk = walks.begun(one, loaded, torch.zeros(oracle.SHAPE), exact=exact)
    assert walk.planned == calls
    for _ in range(calls):
        assert not walk.done
        walk.answer(torch.zeros(oracle.SHAPE))
    assert walk.done


# --- other models ---


@pytest.mark.parametrize("sampler", ["DPM++ 2M", "Euler a"])
def test_a_refiner_goes_on_where_the_first_model_is(sampler: str, loaded: Loaded) -> None:
    """With the same sampler, which remembers; by the share of the timesteps that is behind it."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        other = replace(loaded, unet=tiny.unet().eval().requires_grad_(False))
    one, switch = own(sampler, 7, refiner=Refiner("other", 0.4)), 0.4
    row = prepare.start("job", 0, one, loaded, ())
    row.successor = Successor(switch, lambda: (other, *walks.texts(one, other)))
    at_work = rows.Rows()
    at_work.add(row)
    while not row.done:
        assert not at_work.turn().failed
    first, second = oracle.Eyes(loaded, one), oracle.Eyes(other, one)

    def seen(latents: Tensor, sigma: Tensor) -> Tensor:
        late = (999 - round(first.time(sigma))) / 1000 > switch
        return (second if late else first).denoised(latents, sigma)

    sigmas = oracle.planned(first, one)
    draws = oracle.Draws(one.seed, sigmas)
    truth = oracle.SIGMA[sampler](seen, draws.start * sigmas[0], sigmas, draws, one.like)
    assert first.calls
    assert second.calls
    assert row.predecessor is loaded
    assert gap(oracle.picture(loaded, row.latents), oracle.picture(loaded, truth)) <= NEAR


@pytest.mark.parametrize("name", ["Euler", "DPM++ 2M", "DDIM"])
def test_a_model_that_predicts_velocity(name: str, loaded: Loaded) -> None:
    """The same eyes, taught to say velocity: v = α ε - σ x₀, of inputs of spread 1."""
    velocity = replace(loaded, schedule={**loaded.schedule, "prediction_type": "v_prediction"})
    noises, speeds = walks.begun(own(name), loaded), walks.begun(own(name), velocity)
    while not noises.done:
        shown, alpha = noises.input, _signal(loaded, noises.time)
        eps = torch.tanh(shown)
        clean = (shown - (1 - alpha) ** 0.5 * eps) / alpha**0.5
        noises.answer(eps)
        speeds.answer(alpha**0.5 * eps - (1 - alpha) ** 0.5 * clean)
    assert speeds.done
    assert speeds.latents.allclose(noises.latents, atol=1e-3)


def _signal(loaded: Loaded, time: float) -> float:
    """The cumulative alpha at a timestep that may lie between two, by the logarithm of sigma."""
    logs = ((1 - loaded.signal) / loaded.signal).sqrt().log().numpy()
    return float(1 / (np.exp(2 * np.interp(time, np.arange(len(logs)), logs)) + 1))


def test_a_model_trained_down_to_pure_noise(loaded: Loaded) -> None:
    """Its last sigma is what A1111 takes for one without end, and all stays finite."""
    signal = loaded.signal.clone()
    signal[-1] = 0.0
    pure = replace(loaded, signal=signal, schedule={**loaded.schedule, "prediction_type": "v_prediction"})
    walk = walks.begun(own("DPM++ 2M"), pure)
    assert walk.latents.std() == pytest.approx(4518.76, rel=0.2)
    while not walk.done:
        assert walk.input.std() < 3
        walk.answer(-walk.input)
        assert walk.clean is not None
        assert walk.clean.isfinite().all()
    assert walk.latents.isfinite().all()


# --- what is never wrong ---


def answered(name: str, loaded: Loaded, prediction: Tensor) -> int:
    walk = walks.begun(own(name), loaded)
    while not walk.done:
        before = walk.share
        walk.answer(torch.cat([prediction, prediction]) if walk.plus else prediction)
        assert before <= walk.share
        assert walk.calls < 2000
    assert walk.share == 1.0
    return walk.calls


@pytest.mark.parametrize("name", list(a1111.SAMPLERS))
def test_a_model_without_sense_ends_all_the_same(name: str, loaded: Loaded) -> None:
    answered(name, loaded, torch.full(oracle.SHAPE, float("nan")))
    assert answered(name, loaded, torch.zeros(oracle.SHAPE)) >= 4


@pytest.mark.parametrize("seed", [2, 3])
def test_an_adaptive_way_is_the_same_to_the_bit_in_company(seed: int, loaded: Loaded) -> None:
    """Its steps are as long as what it sees lets them be: the last bit of it would be seen in the end."""
    one = own("DPM adaptive", seed=seed, guidance=7.0)
    strangers = own("Euler a", 40), own("DPM++ 2M", 50, seed=5), own("DPM adaptive", seed=9)
    assert gap(draw(loaded, [strangers[0], one, *strangers[1:]])[1], draw(loaded, [one])[0]) == 0


def test_an_adaptive_way_that_does_not_end_leaves_no_noise(loaded: Loaded) -> None:
    walk = walks.begun(own("DPM adaptive"), loaded)
    chance = torch.Generator().manual_seed(1)
    while not walk.done:  # a view that jumps at every call lets no step be long
        walk.answer(9 * torch.randn(oracle.SHAPE, generator=chance))
    assert walk.calls == 3 * MOST_TRIES + 1
    assert walk.clean is not None
    assert torch.equal(walk.latents, walk.clean)


@pytest.mark.parametrize("name", list(a1111.SAMPLERS))
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps(name: str, steps: int, loaded: Loaded) -> None:
    for base in (None, torch.zeros(oracle.SHAPE)):
        walk = walks.begun(own(name, steps, source=over(0.5) if base is not None else None), loaded, base)
        while not walk.done:
            prediction = torch.zeros(oracle.SHAPE)
            walk.answer(torch.cat([prediction, prediction]) if walk.plus else prediction)
        assert walk.latents.isfinite().all()


def test_the_steps_told_of_rise_to_the_last(loaded: Loaded) -> None:
    row = prepare.start("job", 0, own("DPM++ 2S a", 6), loaded, ())
    told = []
    while not row.done:
        told.append(row.step)
        assert row.walk
        row.walk.answer(torch.zeros(oracle.SHAPE))
    assert told == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert row.step == 6
