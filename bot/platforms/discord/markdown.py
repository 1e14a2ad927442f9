"""A card in words, as Discord's markdown: its head, what was understood, and its fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from discord.utils import escape_markdown

from bot import texts
from bot.chat import Card, Say
from bot.studio import cards
from bot.studio.mends import numbers
from engine.job import Progress, State
from prompts.doctor import unsaid
from prompts.prompt import PARTS, Fragment, Note, Prompt

BAR = 12  # blocks of a progress bar
SIGNS = {"error": "⛔", "warn": "⚠️", "hint": "💡"}


def say(language: str, what: Say | str) -> str:
    """A sentence in a language; a plain string as it is."""
    return what if isinstance(what, str) else texts.say(language, what.key, **what.values)


def head(card: Card, language: str) -> str:
    """The card's sentence, with its place in the queue or its progress below."""
    lines = [_escaped(card.text, language)]
    if card.progress is not None and card.state in (State.WAITING, State.RUNNING):
        lines.append(progress(card.progress, language))
    return "\n".join(lines)


def _escaped(what: Say, language: str) -> str:
    """A sentence whose values, which people may have written, are no markdown."""
    values = {name: escape_markdown(one) if isinstance(one, str) else one for name, one in what.values.items()}
    return texts.say(language, what.key, **values)


def progress(now: Progress, language: str) -> str:
    """Where a job stands, in a line."""
    said = []
    if now.state is State.WAITING:
        key = "page.progress.place" if now.place > 1 else "page.progress.next"
        said.append(texts.say(language, key, **({"place": now.place} if now.place > 1 else {})))
    elif now.steps:
        done = min(BAR, round(BAR * now.step / now.steps))
        said += ["▰" * done + "▱" * (BAR - done), say(language, cards.step(now))]
    return " · ".join([*said, texts.left(language, now.seconds_left)])


def understood(card: Card, language: str) -> str:
    """What was made of the text, part by part, with notes and findings; "" where there is no prompt."""
    if card.prompt is None:
        return ""
    return "\n".join(_understood(card.prompt, card, language))


def _understood(prompt: Prompt, card: Card, language: str) -> Iterator[str]:
    changes = [note for note in prompt.notes if note.key.startswith("edit.")]
    prompt = unsaid(replace(prompt, notes=tuple(note for note in prompt.notes if note not in changes)), card.findings)
    if prompt.text:
        yield "> " + escape_markdown(prompt.text).replace("\n", "\n> ")
    for note in changes:
        yield f"✏️ {_note(note, language)}"
    if prompt.raw:
        yield texts.say(language, "page.understood.raw")
    for part in PARTS:
        if fragments := prompt.part(part):
            yield f"**{texts.say(language, f'page.part.{part}')}** {_listed(fragments)}"
    if prompt.negatives:
        yield f"**{texts.say(language, 'recipe.negative')}** {_listed(prompt.negatives)}"
    if prompt.loras:
        yield f"**LoRA** {escape_markdown(' '.join(map(str, prompt.loras)))}"
    for note in prompt.notes:
        yield f"💡 {_note(note, language)}"
    number = numbers(card)
    for one in card.findings:
        at = f"{number[one.sign]}\\. " if one.sign in number else ""
        fix = f" → `{one.put_right(prompt.text).replace('`', chr(39))}`" if one.fix else ""
        yield f"{SIGNS[one.severity]} {at}{escape_markdown(texts.say(language, one.key, **one.values))}{fix}"


def _note(note: Note, language: str) -> str:
    return escape_markdown(texts.say(language, note.key, **note.values))


def _listed(fragments: tuple[Fragment, ...]) -> str:
    return escape_markdown(", ".join(map(str, fragments)))


def fields(card: Card, language: str) -> list[tuple[str, str]]:
    """The card's labelled lines as labels and values."""
    return [(say(language, line.label), say(language, line.value)) for line in card.fields]
