"""A1111's `parameters`: the text under a picture that other programs read, as A1111 1.10 writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from engine.files.hashes import Hashes
from engine.pixels import beside_guidance, control_fields
from engine.recipe import A1111, HyperTile, Recipe, Soft
from prompts.infotext import fields
from prompts.infotext.block import written
from prompts.infotext.infotext import Infotext

Pairs = dict[str, str]

LIKE = "v1.10.1"  # the A1111 whose way of drawing a recipe with `like` follows
ORDINALS = {2: "2nd", 3: "3rd"}  # as ADetailer numbers its tabs
DDIM = "DDIM"  # begins the names of the samplers whose eta A1111 calls "Eta DDIM"
# Samplers for which "Automatic" is another schedule than the model's own, which A1111 calls "Uniform".
NOT_PLAIN = frozenset({"DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2S", "DPM2", "DPM2 a"})

# A1111's names of its settings, and ours.
SETTINGS = {
    "Emphasis": "emphasis",
    "Eta": "eta",
    "Schedule min sigma": "sigma_min",
    "Schedule max sigma": "sigma_max",
    "Schedule rho": "rho",
    "Beta schedule alpha": "beta_alpha",
    "Beta schedule beta": "beta_beta",
    "Discard penultimate sigma": "discard",
    "Sigma churn": "churn",
    "Sigma tmin": "tmin",
    "Sigma tmax": "tmax",
    "Sigma noise": "noise",
    "Skip Early CFG": "skip_early",
    "NGMS": "ngms",
    "NGMS all steps": "ngms_all",
    "SGM noise multiplier": "sgm_noise",
    "Noise multiplier": "noise_multiplier",
    "Extra noise": "extra_noise",
    "Conditional mask weight": "mask_weight",
    "UniPC order": "unipc_order",
    "UniPC variant": "unipc_variant",
    "UniPC skip type": "unipc_skip",
    "Hires refiner": "refined",
    "Downcast alphas_cumprod": "downcast",
    "Old prompt editing timelines": "old_timelines",
    "Refiner switch by sampling steps": "by_steps",
}
SOFT = {
    "Soft inpainting schedule bias": "bias",
    "Soft inpainting preservation strength": "preservation",
    "Soft inpainting transition contrast boost": "boost",
    "Soft inpainting mask influence": "influence",
    "Soft inpainting difference threshold": "threshold",
    "Soft inpainting difference contrast": "contrast",
}
PADS = {"empty": "Pad conds", "v0": "Pad conds v0"}


def parameters(recipe: Recipe, hashes: Hashes = Hashes()) -> str:  # noqa: B008  (frozen)
    """The text A1111 writes into its files: prompt, negative, then `Name: value` pairs in its order."""
    prompt = recipe.prompt
    # No comma before a LoRA: whoever reads it takes the LoRA out and would draw with the comma.
    positive = " ".join(filter(None, (prompt.positive, *map(str, prompt.loras))))
    return written(Infotext(positive, prompt.negative, pairs(recipe, hashes), "danqing"))


def pairs(recipe: Recipe, hashes: Hashes = Hashes()) -> Mapping[str, str]:  # noqa: B008  (frozen)
    """The fields of that text by their names, in their order."""
    like = recipe.like or A1111()
    sampler, schedule = (recipe.sampler, like.schedule) if recipe.like else fields.parted(recipe.sampler)
    over = recipe.source or recipe.hires
    rng = like.rng if recipe.like else "CPU"
    written_as: dict[str, str | int | float | None] = {
        "Steps": recipe.steps,
        "Sampler": sampler,
        "Schedule type": schedule or ("Uniform" if sampler in NOT_PLAIN else "Automatic"),
        "CFG scale": recipe.guidance,
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": hashes.model,
        "Model": recipe.model,
        "VAE hash": hashes.vae,
        "VAE": hashes.vae_file or recipe.vae,
        "Variation seed": recipe.variation.seed if recipe.variation else None,
        "Variation seed strength": recipe.variation.strength if recipe.variation else None,
        "Seed resize from": "x".join(map(str, like.seed_resize)) if all(like.seed_resize) else "",
        "Denoising strength": over.strength if over else None,
        "Clip skip": recipe.clip_skip if recipe.clip_skip > 1 else None,
        "ENSD": like.ensd or None,
        "Token merging ratio": recipe.token_merging or None,
        "Token merging ratio hr": (recipe.hires.token_merging or None) if recipe.hires else None,
        "RNG": rng if rng != "GPU" else "",
        "Tiling": "True" if recipe.tiling == "xy" else recipe.tiling,
        **_inpainting(recipe),
        **_second_pass(recipe, hashes),
        "Lora hashes": _listed(hashes.loras),
        "TI hashes": _listed(hashes.embeddings),
        **sampling(recipe),
        "CFG rescale": recipe.rescale or None,
        "CFG start": recipe.guidance_start or None,
        "CFG end": recipe.guidance_end if recipe.guidance_end < 1 else None,
        "CFG schedule": recipe.guidance_curve,
        **_inside(recipe),
        **beside_guidance.pairs(recipe),
        **control_fields.pairs(recipe),
        "Refiner": recipe.refiner.model if recipe.refiner else "",
        "Refiner switch at": recipe.refiner.switch if recipe.refiner else None,
        **_finishing(recipe),
        "Version": _version(recipe),
    }
    said = {name: f"{value:.15g}" if isinstance(value, float) else value for name, value in written_as.items()}
    return {name: str(value) for name, value in said.items() if value is not None and value != ""}


def _second_pass(recipe: Recipe, hashes: Hashes) -> Mapping[str, str | int | float]:
    """Of hires fix; "" and 0 for what the first pass says, too."""
    if (hires := recipe.hires) is None:
        return {}
    resize = f"{hires.width}x{hires.height}" if hires.width or hires.height else ""
    known = f" [{hashes.second}]" if hashes.second else ""
    said: dict[str, str | int | float] = {
        "Hires checkpoint": f"{hires.checkpoint}{known}" if hires.checkpoint else "",
        "Hires VAE": hires.vae,
        "Hires sampler": hires.sampler,
        "Hires prompt": hires.prompt,
        "Hires negative prompt": hires.negative,
        "Hires schedule type": hires.schedule,
        "Hires CFG Scale": hires.guidance,
        "Hires upscale": 0 if resize else hires.factor,
        "Hires resize": resize,
        "Hires steps": hires.steps,
        "Hires upscaler": hires.upscaler,
    }
    return {name: value for name, value in said.items() if value}


def _inside(recipe: Recipe) -> Mapping[str, str | int | float]:
    """What is changed inside the UNet: FreeU as Forge says it, HyperTile as A1111's extension."""
    said: dict[str, str | int | float] = {"Regions": str(recipe.regions)} if recipe.regions else {}
    if freeu := recipe.freeu:
        said |= {"freeu_enabled": "True"} | {f"freeu_{name}": value for name, value in asdict(freeu).items()}
    if tiles := recipe.hypertile:
        said["Hypertile U-Net second pass" if tiles.second else "Hypertile U-Net"] = "True"
        usual = HyperTile()
        for label, name in (("max depth", "depth"), ("max tile size", "tile"), ("swap size", "swap")):
            if getattr(tiles, name) != getattr(usual, name):
                said[f"Hypertile U-Net {label}"] = getattr(tiles, name)
    return said


