"""A sentence of which the rules make nothing, or only some, read by the instruct model that the owner has set up: asked
in a form, its answer judged, and taken only where it is sound. Without one, nothing here runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts import grammar
from prompts.edit import edit_form
from prompts.edit.draft import EditDraft
from prompts.edit.edit_form import EditAnswer
from prompts.edit.instructions import Instruction
from prompts.edit.operations import followed, listed
from prompts.edit.targets import WordReader
from prompts.prompt import Note, Origin, Prompt
from prompts.safety.judge import signs_of_text, unwanted
from prompts.safety.signs import Signs
from prompts.translate.sentences import CachedTranslator, RecalledTranslator
from prompts.translate.translator import Translator, Unavailable

log = logging.getLogger(__name__)

# What may be said that neither the prompt nor the sentence said: that somebody is there, grown up, and dressed.
_HARMLESS: Signs = frozenset({"people", "grown", "worn", "youth"})


@dataclass(frozen=True, slots=True)
class ModelEdit:
    """What a model made of a sentence: the draft as it changed it, None where its answer is not taken; `note` says who
    read it and what was asked, or why nobody did."""

    draft: EditDraft | None = None
    note: Note | None = None
    origin: Origin = "service"

    def told(self, failures: Sequence[Note]) -> tuple[Note, ...]:
        """Its note and those on readers that failed on the way, each once."""
        found: list[Note] = []
        for note in (self.note, *failures):
            if note and note not in found:
                found.append(note)
        return tuple(found)

    def signed(self, made: Prompt, before: Prompt) -> Prompt:
        """The prompt with what was not there before as the model's that said it."""
        there = {one.text for one in before.fragments}
        kept = (one.text in there or one.origin == "preset" for one in made.fragments)
        both = zip(made.fragments, kept, strict=True)
        return replace(made, fragments=tuple(one if old else replace(one, origin=self.origin) for one, old in both))


def models(translators: Sequence[Translator]) -> tuple[CachedTranslator, ...]:
    """The translators that can be asked what a sentence changes."""
    return tuple(one for one in translators if isinstance(one, CachedTranslator) and one.model)


def unasked(translators: Sequence[Translator]) -> tuple[Translator, ...]:
    """The translators for the rules where a model is there: it is asked for the sentence, or for nothing of it. The
    rules try many pieces of a clause, and each would be a question of its own."""
    asked = models(translators)
    return tuple(RecalledTranslator(one) if one in asked else one for one in translators)


async def edited_by_model(
    draft: EditDraft,
    sentence: str,
    wishes: Sequence[Instruction],
    asked: Sequence[CachedTranslator],
    reader: WordReader,
) -> ModelEdit:
    """What the first of the models `asked` that answers makes of a sentence about a draft, which is spoilt then.
    `wishes` is what the rules make of the sentence."""
    at = listed(draft, sentence)
    wanted = [grammar.bare(draft.fragments[index].text) for index in at.fragments]
    question = edit_form.question(
        wanted, [grammar.bare(draft.negatives[index].text) for index in at.negatives], sentence
    )
    note: Note | None = None
    for one in asked if question and wanted else ():
        assert question is not None and one.model is not None
        shown = one.model.shown
        try:
            answer = edit_form.read(await one.answer(question, lambda text: edit_form.read(text) is not None))
        except Unavailable as failure:
            note = note or failure.note or Note("note.reader_rests", {"reader": shown})
            continue
        if answer is None:
            log.info("%s answers in no form", shown)
            note = note or Note("note.reader_unread", {"reader": shown})
            continue
        known = _told(draft, draft.text or "", sentence)
        if answer.cannot or answer.empty:
            return ModelEdit(note=note)
        if not await followed(draft, answer, at, wishes, reader, one.origin) or _told(draft) - known - _HARMLESS:
            log.info("the answer of %s is not taken", shown)
            return ModelEdit(note=Note("note.reader_unread", {"reader": shown}))
        return ModelEdit(
            draft, Note("edit.read", {"reader": shown, "asks": _asks(answer, sentence, known)}), one.origin
        )
    return ModelEdit(note=note)


def _told(draft: EditDraft, *texts: str) -> Signs:
    """What a draft, and texts beside it, say that matters for safety."""
    wanted = ", ".join(grammar.bare(one.text) for one in draft.fragments)
    denied = ", ".join(one.text for one in draft.negatives if one.origin != "preset")
    return signs_of_text(wanted) | unwanted(denied) | frozenset().union(*map(signs_of_text, texts))


def _asks(answer: EditAnswer, sentence: str, known: Signs) -> str:
    """What is asked for, as it may be shown: what the model makes of it, else the sentence."""
    lines = [line for line in answer.asks if not signs_of_text(line) - known - _HARMLESS]
    return "; ".join(lines) or " ".join(sentence.split())[:200]
