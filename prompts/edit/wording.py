"""How a person would have written their text with one change in it: whole sentences, in the language that they wrote.
These are ways to say it, the best first; whether one says what was asked for is seen by reading it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from prompts import opposites, written_text
from prompts.edit.instructions import Instruction
from prompts.edit.whereabouts import with_article
from prompts.edit.wording_zh import MEASURE, chinese_of, in_script, on_its_thing, said_in_chinese, tidy
from prompts.prompt import Fragment
from prompts.tags import entry_of
from prompts.translate.chinese import CHINESE


@dataclass(frozen=True, slots=True)
class Retelling:
    """One change of a text: what was asked, which fragments went and came by it, and which were there before."""

    asked: Instruction
    gone: Sequence[Fragment]
    come: Sequence[Fragment]
    there: Sequence[Fragment]


def wordings(text: str, telling: Retelling) -> Iterator[str]:
    """The text with the change in it, in several ways."""
    if not telling.gone:
        yield from _with_more(text, telling)
        return
    texts = [text]
    for at, old in enumerate(telling.gone):
        new = telling.come[at] if at < len(telling.come) else None
        if at == len(telling.gone) - 1 and len(telling.come) > len(telling.gone):
            yield from _as_asked(texts, old, telling.asked)
            return  # else one thing that became several has no plain way to be said
        texts = list(islice((said for each in texts for said in _changed(each, old, new, telling.asked)), _MOST))
    yield from dict.fromkeys(texts)


def _as_asked(texts: Sequence[str], old: Fragment, asked: Instruction) -> Iterator[str]:
    """The person's own words where the old ones stood."""
    for text in texts:
        if asked.value and (place := written_text.place_of(text, old.source)):
            yield tidy(text[: place[0]] + in_script(text, asked.value) + text[place[1] :])


_MOST = 24  # ways to say one change; the first few are right if any is


def _changed(text: str, old: Fragment, new: Fragment | None, asked: Instruction) -> Iterator[str]:
    for written in dict.fromkeys((old.text, old.source)):
        if (place := written_text.place_of(text, written)) is None:
            continue
        if new and opposites.slot(new.text) == "backdrop" != opposites.slot(old.text):  # nobody sits "in" a backdrop
            yield from _before_a_backdrop(text, place, old, new, asked)
        if CHINESE.search(written):
            yield from said_in_chinese(text, place, old, new, asked)
        else:
            yield from _english(text, place, old, new)


def _before_a_backdrop(
    text: str, place: tuple[int, int], old: Fragment, new: Fragment, asked: Instruction
) -> Iterator[str]:
    """The text without the place that somebody was in, and with what they are before now."""
    said = asked.value.removesuffix("的").removesuffix("背景") + "背景" if CHINESE.search(asked.value) else ""
    for words in filter(None, (said, chinese_of(new.text)) if CHINESE.search(text) else (opposites.plain(new.text),)):
        for each in said_in_chinese(text, place, old, None, asked) if said else _english(text, place, old, None):
            yield written_text.added(each, in_script(text, words))


def _with_more(text: str, telling: Retelling) -> Iterator[str]:
    new, asked = telling.come[0], telling.asked
    if len(telling.come) == 1:
        yield from on_its_thing(text, new, asked, telling.there)
    if CHINESE.search(text):
        number = MEASURE.findall(asked.measure)[-1:]  # "一只" of "柴犬旁边一只"
        counted = [asked.measure + asked.value, "".join(number) + asked.value, asked.value]
        counted = counted if CHINESE.search(asked.value) else []
        sources = ", ".join(dict.fromkeys(one.source for one in telling.come))
        words = [*counted, sources if CHINESE.search(sources) else "", chinese_of(new.text)]
        for each in filter(None, dict.fromkeys(words)):
            yield written_text.added(text, in_script(text, each))
    elif len(telling.come) == 1 and not CHINESE.search(asked.value) and opposites.slot(new.text) != "style":
        yield written_text.added(text, asked.value)
    yield written_text.added(text, ", ".join(opposites.plain(one.text) for one in telling.come))


# ── English ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_AT = re.compile(r"(?P<at>in|on|at|by|near|under|beside|behind) ((?:the|an?|her|his) )?", re.IGNORECASE)
_WHEN = {said: f"in the {said}" for said in ("morning", "afternoon", "evening")} | {
    said: f"at {said}" for said in ("night", "midnight", "noon", "dawn", "dusk", "sunset", "sunrise")
}
_OUT = re.compile(
    r"\b(?:mountains?|hills?|beach|street|road|roof|rooftop|bridge|moon|mars|island|stage|field|cliff|boat)$"
)


def _english(text: str, place: tuple[int, int], old: Fragment, new: Fragment | None) -> Iterator[str]:
    start, end = place
    if new is None:
        if said := written_text.without(text, text[start:end]):
            yield said
        yield tidy(text[:start].rstrip() + text[end:])
        return
    said = opposites.plain(new.text)
    bare = said in ("outside", "inside", "outdoors", "indoors")  # nothing is "in an outside"
    if (led := _AT.match(text[start:end])) and not _AT.match(new.text) and not bare:
        at = "on" if _OUT.search(said) else "in"
        article = (led[2] or "").strip().lower()
        if when := _WHEN.get(said):
            yield text[:start] + when + text[end:]
        yield f"{text[:start]}{at} {with_article(said) if article else said}{text[end:]}"
    if entry_of(said) and opposites.slot(said) in ("style", "place") and not _ARTICLE.match(old.text):
        yield text[:start] + said + text[end:]
    yield text[:start] + new.text + text[end:]
    yield text[:start] + said + text[end:]


_ARTICLE = re.compile("(?:an?|the) ")
