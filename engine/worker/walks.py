"""From a recipe that is drawn in A1111's way to a row ready for its first call: its walk, and what it starts from."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import torch
from PIL import Image
from torch import Tensor

from engine import a1111
from engine.a1111 import AUTOMATIC, LikeSampler
from engine.adapters import loras
from engine.adapters.loras import Chosen
from engine.models.loaded import Loaded
from engine.pixels.region_map import NOTHING, PaintedMap
from engine.recipe import A1111, Recipe
from engine.sampling import ancestral, by_timestep, direct, dpm_solver, multistep, schedules, unipc
from engine.sampling.levels import LCM_STEPS, ByLcm, BySigma, ByTimestep, Denoiser, Levels, kind_of, signal
from engine.sampling.noise import Noise
from engine.sampling.question import Multistep, Sampler, Terms
from engine.sampling.schedules import Span
from engine.sampling.walk import Asking, Skipping, Surroundings, Taped, Walk
from engine.worker import autoencoder, emphasis, guidance, inpaint, redrawn, regional, tapes
from engine.worker.prompt_encoding import Conditioning
from engine.worker.row import Row

STRONGEST = 0.999  # img2img strength: the first step is never quite pure noise
PLUS = "DDIM CFG++"
ADAPTIVE, CALLS = "DPM adaptive", 60  # that it takes for most pictures

SAMPLERS: dict[str, Sampler] = {
    "DPM++ 2M": multistep.dpmpp_2m,
    "DPM++ SDE": multistep.dpmpp_sde,
    "DPM++ 2M SDE": multistep.dpmpp_2m_sde,
    "DPM++ 2M SDE Heun": multistep.dpmpp_2m_sde_heun,
    "DPM++ 2S a": ancestral.dpmpp_2s_a,
    "DPM++ 3M SDE": multistep.dpmpp_3m_sde,
    "Euler a": ancestral.euler_a,
    "Euler": direct.euler,
    "LMS": direct.lms,
    "Heun": direct.heun,
    "DPM2": direct.dpm2,
    "DPM2 a": ancestral.dpm2_a,
    "DPM fast": dpm_solver.dpm_fast,
    ADAPTIVE: dpm_solver.dpm_adaptive,
    "Restart": direct.restart,
    "DDIM": by_timestep.ddim,
    PLUS: by_timestep.ddim_cfgpp,
    "PLMS": by_timestep.plms,
    "UniPC": unipc.unipc,
    "LCM": ancestral.lcm,
}


@torch.no_grad()
def start(
    job: str,
    index: int,
    recipe: Recipe,
    loaded: Loaded,
    chosen: Chosen,
    source: Image.Image | Tensor | None,
    mask: Image.Image | None,
    *,
    steps: int,
    exact: bool,
    before: int = 0,
    painted: PaintedMap = NOTHING,
) -> Row:
    """A row ready for its first call; see engine/worker/prepare.py's `start`. `steps` is how many it tells of."""
    began = time.monotonic()
    sampler, _ = a1111.find_sampler(recipe.sampler)
    nine = int(loaded.unet.config.in_channels) == inpaint.CHANNELS
    clean = None
    if recipe.source:
        # Its own noise is never the same twice there, and too little to be seen: the mean is what it is around.
        clean = source if not isinstance(source, Image.Image) else _encoded(loaded, source, recipe)
    kept = None
    if clean is not None and mask:
        soft = recipe.source.soft if recipe.source else None
        cells = redrawn.coarse(mask, clean, soft=soft is not None)
        clean = redrawn.filled(recipe, loaded, clean, cells)
        kept = Surroundings(clean, cells, 1 - cells, before=sampler.levels == "timestep", soft=soft)
    beside = redrawn.beside(loaded, recipe, source if isinstance(source, Image.Image) else None, mask) if nine else None
    walk = begun(recipe, loaded, clean, kept, exact=exact)
    with loras.on_text(loaded, chosen):
        positive, negative = texts(recipe, loaded, before, painted)
    return Row(
        job=job,
        index=index,
        recipe=recipe,
        loaded=loaded,
        loras=chosen,
        positive=positive,
        negative=negative,
        sampler=None,
        timesteps=torch.empty(0),
        steps=steps,
        latents=walk.latents,
        extra={},
        beside=beside,
        walk=walk,
        way=walk.way,
        seconds=time.monotonic() - began,
    )


