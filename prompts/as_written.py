"""A pasted infotext as a prompt: its words in their order, as they stand; Chinese translated in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar
from prompts.assemble import Draft, told
from prompts.errors import Refusal
from prompts.option_values import ParsedOptions
from prompts.phrases import read_phrases
from prompts.prompt import Fragment, Note, Options, Prompt
from prompts.translate.chinese import CHINESE
from prompts.translate.translator import Translator

_SIGNS = re.compile(r"(<[^<>]*>|[,;、。；:\n()\[\]{}|<>]|\bBREAK\b|\bAND\b)")


async def as_written(
    text: str, asked: ParsedOptions, translators: Sequence[Translator], *, negative: str = "", raw: bool = False
) -> Prompt:
    """The prompt of a text that is an infotext, `asked` what was read of it; nothing is added and nothing put in
    another order, so that it draws the same picture. With `raw` Chinese stays, too. Raises Refusal for an empty one."""
    rest, loras, notes = grammar.networks(asked.text)
    unwanted = ", ".join(filter(None, (asked.negative, negative)))
    draft = Draft(notes=[*notes, *asked.notes])
    said, denied = rest, grammar.networks(unwanted)[0]
    if not raw:
        said = await _translated(said, draft, translators)
        denied = await _translated(denied, draft, translators)
    if asked.kept:
        said = ", ".join(filter(None, (said, asked.kept)))
    if not said.strip() and not loras:
        raise Refusal("prompt.empty")
    fragments = (Fragment(said.strip(), source=rest.strip()),) if said.strip() else ()
    negatives = (Fragment(denied.strip(), source=unwanted.strip()),) if denied.strip() else ()
    return Prompt(text, fragments, negatives, loras, told(draft), raw=True)


async def second_pass(asked: Options, translators: Sequence[Translator]) -> tuple[Options, tuple[Note, ...]]:
    """The options with the words of the second pass and of what is fixed translated as those of the picture are, and
    what to tell of it."""
    draft, said, parts = Draft(), dict[str, str](), dict[str, tuple[str, ...]]()
    for name in ("hires_prompt", "hires_negative"):
        if CHINESE.search(words := getattr(asked, name) or ""):
            said[name] = await _translated(words, draft, translators)
    for name in ("fix_prompts", "fix_negatives"):
        if any(map(CHINESE.search, getattr(asked, name) or ())):
            parts[name] = tuple([await _translated(one, draft, translators) for one in getattr(asked, name)])
    return replace(asked, **said, **parts), told(draft)  # type: ignore[arg-type]


async def _translated(text: str, draft: Draft, translators: Sequence[Translator]) -> str:
    """The text with whatever is Chinese between two of its signs in English, and all else as it stands."""
    if not CHINESE.search(text):
        return text
    pieces = []
    for piece in _SIGNS.split(grammar.normalise(text)):
        if CHINESE.search(piece) and not piece.startswith("<"):
            own = Draft()
            await read_phrases(piece.strip(), own, translators)
            words = [str(one) for one in (*(one for chunk in own.chunks for one in chunk), *own.negatives)]
            draft.notes += own.notes
            draft.untranslated += own.untranslated
            draft.looked_up += own.looked_up
            blank = len(piece) - len(piece.lstrip())
            piece = piece[:blank] + ", ".join(words)
        pieces.append(", " if piece in ("、", "。", "；") else piece)
    return "".join(pieces)
