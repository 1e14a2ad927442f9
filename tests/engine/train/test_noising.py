"""What is taught, against diffusers' schedulers and its formula of the signal's share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from diffusers.training_utils import compute_snr

from engine.train import noising
from engine.train.dice import Purpose, dice, normal
from tests.engine.train import plans


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("zero", [False, True])
def test_noise_targets_and_weights_are_as_diffusers_has_them(prediction: str, zero: bool, tmp_path) -> None:  # type: ignore[no-untyped-def]
    scheduler = DDPMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type=prediction,
        rescale_betas_zero_snr=zero and prediction != "epsilon",
    )  # fmt: skip
    signal = scheduler.alphas_cumprod
    latents = torch.randn(64, 4, 8, 8)
    plan = plans.small(tmp_path, snr_gamma=5.0)
    made = noising.noised(plan, latents, signal, prediction, dice(1, Purpose.TIMES), dice(1, Purpose.NOISE))
    noise = normal(dice(1, Purpose.NOISE), latents.shape)
    assert torch.allclose(made.latents, scheduler.add_noise(latents, noise, made.times), atol=1e-5)
    targets = {"epsilon": noise, "sample": latents, "v_prediction": scheduler.get_velocity(latents, noise, made.times)}
    assert torch.allclose(made.target, targets[prediction], atol=1e-5)
    snr = compute_snr(scheduler, made.times)
    least = snr.clamp_max(5.0)
    weights = {"epsilon": least / snr, "sample": least, "v_prediction": least / (snr + 1)}
    assert torch.allclose(made.weights, weights[prediction], atol=1e-4) and torch.isfinite(made.weights).all()


def test_nothing_is_divided_by_where_nothing_of_the_picture_is_left(tmp_path) -> None:  # type: ignore[no-untyped-def]
    plan = plans.small(tmp_path, snr_gamma=5.0)
    signal = torch.zeros(10)
    for prediction in ("epsilon", "v_prediction"):
        made = noising.noised(
            plan, torch.randn(4, 4, 8, 8), signal, prediction, dice(1, Purpose.TIMES), dice(1, Purpose.NOISE)
        )
        assert torch.isfinite(made.weights).all() and torch.isfinite(made.target).all()


def test_without_gamma_and_offset_it_is_the_plain_mean(tmp_path) -> None:  # type: ignore[no-untyped-def]
    plan = plans.small(tmp_path, snr_gamma=0.0)
    signal = torch.linspace(0.99, 0.01, 1000)
    latents = torch.randn(4, 4, 8, 8)
    made = noising.noised(plan, latents, signal, "epsilon", dice(1, Purpose.TIMES), dice(1, Purpose.NOISE))
    found = torch.randn(4, 4, 8, 8)
    assert torch.isclose(noising.loss(found, made), torch.nn.functional.mse_loss(found, made.target))
    shifted = noising.noised(
        plans.small(tmp_path, snr_gamma=0.0, noise_offset=0.5),
        latents,
        signal,
        "epsilon",
        dice(1, Purpose.TIMES),
        dice(1, Purpose.NOISE),
    )
    assert (shifted.target - made.target).std(dim=(2, 3)).max() < 1e-5  # the same for all of a channel
    assert (shifted.target - made.target).abs().mean() > 0.1
    assert np.array_equal(made.times.numpy(), shifted.times.numpy())
