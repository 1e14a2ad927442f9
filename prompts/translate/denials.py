"""What is not so, by the word for its opposite: 不高兴 is unhappy, 不会飞 flightless, 没睡醒 sleepy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from prompts.translate.glossary import Entry, rows

_FILE = Path(__file__).parent.parent / "data" / "denied.tsv"
# 别 and 不要 say what the picture shall not show; only "not too much of it" says how a thing in it is.
_NOT = re.compile(
    r"非(?=写实)|(?:不要|不用|不能|别)(?:画|弄|搞)?得?(?=太|那么|过于)"
    r"|[还尚从并都也仍毫]?(?:没有在|没有被|不会|不能|不再|不是|不肯|不想|不够|没有|没在|没能|没被|未曾|未被|不|没|未|无)"
)
_DEGREE = re.compile("完全|怎么|那么|过于|太|很|好好")
DENYING = frozenset("还尚从并都也仍毫不没未无非别")
_LONGEST = 8  # signs of a word in the table
_ENDS = re.compile(r"[的地得，。,、!！?？ ]|$")


@cache
def opposites() -> Mapping[str, Entry]:
    """The words of the table with what is said instead where they are denied."""
    return {word: entry for word, entry, _ in rows(_FILE)}


def opposite(clause: str, start: int) -> tuple[int, Entry] | None:
    """Where a denial ends that begins here, and the opposite of what it denies; None where there is no word for that,
    or no denial."""
    denial = _NOT.match(clause, start)
    if denial is None:
        return None
    degree = _DEGREE.match(clause, denial.end())
    starts = (denial.end(), degree.end()) if degree else (denial.end(),)  # 不太亮 is dim, 不亮 unlit
    for first in starts:
        for end in range(min(len(clause), first + _LONGEST), first, -1):
            entry = opposites().get(clause[first:end])
            if entry is not None and (end - first > 1 or _ENDS.match(clause, end)):
                return end, entry
    return None
