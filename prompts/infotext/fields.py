"""The fields of an infotext as the options of a recipe, and what of them is put aside."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from prompts.errors import Refusal
from prompts.infotext import beside_guidance, controls, detailer, way
from prompts.infotext.infotext import Infotext
from prompts.option_values import (
    ACROSS,
    DEPTHS,
    FACTORS,
    FREEUS,
    GUIDANCE,
    MASK_BLURS,
    MAX_SEED,
    MERGED,
    PADDING,
    PADDINGS,
    RESCALE,
    SIDES,
    SOFT,
    STEPS,
    SWAPS,
    TILE,
    TILES,
    real,
    whole,
    with_fill,
    with_freeu,
    with_regions,
    with_seed,
    with_size,
    with_tiling,
)
from prompts.prompt import Options

# Schedules by A1111's labels, with what its old sampler names and other programs call them.
SCHEDULES = {
    "karras": "Karras",
    "exponential": "Exponential",
    "polyexponential": "Polyexponential",
    "sgm uniform": "SGM Uniform",
    "sgmuniform": "SGM Uniform",
    "sgm_uniform": "SGM Uniform",
    "kl optimal": "KL Optimal",
    "kl_optimal": "KL Optimal",
    "align your steps": "Align Your Steps",
    "align_your_steps": "Align Your Steps",
    "ays": "Align Your Steps",
    "simple": "Simple",
    "normal": "Normal",
    "ddim": "DDIM",
    "ddim_uniform": "DDIM",
    "beta": "Beta",
    "turbo": "Turbo",
    "uniform": "Uniform",
    "automatic": "Automatic",
}
_TAILS = tuple(tail for tail in SCHEDULES if tail not in ("automatic", "uniform", "ddim", "normal", "simple"))
_EMPHASES = {one.casefold(): one for one in ("Original", "No norm", "Ignore", "None")}

_Read = Callable[[Options, str, str], Options]


def _whole(name: str, low: int, high: int) -> _Read:
    return lambda options, option, value: replace(options, **{name: whole(option, value, low, high)})  # type: ignore[arg-type]


def _real(name: str, low: float, high: float) -> _Read:
    return lambda options, option, value: replace(options, **{name: real(option, value, low, high)})  # type: ignore[arg-type]


def _word(name: str) -> _Read:
    return lambda options, option, value: replace(options, **{name: value}) if value else options  # type: ignore[arg-type]


def _model(name: str) -> _Read:
    """The name of a model, without the hash that stands behind it in a list: "base [31e35c80fc]"."""
    word = _word(name)
    return lambda options, option, value: word(options, option, re.sub(r"\s*\[[0-9a-f]{6,64}\]\Z", "", value))


def _hires_size(options: Options, option: str, value: str) -> Options:
    """ "1024x768"; one side may be 0, and goes by the other."""
    sides = [None if side == "0" else whole(option, side, *SIDES) for side in value.split("x")]
    if len(sides) != 2 or sides == [None, None]:
        raise Refusal("option.bad_value", option=option, value=value)
    return replace(options, hires_width=sides[0], hires_height=sides[1])


def _seed_resize(options: Options, option: str, value: str) -> Options:
    sized = with_size(Options(), option, value)
    return replace(options, seed_resize=(sized.width or 0, sized.height or 0))


def _one_of(name: str, known: Mapping[str, str | bool]) -> _Read:
    def read(options: Options, option: str, value: str) -> Options:
        if value.casefold() not in known:
            raise Refusal("option.bad_value", option=option, value=value)
        return replace(options, **{name: known[value.casefold()]})  # type: ignore[arg-type]

    return read


def _sampler(options: Options, option: str, value: str) -> Options:
    sampler, schedule = parted(value)
    return replace(options, sampler=sampler, schedule=schedule or options.schedule)


def _hires_sampler(options: Options, option: str, value: str) -> Options:
    sampler, schedule = parted(value) if value.casefold() != "default" else (options.hires_sampler, "")
    return replace(options, hires_sampler=sampler, hires_schedule=schedule or options.hires_schedule)


def _on(name: str) -> _Read:
    return lambda options, option, value: replace(options, **{name: value.casefold() not in ("false", "0")})  # type: ignore[arg-type]


def _off(name: str) -> _Read:
    return lambda options, option, value: replace(options, **{name: value.casefold() in ("false", "0")})  # type: ignore[arg-type]


def _padded(how: str) -> _Read:
    """How a shorter prompt is filled up; the older way overrules the other."""

    def read(options: Options, option: str, value: str) -> Options:
        off = value.casefold() in ("false", "0")
        return options if off else replace(options, pad="v0" if "v0" in (how, options.pad) else how)

    return read


def _area(options: Options, option: str, value: str) -> Options:
    """What of the picture is drawn: only what is masked, with so many pixels around it, or all of it."""
    if value.casefold() not in ("only masked", "whole picture"):
        raise Refusal("option.bad_value", option=option, value=value)
    only = value.casefold() == "only masked"
    return replace(options, padding=(PADDING if options.padding is None else options.padding) if only else None)


def _detected(options: Options, option: str, value: str) -> Options:
    if not (kind := detailer.kind_of(value)):
        raise Refusal("option.bad_value", option=option, value=value)
    return replace(options, fix="+".join(dict.fromkeys((*filter(None, (options.fix or "").split("+")), kind))))


def _alike(options: Options, option: str, value: str) -> Options:
    """All that is found is drawn over with one strength."""
    if real(option, value, 0.0, 1.0) != options.fix_strength:
        raise Refusal("option.bad_value", option=option, value=value)
    return options


def _part_of_freeu(place: int) -> _Read:
    """One of FreeU's numbers, as Forge writes them; the others are its own where it is silent."""

    def read(options: Options, option: str, value: str) -> Options:
        numbers = list(options.freeu or _FORGES_FREEU)
        numbers[place] = real(option, value, *FREEUS)
        return replace(options, freeu=(numbers[0], numbers[1], numbers[2], numbers[3]))

    return read


