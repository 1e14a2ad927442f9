"""The line of numbers that A1111 writes under a picture and people paste with its prompt: "Steps: 20, Sampler: …"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from prompts.errors import Refusal
from prompts.option_values import GUIDANCE, STEPS, real, whole, with_seed, with_size
from prompts.prompt import Options

_LINE = re.compile(
    r"[^\S\n]*\bSteps\s*[:：]\s*\d+\s*[,，]\s*"
    r"(?=(?:Sampler|Schedule type|CFG scale|Seed|Size|Face restoration|Model|Model hash)\s*[:：])[^\n]*",
    re.IGNORECASE,
)
_PAIR = re.compile(r'\s*([A-Za-z][\w /-]*?)\s*[:：]\s*("(?:[^"\\]|\\.)*"|[^,，]*)')
_PLAIN_SCHEDULES = ("", "automatic", "uniform", "normal")  # the ones that a sampler has by itself

_READERS: dict[str, Callable[[Options, str, str], Options]] = {
    "steps": lambda options, option, value: replace(options, steps=whole(option, value, *STEPS)),
    "cfg scale": lambda options, option, value: replace(options, guidance=real(option, value, *GUIDANCE)),
    "seed": with_seed,
    "size": with_size,
    "hires upscale": lambda options, option, value: replace(options, large=True),
}
# What somebody would miss, were it left out without a word; hashes and versions say nothing of the picture.
_MISSED = frozenset({"model", "vae", "clip skip", "denoising strength", "hires upscaler", "variation seed"})


@dataclass(frozen=True, slots=True)
class PastedLine:
    """What a pasted line asks for, the text without it, and what of it there is nothing like here."""

    options: Options
    text: str
    aside: tuple[str, ...] = ()


def pasted(options: Options, text: str) -> PastedLine:
    """The options together with those of the line in the text, where it has one. What cannot be is put aside."""
    line = _LINE.search(text)
    if line is None:
        return PastedLine(options, text)
    aside: list[str] = []
    pairs = {name.lower(): (name, value.strip(' "')) for name, value in _PAIR.findall(line.group())}
    for key, (name, value) in pairs.items():
        reader = _READERS.get(key)
        if reader is None:
            aside += [f"{name}: {value}"] if key in _MISSED else []
            continue
        try:
            options = reader(options, name, value)
        except Refusal:
            aside.append(f"{name}: {value}")
    if sampler := pairs.get("sampler", ("", ""))[1]:
        schedule = pairs.get("schedule type", ("", ""))[1]
        named = sampler if schedule.lower() in _PLAIN_SCHEDULES else f"{sampler} {schedule}"
        options = replace(options, sampler=named)
    rest = f"{text[: line.start()].rstrip()}\n{text[line.end() :].lstrip()}".strip()
    return PastedLine(options, rest, tuple(aside))
