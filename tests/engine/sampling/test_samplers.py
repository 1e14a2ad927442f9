"""Pictures drawn in A1111's way are those that its samplers' published equations give, alone and among strangers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import a1111
from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe, Refiner
from engine.sampling.dpm_solver import MOST_TRIES
from engine.sampling.levels import Levels
from engine.worker import autoencoder, prepare, rows, walks
from engine.worker.row import Successor
from tests import tiny
from tests.engine.drawing import Pixels, draw, gap, over, photograph, recipe
from tests.engine.sampling import oracle

NEAR = 2  # of 255
BY_TIMESTEP = ["DDIM", "DDIM CFG++", "PLMS", "UniPC"]
ALONE = ("Euler a", "DPM++ 2M", "DPM++ 3M SDE", "DPM2 a", "PLMS", "DPM++ 2S a")


def own(sampler: str, steps: int = 5, **changes: Any) -> Recipe:
    """A recipe in A1111's way with noise from the CPU's generator; changes of its `like` go by its own names."""
    like = {name: changes.pop(name) for name in A1111.__dataclass_fields__ if name in changes}
    values: dict[str, Any] = {"guidance": 3.0, "seed": len(sampler)} | changes
    return recipe(negative="blurry", sampler=sampler, steps=steps, like=A1111(**{"rng": "CPU"} | like), **values)


def expected(loaded: Loaded, one: Recipe) -> Pixels:
    made = {"UniPC": oracle.unipc, "LCM": oracle.lcm}.get(one.sampler)
    made = made or (oracle.by_timestep if one.sampler in BY_TIMESTEP else oracle.latents)
    return oracle.picture(loaded, made(loaded, one))


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


@pytest.mark.parametrize(
    ("sampler", "schedule"),
    [("DPM++ 2M", "SGM Uniform"), ("DPM++ 2M", "KL Optimal"), ("Euler a", "Karras"), ("DPM++ SDE", "Exponential"),
     ("Heun", "Align Your Steps"), ("DPM++ 3M SDE", "Beta"), ("LMS", "Simple"), ("Euler", "DDIM")],
)  # fmt: skip
def test_pairs(sampler: str, schedule: str, loaded: Loaded) -> None:
    one = own(sampler, 6, schedule=schedule)
    assert gap(draw(loaded, [one])[0], expected(loaded, one)) <= NEAR


@pytest.mark.parametrize("steps", [22, 37])
def test_restart_goes_back(steps: int, loaded: Loaded) -> None:
    one = own("Restart", steps, guidance=1.0)
    assert gap(draw(loaded, [one])[0], expected(loaded, one)) <= NEAR


@pytest.mark.parametrize(
    "one",
    [
        own("Euler", churn=2.0, noise=1.01, tmin=0.1, tmax=10.0),
        own("Heun", churn=1.0),
        own("Euler a", eta=0.4),
        own("Euler a", ensd=31337),
        own("DPM++ 2M SDE", noise=0.9),
        own("DDIM", eta=0.7),
        own("DPM++ 2M", ngms=8.0, guidance=6.0),
        own("Euler", schedule="Polyexponential", rho=2.0),
        own("DPM++ 2M", discard=True),
        own("DDIM", discard=True),
        own("Euler", skip_early=0.5, guidance=6.0),
        own("DPM++ 2S a", skip_early=0.3, guidance=6.0),
        own("DDIM", skip_early=0.4, guidance=6.0),
        own("DPM++ 2M", ngms=8.0, ngms_all=True, guidance=6.0),
        own("Euler a", schedule="Beta", beta_alpha=0.4, beta_beta=1.2),
        own("DPM++ 2M", downcast=True),
        own("LMS", zero_snr=True),
        own("DDIM", zero_snr=True),
        own("UniPC", 6, unipc_order=2),
        own("UniPC", 6, unipc_order=4),
        own("UniPC", 6, unipc_variant="bh2"),
        own("UniPC", 6, unipc_variant="vary_coeff"),
        own("UniPC", 6, unipc_skip="time_quadratic"),
        own("UniPC", 6, unipc_skip="logSNR", unipc_variant="bh2"),
        own("UniPC", 6, unipc_high_end=True),
    ],
    ids=lambda one: f"{one.sampler} {one.like.to_json()}",
)
def test_options_that_it_has(one: Recipe, loaded: Loaded) -> None:
    truth = expected(loaded, one)
    plain = own(one.sampler, one.steps, guidance=one.guidance)
    assert gap(truth, expected(loaded, plain)) > NEAR  # it does something
    assert gap(draw(loaded, [own("LMS", seed=3), one])[1], truth) <= NEAR


def test_a_sigma_from_which_the_noise_is_multiplied(loaded: Loaded) -> None:
    plain, sgm = (walks.begun(own("Euler", sgm_noise=more), loaded).latents for more in (False, True))
    most = float(oracle.Eyes(loaded, own("Euler")).sigmas[-1])
    assert torch.allclose(sgm, plain / most * (1 + most**2) ** 0.5)


# --- over a picture ---


@pytest.mark.parametrize("name", ["Euler a", "DPM++ 2M", "DPM++ SDE", "DPM2", "DPM fast"])
def test_over_a_picture(name: str, loaded: Loaded) -> None:
    one, photo = own(name, 7, source=over(0.6)), photograph()
    clean = autoencoder.latents(loaded, photo, None)
    truth = oracle.picture(loaded, oracle.latents(loaded, one, clean))
    assert gap(draw(loaded, [own("Euler", seed=3), one], source=photo)[1], truth) <= NEAR


@pytest.mark.parametrize(
    "one",
    [
        own("Euler", 7, extra_noise=0.5, source=over(0.6)),
        own("DPM++ SDE", 7, noise_multiplier=0.8, extra_noise=0.2, source=over(0.6)),
        own("Heun", 7, skip_early=0.4, guidance=6.0, source=over(0.6)),
        own("DPM++ 2M", 7, discard=True, source=over(0.6)),
    ],
    ids=lambda one: f"{one.sampler} {one.like.to_json()}",
)
def test_options_that_it_has_over_a_picture(one: Recipe, loaded: Loaded) -> None:
    photo = photograph()
    clean = autoencoder.latents(loaded, photo, None)
    truth = oracle.picture(loaded, oracle.latents(loaded, one, clean))
    plain = oracle.latents(loaded, replace(one, like=A1111(rng="CPU")), clean)
    assert gap(truth, oracle.picture(loaded, plain)) > NEAR
    assert gap(draw(loaded, [own("Euler", seed=3), one], source=photo)[1], truth) <= NEAR


@pytest.mark.parametrize("name", ["DDIM", "PLMS"])
def test_extra_noise_is_as_faint_as_the_picture_where_latents_keep_their_spread(name: str, loaded: Loaded) -> None:
    clean, one = torch.full(oracle.SHAPE, 0.5), own(name, 10, source=over(0.6))
    assert one.like
    plain, noisier = (
        walks.begun(replace(one, like=replace(one.like, extra_noise=extra)), loaded, clean).latents
        for extra in (0.0, 0.3)
    )
    alpha = float(loaded.signal[601])
    assert noisier.allclose(
        plain + 0.3 * alpha**0.5 * torch.randn(oracle.SHAPE, generator=torch.Generator().manual_seed(one.seed)),
        atol=1e-5,
    )


def test_a_second_pass_takes_its_noise_as_it_is(loaded: Loaded) -> None:
    """Only the multiplier of img2img is for img2img alone."""
    clean, one = torch.zeros(oracle.SHAPE), own("Euler", 10, source=over(0.6), noise_multiplier=0.5)
    assert one.like
    plain = replace(one, like=replace(one.like, noise_multiplier=1.0))
    first, second = (walks.begun(one, loaded, clean, exact=exact).latents for exact in (False, True))
    assert first.allclose(0.5 * walks.begun(plain, loaded, clean).latents)
    assert second.equal(walks.begun(plain, loaded, clean, exact=True).latents)


def test_sigma_noise_does_not_reach_all_samplers(loaded: Loaded) -> None:
    """A1111 hands it to those of k-diffusion that it lists; its Restart, and DPM adaptive, are not among them."""
    for name, steps in (("Restart", 22), ("DPM adaptive", 5), ("Euler a", 5), ("LCM", 5)):
        plain, noisy = draw(loaded, [own(name, steps, guidance=1.0), own(name, steps, guidance=1.0, noise=1.1)])
        assert gap(plain, noisy) <= 1


def test_part_of_a_picture(loaded: Loaded) -> None:
    one, photo = own("Euler a", 7, source=replace(over(0.8), mask="b" * 64)), photograph()
    mask = photo.convert("L").point(lambda shade: 255 if shade > 128 else 0)
    clean = autoencoder.latents(loaded, photo, None)
    truth = oracle.latents(loaded, one, clean, walks.coarse(mask, clean))
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


@pytest.mark.parametrize(
    ("name", "switch", "by_steps", "first"),
    [
        ("Euler", 0.333, False, 1),  # the second call is at timestep 666, which is a share of 0.333
        ("Euler", 0.334, False, 2),
        ("Euler", 0.25, True, 1),
        ("Euler", 0.26, True, 2),
        ("Heun", 0.25, True, 2),  # it counts calls, of which there are to be eight
        ("DDIM", 0.248, False, 0),  # it begins at 751
        ("DDIM", 0.249, False, 1),
        ("LCM", 0.9, False, 0),  # of its fifty levels all are among the last
    ],
)
def test_when_a_refiner_takes_over(name: str, switch: float, by_steps: bool, first: int, loaded: Loaded) -> None:
    row = prepare.start("job", 0, own(name, 4), loaded, ())
    row.successor = Successor(switch, lambda: (loaded, row.positive, row.negative), by_steps)
    calls = 0
    while not row.due:
        assert row.walk
        row.walk.answer(torch.zeros(oracle.SHAPE))
        calls += 1
    assert calls == first


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
