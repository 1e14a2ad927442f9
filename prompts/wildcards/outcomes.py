"""All that may be drawn in a text, for whoever has to know before it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from prompts.wildcards.drawing import DRAWS, WILDCARD, has_choices
from prompts.wildcards.lists import lists, matching

WIDEST = 100_000  # characters of a list that are read where every outcome counts

_SIGNS = re.compile(
    r"(?:\d*-\d*|\d+)\$\$(?:[^{}|$]{0,20}\$\$)?|\$\{[^\W\d]\w*\s*(?:\??=!?|:|(?=\}))|\{[@~!]?|[}|]|(?:\d+(?:\.\d+)?|\.\d+)::"
)


def outcomes(text: str, folders: Sequence[Path] = ()) -> str:
    """The text with all that may be drawn in it instead of what is drawn: options, values of variables and entries of
    lists side by side, parted by commas, those of lists that lists name too. Of very long lists the first `WIDEST`
    characters."""
    named: set[str] = set()

    def of_list(match: re.Match[str]) -> str:
        name, given = match["name"], f", {match['given']}" if match["given"] else ""
        if name.casefold() in named or len(named) >= DRAWS:
            return given or " "
        named.add(name.casefold())
        found = [entry for one in matching(lists(folders), name) for entry, _ in one.entries]
        return (spread(", ".join(found)[:WIDEST]) if found else name.replace("_", " ")) + given

    def spread(part: str) -> str:
        return WILDCARD.sub(of_list, part) if "__" in part else part

    if not has_choices(text):
        return text
    return _SIGNS.sub(lambda sign: " " if sign.group()[0] == "{" else ", ", spread(text))
