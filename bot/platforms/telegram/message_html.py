"""A card in words, as Telegram's HTML, cut to the lengths that Telegram takes."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot import texts
from bot.chat import Card, Field, Say
from bot.platforms.telegram import tag_table
from bot.studio import cards
from bot.studio.mends import numbers
from engine.job import Progress, State
from prompts.doctor import unsaid
from prompts.prompt import Prompt
from prompts.traditional import chinese

CAPTION, TEXT = 1024, 4096  # UTF-16 code units that a caption and a text may have
BAR = 12  # signs of a progress bar
ENDS = (State.DONE, State.FAILED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `tags` are the HTML tags around it, outermost first."""

    text: str
    tags: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        marked = html.escape(self.text, quote=False)
        for tag in reversed(self.tags):
            marked = f"<{tag}>{marked}</{tag.partition(' ')[0]}>"
        return marked


def pages(card: Card, language: str, first: int = TEXT) -> list[str]:
    """The card in HTML: what `first` units hold, and what follows in messages of its own."""
    found: list[str] = []
    left, room = list(paragraphs(card, language)), first
    while left:
        page, left = _cut(left, room)
        found.append("\n".join(paragraph.html for paragraph in page))
        room = TEXT
    return found


def paragraphs(card: Card, language: str) -> Iterator[Paragraph]:
    """The paragraphs of a card, the weightiest first."""
    yield Paragraph(say(language, card.text), ("b",))
    if card.progress and card.state not in ENDS:
        yield Paragraph(progress(card.progress, language))
    if card.prompt:
        yield from _prompt(card.prompt, card, language)
    if card.tags:
        for words, around in tag_table.lines(card.tags, language):
            yield Paragraph(words, (around,) if around else ())
    yield from _fields(card, language)


def say(language: str, one: Say) -> str:
    return texts.say(language, one.key, **one.values)


def progress(one: Progress, language: str) -> str:
    """Where a job stands, in a line."""
    if one.state is State.WAITING:
        return texts.say(language, "queue.place", place=one.place, seconds=one.seconds_left)
    if not one.steps:
        return texts.say(language, "queue.drawing", seconds=one.seconds_left)
    full = BAR * one.step // one.steps
    bar = "▓" * full + "░" * (BAR - full)
    return f"{bar} {say(language, cards.step(one))} · {texts.left(language, one.seconds_left)}"


def _prompt(prompt: Prompt, card: Card, language: str) -> Iterator[Paragraph]:
    changes = tuple(note for note in prompt.notes if note.key.startswith("edit."))
    prompt = unsaid(replace(prompt, notes=tuple(note for note in prompt.notes if note not in changes)), card.findings)
    if prompt.text.strip():
        yield Paragraph(prompt.text.strip(), ("blockquote",))
    for note in changes:
        yield Paragraph("✏️ " + texts.say(language, note.key, **note.values))
    number = numbers(card)
    for finding in card.findings:
        at = f"{number[finding.sign]}. " if finding.sign in number else ""
        line = at + texts.say(language, finding.key, **finding.values)
        if (finding.key, dict(finding.values)) != (card.text.key, dict(card.text.values)):
            yield Paragraph(f"⚠️ {line}")
        if finding.fix:
            yield Paragraph(texts.say(language, "page.fix.text", text=finding.put_right(prompt.text)))
    for note in prompt.notes:
        yield Paragraph("💡 " + texts.say(language, note.key, **note.values))
    english, negative = prompt.positive.strip(), prompt.negative.strip()
    drawn = [Field(Say("recipe.positive"), english)] if english and english != prompt.text.strip() else []
    drawn += [Field(Say("recipe.negative"), negative)] if negative else []
    if drawn:
        yield Paragraph("\n".join(_field(one, language) for one in drawn), ("blockquote expandable",))


def _fields(card: Card, language: str) -> Iterator[Paragraph]:
    for field in card.fields:
        yield Paragraph(_field(field, language))


def _field(field: Field, language: str) -> str:
    value = field.value if isinstance(field.value, str) else say(language, field.value)
    label = say(language, field.label)
    return f"{label}：{value}" if chinese(language) else f"{label}: {value}"


# --- lengths ---


def units(text: str) -> int:
    """Length as Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def beginning(text: str, room: int) -> str:
    """As much of a text as so many units hold."""
    return text.encode("utf-16-le", "surrogatepass")[: room * 2].decode("utf-16-le", "ignore")


def _cut(whole: Sequence[Paragraph], room: int) -> tuple[list[Paragraph], list[Paragraph]]:
    """The paragraphs that fit, and the rest; a paragraph that fits nowhere is cut in two."""
    page: list[Paragraph] = []
    for at, paragraph in enumerate(whole):
        need = units(paragraph.text) + bool(page)
        if need <= room:
            page.append(paragraph)
            room -= need
            continue
        if page and units(paragraph.text) <= TEXT:
            return page, list(whole[at:])
        end = _end(paragraph.text, room - bool(page))
        rest = [replace(paragraph, text=paragraph.text[end:].lstrip()), *whole[at + 1 :]]
        return [*page, replace(paragraph, text=paragraph.text[:end])] if end else page, rest
    return page, []


def _end(text: str, room: int) -> int:
    """Characters of a text that fit into so many units, up to the last line or word."""
    end = min(len(text), room)
    while units(text[:end]) > room:
        end -= max(1, (units(text[:end]) - room) // 2)
    for sign in ("\n", " "):
        if (before := text.rfind(sign, end // 2, end)) > 0:
            return before
    return end
