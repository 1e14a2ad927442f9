"""What is said of pictures, tag by tag: in English, as it is learnt, with the Chinese that somebody said it in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.training.planning import english
from bot.training.tag_changes import TagChange, tags_of
from prompts import traditional
from prompts.errors import Refusal
from prompts.safety.judge import judge_text
from prompts.tag_names import in_chinese
from prompts.translate.translator import Translator
from storage.trainings import KeptPicture

_CHINESE = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True, slots=True)
class SaidTag:
    """A tag in English, and what it was said in ("": English)."""

    tag: str
    source: str = ""

    def is_called(self, names: frozenset[str]) -> bool:
        """Whether it is one of these, in small letters: in English, in what it was said in, or in the Chinese that
        cards and the page show for it, in either script."""
        known = in_chinese(self.tag)
        called = {self.tag, self.source, known, *(traditional.written(known, one) for one in traditional.SCRIPTS)} - {
            ""
        }
        return not names.isdisjoint(map(str.casefold, called))


def of_picture(picture: KeptPicture) -> tuple[SaidTag, ...]:
    """What is said of a picture."""
    tags, sources = tags_of(picture.caption), tags_of(picture.source)
    if len(tags) != len(sources):
        return tuple(map(SaidTag, tags))
    return tuple(SaidTag(tag, source if source != tag else "") for tag, source in zip(tags, sources, strict=True))


def written(tags: Sequence[SaidTag]) -> tuple[str, str]:
    """The caption in English, and as it was said, "" where all of it was English."""
    once = {one.tag.casefold(): one for one in reversed(tags)}
    kept = [one for one in tags if once[one.tag.casefold()] is one]
    said = ", ".join(one.source or one.tag for one in kept) if any(one.source for one in kept) else ""
    return ", ".join(one.tag for one in kept), said


async def said(text: str, translators: Sequence[Translator]) -> tuple[SaidTag, ...]:
    """A caption as somebody writes it, each Chinese tag put into English."""
    return tuple([one for tag in tags_of(text) for one in await _said(tag, translators)])


async def _said(tag: str, translators: Sequence[Translator]) -> list[SaidTag]:
    if not _CHINESE.search(tag):
        return [SaidTag(tag)]
    found = tags_of(await english(tag, translators))
    return [SaidTag(one, tag if place == 0 else "") for place, one in enumerate(found)]


async def changed(tags: Sequence[SaidTag], change: TagChange, translators: Sequence[Translator]) -> tuple[SaidTag, ...]:
    """What is said of a picture after a change; tags are found by either language."""
    if change.does in ("minus", "rename"):
        meant = [one.tag for one in await said(", ".join(change.tags), translators)]
        names = frozenset(map(str.casefold, (*change.tags, *meant)))
    if change.does == "minus":
        return tuple(one for one in tags if not one.is_called(names))
    if change.does == "rename":
        to = await said(change.to, translators)
        return tuple([new for one in tags for new in (to if one.is_called(names) else (one,))])
    new = await said(", ".join(change.tags), translators)
    return new if change.does == "set" else (*tags, *new)


def check(tags: Sequence[SaidTag], name: str, *, person: bool) -> None:
    """Raises Refusal `access.minors`, or `train.adult` where a person is learnt, for what is not to be learnt."""
    for text in written(tags):
        verdict = judge_text(text) if text else ""
        if verdict == "never":
            raise Refusal("access.minors")
        if verdict == "adult" and person:
            raise Refusal("train.adult", file=name)


def with_trigger(trigger: str, caption: str) -> str:
    """A caption as it is learnt: the tag that names the trigger first, or the trigger itself."""
    tags = tags_of(caption)
    calls = [tag for tag in tags if re.search(rf"\b{re.escape(trigger)}\b", tag.lower())][:1]
    return ", ".join([*(calls or [trigger]), *(tag for tag in tags if tag not in calls)])


def without_trigger(trigger: str, caption: str) -> str:
    """A caption without what calls for what is learnt."""
    rest = (re.sub(rf"\b{re.escape(trigger)}\b", "", tag, flags=re.IGNORECASE).strip() for tag in tags_of(caption))
    return ", ".join(tag for tag in rest if tag and tag.lower() not in ("a", "an", "the"))
