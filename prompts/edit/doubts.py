"""Whether what the rules made of a wish may not be what was meant: a clause merely appended as it stands, words that
were only looked up, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence

from prompts import opposites
from prompts.edit.draft import Change
from prompts.edit.instructions import Instruction
from prompts.edit.targets import WordReader, category_of
from prompts.tags import entry_of
from prompts.translate.chinese import CHINESE

_UNDONE = ("missed", "near", "unread")
_GUESSED = ("note.untranslated", "note.dictionary")


async def doubtful(one: Instruction, told: Sequence[Change], reader: WordReader) -> bool:
    """Whether a model should be asked what was meant by a wish; `told` is what came of it."""
    if one.kind == "keep":
        return any(change.kind in _UNDONE for change in told)
    if not told or any(change.kind in _UNDONE for change in told):
        return True
    if one.kind in ("set", "add") and all(change.kind == "added" for change in told):
        known = entry_of if one.kind == "set" else category_of
        if not all(known(opposites.plain(change.after)) for change in told):
            return True
    if not CHINESE.search(one.value):
        return False
    made = await reader.prompt(one.value)
    return made is None or any(note.key in _GUESSED for note in made.notes)