def _inpainting(recipe: Recipe) -> Mapping[str, str | float]:
    source = recipe.source
    if source is None or not (source.mask or source.soft):
        return {}
    said: dict[str, str | float] = {}
    if source.soft:
        said["Soft inpainting enabled"] = "True"
        said |= {label: getattr(source.soft, name) for label, name in SOFT.items()}
    if source.blur:
        said["Mask blur"] = source.blur
    if source.fill:
        said["Masked content"] = source.fill
    if source.padding is not None:
        said |= {"Inpaint area": "Only masked", "Masked area padding": source.padding}
    return said


def sampling(recipe: Recipe) -> Mapping[str, str | float]:
    """What of A1111's settings is not the usual, under its own names."""
    like, usual = recipe.like or A1111(), A1111()
    said: dict[str, str | float] = {}
    for label, name in SETTINGS.items():
        value = getattr(like, name)
        if value != getattr(usual, name):
            said[label] = "True" if value is True else value
    if recipe.sampler.startswith(DDIM) and "Eta" in said:
        said = {"Eta DDIM" if label == "Eta" else label: value for label, value in said.items()}
    if like.pad:
        said[PADS[like.pad]] = "True"
    if like.unipc_high_end:
        said["UniPC lower order final"] = "False"
    if like.zero_snr:
        said["Noise Schedule"] = "Zero Terminal SNR"
    return said


def settings(recipe: Recipe) -> tuple[str, ...]:
    """The same with what is told of the noise, each in a few words."""
    like = recipe.like or A1111()
    said: dict[str, str | float] = {"ENSD": like.ensd} if like.ensd else {}
    if all(like.seed_resize):
        said["Seed resize from"] = "x".join(map(str, like.seed_resize))
    if recipe.source and (soft := recipe.source.soft):
        said["Soft inpainting"] = "True"
        usual = Soft()
        said |= {label: value for label, name in SOFT.items() if (value := getattr(soft, name)) != getattr(usual, name)}
    said |= sampling(recipe)
    return tuple(
        label if value == "True" else f"{label}: {value:g}" if isinstance(value, float) else f"{label}: {value}"
        for label, value in said.items()
    )


def _finishing(recipe: Recipe) -> Mapping[str, str | float]:
    """What comes after drawing: as ADetailer and A1111's "Extras" say it."""
    said: dict[str, str | float] = {}
    for number, fix in enumerate(recipe.fixes, 1):
        tab = f" {ORDINALS.get(number, f'{number}th')}" if number > 1 else ""
        said[f"ADetailer model{tab}"] = fix.detector
        said |= {f"ADetailer prompt{tab}": fix.prompt} if fix.prompt else {}
        said |= {f"ADetailer negative prompt{tab}": fix.negative} if fix.negative else {}
        said[f"ADetailer denoising strength{tab}"] = fix.strength
    if recipe.upscale:
        said["Postprocess upscale by"] = recipe.upscale.factor
        said["Postprocess upscaler"] = recipe.upscale.upscaler
        if recipe.upscale.strength:
            said["Upscale denoising strength"] = recipe.upscale.strength
    return said


def _listed(hashes: tuple[tuple[str, str], ...]) -> str:
    """ "name: hash, name: hash"; a name without the signs that part them, as in A1111."""
    return ", ".join(f"{name.replace(':', '').replace(',', '')}: {made}" for name, made in hashes)


def _version(recipe: Recipe) -> str:
    """Which program wrote it, so that A1111, which takes a text that is no version for a new one, turns on nothing of
    its own past. Whose way of drawing it follows is told, too."""
    own = f"Danqing {_own()}".strip()
    return f"{LIKE}-{own.replace(' ', '-')}" if recipe.like else own


@cache
def _own() -> str:
    try:
        return version("danqing")
    except PackageNotFoundError:  # run from a folder that is not installed
        return ""