def _freeu(options: Options, option: str, value: str) -> Options:
    """All of them: "b1=1.1 b2=1.2 s1=0.9 s2=0.2" of SD.Next, "(1.1, 1.2, 0.9, 0.2)" of Fooocus."""
    numbers = re.findall(r"(?<![\w.])[0-9.]+", value)
    return with_freeu(options, option, "/".join(numbers) or value)


def _freeu_on(options: Options, option: str, value: str) -> Options:
    return replace(options, freeu=options.freeu or _FORGES_FREEU) if value.casefold() == "true" else options


def _hypertile_on(options: Options, option: str, value: str) -> Options:
    """With the tiles that the extension takes where it is silent."""
    on = value.casefold() == "true"
    return replace(options, hypertile=options.hypertile or TILE, hypertile_second=False) if on else options


def _hypertile_second(options: Options, option: str, value: str) -> Options:
    on = value.casefold() == "true"
    return replace(options, hypertile=options.hypertile or TILE, hypertile_second=True) if on else options


_FORGES_FREEU = (1.01, 1.02, 0.99, 0.95)
_SIGMA = (0.0, 10_000.0)
_CURVES = ("constant", "linear down", "cosine down", "linear up", "cosine up")
_READERS: dict[str, _Read] = {
    "steps": _whole("steps", *STEPS),
    "sampler": _sampler,
    "schedule type": _one_of("schedule", SCHEDULES),
    "scheduler": _one_of("schedule", SCHEDULES),  # Fooocus's name of it
    "cfg scale": _real("guidance", *GUIDANCE),
    "seed": with_seed,
    "size": with_size,
    "model": _model("model"),
    "vae": _word("vae"),
    "clip skip": _whole("clip_skip", 1, 12),
    "denoising strength": _real("strength", 0.0, 1.0),
    "cfg rescale": _real("rescale", *RESCALE),
    "cfg rescale phi": _real("rescale", *RESCALE),
    "cfg rescale φ": _real("rescale", *RESCALE),
    "cfg start": _real("guidance_start", 0.0, 0.999),
    "cfg end": _real("guidance_end", 0.001, 1.0),
    "cfg schedule": _one_of("guidance_curve", {name: name for name in _CURVES}),
    "tiling": with_tiling,
    "regions": with_regions,
    "token merging ratio": _real("token_merging", *MERGED),
    "token merging ratio hr": _real("hires_token_merging", *MERGED),
    "hypertile u-net": _hypertile_on,
    "hypertile u-net second pass": _hypertile_second,
    "hypertile u-net max depth": _whole("hypertile_depth", *DEPTHS),
    "hypertile u-net max tile size": _whole("hypertile", *TILES),
    "hypertile u-net swap size": _whole("hypertile_swap", *SWAPS),
    "freeu": _freeu,
    "freeu_enabled": _freeu_on,
    **{f"freeu_{name}": _part_of_freeu(place) for place, name in enumerate(("b1", "b2", "s1", "s2"))},
    "perp-neg": _real("perpendicular", *ACROSS),
    "rng": _one_of("rng", {"gpu": "GPU", "cpu": "CPU", "nv": "NV"}),
    "eta": _real("eta", 0.0, 1.0),
    "eta ddim": _real("eta", 0.0, 1.0),
    "ensd": _whole("ensd", -(2**32), 2**32),
    "sigma churn": _real("churn", 0.0, 100.0),
    "sigma tmin": _real("tmin", *_SIGMA),
    "sigma tmax": _real("tmax", *_SIGMA),
    "sigma noise": _real("noise", 0.0, 2.0),
    "ngms": _real("ngms", 0.0, 15.0),
    "emphasis": _one_of("emphasis", _EMPHASES),
    "sgm noise multiplier": _on("sgm_noise"),
    "seed resize from": _seed_resize,
    "schedule min sigma": _real("sigma_min", *_SIGMA),
    "schedule max sigma": _real("sigma_max", *_SIGMA),
    "schedule rho": _real("rho", 0.0, 100.0),
    "discard penultimate sigma": _on("discard"),
    "skip early cfg": _real("skip_early", 0.0, 1.0),
    "ngms all steps": _on("ngms_all"),
    "extra noise": _real("extra_noise", 0.0, 1.0),
    "noise multiplier": _real("noise_multiplier", 0.0, 1.5),
    "conditional mask weight": _real("mask_weight", 0.0, 1.0),
    "beta schedule alpha": _real("beta_alpha", 0.01, 10.0),
    "beta schedule beta": _real("beta_beta", 0.01, 10.0),
    "unipc order": _whole("unipc_order", 1, 7),  # of more it is no picture, there or here
    "unipc variant": _one_of("unipc_variant", {name: name for name in ("bh1", "bh2", "vary_coeff")}),
    "unipc skip type": _one_of(
        "unipc_skip", {name.casefold(): name for name in ("time_uniform", "time_quadratic", "logSNR")}
    ),
    "unipc lower order final": _off("unipc_high_end"),
    "pad conds": _padded("empty"),
    "pad conds v0": _padded("v0"),
    "hires refiner": _one_of("refined", {name: name for name in ("first pass", "second pass", "both passes")}),
    "downcast alphas_cumprod": _on("downcast"),
    "old prompt editing timelines": _on("old_timelines"),
    "refiner switch by sampling steps": _on("by_steps"),
    "noise schedule": _one_of("zero_snr", {"default": False, "zero terminal snr": True}),
    "variation seed": _whole("variation_seed", 0, MAX_SEED),
    "variation seed strength": _real("variation_strength", 0.0, 1.0),
    "variation strength": _real("variation_strength", 0.0, 1.0),  # and of this
    "hires upscale": _real("hires_factor", *FACTORS),
    "hires scale": _real("hires_factor", *FACTORS),  # SD.Next's name of it
    "hires resize": _hires_size,
    "hires steps": _whole("hires_steps", 0, STEPS[1]),
    "hires strength": _real("hires_strength", 0.0, 1.0),
    "hires upscaler": _word("hires_upscaler"),
    "hires sampler": _hires_sampler,
    "hires schedule type": _one_of("hires_schedule", SCHEDULES),
    "hires cfg scale": _real("hires_guidance", *GUIDANCE),
    "hires prompt": _word("hires_prompt"),
    "hires negative prompt": _word("hires_negative"),
    "hires checkpoint": _model("hires_checkpoint"),
    "hires vae": _word("hires_vae"),
    "hires module 1": _word("hires_vae"),  # Forge's name of it
    "adetailer denoising strength": _real("fix_strength", 0.0, 1.0),
    "mask blur": _whole("mask_blur", *MASK_BLURS),
    "masked content": lambda options, option, value: with_fill(options, option, value.replace(" ", "-")),
    "masked area padding": _whole("padding", *PADDINGS),
    "inpaint area": _area,
    "soft inpainting enabled": _on("soft"),
    "soft inpainting schedule bias": _real("soft_bias", *SOFT["bias"]),
    "soft inpainting preservation strength": _real("soft_preservation", *SOFT["preservation"]),
    "soft inpainting transition contrast boost": _real("soft_boost", *SOFT["boost"]),
    "soft inpainting mask influence": _real("soft_influence", *SOFT["influence"]),
    "soft inpainting difference threshold": _real("soft_threshold", *SOFT["threshold"]),
    "soft inpainting difference contrast": _real("soft_contrast", *SOFT["contrast"]),
    "refiner": _model("refiner"),
    "refiner switch at": _real("refiner_switch", 0.0, 1.0),
    "refiner start": _real("refiner_switch", 0.0, 1.0),
    "postprocess upscaler": _word("upscaler"),
    "postprocess upscale by": _real("upscale", *FACTORS),
    "upscaler": _word("upscaler"),
    "upscale by": _real("upscale", *FACTORS),
    "upscale denoising strength": _real("redraw", 0.0, 1.0),
}
_FURTHER = re.compile(r"adetailer denoising strength \d+\w\w\Z")
_NOTHING = frozenset({"", "false", "none", "default", "[]", "{}"})
# What says nothing of the picture, or what the rest says already.
_SILENT = re.compile(
    r".*\bhash(?:es)?\Z|(?:version|app|user|parser|backend|pipeline|operations|created date|batch (?:size|pos)|time"
    r"|negative template|template|civitai .*|.*backend|rp (?!active\b).*"
    r"|comfyui .*|workflow"
    r"|image name|license|generation time|title|software|date"
    r"|workflow|process|quantity|width|height|basemodel|aspectratio|disablepoi|batch|index|parser|styles|second pass"
    r"|wildcard (?:negative )?prompt"
    r"|hires (?:force|size)"
    r"|lora|loras|lora weights|raw prompt|raw negative prompt)\Z"
)
_SHOWN = 80  # characters of a value that is put aside


