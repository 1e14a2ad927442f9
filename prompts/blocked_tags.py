"""A person's own list of unwanted words, and a prompt without them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from prompts.errors import Refusal
from prompts.presets import key
from prompts.prompt import Note, Prompt
from prompts.tag_rows import TagRow
from prompts.tag_table import TagTable, prompt_of, text_of
from prompts.translate.chinese import simplified

LONGEST = 80  # characters of a word
NOTE = "note.blocked"
_LEAD = re.compile(r"^(?:wearing|holding|with|in|on|at|an?|the) (?=\S)")


def folded(word: str) -> str:
    """A word as it is compared: small letters, simplified signs, without weights, article and what leads to it."""
    plain = simplified(key(word))
    while (without := _LEAD.sub("", plain)) != plain:
        plain = without
    return plain


def checked(word: str) -> str:
    """A word that can be blocked or kept, as it is shown. Raises Refusal `tags.word`."""
    shown = " ".join(word.split())
    if not 0 < len(shown) <= LONGEST or any(sign in shown for sign in "<>\n") or not folded(shown):
        raise Refusal("tags.word", word=shown[:40], limit=LONGEST)
    return shown


def is_blocked(row: TagRow, blocked: Collection[str]) -> bool:
    """Whether a tag is on the list, by what is drawn or by what was written for it. `blocked` are folded words."""
    if row.side != "positive" or row.sign:
        return False
    return any(folded(words) in blocked for words in (row.said, row.source) if words)


def without_blocked(prompt: Prompt, blocked: Mapping[str, str]) -> Prompt:
    """The prompt without the tags on a list (`blocked`: folded words and how they are shown), with a note that names
    them; what is not wanted may be on it. Raises Refusal `blocked.nothing_left`."""
    if not blocked:
        return prompt
    table = TagTable.of(prompt)
    gone = [row for row in table.rows if not row.off and is_blocked(row, blocked)]
    if not gone:
        return prompt
    rows = tuple(replace(row, off=row in gone) for row in table.rows if not row.off or row in gone)
    made = prompt_of(replace(table, rows=rows), prompt)
    words = "、".join(dict.fromkeys(row.source or row.said for row in gone))
    if not made.positive and not made.loras:
        raise Refusal("blocked.nothing_left", words=words[:200])
    text = prompt.text if not prompt.raw else text_of(made)
    return noted(replace(made, text=text, off=prompt.off, locked=prompt.locked, notes=prompt.notes), words)


def noted(prompt: Prompt, words: str) -> Prompt:
    """The prompt with a note of what was left out, in the place of an older one."""
    notes = tuple(note for note in prompt.notes if note.key != NOTE)
    return replace(prompt, notes=(*notes, Note(NOTE, {"words": words[:400]})))


def left_out_of(prompt: Prompt) -> tuple[str, ...]:
    """The words that the note of a prompt names."""
    return tuple(word for note in prompt.notes if note.key == NOTE for word in note.values["words"].split("、"))
