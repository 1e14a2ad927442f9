"""The options of a text as they are listed for people, in groups; what each does is the text `option.help.<name>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prompts.options import NAMES

# Each with what stands behind it, "" for a switch. Those that this version does not read are left out.
_ROWS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "picture": (
        ("ar", "3:2"),
        ("size", "512x768"),
        ("width", "512"),
        ("height", "768"),
        ("p", ""),
        ("l", ""),
        ("s", ""),
        ("count", "4"),
        ("model", "NAME"),
        ("style", "NAME"),
        ("quality", "fast"),
        ("hd", ""),
    ),
    "drawing": (
        ("steps", "20"),
        ("sampler", "NAME"),
        ("schedule", "NAME"),
        ("seed", "7"),
        ("clip-skip", "2"),
        ("vae", "NAME"),
        ("like", "a1111"),
        ("rng", "cpu"),
    ),
    "over": (
        ("strength", "0.6"),
        ("over", "3f2a9c11"),
        ("margins", "0/0/64/0"),
        ("fill", "noise"),
        ("mask-blur", "8"),
        ("only-masked", "32"),
        ("soft-inpainting", ""),
        ("control", "pose:0.8:0-0.5"),
        ("pose", "NAME:0.8"),
    ),
    "guidance": (
        ("guidance", "7"),
        ("rescale", "0.7"),
        ("guidance-start", "0.2"),
        ("guidance-end", "0.8"),
        ("guidance-curve", "cosine-down"),
        ("perp-neg", "1"),
        ("mimic", "7:percentile=99.5"),
        ("pag", "3:layers=mid"),
        ("seg", "3:blur=10"),
    ),
    "inside": (
        ("tiling", ""),
        ("freeu", "1.3/1.4/0.9/0.2"),
        ("token-merging", "0.5"),
        ("hypertile", "256"),
        ("regions", "0/0/0.5/1+0.5/0/1/1"),
    ),
    "words": (
        ("no", "WORDS"),
        ("keep", "WORDS"),
        ("lora", "NAME:0.8"),
        ("plain", ""),
        ("expand", ""),
        ("raw", ""),
    ),
    "after": (
        ("hires-checkpoint", "NAME"),
        ("hires-vae", "NAME"),
        ("fix", "face"),
        ("upscale", "NAME:2"),
        ("redraw", "0.35"),
        ("check", ""),
    ),
}


def listed() -> Mapping[str, Sequence[tuple[str, str]]]:
    """The options in their groups: "--ar 3:2" as name and how it is written."""
    return {
        group: [(name, f"--{name} {value}".rstrip()) for name, value in rows if name in NAMES]
        for group, rows in _ROWS.items()
    }
