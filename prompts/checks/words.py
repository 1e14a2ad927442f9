"""Words that were not understood, or that have a letter wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from prompts import opposites
from prompts.checks.embeddings import usual_embeddings
from prompts.finding import Finding, LoraKnown, other
from prompts.prompt import Prompt
from prompts.typos import nearest, nearest_tag
from prompts.written_text import put, without


def of_unread_words(prompt: Prompt) -> Iterator[Finding]:
    for note in prompt.notes:
        listed = str(note.values.get("words", ""))
        if note.key == "note.untranslated":
            fixed: str | None = prompt.text
            for word in listed.split("、"):
                fixed = (without(fixed, word) or fixed) if fixed else None
            yield Finding(note.key, note.values, "warn", other(prompt, fixed))
        elif note.key == "note.dictionary":
            fixed = prompt.text
            for pair in listed.split("; "):
                word, equals, english = pair.partition(" = ")
                if equals:
                    fixed = fixed.replace(word, f" {english} ")
            yield Finding(note.key, note.values, "hint", other(prompt, re.sub(r" {2,}", " ", fixed).strip()))


_WORD = re.compile(r"(?<![\w\\])[a-zA-Z]{5,24}(?![\w])|(?<![\w\\])[a-z]{4}(?![\w])")


def of_slips(prompt: Prompt, loras: Sequence[LoraKnown], embeddings: Collection[str]) -> Iterator[Finding]:
    names = " ".join([*embeddings, *(word for one in loras for word in (one.name, *one.triggers))]).lower()
    for fragment in (*prompt.fragments, *prompt.negatives):
        if fragment.origin != "person" or opposites.plain(fragment.text) in usual_embeddings():
            continue
        if (tag := nearest_tag(fragment.text)) and not any(word in names for word in fragment.text.lower().split()):
            fixed = other(prompt, put(prompt.text, fragment.text, tag))
            yield Finding("doctor.typo", {"word": fragment.text, "near": tag}, "hint", fixed)
            continue
        for match in _WORD.finditer(fragment.text):
            word = match.group()
            if word.lower() in names or not (meant := nearest(word)):
                continue
            yield Finding(
                "doctor.typo", {"word": word, "near": meant}, "hint", other(prompt, put(prompt.text, word, meant))
            )
