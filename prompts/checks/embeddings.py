"""Textual inversions that a prompt names and that are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from prompts import grammar
from prompts.finding import Finding, other
from prompts.grammar.embeddings import name_of
from prompts.prompt import Prompt
from prompts.spelling import near
from prompts.tags import entry_of
from prompts.written_text import put, without

_EMBEDDINGS = Path(__file__).parents[1] / "data" / "embeddings.txt"


@cache
def usual_embeddings() -> frozenset[str]:
    lines = _EMBEDDINGS.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("#"))


def of_embeddings(prompt: Prompt, known: Collection[str]) -> Iterator[Finding]:
    names = {name.casefold(): name for name in known}
    for fragment in (*prompt.fragments, *prompt.negatives):
        runs = grammar.inner(fragment.text) if fragment.origin == "person" else ()
        for piece in (piece for run in runs for piece in run.text.split(",")):
            written = (
                piece.strip(" ()[]").partition(":")[0] if "embedding:" not in piece.lower() else piece.strip(" ()")
            )
            name = name_of(written.lower().replace("\\", "")).partition(":")[0]
            if not name or name in names:
                continue
            found = near(name, names, parts=False)
            if not (found and entry_of(name) is None) and not (
                name in usual_embeddings() or written.lower().startswith("embedding:")
            ):
                continue
            instead = names[found] if found else ""
            fix = put(prompt.text, written, instead) if found else without(prompt.text, written, last=True)
            key = "doctor.embedding_near" if found else "doctor.embedding"
            values = {"name": name, "near": instead} if found else {"name": name}
            yield Finding(key, values, "warn", other(prompt, fix))
