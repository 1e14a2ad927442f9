"""The weights of other programs in A1111's syntax: NovelAI's "{words}" and "1.2::words::", InvokeAI's "(words)1.2"."""

from __future__ import annotations

import re

from prompts.prompt import weighed

_NOVELAI = re.compile(r"\\.|(?P<number>-?\d+(?:\.\d+)?)::|(?P<end>::)|[{}\[\]()]|[^\\{}\[\]():\d-]+|.", re.DOTALL)
_STEP = 1.05  # of one of NovelAI's braces
_INVOKE = re.compile(
    r"\((?P<group>[^()]*)\)(?P<by>\d+(?:\.\d+)?|\++|-+(?![\w-]))|(?P<word>\w[\w']*)(?P<sign>\+{1,6}|-{1,6})(?=[\s,.)]|\Z)"
)


def from_novelai(prompt: str) -> str:
    """A prompt of NovelAI: its braces are weights, its parentheses plain signs. A bracket without its other one stays
    open to the end, as there."""
    said: list[tuple[str, float]] = []
    power, number = 0, 1.0
    for match in _NOVELAI.finditer(prompt):
        sign = match.group()
        if match["number"]:
            number = float(match["number"])
        elif match["end"]:
            number = 1.0
        elif sign in "{}[]":
            power += {"{": 1, "}": -1, "[": -1, "]": 1}[sign]
        else:
            text = f"\\{sign}" if sign in "()" else sign
            weight = round(number * _STEP**power, 4)
            if said and said[-1][1] == weight:
                text = said.pop()[0] + text
            said.append((text, weight))
    return "".join(map(_heavy, *zip(*said, strict=True))) if said else ""


def _heavy(text: str, weight: float) -> str:
    """The text with its weight, commas and blanks at its ends outside."""
    inner = text.strip(" ,\n")
    if weight == 1.0 or not inner:
        return text
    start = text.index(inner)
    return f"{text[:start]}{weighed(inner, weight)}{text[start + len(inner) :]}"


def from_invokeai(prompt: str) -> str:
    """A prompt of InvokeAI, whose weights stand behind a word or a group: "a (red fox)1.3 in snow++"."""

    def said(match: re.Match[str]) -> str:
        text, by = match["group"] if match["group"] is not None else match["word"], match["by"] or match["sign"]
        weight = float(by) if by[0].isdigit() else (1.1 if by[0] == "+" else 0.9) ** len(by)
        return weighed(text, round(weight, 4))

    return _INVOKE.sub(said, prompt)
