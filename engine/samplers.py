"""The samplers: A1111 names, the diffusers scheduler behind each, and a line that says when to take it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from prompts.errors import Refusal
from prompts.spelling import near


@dataclass(frozen=True, slots=True)
class Sampler:
    """One row of the table. `overrides` go on top of the model's own scheduler configuration.

    `maximum` is the most steps the schedule can hold. `seeded` samplers draw noise from a tree that wants the seed
    itself instead of a generator.
    """

    name: str
    scheduler: str
    zh: str
    en: str
    overrides: Mapping[str, str | bool | int] = field(default_factory=dict)
    maximum: int = 150
    seeded: bool = False


# The schedules that a name may end in, as diffusers switches them.
SCHEDULES = {" Karras": "use_karras_sigmas", " Exponential": "use_exponential_sigmas"}
PLAIN = dict.fromkeys((*SCHEDULES.values(), "use_beta_sigmas"), False)
TAILS = {
    " Karras": ("，Karras 步长：少步数时细节更好", "; Karras spacing: better detail in few steps"),
    " Exponential": ("，指数步长：画面更柔和", "; exponential spacing: softer pictures"),
}

_EULER = Sampler("Euler", "EulerDiscreteScheduler", "简单快速，结果稳定", "simple, fast and steady")
_EULER_A = Sampler(
    "Euler a",
    "EulerAncestralDiscreteScheduler",
    "每步加一点新噪声，画面柔和多变",
    "adds fresh noise at each step: soft and varied",
)
_HEUN = Sampler(
    "Heun", "HeunDiscreteScheduler", "比 Euler 更准，用时约两倍", "more exact than Euler, takes twice as long"
)
_LMS = Sampler(
    "LMS", "LMSDiscreteScheduler", "老牌线性多步法，步数要多些", "the old linear multistep, wants more steps"
)
_DPM2 = Sampler(
    "DPM2", "KDPM2DiscreteScheduler", "二阶，细致，用时约两倍", "second order, detailed, takes twice as long"
)
_DPM2_A = Sampler(
    "DPM2 a",
    "KDPM2AncestralDiscreteScheduler",
    "DPM2 加新噪声，变化更多，用时约两倍",
    "DPM2 with fresh noise: more varied, takes twice as long",
)
_DPMPP_2S = Sampler(
    "DPM++ 2S",
    "DPMSolverSinglestepScheduler",
    "单步二阶，适合强引导",
    "single-step second order, good with high guidance",
    {"algorithm_type": "dpmsolver++"},
)
_DPMPP_2M = Sampler(
    "DPM++ 2M",
    "DPMSolverMultistepScheduler",
    "又快又好，通用首选",
    "fast and good: the all-round choice",
    {"algorithm_type": "dpmsolver++"},
)
_DPMPP_SDE = Sampler(
    "DPM++ SDE",
    "DPMSolverSDEScheduler",
    "细节丰富，少步数也好看，用时约两倍",
    "rich detail even in few steps, takes twice as long",
    seeded=True,
)
_DPMPP_2M_SDE = Sampler(
    "DPM++ 2M SDE",
    "DPMSolverMultistepScheduler",
    "细节丰富，速度同 2M",
    "rich detail at the speed of 2M",
    {"algorithm_type": "sde-dpmsolver++"},
)
_DDIM = Sampler("DDIM", "DDIMScheduler", "经典，图生图稳定", "the classic, steady when drawing over a picture")
_PLMS = Sampler(
    "PLMS", "PNDMScheduler", "早期默认方法，步数要多些", "the early default, wants more steps", {"skip_prk_steps": True}
)
_UNIPC = Sampler("UniPC", "UniPCMultistepScheduler", "十步左右就能出图", "good pictures in about ten steps")
_LCM = Sampler(
    "LCM",
    "LCMScheduler",
    "只配 LCM 模型或 LoRA，4-8 步，引导 1-2",
    "for LCM models and LoRAs only: 4-8 steps, guidance 1-2",
    maximum=50,  # LCMScheduler's original_inference_steps
)


def _with(row: Sampler, schedules: tuple[str, ...] = tuple(SCHEDULES)) -> tuple[Sampler, ...]:
    """The row with its schedules switched off, and one row for each schedule."""
    plain = replace(row, overrides={**row.overrides, **PLAIN})
    return plain, *(
        replace(
            plain,
            name=row.name + tail,
            zh=row.zh + TAILS[tail][0],
            en=row.en + TAILS[tail][1],
            overrides={**plain.overrides, SCHEDULES[tail]: True},
        )
        for tail in schedules
    )


SAMPLERS: dict[str, Sampler] = {
    row.name: row
    for row in (
        *_with(_DPMPP_2M),
        *_with(_DPMPP_2M_SDE),
        *_with(_DPMPP_SDE),
        *_with(_DPMPP_2S),
        *_with(_EULER),
        _EULER_A,
        *_with(_HEUN),
        *_with(_LMS),
        *_with(_DPM2),
        *_with(_DPM2_A),
        *_with(_UNIPC),
        _DDIM,
        _PLMS,
        _LCM,
    )
}


def groups() -> Iterator[tuple[Sampler, tuple[str, ...]]]:
    """Every sampler once, with the schedules it is offered with besides its own: ("Karras", "Exponential")."""
    for name, row in SAMPLERS.items():
        if not name.endswith(tuple(SCHEDULES)):
            yield row, tuple(tail.strip() for tail in SCHEDULES if name + tail in SAMPLERS)


# Other names for the same thing: A1111's long ones, ComfyUI's, diffusers', and those written without the plus signs.
ALIASES = {
    "eulerancestral": "Euler a",
    "dpm2ancestral": "DPM2 a",
    "dpmpp2sancestral": "DPM++ 2S",
    "dpmpp2sa": "DPM++ 2S",
    "pndm": "PLMS",
    "unipcbh2": "UniPC",
    "dpmsolver++": "DPM++ 2M",
    "dpm2m": "DPM++ 2M",
    "dpm2msde": "DPM++ 2M SDE",
    "dpm2s": "DPM++ 2S",
    "dpmsde": "DPM++ SDE",
}


def bare(name: str) -> str:
    """A name without what people leave out or write otherwise: case, spaces, signs."""
    return re.sub(r"[\s_\-]+", "", name.casefold().replace("＋", "+")).replace("++", "pp")


def key(name: str) -> str:
    """The same of a sampler, which k-diffusion's names begin with a k."""
    return bare(name).removeprefix("k")


_KEYS = {key(name): row for name, row in SAMPLERS.items()} | {
    key(alias + tail): SAMPLERS[name + tail]
    for alias, name in ALIASES.items()
    for tail in ("", *SCHEDULES)
    if name + tail in SAMPLERS
}


def find_sampler(name: str) -> Sampler:
    """The row a person means by a name, whatever its case, spacing and signs. Raises Refusal `sampler.unknown`."""
    own = key(name)
    if row := _KEYS.get(own):
        return row
    found = near(own, _KEYS)
    raise Refusal("sampler.unknown", name=name[:80], near=_KEYS[found].name if found else "")
