"""Pieces: what stands between two commas, with the weight of the groups around it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from prompts.grammar.attention import BREAK
from prompts.grammar.runs import Run, said, scan
from prompts.grammar.schedule import SHARE
from prompts.prompt import Note


@dataclass(frozen=True, slots=True)
class PromptPiece:
    """The words between two commas, with the weight of the groups around them.

    `text` holds the weights of single words in it, "a (red:0.5) bus"; its brackets are balanced or escaped. `listed`
    says that it goes on an enumeration (、) begun by the piece before. A "break" or "and" piece is the word itself,
    standing between chunks or conditionings; an "and" has the weight of what stands before it, `:1.2 AND`, and the
    weight of the last conditioning is an "and" without the word.
    """

    text: str
    weight: float = 1.0
    kind: Literal["text", "break", "and"] = "text"
    listed: bool = False


_SHARE = re.compile(rf":\s*({SHARE.pattern})\s*\Z")


def pieces(text: str) -> tuple[tuple[PromptPiece, ...], tuple[Note, ...]]:
    """The pieces of a normalised text and the mistakes seen in it.

    A weight group around whole pieces is dissolved into their weights, one around some words of a piece stays there;
    `[from:to:when]`, `[a|b]`, `{a|b}`, `__wildcards__` and escapes stay as written. Empty pieces are left out.
    """
    notes: list[Note] = []
    found: list[PromptPiece] = []
    current: list[Run] = []
    listed = joined = False

    def flush(by: str = "") -> None:
        nonlocal listed
        words, weight = said(current)
        if words:
            found.append(PromptPiece(words, weight, listed=listed))
            listed = by == "、"
        elif by != "、":
            listed = False
        current.clear()

    for run in scan(text, notes):
        if not run.cut:
            current.append(run)
        elif run.text in (BREAK, "AND"):
            share = _share(current) if run.text == "AND" else ""
            flush()
            joined = joined or run.text == "AND"
            found.append(PromptPiece(f"{share} {run.text}".strip(), kind="break" if run.text == BREAK else "and"))
        else:
            flush(run.text)
    share = _share(current) if joined else ""
    flush()
    if share:
        found.append(PromptPiece(share, kind="and"))
    return tuple(found), tuple(notes)


def _share(runs: list[Run]) -> str:
    """Takes the weight of a conditioning off its last words: ":1.2", or nothing."""
    end = next((run for run in reversed(runs) if run.text.strip()), None)
    if end is None or end.depth or end.weight != 1.0 or not (share := _SHARE.search(end.text)):
        return ""
    runs[runs.index(end) :] = [replace(end, text=end.text[: share.start()].rstrip())]
    return f":{share.group(1)}"
