"""A1111's samplers and schedules by their names there: what each does where nobody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from engine.samplers import bare, key
from prompts.errors import Refusal
from prompts.spelling import near

AUTOMATIC = "Automatic"  # the sampler's own schedule


@dataclass(frozen=True, slots=True)
class LikeSampler:
    """One row of the table: the `schedule` it takes by itself, whether it leaves out the last sigma but one
    (`dropped`), and whether it asks the model twice a step (`twice`), which its prompts' schedules count. `levels` are
    what its steps go by: "sigma", "lcm" (the sigmas that LCM learnt) or "timestep"."""

    name: str
    schedule: str
    zh: str
    en: str
    dropped: bool = False
    twice: bool = False
    levels: str = "sigma"


SAMPLERS: dict[str, LikeSampler] = {
    row.name: row
    for row in (
        LikeSampler("DPM++ 2M", "Karras", "又快又好，通用首选", "fast and good: the all-round choice"),
        LikeSampler("DPM++ SDE", "Karras", "细节丰富，用时约两倍", "rich detail, takes twice as long", twice=True),
        LikeSampler("DPM++ 2M SDE", "Exponential", "细节丰富，速度同 2M", "rich detail at the speed of 2M"),
        LikeSampler("DPM++ 2M SDE Heun", "Exponential", "2M SDE 的另一种解法", "2M SDE by Heun's rule"),
        LikeSampler("DPM++ 2S a", "Karras", "每步加新噪声，用时约两倍", "fresh noise, takes twice as long", twice=True),
        LikeSampler("DPM++ 3M SDE", "Exponential", "三阶，步数宜多", "third order, wants more steps", dropped=True),
        LikeSampler("Euler a", "Uniform", "每步加一点新噪声，柔和多变", "fresh noise at each step: soft and varied"),
        LikeSampler("Euler", "Uniform", "简单快速，结果稳定", "simple, fast and steady"),
        LikeSampler("LMS", "Uniform", "老牌线性多步法", "the old linear multistep"),
        LikeSampler("Heun", "Uniform", "比 Euler 更准，用时约两倍", "more exact, takes twice as long", twice=True),
        LikeSampler(
            "DPM2", "Karras", "二阶，用时约两倍", "second order, takes twice as long", dropped=True, twice=True
        ),
        LikeSampler("DPM2 a", "Karras", "DPM2 加新噪声", "DPM2 with fresh noise", dropped=True, twice=True),
        LikeSampler("DPM fast", "Uniform", "自定步长，快", "steps of its own, fast"),
        LikeSampler("DPM adaptive", "Uniform", "自定步数，不看设定", "as many steps as it wants, whatever is said"),
        LikeSampler("Restart", "Karras", "中途退回重走，更细", "goes back on the way: finer", twice=True),
        LikeSampler("DDIM", "", "经典，图生图稳定", "the classic, steady over a picture", levels="timestep"),
        LikeSampler("DDIM CFG++", "", "DDIM 的新引导方式", "DDIM with another guidance", levels="timestep"),
        LikeSampler("PLMS", "", "早期默认方法", "the early default", levels="timestep"),
        LikeSampler("UniPC", "", "十步左右就能出图", "good pictures in about ten steps", levels="timestep"),
        LikeSampler("LCM", "Uniform", "只配 LCM 模型或 LoRA", "for LCM models and LoRAs only", levels="lcm"),
    )
}

# The names of its "Schedule type", and what else they are written as.
SCHEDULES = (
    AUTOMATIC,
    "Uniform",
    "Karras",
    "Exponential",
    "Polyexponential",
    "SGM Uniform",
    "KL Optimal",
    "Align Your Steps",
    "Simple",
    "Normal",
    "DDIM",
    "Beta",
    "Turbo",
)
_SCHEDULES = {bare(name): name for name in SCHEDULES} | {
    "ays": "Align Your Steps",
    "polyexp": "Polyexponential",
    "exp": "Exponential",
    "ddimuniform": "DDIM",
}
_ALIASES = {
    "eulerancestral": "Euler a",
    "dpm2ancestral": "DPM2 a",
    "dpmpp2sancestral": "DPM++ 2S a",
    "dpmpp2s": "DPM++ 2S a",
    "dpmad": "DPM adaptive",
    "dpm2m": "DPM++ 2M",
    "dpm2msde": "DPM++ 2M SDE",
    "dpm3msde": "DPM++ 3M SDE",
    "dpm2sa": "DPM++ 2S a",
    "dpmsde": "DPM++ SDE",
    "unipcbh2": "UniPC",
    "ddimcfgpp": "DDIM CFG++",
    "pndm": "PLMS",
}
_KEYS = {key(name): row for name, row in SAMPLERS.items()} | {alias: SAMPLERS[one] for alias, one in _ALIASES.items()}


def find_schedule(name: str) -> str:
    """The schedule that a person means. Raises Refusal `schedule.unknown`."""
    if found := _SCHEDULES.get(bare(name)):
        return found
    close = near(bare(name), _SCHEDULES)
    raise Refusal("schedule.unknown", name=name[:80], near=_SCHEDULES[close] if close else "")


def find_sampler(name: str) -> tuple[LikeSampler, str]:
    """The sampler that a person means, and the schedule where its name ends in one ("DPM++ 2M Karras"), "" where it
    does not. Raises Refusal `sampler.unknown`."""
    own = key(name)
    if row := _KEYS.get(own):
        return row, ""
    for tail, schedule in _SCHEDULES.items():
        if own.endswith(tail) and (row := _KEYS.get(own.removesuffix(tail))):
            return row, schedule
    close = near(own, _KEYS)
    raise Refusal("sampler.unknown", name=name[:80], near=_KEYS[close].name if close else "")


def has(name: str) -> bool:
    """Whether a sampler of this name is there."""
    try:
        return bool(find_sampler(name))
    except Refusal:
        return False