def parted(sampler: str) -> tuple[str, str]:
    """A sampler's name and the schedule that old names end in: ("DPM++ 2M", "Karras")."""
    for tail in _TAILS:
        if sampler.casefold().endswith(f" {tail}"):
            return sampler[: -len(tail) - 1].rstrip(), SCHEDULES[tail]
    return sampler, ""


def options(infotext: Infotext) -> tuple[Options, tuple[str, ...]]:
    """The options that the fields ask for, and what is put aside: "Name: value" of what there is nothing like here or
    what cannot be. Nothing is refused."""
    written, wrong, read = beside_guidance.read(infotext.fields)
    asked = replace(Options(), **written)  # type: ignore[arg-type]
    units, broken, of_units = controls.read(infotext.fields)
    asked, read = replace(asked, controls=units or None), read | of_units
    aside = [f"{name}: {value[:_SHOWN]}" for name, value in (*wrong.items(), *broken.items())]
    for name, value in _old_hires(infotext.fields).items():
        if name in read or detailer.WORDS.match(name.casefold()):
            continue
        key, value = name.casefold(), _bare(value)
        reader = _detected if detailer.MODEL.match(key) else _alike if _FURTHER.match(key) else _READERS.get(key)
        if value.casefold().startswith(("use same ", "same as ")) or (reader is None and value.casefold() in _NOTHING):
            continue  # what the first pass says, or what is not wanted
        try:
            if reader is not None:
                asked = reader(asked, name, value)
            elif (
                not _SILENT.match(key) and name != value and not detailer.usual(name, value)
            ):  # else it is merely on, or was cut off
                raise Refusal("option.unknown", option=name)
        except Refusal:
            aside.append(f"{name}: {value[:_SHOWN]}")
    asked, words = detailer.with_words(asked, infotext.fields)
    asked, backwards = _guided(asked, infotext)
    aside += [f"{name}: {infotext.fields[name][:_SHOWN]}" for name in words]
    return way.in_its_way(_second_pass(asked, infotext), infotext), (*aside, *backwards)


