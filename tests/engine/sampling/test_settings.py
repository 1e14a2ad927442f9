"""What A1111 may be told beside sampler and schedule changes a picture as it does there."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from engine.worker import autoencoder, prepare, walks
from engine.worker.row import Successor
from tests.engine.drawing import draw, gap, over, photograph
from tests.engine.sampling import oracle
from tests.engine.sampling.asked import NEAR, expected, own


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


@pytest.mark.parametrize("variant", ["bh1", "bh2", "vary_coeff"])
@pytest.mark.parametrize("skip", ["time_uniform", "time_quadratic", "logSNR"])
def test_unipc_comes_to_an_end_whatever_its_order(variant: str, skip: str, loaded: Loaded) -> None:
    for steps, order, high_end in itertools.product((1, 2, 6, 20, 60), (1, 2, 3, 5, 7), (False, True)):
        told = {"unipc_variant": variant, "unipc_skip": skip, "unipc_order": order, "unipc_high_end": high_end}
        walk = walks.begun(own("UniPC", steps, **told), loaded)
        while not walk.done:
            walk.answer(torch.tanh(walk.input))
        assert walk.latents.isfinite().all()
        assert high_end or walk.latents.abs().max() < 60  # a single step of the first order comes to 34
