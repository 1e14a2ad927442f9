"""A1111's pictures from the published equations, in plain torch: what the engine's samplers are held against.

Everything is written anew from the papers' formulas in their own variables (sigma, t = -log sigma, lambda), with
torch's own CPU generator and torchsde's Brownian tree; of the engine come only the model, its words and its VAE.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torchsde
from scipy import integrate
from torch import Tensor

from engine.models.loaded import Loaded
from engine.recipe import Recipe
from engine.worker import autoencoder, prompt_encoding
from tests.engine.drawing import Pixels, pixels

Model = Callable[[Tensor, Tensor], Tensor]
SHAPE = (1, 4, 8, 8)


class Eyes:
    """The tiny model as k-diffusion's wrapper shows it (`denoised`), and as its own training does (`eps`)."""

    def __init__(self, loaded: Loaded, own: Recipe) -> None:
        assert own.like
        self.unet, self.guidance, self.like = loaded.unet, own.guidance, own.like
        self.total = own.steps * (2 if own.sampler in TWICE else 1)
        self.words, self.unwanted = prompt_encoding.embed(loaded, own.prompt.positive, own.prompt.negative)
        self.alphas = loaded.signal.half() if own.like.downcast else loaded.signal.double()
        if own.like.zero_snr:  # √ᾱ moved so that the last is 0 and the first stays
            root = self.alphas.sqrt()
            self.alphas = ((root - root[-1]) * (root[0] / (root[0] - root[-1]))) ** 2
            self.alphas[-1] = 4.8973451890853435e-08
        sigmas = ((1 - self.alphas) / self.alphas).sqrt()
        self.logs = sigmas.log().double().numpy()
        self.alphas, self.sigmas = self.alphas.double(), sigmas.double()
        self.calls = 0
        self.alone = torch.zeros(SHAPE)
        self.put: Callable[[Tensor], Tensor] = lambda latents: latents

    @torch.no_grad()
    def eps(self, latents: Tensor, time: float, *, skip: bool = False, share: float = 1.0) -> Tensor:
        words = torch.cat([self.words, self.words if skip else self.unwanted])
        with_, without = self.unet(latents.repeat(2, 1, 1, 1), float(time), encoder_hidden_states=words).sample.chunk(2)
        self.calls += 1
        self.alone = without
        guided: Tensor = without + self.guidance * share * (with_ - without)
        return guided

    def time(self, sigma: Tensor) -> float:
        return float(np.interp(float(sigma.log()), self.logs, np.arange(len(self.sigmas))))

    def skips(self, level: float) -> bool:
        early = self.like.skip_early != 0 and self.calls / self.total <= self.like.skip_early
        return early or ((self.calls % 2 == 1 or self.like.ngms_all) and level < self.like.ngms)

    def denoised(self, latents: Tensor, sigma: Tensor) -> Tensor:
        skip = self.skips(float(sigma))
        shown = latents / (sigma**2 + 1).sqrt()
        return self.put(latents - sigma * self.eps(shown, self.time(sigma), skip=skip))


class Draws:
    """Noise from one generator, and along a Brownian tree."""

    def __init__(self, seed: int, sigmas: Tensor) -> None:
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self.start = torch.randn(SHAPE, generator=self.generator)
        self.low, self.high = sigmas[sigmas > 0].min(), sigmas.max()
        self.tree = torchsde.BrownianTree(
            t0=self.low, w0=torch.zeros(SHAPE[1:]), t1=self.high, entropy=seed, tol=1e-6, pool_size=24
        )

    def next(self) -> Tensor:
        return torch.randn(SHAPE, generator=self.generator)

    def path(self, high: Tensor, low: Tensor) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # its ends lie a hair beyond each other in float32
            moved: Tensor = self.tree(low.float(), high.float())
        return -moved[None] / (high - low).sqrt()


