"""What a change made otherwise, in words: tags that went, came or weigh more, and parameters with both values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.studio.lesson_cards import label
from bot.studio.lessons import LESSONS
from engine.recipe import Recipe
from prompts.prompt import Note, Prompt


def words(old: Prompt, new: Prompt) -> tuple[Note, ...]:
    """Notes on what is other in the words of a prompt than in those of an old one."""
    from prompts.difference import changes  # only now: it brings what reads sentences, which takes a while

    return tuple(one.note for one in changes(old, new))


def parameters(old: Recipe, new: Recipe) -> tuple[Note, ...]:
    """Notes on the parameters that have another value than they had, each as "steps 20 → 30"."""
    found = []
    for lesson in LESSONS.values():
        if "prompt" in lesson.fields:
            continue
        before, after = lesson.shown(old), lesson.shown(new)
        if before != after:
            said = label(lesson, f"{before} → {after}")
            found.append(Note(said.key, {name: str(value) for name, value in said.values.items()}))
    return tuple(found)


def with_parameters(old: Recipe, made: Sequence[Recipe]) -> list[Recipe]:
    """Recipes made of an old one, with notes on their parameters behind those that their prompts have."""
    return [replace(one, prompt=replace(one.prompt, notes=(*one.prompt.notes, *parameters(old, one)))) for one in made]
