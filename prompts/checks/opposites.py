"""What is wanted and not wanted at once, and what cannot go together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prompts import opposites
from prompts.finding import Finding
from prompts.finding import other as fixing
from prompts.prompt import Fragment, Prompt
from prompts.written_text import put, without


def of_both(prompt: Prompt) -> Iterator[Finding]:
    unwanted = {opposites.plain(one.text): one for one in prompt.negatives if one.origin != "preset"}
    for fragment in prompt.fragments:
        other = unwanted.get(opposites.plain(fragment.text))
        if other is None or fragment.origin == "preset":
            continue
        fix = without(prompt.text, other.source or other.text, last=True)
        yield Finding("note.both", {"text": opposites.plain(fragment.text)}, "warn", fixing(prompt, fix))


_SEVERAL = re.compile(r"\b(?:[2-9]\+?(?:girl|boy)s|two|three|four|five|multiple|several|group|couple|crowd|many)\b")


def of_opposites(prompt: Prompt) -> Iterator[Finding]:
    several = any(_SEVERAL.search(one.text) for one in prompt.fragments)
    several = several or sum(opposites.plain(one.text) in ("1girl", "1boy") for one in prompt.fragments) > 1
    first: dict[str, tuple[int, Fragment]] = {}
    for fragment in prompt.fragments:
        if fragment.text == "AND":
            first.clear()  # another picture, mixed in
        for side in opposites.sides(fragment.text) if fragment.origin != "preset" else ():
            if side.personal and several:
                continue
            number, other = first.setdefault(side.group, (side.number, fragment))
            if number != side.number:
                values = {"first": other.text, "second": fragment.text}
                yield Finding("doctor.opposites", values, "hint", fixing(prompt, _less(prompt, fragment)))


def _less(prompt: Prompt, fragment: Fragment) -> str | None:
    """The text without a fragment; other fragments that were written with the same words stay in English."""
    written = fragment.source or fragment.text
    others = [one.text for one in prompt.fragments if one.source == written and one.text != fragment.text]
    return put(prompt.text, written, ", ".join(others)) if others else without(prompt.text, written)
