"""The fields of a request as those of an infotext, which the same reader turns into options as of a pasted one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.platforms.sdapi import units
from bot.platforms.sdapi.faults import Fault
from bot.platforms.sdapi.values import off, on, real, said, text, whole
from engine import a1111
from engine.files import upscalers
from engine.pixels.parameters import LIKE
from prompts import styles
from prompts.compose import within
from prompts.infotext import fields
from prompts.infotext.infotext import Infotext
from prompts.prompt import Json, Options

Body = Mapping[str, Json]

# Fields that are one of an infotext, by its name there.
_PLAIN = {
    "steps": "Steps",
    "cfg_scale": "CFG scale",
    "seed": "Seed",
    "tiling": "Tiling",
    "eta": "Eta",
    "s_min_uncond": "NGMS",
    "s_churn": "Sigma churn",
    "s_tmin": "Sigma tmin",
    "s_tmax": "Sigma tmax",
    "s_noise": "Sigma noise",
    "token_merging_ratio": "Token merging ratio",
    "token_merging_ratio_hr": "Token merging ratio hr",
    "clip_skip": "Clip skip",  # no field of A1111's, but sent by SillyTavern
}
# The same of `override_settings`.
_SETTINGS = {
    "sd_model_checkpoint": "Model",
    "sd_vae": "VAE",
    "CLIP_stop_at_last_layers": "Clip skip",
    "randn_source": "RNG",
    "eta_noise_seed_delta": "ENSD",
    "s_min_uncond": "NGMS",
    "s_min_uncond_all": "NGMS all steps",
    "s_churn": "Sigma churn",
    "s_tmin": "Sigma tmin",
    "s_tmax": "Sigma tmax",
    "s_noise": "Sigma noise",
    "sigma_min": "Schedule min sigma",
    "sigma_max": "Schedule max sigma",
    "rho": "Schedule rho",
    "beta_dist_alpha": "Beta schedule alpha",
    "beta_dist_beta": "Beta schedule beta",
    "always_discard_next_to_last_sigma": "Discard penultimate sigma",
    "sgm_noise_multiplier": "SGM noise multiplier",
    "uni_pc_variant": "UniPC variant",
    "uni_pc_skip_type": "UniPC skip type",
    "uni_pc_order": "UniPC order",
    "uni_pc_lower_order_final": "UniPC lower order final",
    "emphasis": "Emphasis",
    "initial_noise_multiplier": "Noise multiplier",
    "img2img_extra_noise": "Extra noise",
    "inpainting_mask_weight": "Conditional mask weight",
    "skip_early_cond": "Skip Early CFG",
    "token_merging_ratio": "Token merging ratio",
    "token_merging_ratio_hr": "Token merging ratio hr",
    "pad_cond_uncond": "Pad conds",
    "pad_cond_uncond_v0": "Pad conds v0",
    "use_downcasted_alpha_bar": "Downcast alphas_cumprod",
    "refiner_switch_by_sample_steps": "Refiner switch by sampling steps",
    "hires_fix_refiner_pass": "Hires refiner",
    "sd_noise_schedule": "Noise Schedule",
}
_ETAS = {"eta_ddim": True, "eta_ancestral": False}  # each for its own samplers
_NONE = ("", "none", "automatic")
_FILLS = ("fill", "original", "latent noise", "latent nothing")
# What a request of A1111 has where it does not say.
USUAL: Mapping[str, Json] = {
    "prompt": "",
    "negative_prompt": "",
    "styles": [],
    "seed": -1,
    "subseed": -1,
    "subseed_strength": 0,
    "seed_resize_from_h": -1,
    "seed_resize_from_w": -1,
    "sampler_name": None,
    "scheduler": None,
    "batch_size": 1,
    "n_iter": 1,
    "steps": 50,
    "cfg_scale": 7.0,
    "width": 512,
    "height": 512,
    "denoising_strength": 0.75,
    "override_settings": {},
    "send_images": True,
}
# Read here under other names than an infotext's, or by others.
_READ = {
    *USUAL,
    *_PLAIN,
    "sampler_index",
    "refiner_checkpoint",
    "refiner_switch_at",
    "initial_noise_multiplier",
    "override_settings_restore_afterwards",
    "save_images",  # they are always kept
    units.OLD,
}
_HIRES = {
    "enable_hr",
    "hr_scale",
    "hr_upscaler",
    "hr_second_pass_steps",
    "hr_resize_x",
    "hr_resize_y",
    "hr_checkpoint_name",
    "hr_sampler_name",
    "hr_scheduler",
    "hr_prompt",
    "hr_negative_prompt",
}
_OVER = {
    "init_images",
    "include_init_images",
    "resize_mode",
    "mask",
    "mask_blur",
    "mask_blur_x",
    "mask_blur_y",
    "inpainting_fill",
    "inpaint_full_res",
    "inpaint_full_res_padding",
    "inpainting_mask_invert",
}
MOST_LEFT = 50  # names of what is left out; only a hostile request has more


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for: both prompts as they stand, the options, and by name what is left out of it."""

    prompt: str
    negative: str
    options: Options
    left: tuple[str, ...]

    @property
    def pictures(self) -> int:
        return self.options.count or 1