def _guided(asked: Options, infotext: Infotext) -> tuple[Options, tuple[str, ...]]:
    """The options without a stretch of guidance that ends before it begins, and what said so."""
    begin, end = asked.guidance_start, asked.guidance_end
    if begin is None or end is None or begin < end:
        return asked, ()
    said = (
        f"{name}: {value}" for name, value in infotext.fields.items() if name.casefold() in ("cfg start", "cfg end")
    )
    return replace(asked, guidance_start=None, guidance_end=None), tuple(said)


def _bare(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _old_hires(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Before 1.0 A1111 wrote the size of the first pass beside that of the picture."""
    first, size = fields.get("First pass size", ""), fields.get("Size", "")
    if not re.fullmatch(r"\d+x\d+", first):
        return fields
    plain = {name: value for name, value in fields.items() if name != "First pass size"}
    if first == "0x0":
        first = _chosen(size)
    return plain | {"Size": first, "Hires resize": size, "Hires upscaler": fields.get("Hires upscaler", "Latent")}


def _chosen(size: str) -> str:
    """The first pass that it chose itself: of about 512x512 pixels in the picture's shape, in steps of 64."""
    sides = [int(side) for side in size.split("x") if side.isdigit() and int(side)]
    if len(sides) != 2:
        return size
    scale = math.sqrt(512 * 512 / math.prod(sides))
    return "x".join(str(math.ceil(scale * side / 64) * 64) for side in sides)


def _second_pass(asked: Options, infotext: Infotext) -> Options:
    """With a second pass the strength is that pass's. SD.Next says so, too, where it only enlarged the picture."""
    if not (asked.hires_factor or asked.hires_width or asked.hires_height):
        return asked
    if infotext.source == "sdnext" and "hires" not in infotext.fields.get("Operations", "hires"):
        none = {name: None for name in asked.__dataclass_fields__ if name.startswith("hires_")}
        enlarged = {"upscaler": asked.hires_upscaler, "upscale": asked.hires_factor, "strength": None}
        return replace(asked, **none, **enlarged)  # type: ignore[arg-type]
    own = asked.strength if asked.strength is not None else asked.hires_strength
    return replace(asked, strength=None, hires_strength=own)
