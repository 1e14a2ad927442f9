"""Whose way of drawing an infotext's picture was made in, and what that and its version take for granted."""

from __future__ import annotations

import re
from dataclasses import replace

from prompts.infotext.infotext import Infotext
from prompts.prompt import Options

# Programs that drive the samplers of k-diffusion, noise times sigma, as A1111 does; the others drive diffusers'.
FAMILY = frozenset({"a1111", "forge", "sdnext", "comfyui", "novelai", "fooocus", "swarmui", "civitai"})
OWN_RNG = frozenset({"comfyui", "fooocus", "swarmui"})  # their noise comes from torch's own generator on the CPU
# Samplers whose "Automatic" is another schedule than the model's own since A1111 1.9, which then first wrote the
# "Schedule type"; what has none is older, and was drawn with the model's own.
_CHANGED = frozenset(
    {"dpm++ 2m", "dpm++ sde", "dpm++ 2m sde", "dpm++ 2m sde heun", "dpm++ 2s a", "dpm++ 3m sde", "dpm2", "dpm2 a"}
)


def in_its_way(asked: Options, infotext: Infotext) -> Options:
    """The options with whose way of drawing it is, and what that takes for granted."""
    theirs = infotext.source in FAMILY or asked.soft  # soft inpainting is A1111's alone
    if not theirs and not (infotext.source == "danqing" and _version(infotext) >= (1, 0)):
        schedule = asked.schedule if asked.schedule in ("Karras", "Exponential") else ""
        joined = f"{asked.sampler} {schedule}".strip() if asked.sampler else None
        return replace(asked, sampler=joined, schedule=None, rng=None, like="danqing")
    if asked.sampler and asked.schedule is None:
        older = asked.sampler.casefold() in _CHANGED and _version(infotext) < (1, 9)
        asked = replace(asked, schedule="Uniform" if older else "Automatic")
    rng = asked.rng or ("CPU" if infotext.source in OWN_RNG else "GPU")
    return replace(_with_its_past(asked, infotext), like="a1111", rng=rng)


def _with_its_past(asked: Options, infotext: Infotext) -> Options:
    """The options with what the A1111 of that version did otherwise, as A1111 itself takes it from the version; nothing
    where none is said, and for other programs."""
    own = _release(infotext)
    if infotext.source != "a1111" or own is None:
        return asked
    if own < (1, 6, 0, 0) and "[" in infotext.positive:
        asked = replace(asked, old_timelines=True)
    if own < (1, 6, 0, 0) and asked.sampler in ("DDIM", "PLMS"):
        asked = replace(asked, pad="v0")
    if own < (1, 7, 0, 225):
        asked = replace(asked, downcast=True)
    if own < (1, 8, 0, 0) and asked.refiner:
        asked = replace(asked, by_steps=True)
    return asked


def _version(infotext: Infotext) -> tuple[int, int]:
    """A1111's version, also that which Forge names behind its own; (0, 0) where none is said."""
    numbers = re.findall(r"v(\d+)\.(\d+)", infotext.fields.get("Version", ""))
    return (int(numbers[-1][0]), int(numbers[-1][1])) if numbers else (0, 0)


def _release(infotext: Infotext) -> tuple[int, int, int, int] | None:
    """A1111's version with the changes made since, -1 before it was finished: "v1.7.0-225-gabc1234" is (1, 7, 0, 225);
    None where there is none."""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:-(rc|\d+))?", infotext.fields.get("Version", ""), re.IGNORECASE)
    if match is None:
        return None
    major, minor, patch, since = match.groups(default="0")
    return int(major), int(minor), int(patch), int(since) if since.isdigit() else -1