def of_text(body: Body, model: str) -> Wanted:
    """What `txt2img` asks for, with the caller's own `model`. Raises Fault 422, Refusal."""
    hires = _hires(body) if on(body, "enable_hr") else {}
    asked = _asked(body, model, hires, _HIRES)
    if not hires:
        return asked
    words = {"hires_prompt": text(body, "hr_prompt"), "hires_negative": text(body, "hr_negative_prompt")}
    within(*words.values())
    return replace(asked, options=replace(asked.options, **{name: one or None for name, one in words.items()}))  # type: ignore[arg-type]


def of_picture(body: Body, model: str, *, masked: bool) -> Wanted:
    """What `img2img` asks for, over a picture that is `masked` or not. Raises Fault 422, Refusal."""
    own = {"Denoising strength": said(body, "denoising_strength", 0.75)}
    own["Noise multiplier"] = said(body, "initial_noise_multiplier")
    left = []
    if masked:
        blurs = {whole(body, name, whole(body, "mask_blur", 4)) for name in ("mask_blur_x", "mask_blur_y")}
        if len(blurs) > 1:
            left.append("mask_blur_y")
        fill = whole(body, "inpainting_fill", 0)
        if not 0 <= fill < len(_FILLS):
            raise Fault(422, f"inpainting_fill: {fill} is none of 0, 1, 2 and 3.")
        blur = whole(body, "mask_blur_x", whole(body, "mask_blur", 4))
        own |= {"Mask blur": str(blur), "Masked content": _FILLS[fill]}
        if on(body, "inpaint_full_res", True):
            own["Inpaint area"] = "Only masked"
            own["Masked area padding"] = said(body, "inpaint_full_res_padding", 0)
    asked = _asked(body, model, own, _OVER)
    return replace(asked, left=(*asked.left, *left))


def _asked(body: Body, model: str, more: Mapping[str, str], read: set[str]) -> Wanted:
    row, tail = a1111.find_sampler(text(body, "sampler_name") or text(body, "sampler_index") or "Euler")
    schedule = _schedule(text(body, "scheduler")) or tail
    settings, left = _settings(body, ddim=row.name.startswith("DDIM"))
    written = {
        **settings,
        **{
            label: said(body, name, USUAL.get(name))
            for name, label in _PLAIN.items()
            if said(body, name, USUAL.get(name))
        },
        "Sampler": row.name,
        "Schedule type": schedule,
        "Size": f"{whole(body, 'width', 512)}x{whole(body, 'height', 512)}",
        **_seeds(body),
        **_refiner(body),
        **{label: value for label, value in more.items() if value},
        "Version": LIKE,
    }
    settled = {label: value for label, value in written.items() if value}
    options, wrong = fields.options(Infotext("", "", settled, "a1111"))
    if wrong:
        raise Fault(422, f"Out of range, or not to be read: {'; '.join(wrong)}.")
    count = whole(body, "batch_size", 1) * whole(body, "n_iter", 1)
    options = replace(options, raw=True, count=count, model=options.model or model or None)
    prompt, negative = _styled(body)
    return Wanted(prompt, negative, options, (*left, *_left(body, read)))


def _schedule(name: str) -> str:
    found = a1111.find_schedule(name) if name else ""
    return "" if found == a1111.AUTOMATIC else found