def ancestral(sigma: Tensor, after: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    up = torch.minimum(after, eta * (after**2 * (sigma**2 - after**2) / sigma**2).sqrt())
    return (after**2 - up**2).sqrt(), up


def slope(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    return (x - denoised) / sigma


def churned(x: Tensor, s: Tensor, count: int, draws: Draws, like: Any) -> tuple[Tensor, Tensor]:
    gamma = min(like.churn / count, 2**0.5 - 1) if like.tmin <= s <= (like.tmax or 1e9) else 0.0
    noise = draws.next() * like.noise
    return x + noise * (((s * (1 + gamma)) ** 2 - s**2).sqrt()), s * (1 + gamma)


def euler(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        x, hat = churned(x, s[i], len(s) - 1, draws, like)
        x = x + slope(x, hat, m(x, hat)) * (s[i + 1] - hat)
    return x


def heun(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        x, hat = churned(x, s[i], len(s) - 1, draws, like)
        d, h = slope(x, hat, m(x, hat)), s[i + 1] - hat
        if s[i + 1] > 0:
            d = (d + slope(x + d * h, s[i + 1], m(x + d * h, s[i + 1]))) / 2
        x = x + d * h
    return x


def dpm2(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        x, hat = churned(x, s[i], len(s) - 1, draws, like)
        d = slope(x, hat, m(x, hat))
        if s[i + 1] > 0:
            mid = ((hat.log() + s[i + 1].log()) / 2).exp()
            there = x + d * (mid - hat)
            d = slope(there, mid, m(there, mid))
        x = x + d * (s[i + 1] - hat)
    return x


def lms(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    slopes: list[Tensor] = []
    for i in range(len(s) - 1):
        slopes.append(slope(x, s[i], m(x, s[i])))
        order = min(i + 1, 4)
        for j in range(order):

            def basis(tau: float, i: int = i, j: int = j, order: int = order) -> float:
                return float(np.prod([(tau - s[i - k]) / (s[i - j] - s[i - k]) for k in range(order) if k != j]))

            x = x + integrate.quad(basis, float(s[i]), float(s[i + 1]), epsrel=1e-5)[0] * slopes[i - j]
    return x


def euler_a(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        down, up = ancestral(s[i], s[i + 1], 1.0 if like.eta is None else like.eta)
        x = x + slope(x, s[i], m(x, s[i])) * (down - s[i])
        x = x + draws.next() * up if s[i + 1] > 0 else x
    return x


def dpm2_a(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        down, up = ancestral(s[i], s[i + 1], 1.0)
        d = slope(x, s[i], m(x, s[i]))
        if down == 0:
            x = x + d * (down - s[i])
            continue
        mid = ((s[i].log() + down.log()) / 2).exp()
        there = x + d * (mid - s[i])
        x = x + slope(there, mid, m(there, mid)) * (down - s[i]) + draws.next() * up * like.noise
    return x


def dpmpp_2s_a(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        down, up = ancestral(s[i], s[i + 1], 1.0)
        first = m(x, s[i])
        if down == 0:
            x = first
            continue
        t, t_next = -s[i].log(), -down.log()
        h = t_next - t
        mid = (-(t + h / 2)).exp()
        there = (mid / s[i]) * x - torch.expm1(-h / 2) * first
        x = (down / s[i]) * x - torch.expm1(-h) * m(there, mid) + draws.next() * up * like.noise
    return x


def dpmpp_2m(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    seen: list[Tensor] = []
    for i in range(len(s) - 1):
        seen.append(m(x, s[i]))
        if s[i + 1] == 0:
            return seen[-1]
        h, aim = (s[i] / s[i + 1]).log(), seen[-1]
        if i:
            r = (s[i - 1] / s[i]).log() / h
            aim = (1 + 1 / (2 * r)) * seen[-1] - 1 / (2 * r) * seen[-2]
        x = (s[i + 1] / s[i]) * x - torch.expm1(-h) * aim
    return x


def dpmpp_sde(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    for i in range(len(s) - 1):
        first = m(x, s[i])
        if s[i + 1] == 0:
            return first
        mid = (s[i] * s[i + 1]).sqrt()
        down, up = ancestral(s[i], mid, 1.0)
        there = (down / s[i]) * x - torch.expm1((down / s[i]).log()) * first
        second = m(there + draws.path(s[i], mid) * up * like.noise, mid)
        down, up = ancestral(s[i], s[i + 1], 1.0)
        x = (down / s[i]) * x - torch.expm1((down / s[i]).log()) * second
        x = x + draws.path(s[i], s[i + 1]) * up * like.noise
    return x


def dpmpp_2m_sde(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any, *, heun: bool = False) -> Tensor:
    seen: list[Tensor] = []
    for i in range(len(s) - 1):
        seen.append(m(x, s[i]))
        if s[i + 1] == 0:
            return seen[-1]
        h = (s[i] / s[i + 1]).log()
        x = s[i + 1] / s[i] * torch.exp(-h) * x + (1 - torch.exp(-2 * h)) * seen[-1]
        if i:
            r = (s[i - 1] / s[i]).log() / h
            weight = 1 - (1 - torch.exp(-2 * h)) / (2 * h) if heun else (1 - torch.exp(-2 * h)) / 2
            x = x + weight / r * (seen[-1] - seen[-2])
        x = x + draws.path(s[i], s[i + 1]) * s[i + 1] * (1 - torch.exp(-2 * h)).sqrt() * like.noise
    return x


def dpmpp_2m_sde_heun(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    return dpmpp_2m_sde(m, x, s, draws, like, heun=True)


def dpmpp_3m_sde(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    seen: list[Tensor] = []
    steps: list[Tensor] = []
    for i in range(len(s) - 1):
        seen.append(m(x, s[i]))
        if s[i + 1] == 0:
            return seen[-1]
        h = (s[i] / s[i + 1]).log()
        steps.append(h)
        phi_1 = 1 - torch.exp(-2 * h)
        phi_2 = 1 - phi_1 / (2 * h)
        phi_3 = phi_2 / (2 * h) - 0.5
        x = torch.exp(-2 * h) * x + phi_1 * seen[-1]
        if i == 1:
            x = x + phi_2 * (seen[-1] - seen[-2]) / (steps[-2] / h)
        elif i > 1:
            r0, r1 = steps[-2] / h, steps[-3] / h
            d10, d11 = (seen[-1] - seen[-2]) / r0, (seen[-2] - seen[-3]) / r1
            x = x + phi_2 * (d10 + (d10 - d11) * r0 / (r0 + r1)) - phi_3 * (d10 - d11) / (r0 + r1)
        x = x + draws.path(s[i], s[i + 1]) * s[i + 1] * phi_1.sqrt() * like.noise
    return x


def karras(count: int, low: float, high: float, rho: float = 7.0) -> Tensor:
    ramp = torch.linspace(0, 1, count, dtype=torch.float64)
    return (high ** (1 / rho) + ramp * (low ** (1 / rho) - high ** (1 / rho))) ** rho


def restart(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any) -> Tensor:
    steps, again, times = len(s) - 1, 0, 0
    if steps >= 20:
        again, times = (steps // 4, 2) if steps >= 36 else (9, 1)
        s = torch.cat([karras(steps - again * times, float(s[-2]), float(s[0])), torch.zeros(1)])
    low, high = int((s - 0.1).abs().argmin()), int((s - 2).abs().argmin())
    plan = [(s[i], s[i + 1]) for i in range(len(s) - 1)]
    if again and high < low:
        back = karras(again + 1, float(s[low]), float(s[high]))
        plan[low:low] = [(back[i], back[i + 1]) for i in range(again)] * times
    at = plan[0][0]
    for old, new in plan:
        if old > at:
            x = x + draws.next() * (old**2 - at**2).sqrt()
        x, at = heun_once(m, x, old, new), new
    return x


def heun_once(m: Model, x: Tensor, old: Tensor, new: Tensor) -> Tensor:
    d = slope(x, old, m(x, old))
    if new == 0:
        return x + d * (new - old)
    there = x + d * (new - old)
    return x + (d + slope(there, new, m(there, new))) / 2 * (new - old)


# --- DPM-Solver: λ = -log σ, ε(λ) = (x - D(x, e^-λ)) / e^-λ ---


class Solver:
    def __init__(self, m: Model, draws: Draws, end: Tensor) -> None:
        self.m, self.draws, self.end = m, draws, end

    def eps(self, x: Tensor, t: Tensor) -> Tensor:
        return (x - self.m(x, torch.exp(-t))) / torch.exp(-t)

    def stages(self, x: Tensor, t: Tensor, u: Tensor, order: int) -> tuple[Tensor, Tensor]:
        """The step of an order, and that of second order with its stage at a third (for order 3)."""
        h, e = u - t, self.eps(x, t)
        end = x - torch.exp(-u) * torch.expm1(h) * e
        if order == 1:
            return end, end
        r1 = 1 / order
        s1 = t + r1 * h
        e1 = self.eps(x - torch.exp(-s1) * torch.expm1(r1 * h) * e, s1)
        second = end - torch.exp(-u) / (2 * r1) * torch.expm1(h) * (e1 - e)
        if order == 2:
            return second, second
        s2, r2 = t + 2 / 3 * h, 2 / 3
        there = x - torch.exp(-s2) * torch.expm1(r2 * h) * e
        e2 = self.eps(there - torch.exp(-s2) * 2 * (torch.expm1(r2 * h) / (r2 * h) - 1) * (e1 - e), s2)
        return end - torch.exp(-u) / r2 * (torch.expm1(h) / h - 1) * (e2 - e), second

    def down(self, t: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        sd, _ = ancestral(torch.exp(-t), torch.exp(-u), 1.0)
        to = torch.minimum(self.end, -sd.log())
        return to, (torch.exp(-u) ** 2 - torch.exp(-to) ** 2).clamp(min=0).sqrt()


def dpm_fast(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any, low: Tensor, high: Tensor, n: int) -> Tensor:
    solver = Solver(m, draws, -low.log())
    count = n // 3 + 1
    orders = [3] * (count - 2) + [2, 1] if n % 3 == 0 else [3] * (count - 1) + [n % 3]
    ts = torch.linspace(float(-high.log()), float(-low.log()), count + 1, dtype=torch.float64)
    for order, t, u in zip(orders, ts[:-1], ts[1:], strict=True):
        to, up = solver.down(t, u)
        x = solver.stages(x, t, to, order)[0] + up * like.noise * draws.next()
    return x


def dpm_adaptive(m: Model, x: Tensor, s: Tensor, draws: Draws, like: Any, low: Tensor, high: Tensor, n: int) -> Tensor:
    solver = Solver(m, draws, -low.log())
    t, h, before = -high.log(), 0.05, x
    while t < solver.end - 1e-5:
        u = torch.minimum(solver.end, t + h)
        to, up = solver.down(t, u)
        third, second = solver.stages(x, t, to, 3)
        delta = torch.maximum(torch.tensor(0.0078), 0.05 * torch.maximum(second.abs(), before.abs()))
        error = float(torch.linalg.norm((second - third) / delta) / x.numel() ** 0.5)
        factor = 1 + np.arctan((1 / (error + 1e-8)) ** (1 / 1.5) - 1)
        if factor >= 0.81:
            before, x, t = second, third + up * draws.next(), u
        h *= float(factor)
    return x


SIGMA = {
    "Euler": euler, "Euler a": euler_a, "LMS": lms, "Heun": heun, "DPM2": dpm2, "DPM2 a": dpm2_a,
    "DPM++ 2S a": dpmpp_2s_a, "DPM++ 2M": dpmpp_2m, "DPM++ SDE": dpmpp_sde, "DPM++ 2M SDE": dpmpp_2m_sde,
    "DPM++ 2M SDE Heun": dpmpp_2m_sde_heun, "DPM++ 3M SDE": dpmpp_3m_sde, "Restart": restart,
}  # fmt: skip
OWN_STEPS = {"DPM fast": dpm_fast, "DPM adaptive": dpm_adaptive}
KARRAS = {"DPM++ 2M", "DPM++ SDE", "DPM++ 2S a", "DPM2", "DPM2 a", "Restart"}
EXPONENTIAL = {"DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"}
DROPPED = {"DPM2", "DPM2 a", "DPM++ 3M SDE"}
TWICE = {"DPM++ SDE", "DPM++ 2S a", "Heun", "DPM2", "DPM2 a", "Restart"}


def planned(eyes: Eyes, own: Recipe) -> Tensor:
    """The sigmas of A1111's "Schedule type"."""
    assert own.like
    name = own.like.schedule
    if name == "Automatic":
        name = "Karras" if own.sampler in KARRAS else "Exponential" if own.sampler in EXPONENTIAL else "Uniform"
    dropped = own.sampler in DROPPED or own.like.discard
    n = own.steps + dropped
    low, high, last = float(eyes.sigmas[0]), float(eyes.sigmas[-1]), len(eyes.sigmas) - 1
    logs = eyes.logs

    def at(times: Any) -> Tensor:
        return torch.tensor(np.exp(np.interp(times, np.arange(last + 1), logs)))

    match name:
        case "Uniform" | "Normal":
            found = at(np.linspace(last, 0, n))
        case "Karras":
            found = karras(n, low, high)
        case "Exponential":
            found = torch.exp(torch.linspace(np.log(high), np.log(low), n, dtype=torch.float64))
        case "Polyexponential":
            rho = own.like.rho or 1.0
            ramp = torch.linspace(1, 0, n, dtype=torch.float64) ** rho
            found = torch.exp(ramp * (np.log(high) - np.log(low)) + np.log(low))
        case "SGM Uniform":
            found = at(np.linspace(last, 0, n + 1)[:-1])
        case "KL Optimal":
            found = torch.tensor([np.tan(i / n * np.arctan(low) + (1 - i / n) * np.arctan(high)) for i in range(n + 1)])
        case "Align Your Steps":
            table = np.log([14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029][::-1])
            found = torch.tensor(np.exp(np.interp(np.linspace(0, 1, n), np.linspace(0, 1, 11), table))[::-1].copy())
        case "Simple":
            found = torch.stack([eyes.sigmas[-(1 + int(i * (last + 1) / n))] for i in range(n)])
        case "DDIM":
            found = eyes.sigmas[torch.arange(1, last + 1, max((last + 1) // n, 1))].flip(0)
        case "Beta":
            # The inverse of the regularised incomplete beta function, by bisection.
            ends = own.like.beta_alpha, own.like.beta_beta
            found = torch.tensor([low + beta_quantile(1 - i / (n - 1), *ends) * (high - low) for i in range(n)])
        case "Turbo":
            found = eyes.sigmas[torch.tensor([round(i * (last + 1) / n) - 1 for i in range(n, 0, -1)])]
        case _:
            raise AssertionError(name)
    found = found.double()
    if name != "KL Optimal":
        found = torch.cat([found, torch.zeros(1, dtype=torch.float64)])
    return torch.cat([found[:-2], found[-1:]]) if dropped else found


def beta_quantile(share: float, alpha: float, beta: float) -> float:
    """Of a Beta distribution, found in the angle where x = sin² θ, whose density is smooth enough."""
    angles = np.linspace(0, np.pi / 2, 40001)
    middle = (angles[1:] + angles[:-1]) / 2
    density = np.sin(middle) ** (2 * alpha - 1) * np.cos(middle) ** (2 * beta - 1)
    mass = np.concatenate([[0.0], np.cumsum(density)])
    return float(np.sin(np.interp(share, mass / mass[-1], angles)) ** 2)


def latents(loaded: Loaded, own: Recipe, base: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
    """What A1111 leaves of a recipe before it is decoded; over a base, where a mask is 1."""
    assert own.like
    eyes = Eyes(loaded, own)
    if own.sampler not in SIGMA | OWN_STEPS:
        raise AssertionError(own.sampler)
    sigmas = planned(eyes, own)
    draws = Draws(own.seed, sigmas)
    if own.like.ensd:
        draws.generator.manual_seed(own.seed + own.like.ensd)
    taken = sigmas
    if base is not None and own.source:
        taken = sigmas[own.steps - int(min(own.source.strength, 0.999) * own.steps) - 1 :]
        eyes.total = (len(taken) - 1) * (2 if own.sampler in TWICE else 1)
    more = own.like.noise_multiplier * (taken[0] + own.like.extra_noise)
    start = draws.start * taken[0] if base is None else base + draws.start * more
    if base is not None and mask is not None:
        rest = base
        eyes.put = lambda seen: mask * seen + (1 - mask) * rest
    if own.sampler in OWN_STEPS:
        low, high = (eyes.sigmas[0], eyes.sigmas[-1]) if base is None else (taken[-2], taken[0])
        count = own.steps if base is None else len(taken) - 1
        done = OWN_STEPS[own.sampler](eyes.denoised, start, taken, draws, own.like, low, high, count)
    else:
        done = SIGMA[own.sampler](eyes.denoised, start, taken, draws, own.like)
    return eyes.put(done)


def picture(loaded: Loaded, found: Tensor) -> Pixels:
    return pixels(autoencoder.pictures(loaded, [found.float()])[0])


def by_timestep(loaded: Loaded, own: Recipe) -> Tensor:
    """DDIM, DDIM CFG++ and PLMS, whose latents keep the spread 1."""
    assert own.like
    eyes, draws = Eyes(loaded, own), torch.Generator("cpu").manual_seed(own.seed)
    x = torch.randn(SHAPE, generator=draws).double()
    times = [min(t + 1, 999) for t in range(0, 1000, 1000 // (own.steps + own.like.discard))]
    past: list[Tensor] = []

    def eps(x: Tensor, t: int) -> Tensor:
        share = 1 / 12.5 if own.sampler == "DDIM CFG++" else 1.0
        return eyes.eps(x.float(), t, skip=eyes.skips(t), share=share).double()

    def move(x: Tensor, e: Tensor, back: Tensor, now: Tensor, then: Tensor, spread: Any = 0.0) -> Tensor:
        return then.sqrt() * (x - (1 - now).sqrt() * e) / now.sqrt() + (1 - then - spread**2).sqrt() * back

    for t, t_next in zip(times[:0:-1], times[-2::-1], strict=True):
        now, then = eyes.alphas[t], eyes.alphas[t_next]
        e = eps(x, t)
        if own.sampler == "PLMS":
            if not past:
                aim = (e + eps(move(x, e, e, now, then), t_next)) / 2
            else:
                weights: Sequence[Sequence[float]] = ((1.5, -0.5), (23 / 12, -16 / 12, 5 / 12), (55, -59, 37, -9))
                chosen = weights[min(len(past), 3) - 1]
                divisor = 24 if len(chosen) == 4 else 1
                aim = sum((w / divisor * o for w, o in zip(chosen, [e, *past[::-1]], strict=False)), torch.zeros(SHAPE))
            past.append(e)
            x = move(x, aim, aim, now, then)
        else:
            spread = (own.like.eta or 0.0) * ((1 - then) / (1 - now) * (1 - now / then)).sqrt()
            back = eyes.alone if own.sampler == "DDIM CFG++" else e
            x = move(x, e, back, now, then, spread) + spread * torch.randn(SHAPE, generator=draws)
    return x


def lcm(loaded: Loaded, own: Recipe) -> Tensor:
    """LCM knows the timesteps 19, 39 … 999; its boundary conditions draw the picture towards the input at the end."""
    eyes, draws = Eyes(loaded, own), torch.Generator("cpu").manual_seed(own.seed)
    known = eyes.sigmas[19::20]
    places = np.linspace(49, 0, own.steps)
    sigmas = [*np.exp(np.interp(places, np.arange(50), known.log().numpy())), 0.0]
    x = torch.randn(SHAPE, generator=draws) * sigmas[0]
    for sigma, after in itertools.pairwise(sigmas):
        t = int((known.log() - np.log(sigma)).abs().argmin()) * 20 + 19
        foreseen = x - sigma * eyes.eps(x / (sigma**2 + 1) ** 0.5, t)
        scaled = 10.0 * t
        x = scaled / (scaled**2 + 0.25) ** 0.5 * foreseen + 0.25 / (scaled**2 + 0.25) * x
        x = x + after * torch.randn(SHAPE, generator=draws) if after else x
    return x


def unipc(loaded: Loaded, own: Recipe) -> Tensor:
    """UniPC-3 with B1(h) = h for data prediction, as its paper has it: t even from 1 to 1/1000."""
    assert own.like
    eyes, n = Eyes(loaded, own), len(range(0, 1000, 1000 // (own.steps + own.like.discard)))
    x = torch.randn(SHAPE, generator=torch.Generator("cpu").manual_seed(own.seed)).double()
    knots, logs = np.arange(1, 1001) / 1000, 0.5 * eyes.alphas.log().numpy()
    times = np.linspace(1.0, 0.001, n + 1)
    if own.like.unipc_skip == "time_quadratic":
        times = np.linspace(1.0, 0.001**0.5, n + 1) ** 2
    if own.like.unipc_skip == "logSNR":
        lams = logs - 0.5 * np.log(1 - np.exp(2 * logs))
        times = np.interp(np.linspace(lams[-1], lams[0], n + 1), lams[::-1], knots[::-1])
    alpha = np.exp(np.interp(times, knots, logs))
    sigma = (1 - alpha**2) ** 0.5
    lam = np.log(alpha / sigma)

    def data(x: Tensor, i: int) -> Tensor:
        return (x - sigma[i] * eyes.eps(x.float(), (times[i] - 0.001) * 1000)) / alpha[i]

    seen = [data(x, 0)]
    for i in range(1, n + 1):
        p = min(i, own.like.unipc_order)
        p = p if own.like.unipc_high_end else min(p, n + 1 - i)
        h = lam[i] - lam[i - 1]
        r = [(lam[i - 1 - k] - lam[i - 1]) / h for k in range(1, p)] + [1.0]
        d = [(seen[-1 - k] - seen[-1]) / r[k - 1] for k in range(1, p)]
        # g_k = k! times the k-th phi function of -h, over B: by its series, sum of (-h)^m k!/(m+k+1)!, which is exact.
        g = [sum((-h) ** m * math.factorial(k) / math.factorial(m + k + 1) for m in range(60)) for k in range(1, p + 1)]
        rows = np.array([[one ** (k - 1) for one in r] for k in range(1, p + 1)])
        half = 0.5 * (1 if own.like.unipc_variant == "bh1" else np.expm1(-h) / -h)  # B(h) / h
        weights = {1: [], 2: [half]}.get(p) if own.like.unipc_variant != "vary_coeff" else None
        weights = np.linalg.solve(rows[:-1, :-1], g[:-1]) if weights is None else weights
        base = sigma[i] / sigma[i - 1] * x - alpha[i] * np.expm1(-h) * seen[-1]
        x = base + alpha[i] * h * sum((w * one for w, one in zip(weights, d, strict=True)), torch.zeros(SHAPE))
        if i < n:
            d = [*d, data(x, i) - seen[-1]]
            weights = [half] if p == 1 else np.linalg.solve(rows, g)
            if own.like.unipc_variant == "vary_coeff":
                # Its A = C⁻¹ with C_ik = r_iᵏ⁻¹ / k!, of which A1111 takes all rows but the last, and at the end one.
                c = np.array([[one ** (k - 1) / math.factorial(k) for k in range(1, p + 1)] for one in r])
                a, phi = np.linalg.inv(c), [one / math.factorial(k) for k, one in enumerate(g, 1)]
                weights = [sum(phi[k] * a[k][j] for k in range(p - 1)) for j in range(p - 1)]
                weights = [*weights, phi[p - 1] * a[max(p - 2, 0)][-1]]
            x = base + alpha[i] * h * sum((w * one for w, one in zip(weights, d, strict=True)), torch.zeros(SHAPE))
            seen.append(d[-1] + seen[-1])
    return x
