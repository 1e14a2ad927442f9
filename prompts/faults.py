"""What nobody wants to see in a picture, said among what is wanted: "最差质量，模糊，水印" is a negative."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import grammar
from prompts.prompt import Fragment
from prompts.tags import entry_of

# What is never wanted, whatever stands beside it.
_NEVER = re.compile(
    r"(?:worst|low|lowest|poor|bad|normal)[ -]quality|jpeg artifacts|compression artifacts|poorly drawn.*|cloned face"
    r"|(?:bad|wrong|malformed|mutated|fused|deformed|gross|disconnected) "
    r"(?:anatomy|hands?|feet|face|proportions?|fingers?|limbs?|arms?|legs?|digits?|eyes|perspective|body|composition)"
    r"|(?:extra|missing|fewer|too many) (?:fingers?|digits?|limbs?)|more than five fingers|disfigured|bad art|ugly face"
)
# What is a fault where nothing but faults is said, or beside one that is never wanted.
_FLAWS = frozenset((
    "lowres", "low resolution", "blurry", "blur", "watermark", "signature", "username", "artist name", "noise",
    "text", "error", "cropped", "ugly", "deformed", "distorted", "out of focus", "oversharpened", "aliasing",
    "skin spots", "skin blemishes", "acnes", "bad lighting", "logo", "grain", "unnatural", "mutation", "duplicate",
    "out of frame", "web address",
))  # fmt: skip
# What is one only beside those.
_BESIDE = frozenset((
    "monochrome", "grayscale", "greyscale", "transformation", "nsfw", "gore", "long neck", "missing arms",
    "missing legs", "extra arms", "extra legs", "unclear eyes", "unnatural pose", "cluttered background",
    "cropped head", "tiling",
))  # fmt: skip


def parted(fragments: Sequence[Fragment], alone: bool) -> tuple[list[Fragment], list[Fragment]]:
    """The fragments that are wanted, and those that are faults; `alone` says that the text says nothing else."""
    tags = [grammar.bare(fragment.text).lower().replace("_", " ").strip() for fragment in fragments]
    never = [_NEVER.fullmatch(tag) is not None for tag in tags]
    if alone and len(tags) > 1 and all(sure or tag in _FLAWS for sure, tag in zip(never, tags, strict=True)):
        return [], list(fragments)
    gone = set()
    for at, sure in enumerate(never):
        if not sure:
            continue
        gone.add(at)
        for way in (-1, 1):  # and what is listed with it
            beside = at + way
            while 0 <= beside < len(tags) and not never[beside] and _doubtful(tags[beside]):
                gone.add(beside)
                beside += way
    kept = [one for at, one in enumerate(fragments) if at not in gone]
    return kept, [one for at, one in enumerate(fragments) if at in gone]


def _doubtful(tag: str) -> bool:
    entry = entry_of(tag)
    return tag in _FLAWS or tag in _BESIDE or (entry is not None and entry.category == "negative")