def _seeds(body: Body) -> dict[str, str]:
    made = {}
    if real(body, "subseed_strength", 0.0):
        subseed = said(body, "subseed", -1)
        made["Variation seed strength"] = said(body, "subseed_strength")
        made["Variation seed"] = "" if subseed == "-1" else subseed
    width, height = (whole(body, f"seed_resize_from_{side}", -1) for side in "wh")
    if width > 0 and height > 0:
        made["Seed resize from"] = f"{width}x{height}"
    return made


def _refiner(body: Body) -> dict[str, str]:
    name = text(body, "refiner_checkpoint")
    switch = real(body, "refiner_switch_at", 0.8)
    if name.casefold() in _NONE or switch >= 1:
        return {}
    return {"Refiner": name, "Refiner switch at": f"{switch:g}"}


def _hires(body: Body) -> dict[str, str]:
    """The fields of hires fix. Raises Refusal for an upscaler of no known name where none is in a file, either."""
    width, height = (whole(body, f"hr_resize_{side}", 0) for side in "xy")
    sampler, tail = text(body, "hr_sampler_name"), ""
    if sampler and not sampler.casefold().startswith("use same"):
        row, tail = a1111.find_sampler(sampler)
        sampler = row.name
    else:
        sampler = ""
    schedule = text(body, "hr_scheduler")
    schedule = "" if schedule.casefold().startswith("use same") else _schedule(schedule)
    checkpoint = text(body, "hr_checkpoint_name")
    return {
        "Hires upscale": "" if width or height else said(body, "hr_scale", 2.0),
        "Hires resize": f"{width}x{height}" if width or height else "",
        "Hires steps": said(body, "hr_second_pass_steps", 0),
        "Hires strength": said(body, "denoising_strength", 0.75),
        "Hires upscaler": text(body, "hr_upscaler") or next(iter(upscalers.LATENT)),
        "Hires sampler": sampler,
        "Hires schedule type": schedule or tail,
        "Hires checkpoint": "" if checkpoint.casefold().startswith("use same") else checkpoint,
    }


def _settings(body: Body, *, ddim: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """The fields that `override_settings` stands for, and by name what of it is left out."""
    given = body.get("override_settings") or {}
    if not isinstance(given, dict):
        raise Fault(422, "override_settings is no JSON object.")
    made, left = {}, []
    for name in given:
        if name in ("sd_model_checkpoint", "sd_vae"):
            value = text(given, name)
            made[_SETTINGS[name]] = "" if value.casefold() in _NONE else value
        elif name in _SETTINGS:
            made[_SETTINGS[name]] = said(given, name)
        elif name in _ETAS:
            made |= {"Eta": said(given, name)} if _ETAS[name] is ddim else {}
        elif name != units.NO_MAPS:
            left.append(f"override_settings.{name[:80]}")
    return made, tuple(left)


def _styled(body: Body) -> tuple[str, str]:
    """Both prompts with the styles behind them, as A1111 puts them there. Raises Refusal `style.unknown`."""
    prompt, negative = text(body, "prompt", strip=False), text(body, "negative_prompt", strip=False)
    named = body.get("styles") or []
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise Fault(422, "styles is no list of names.")
    for name in named:
        positive, unwanted = style_words(styles.find_style(str(name)))
        prompt = ", ".join(filter(None, (prompt, positive)))
        negative = ", ".join(filter(None, (negative, unwanted)))
    return prompt, negative


def style_words(style: styles.Style) -> tuple[str, str]:
    """What a style adds to the prompt and to the negative."""
    return ", ".join((*style.positive, *style.scene)), ", ".join(style.negative)


def _left(body: Body, read: set[str]) -> tuple[str, ...]:
    """By name what a request says that nothing is done about. Raises Fault 422 for a script, which would draw."""
    if script := text(body, "script_name"):
        raise Fault(422, f"Script '{script[:80]}' not found; there are no scripts here.")
    found = []
    for name, value in body.items():
        if name in _READ or name in read or off(value):
            continue
        if name == units.SCRIPTS and isinstance(value, dict):
            found += [f"{name}.{one[:80]}" for one in value if one not in units.of_body(body)]
        else:
            found.append(name[:80])
    if body.get("override_settings_restore_afterwards") is False:
        found.append("override_settings_restore_afterwards")
    return tuple(found[:MOST_LEFT])
