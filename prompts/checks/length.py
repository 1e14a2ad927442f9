"""Prompts that take more than one chunk of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prompts import clip_tokens, grammar
from prompts.finding import Finding
from prompts.prompt import Prompt
from prompts.written_text import place_of


def of_length(prompt: Prompt, embeddings: Mapping[str, int]) -> Iterator[Finding]:
    chunks = clip_tokens.meter(prompt.positive, embeddings=embeddings)
    if len(chunks) < 2 or any(one.text == grammar.BREAK for one in prompt.fragments) or prompt.raw:
        return
    values = {"tokens": str(sum(chunks)), "chunks": str(len(chunks)), "length": str(clip_tokens.LENGTH)}
    at = clip_tokens.cut([str(one) for one in prompt.fragments], embeddings=embeddings)
    if at is None:
        yield Finding("doctor.long", values, "hint")
        return
    fragment = prompt.fragments[at]
    place = place_of(prompt.text, fragment.source) if fragment.origin != "preset" else None
    fix = f"{prompt.text[: place[0]]}BREAK {prompt.text[place[0] :]}" if place and place[0] else None
    yield Finding("doctor.cut", {**values, "text": fragment.text[:80]}, "hint", fix)
