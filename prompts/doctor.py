"""A check of a prompt before any drawing time is spent: what will not work as meant, each with a fix for one tap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from prompts.checks.embeddings import of_embeddings
from prompts.checks.length import of_length
from prompts.checks.loras import of_loras, of_misfits
from prompts.checks.opposites import of_both, of_opposites
from prompts.checks.weights import of_delayed, of_syntax, of_weights
from prompts.checks.words import of_slips, of_unread_words
from prompts.finding import Finding as Finding
from prompts.finding import LoraKnown as LoraKnown
from prompts.finding import Misfit as Misfit
from prompts.finding import Severity
from prompts.finding import Spoiled as Spoiled
from prompts.infotext.reading import pasted
from prompts.prompt import Prompt

_ORDER: tuple[Severity, ...] = ("error", "warn", "hint")
_MOST = 12  # findings that somebody still reads
NONE: Mapping[str, int] = MappingProxyType({})


def examine(
    prompt: Prompt,
    *,
    loras: Sequence[LoraKnown] | None = None,
    embeddings: Mapping[str, int] = NONE,
    misfits: Sequence[Misfit] = (),
    spoiled: Sequence[Spoiled] = (),
) -> tuple[Finding, ...]:
    """What is wrong with a prompt, the worst first. Without `loras` (None) the LoRAs are not looked at. `embeddings`
    are those that are there, by name, with the number of tokens that each takes; `misfits` what does not go with the
    model, `spoiled` the LoRAs that are there and cannot be used.

    A finding that the composer had noticed too has the key and values of its note, so that a note need not be shown
    beside it (`unsaid`).

    An infotext drew a picture already and is to draw the same again: of it only what cannot be drawn here is told.
    """
    if pasted(prompt.text):
        files = (*(of_loras(prompt, loras, spoiled) if loras is not None else ()), *of_misfits(prompt, misfits))
        return (*(one for one in files if one.severity == "error"), *of_unread_words(prompt))[:_MOST]
    found = [
        *(of_loras(prompt, loras, spoiled) if loras is not None else ()),
        *of_misfits(prompt, misfits),
        *of_embeddings(prompt, embeddings),
        *of_weights(prompt),
        *of_syntax(prompt),
        *of_delayed(prompt),
        *of_both(prompt),
        *of_opposites(prompt),
        *of_unread_words(prompt),
        *of_slips(prompt, loras or (), embeddings),
        *of_length(prompt, {name.casefold(): count for name, count in embeddings.items()}),
    ]
    unique = {(one.key, *one.values.items()): one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: _ORDER.index(one.severity)))[:_MOST]


def unsaid(prompt: Prompt, findings: Sequence[Finding]) -> Prompt:
    """The prompt without the notes that a finding says already."""
    said = {(one.key, *sorted(one.values.items())) for one in findings}
    notes = tuple(note for note in prompt.notes if (note.key, *sorted(note.values.items())) not in said)
    return replace(prompt, notes=notes)
