"""A request as it was understood, before it is said how its pictures are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat import Request
from bot.studio.guides import Guiding
from bot.studio.recipes import SizedSource
from engine.files.catalog import Model
from prompts.prompt import Options, Prompt

# Options that change nothing of how a text is understood, nor which pictures go with it: comparisons vary them.
BESIDE = frozenset(
    (
        *("steps", "sampler", "schedule", "guidance", "seed", "width", "height", "ratio", "large", "clip_skip", "vae"),
        *("rescale", "guidance_start", "guidance_end", "guidance_curve", "perpendicular", "mimic", "pag", "seg"),
        *("tiling", "freeu", "token_merging", "hypertile", "quality", "fix", "fix_strength", "like", "rng"),
        *("upscaler", "upscale", "redraw", "hires_checkpoint", "hires_vae"),
    )
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text stands for: its prompt, the options in it, and the model; with the pictures that are drawn `over`,
    one whose `shape` they have, and what guides them."""

    request: Request
    text: str
    prompt: Prompt
    options: Options
    model: Model
    over: tuple[SizedSource, ...]
    shape: SizedSource | None
    guiding: Sequence[Guiding] | None
