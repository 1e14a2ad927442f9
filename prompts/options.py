"""Recipe fields asked for inside a text ("--ar 3:2", "竖图 4张 种子123"), and the text that is left over."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from prompts import styles
from prompts.errors import Refusal
from prompts.option_values import (
    COUNTS,
    GUIDANCE,
    RESCALE,
    STEPS,
    SWITCHES,
    ParsedOptions,
    ratio_of,
    real,
    whole,
    with_fix,
    with_redraw,
    with_seed,
    with_size,
    with_style,
    with_upscale,
    with_words,
)
from prompts.plain_options import plain as plain
from prompts.prompt import Options
from prompts.spelling import near

_FLAGS: dict[str, Callable[[Options, str, str], Options]] = {
    "ar": lambda options, option, value: replace(options, ratio=ratio_of(option, value)),
    "size": with_size,
    "steps": lambda options, option, value: replace(options, steps=whole(option, value, *STEPS)),
    "seed": with_seed,
    "guidance": lambda options, option, value: replace(options, guidance=real(option, value, *GUIDANCE)),
    "strength": lambda options, option, value: replace(options, strength=real(option, value, 0.0, 1.0)),
    "sampler": with_words("sampler"),
    "model": with_words("model"),
    "style": with_style,
    "count": lambda options, option, value: replace(options, count=whole(option, value, *COUNTS)),
    "upscale": with_upscale,
    "redraw": with_redraw,
    "fix": with_fix,
    "vae": with_words("vae"),
    "quality": with_words("quality"),
    "rescale": lambda options, option, value: replace(options, rescale=real(option, value, *RESCALE)),
}
_OTHER_NAMES = {"aspect": "ar", "ratio": "ar", "cfg": "guidance", "n": "count", "step": "steps", "negative": "no"}
_OTHER_NAMES |= dict.fromkeys(("guidance-rescale", "cfg-rescale"), "rescale")
_OTHER_NAMES |= {"u": "no", "nt": "keep"}  # as the Chinese bots have them
_OTHER_NAMES |= dict.fromkeys(("风格", "風格", "画风", "畫風"), "style") | dict.fromkeys(("原样", "原樣"), "plain")
_WORDS = ("no", "keep")  # not options but words
_MANY_WORDS = (
    "sampler",
    "model",
    "style",
    "upscale",
    "vae",
    *_WORDS,
)  # their value goes on to the next option, comma or line

_FLAG = re.compile(
    r"(?:(?<=[\s,，、。；])|^)(?:--|—{1,2}|––?)([A-Za-z][\w-]*|风格|風格|画风|畫風|原样|原樣)(?:=|[^\S\n]+|(?=\n)|\Z)"
    r"|(?:(?<=[\s,，、。；])|^)-(n(?=[^\S\n]*[0-9])|(?:u|nt|p|l|s)(?=[\s,，。；]|\Z))[^\S\n]*"
)
_VALUE = re.compile(r'"([^"\n]*)"|“([^”\n]*)”|([^\s,，、。；]+)')


def flags(text: str) -> ParsedOptions:
    """The text parsed for `--name value` options alone. Raises Refusal for an unknown name and an impossible value."""
    options, kept = Options(), []
    words: dict[str, list[str]] = {name: [] for name in _WORDS}
    position = 0
    while match := _FLAG.search(text, position):
        kept.append(text[position : match.start()])
        position = match.end()
        written = match.group().strip().rstrip("=")
        name = (match.group(1) or match.group(2)).lower()
        name = _OTHER_NAMES.get(name, name)
        if name in SWITCHES:
            options = SWITCHES[name](options)
            continue
        if name not in words and name not in _FLAGS:
            known = [one for one in (*_FLAGS, *SWITCHES, *_OTHER_NAMES, *_WORDS) if len(one) > 1]
            found = near(name, known)
            raise Refusal("option.unknown", option=written, near=f"--{found}" if found else "")
        value, position = _value(text, position, name)
        if name in words:
            words[name].append(value)
        else:
            options = _FLAGS[name](options, written, value)
    kept.append(text[position:])
    rest = " ".join(part for part in (part.strip() for part in kept) if part) if len(kept) > 1 else text
    negative, untranslated = (", ".join(filter(None, words[name])) for name in _WORDS)
    return ParsedOptions(options, rest, negative, untranslated)


def with_flag(text: str, name: str, value: str) -> str:
    """The text with `--name value` instead of what it says by that flag, at its end where it says nothing."""
    said = f'--{name} "{value}"' if re.search(r"[\s,，、。；]", value) else f"--{name} {value}"
    if (place := _place(text, name)) is None:
        return f"{text.rstrip()} {said}"
    start, end = place
    gap = " " if re.match(r"[^\s,，、。；]", text[end:]) else ""
    return text[:start] + said + gap + text[end:]


def without_flag(text: str, name: str) -> str:
    """The text without `--name value`, as often as it says so."""
    while place := _place(text, name):
        before, after = text[: place[0]].rstrip(), text[place[1] :].lstrip()
        after = after if before else after.lstrip(" ,，、。；")
        gap = "" if not before or re.match(r"[,，、。；]|\Z", after) else " "
        text = before + gap + after
    return text


def _place(text: str, name: str) -> tuple[int, int] | None:
    """Where a text says `--name value`, None where it does not."""
    position = 0
    while match := _FLAG.search(text, position):
        position = match.end()
        flag = (match.group(1) or match.group(2)).lower()
        flag = _OTHER_NAMES.get(flag, flag)
        if flag not in SWITCHES:
            _, position = _value(text, position, flag)
        if flag == name:
            return match.start() + len(match.group()) - len(match.group().lstrip()), position
    return None


def _value(text: str, position: int, name: str) -> tuple[str, int]:
    quoted = _VALUE.match(text, position)
    if quoted and quoted.group(3) is None:
        return (quoted.group(1) or quoted.group(2) or "").strip(), quoted.end()
    if name in _MANY_WORDS:
        following = _FLAG.search(text, position)
        end = following.start() if following else len(text)
        stop = re.search(r"\n" if name in _WORDS else r"[,，、。；\n]", text[position:end])
        end = position + stop.start() if stop else end
        if name == "style":  # as many words as name one; the next may be the text again, or an option in plain words
            ends = [position + word.end() for word in re.finditer(r"\S+", text[position : min(end, position + 80)])]
            end = next((one for one in reversed(ends) if styles.named(text[position:one])), (ends or [end])[0])
        return text[position:end].strip(), end
    if quoted is None or _FLAG.match(text, position):
        return "", position
    if name == "redraw" and not quoted.group(3)[0].isdigit():
        return "", position  # the text goes on
    return quoted.group(3), quoted.end()


def read_options(text: str) -> ParsedOptions:
    """The text parsed for all its options. Raises Refusal for an unknown `--name` and for a value that cannot be."""
    asked = flags(text)
    return asked if asked.options.raw else plain(asked)