def _encoded(loaded: Loaded, source: Image.Image, recipe: Recipe) -> Tensor:
    return autoencoder.latents(loaded, source, None, recipe.tiling)


def counted(recipe: Recipe, steps: int) -> int:
    """The calls that A1111 counts for so many steps of a recipe's sampler."""
    return steps * 2 if a1111.find_sampler(recipe.sampler)[0].twice else steps


def texts(
    recipe: Recipe, loaded: Loaded, before: int = 0, painted: PaintedMap = NOTHING
) -> tuple[tuple[Conditioning, ...], Conditioning | None]:
    """The texts of a recipe as a model reads them, the negative only where it makes a difference: with guidance, and
    for texts that are mixed by how far each is from it. A UNet that was distilled with its guidance takes none.
    `before` are the calls of the pass before this one, `painted` is the map of its regions."""
    assert recipe.like
    said, words = recipe.prompt, regional.words(recipe, painted)
    guided = recipe.guidance != 1 and loaded.unet.config.time_cond_proj_dim is None
    guided |= a1111.find_sampler(recipe.sampler)[0].name == PLUS
    guided |= recipe.regions is None and emphasis.guides(said.positive)
    calls = emphasis.Calls(counted(recipe, recipe.steps), before, old=recipe.like.old_timelines)
    unwanted = said.negative if guided or recipe.like.pad else ""
    positive, negative = emphasis.conditionings(loaded, words, unwanted, calls, recipe.clip_skip, recipe.like.emphasis)
    if recipe.like.pad:
        positive, negative = emphasis.padded(loaded, positive, negative, recipe.like, recipe.clip_skip)
    if guided and guidance.acts_across(recipe):
        _, empty = emphasis.conditionings(loaded, words, "", calls, recipe.clip_skip, recipe.like.emphasis)
        negative = replace(negative, empty=empty)
    return regional.parted(recipe, positive, painted), negative if guided else None


