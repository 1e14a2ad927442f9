"""Weights that spoil more than they steer, and brackets that say something else than was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompts import grammar
from prompts.assemble import HEAVY, LIGHT, odd_weights
from prompts.finding import Finding, Severity, other
from prompts.prompt import Fragment, Prompt
from prompts.written_text import SEPARATOR, grouped, place_of

_NUMBER = re.compile(r"[:：]\s*([+-]?[\d.]+)\s*(?=[)）])")


# Groups that pieces of a schedule or an alternation have for themselves: "[(cat:5):dog:0.5]", "[cat|(dog:5)]".
_SCHEDULED = re.compile(r"\(([^()\[\]|]+?)\s*:\s*([+-]?\d+(?:\.\d*)?|\.\d+)\s*\)")
_MANY_BRACKETS = re.compile(r"[(（]{5,}([^()（）]*)[)）]{5,}")  # 1.1 five times is more than HEAVY


def of_weights(prompt: Prompt) -> Iterator[Finding]:
    for fragment in (*prompt.fragments, *prompt.negatives):
        if not prompt.raw and "[" in fragment.text:
            for words, written in _SCHEDULED.findall(fragment.text):
                if not LIGHT <= float(written) <= HEAVY:
                    values = {"text": words.strip()[:80], "weight": f"{float(written):g}"}
                    yield Finding("note.weight", values, "warn", other(prompt, _all_tamed(prompt.text)))
        for said, weight in odd_weights(fragment) if not prompt.raw else ():
            fixed = _tamed(prompt.text, fragment) if said == fragment.text else _all_tamed(prompt.text)
            yield Finding("note.weight", {"text": said, "weight": f"{weight:g}"}, "warn", other(prompt, fixed))
    if prompt.raw:
        for leaf, weight in grammar.attention(prompt.positive):
            if weight != -1 and not LIGHT <= weight <= HEAVY and leaf.strip(SEPARATOR):
                values = {"text": leaf.strip(SEPARATOR)[:80], "weight": f"{round(weight, 4):g}"}
                yield Finding("note.weight", values, "warn", other(prompt, _all_tamed(prompt.text)))


def _tamed(text: str, fragment: Fragment) -> str | None:
    place = place_of(text, fragment.source or fragment.text)
    if place is None:
        return _all_tamed(text)
    start, end = grouped(text, *place)
    if (start, end) == place:  # its group holds more than this
        return _all_tamed(text)
    bound = min(max(fragment.weight, LIGHT), HEAVY)
    return f"{text[:start]}({text[place[0] : place[1]]}:{bound:g}){text[end:]}"


def _all_tamed(text: str) -> str:
    """The text with every weight written as a number put back into range."""

    def tame(match: re.Match[str]) -> str:
        try:
            weight = float(match.group(1))
        except ValueError:
            return match.group()
        return match.group() if LIGHT <= weight <= HEAVY else f":{min(max(weight, LIGHT), HEAVY):g}"

    return _MANY_BRACKETS.sub(rf"(\1:{HEAVY:g})", _NUMBER.sub(tame, text))


def of_syntax(prompt: Prompt) -> Iterator[Finding]:
    for hint in grammar.hints(prompt.text):
        severity: Severity = "hint" if hint.key in ("note.comma_in_group", "note.empty_group") else "warn"
        yield Finding(hint.key, hint.values, severity, None if hint.fix is None else hint.applied(prompt.text))


_DELAYED = re.compile(r"\[([^\[\]:|]*):\s*(\d*\.\d+|\d+\.\d*)\s*\]")


def of_delayed(prompt: Prompt) -> Iterator[Finding]:
    plain = grammar.normalise(prompt.text)
    if len(plain) != len(prompt.text):
        return
    for match in _DELAYED.finditer(plain):
        when = float(match.group(2))
        if when < 1:
            continue
        weight = f"{min(max(when, LIGHT), HEAVY):g}"
        inner = prompt.text[match.start(1) : match.end(1)].strip()
        fixed = f"{prompt.text[: match.start()]}({inner}:{weight}){prompt.text[match.end() :]}"
        yield Finding("note.delayed", {"text": match.group(), "weight": match.group(2)}, "warn", fixed)
