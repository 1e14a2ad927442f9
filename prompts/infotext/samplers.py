"""The samplers and schedules of other programs under A1111's names."""

from __future__ import annotations

import re

# By what is left of a name without "k_", "sample_", "_gpu" and the like.
_SAMPLERS = {
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "euler_a": "Euler a",
    "eulera": "Euler a",
    "heun": "Heun",
    "dpm_2": "DPM2",
    "dpm2": "DPM2",
    "kdpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "dpm_2_a": "DPM2 a",
    "dpm2_a": "DPM2 a",
    "kdpm_2_a": "DPM2 a",
    "kdpm_2_ancestral": "DPM2 a",
    "lms": "LMS",
    "plms": "PLMS",
    "pndm": "PLMS",
    "dpm_fast": "DPM fast",
    "dpm_adaptive": "DPM adaptive",
    "dpmadaptative": "DPM adaptive",
    "dpmpp_2s": "DPM++ 2S",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_2s_a": "DPM++ 2S a",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpm_solver_stability": "DPM++ 2M",
    "dpm_solver": "DPM++ 2M",
    "dpm": "DPM++ 2M",
    "ddim": "DDIM",
    "ddim_v3": "DDIM",
    "uni_pc": "UniPC",
    "unipc": "UniPC",
    "unipc_snr": "UniPC",
    "unipc_tu": "UniPC",
    "uni_pc_bh2": "UniPC",
    "lcm": "LCM",
    "ddpm": "DDPM",
    "restart": "Restart",
}
_SCHEDULES = {
    "normal": "Normal",
    "karras": "Karras",
    "exponential": "Exponential",
    "polyexponential": "Polyexponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "ddim_uniform": "DDIM",
    "beta": "Beta",
    "kl_optimal": "KL Optimal",
    "align_your_steps": "Align Your Steps",
    "ays": "Align Your Steps",
    "uniform": "Uniform",
    "turbo": "Turbo",
    "native": "Uniform",
}


def sampler(name: str) -> str:
    """A sampler's name as A1111 has it, with " Karras" where it says so; an unknown one as it is."""
    key = re.sub(r"[\s-]+", "_", name.strip().casefold()).replace("++", "pp")
    key = re.sub(r"^(?:k_|sample_|samplers\.)+|_gpu$", "", key).removesuffix("_cfg_pp")
    if found := _SAMPLERS.get(key):
        return found
    for tail in ("_karras", "_k"):
        if found := _SAMPLERS.get(key.removesuffix(tail)):
            return f"{found} Karras"
    return name.strip()


def schedule(name: str) -> str:
    """A schedule's name as A1111 has it; an unknown one as it is."""
    return _SCHEDULES.get(re.sub(r"[\s-]+", "_", name.strip().casefold()), name.strip())