def begun(
    recipe: Recipe,
    loaded: Loaded,
    clean: Tensor | None = None,
    kept: Surroundings | None = None,
    *,
    exact: bool = False,
    taped: bool = True,
) -> Walk:
    """The walk of a recipe over clean latents or from noise alone. `exact` takes all the recipe's steps over them, as
    the second pass of hires fix does, instead of the share that its strength stands for. Without `taped` it goes by
    itself."""
    assert recipe.like
    sampler, _ = a1111.find_sampler(recipe.sampler)
    shape = (1, int(loaded.vae.config.latent_channels), recipe.height // loaded.scale, recipe.width // loaded.scale)
    noise = Noise(recipe, shape, loaded.scale)
    if clean is not None:
        noise.start = noise.start * (1.0 if exact else recipe.like.noise_multiplier)
    total, reach = img2img_steps(recipe, exact=exact) if clean is not None else (recipe.steps, 0)
    by_time = sampler.levels == "timestep"
    start = (_by_timestep if by_time else _by_sigma)(sampler, recipe, loaded, noise, clean, total, reach)
    make = SAMPLERS[sampler.name]
    plus = sampler.name == PLUS
    taking: Asking | Taped
    # Steps that follow what is seen cannot be written down before it is.
    if taped and sampler.name != ADAPTIVE:
        followed = tapes.Followed(make, start.terms, start.denoiser, recipe.like, loaded, plus, kept)
        taking = Taped(followed.way(start.latents), start.denoiser, kept, followed.handed_over)
    else:
        taking = Asking(make(start.latents, start.terms), start.denoiser, kept)
    return Walk(
        taking,
        _planned(sampler, start.terms),
        skipping=_skipping(recipe, total if clean is None else reach + 1),
        plus=plus,
        alone=sampler.name == ADAPTIVE,
    )


def _skipping(recipe: Recipe, steps: int) -> Skipping:
    like = recipe.like
    assert like
    return Skipping(counted(recipe, steps), like.skip_early, like.ngms, like.ngms_all)


def img2img_steps(recipe: Recipe, *, exact: bool) -> tuple[int, int]:
    """The steps that are planned to draw over a picture, and how many before the last one are taken."""
    assert recipe.source
    strength = min(recipe.source.strength, STRONGEST)
    if not exact:
        return recipe.steps, int(strength * recipe.steps)
    return max(recipe.steps, int(recipe.steps / strength) if strength else 0), recipe.steps - 1


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    latents: Tensor
    terms: Terms
    denoiser: Denoiser


def _levels(sampler: LikeSampler, loaded: Loaded, like: A1111) -> Levels:
    """The model's levels, of which LCM learnt but a few."""
    stride = _stride(sampler, loaded)
    return Levels(signal(loaded.signal, downcast=like.downcast, zero_snr=like.zero_snr), stride - 1, stride)


def denoiser(sampler: LikeSampler, loaded: Loaded, like: A1111) -> Denoiser:
    """How the model is asked by a sampler, and its answer read."""
    levels, kind = _levels(sampler, loaded, like), kind_of(loaded.schedule)
    if sampler.levels == "lcm":
        return ByLcm(levels, kind, _stride(sampler, loaded))
    return ByTimestep(levels, kind) if sampler.levels == "timestep" else BySigma(levels, kind)


def _stride(sampler: LikeSampler, loaded: Loaded) -> int:
    return len(loaded.signal) // LCM_STEPS if sampler.levels == "lcm" else 1


def _by_sigma(
    sampler: LikeSampler, recipe: Recipe, loaded: Loaded, noise: Noise, clean: Tensor | None, total: int, reach: int
) -> _Start:
    like = recipe.like
    assert like
    levels = _levels(sampler, loaded, like)
    least, most = float(levels.sigmas[0]), float(levels.sigmas[-1])
    planned = sigmas(sampler, recipe, loaded, levels, total)
    taken = planned if clean is None else planned[total - reach - 1 :]
    spread = (1 + taken[0] ** 2) ** 0.5 if like.sgm_noise and clean is None else taken[0]
    latents = noise.start * spread if clean is None else clean + noise.start * (spread + like.extra_noise)
    terms = Terms(
        levels=tuple(taken),
        noise=noise.next,
        path=noise.path(min(filter(None, planned)), max(planned)),
        steps=recipe.steps if clean is None else len(taken) - 1,
        least=least if clean is None else taken[-2],
        most=most if clean is None else taken[0],
        signal=levels.signal,
        over=clean is not None,
        eta=1.0 if like.eta is None else like.eta,
        churn=like.churn,
        tmin=like.tmin,
        tmax=like.tmax or float("inf"),
        spread=like.noise,
    )
    return _Start(latents, terms, denoiser(sampler, loaded, like))


def sigmas(sampler: LikeSampler, recipe: Recipe, loaded: Loaded, levels: Levels, total: int) -> list[float]:
    """The sigmas of so many steps, largest first, as a recipe's schedule has them."""
    like = recipe.like
    assert like
    ends = like.sigma_min or float(levels.sigmas[0]), like.sigma_max or float(levels.sigmas[-1])
    name = sampler.schedule if like.schedule == AUTOMATIC else like.schedule
    beta = like.beta_alpha, like.beta_beta
    span = Span(total, levels, *ends, like.rho, large=loaded.text_encoder_2 is not None, beta=beta)
    return schedules.sigmas(a1111.find_schedule(name), span, dropped=sampler.dropped or like.discard)


def _by_timestep(
    sampler: LikeSampler, recipe: Recipe, loaded: Loaded, noise: Noise, clean: Tensor | None, total: int, reach: int
) -> _Start:
    like = recipe.like
    assert like
    levels = _levels(sampler, loaded, like)
    last = len(levels.signal) - 1
    stride = (last + 1) // (total + like.discard)
    planned = [float(min(time + 1, last)) for time in range(0, last + 1, stride)]
    latents = noise.start
    if clean is not None:
        alpha = levels.signal[int(planned[reach])]
        latents = alpha.sqrt() * (clean + like.extra_noise * latents) + (1 - alpha).sqrt() * latents
        planned = planned[: max(1, reach)]
    terms = Terms(
        levels=tuple(planned),
        noise=noise.next,
        path=noise.path(0.0, 1.0),
        steps=total,
        least=0.0,
        most=0.0,
        signal=levels.signal,
        over=clean is not None,
        eta=like.eta or 0.0,
        unipc=Multistep(like.unipc_order, like.unipc_variant, like.unipc_skip, like.unipc_high_end),
    )
    return _Start(latents, terms, denoiser(sampler, loaded, like))


def _planned(sampler: LikeSampler, terms: Terms) -> int:
    """The calls to be expected."""
    count = len(terms.levels) - 1
    match sampler.name:
        case "DPM fast":
            return terms.steps
        case "DPM adaptive":
            return CALLS
        case "UniPC" | "PLMS":
            return count + 1
    return max(1, 2 * count - 1 if sampler.twice else count)
