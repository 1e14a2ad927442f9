"""A prompt being changed: fragments replaced, added and taken away, and the person's own text changed alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from prompts import emphasis, grammar, opposites, written_text
from prompts.edit.wording_zh import in_script, undoubled
from prompts.edit.words import PEOPLE, head, singular
from prompts.prompt import PARTS, Fragment, Note, Part
from prompts.tags import entry_of
from prompts.translate.chinese import CHINESE

ChangeKind = Literal["replaced", "added", "removed", "weighed", "denied", "missed", "near", "same", "unread"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became another: tags, or a tag and its weight. "denied" is new in the negative prompt. Nothing
    came of a "missed" wish, as its thing is not there, of a "near" one, where `after` is what it may mean, of the
    "same", which is like that already, and of the "unread"."""

    kind: ChangeKind
    before: str = ""
    after: str = ""

    @property
    def note(self) -> Note:
        """The change as a note of the new prompt."""
        values = {"before": self.before, "after": self.after}
        return Note(f"edit.{self.kind}", {name: text for name, text in values.items() if text})


@dataclass(slots=True)
class EditDraft:
    """A prompt being changed; `text` is the person's text changed alike, None once that cannot be done. `readings` is
    how many letters more of it may be read again on the way, so that a hostile sentence does not take minutes."""

    fragments: list[Fragment]
    negatives: list[Fragment]
    text: str | None
    readings: int = 30_000
    changes: list[Change] = field(default_factory=list)


def become(draft: EditDraft, at: int, text: str, written: str, said: str = "") -> None:
    """A fragment says something else; its weights and part stay. `written` is the person's word for what is new, `said`
    how they would have written the whole fragment."""
    old = draft.fragments[at]
    if grammar.bare(old.text) == text:
        draft.changes.append(Change("same", old.text))
        return
    text = emphasis.kept(old.text, text)
    draft.fragments[at] = replace(old, text=text, source=said or written, origin="person")
    draft.changes.append(Change("replaced", old.text, text))
    rewrite(draft, old, said or text, text)


def rewrite(draft: EditDraft, old: Fragment, said: str, text: str = "") -> None:
    """The person's text with other words for a fragment; what was written with the same words stays, in English."""
    if old.origin == "preset" or draft.text is None:
        return
    others = [one.text for one in draft.fragments if one.source == old.source and one.text not in (old.text, text)]
    said = in_script(draft.text, said)
    made = written_text.put(draft.text, old.source or old.text, ", ".join([said, *others]))
    draft.text = undoubled(made) if made else made


def instead(draft: EditDraft, found: Sequence[int], value: Sequence[Fragment], written: str) -> None:
    """Other fragments where these stood; the first one's weight stays."""
    olds = [draft.fragments[at] for at in found]
    first = olds[0]
    there = {opposites.plain(one.text) for at, one in enumerate(draft.fragments) if at not in found}
    news = [
        replace(tag, weight=first.weight, part=first.part if _part_free(tag) else tag.part)
        for tag in value
        if opposites.plain(tag.text) not in there
    ]
    if [one.text for one in olds] == [one.text for one in news]:
        draft.changes.append(Change("same", first.text))
        return
    draft.fragments[found[0] : found[0] + 1] = news
    shift = len(news) - 1
    for at in sorted(found[1:], reverse=True):
        del draft.fragments[at + shift]
    draft.changes.append(Change("replaced", ", ".join(one.text for one in olds), ", ".join(one.text for one in news)))
    for index, old in enumerate(olds):
        if index == 0:
            if first.origin == "preset":
                write(draft, written)
            else:
                rewrite(draft, old, written if len(value) == 1 else ", ".join(one.text for one in news), written)
        else:
            erase(draft, old)


def _part_free(tag: Fragment) -> bool:
    return tag.part == "subject"  # what a thing alone is taken for: in the place of a scene it is one


def write(draft: EditDraft, written: str) -> None:
    if draft.text is not None:
        draft.text = written_text.added(draft.text, in_script(draft.text, written))


def denying(text: str, target: str, tag: Fragment) -> str:
    """A text that says, too, that something is not wanted: `target` is the person's word for it, `tag` its English."""
    if CHINESE.search(target) and CHINESE.search(text):
        return written_text.added(text, in_script(text, f"不要{target}"))
    return f"{text} --no {opposites.plain(tag.text)}"


_BARE_VERB = re.compile(r"[,，、]?\s*(?:戴着|穿着|拿着|抱着|披着|手持)(?=[,，、。]|\Z)")


def erase(draft: EditDraft, old: Fragment) -> None:
    if old.origin == "preset" or draft.text is None:
        return
    others = [one.text for one in (*draft.fragments, *draft.negatives) if one.source == old.source and one != old]
    written = old.source or old.text
    if others:
        draft.text = written_text.put(draft.text, written, ", ".join(others))
    else:
        rest = written_text.without(draft.text, written, last=old in draft.negatives)
        draft.text = _BARE_VERB.sub("", rest) if rest else None


def add(draft: EditDraft, tag: Fragment, written: str, *, after: int | None = None, noun: str = "") -> None:
    """One more fragment, behind the others of its part; no longer in the negative."""
    key = opposites.plain(tag.text)
    for old in [one for one in draft.negatives if opposites.plain(one.text) == key]:
        erase(draft, old)
        draft.negatives.remove(old)
    if any(opposites.plain(one.text) == key for one in draft.fragments):
        draft.changes.append(Change("same", tag.text))
        return
    if " " not in key and any(singular(head(one.text)) == singular(PEOPLE.get(key, key)) for one in draft.fragments):
        return  # "猫戴上帽子": the cat is there, and only named again
    at = after + 1 if after is not None else behind(draft.fragments, tag.part)
    draft.fragments.insert(at, tag)
    draft.changes.append(Change("added", after=tag.text))
    write(draft, tag.text if noun or not CHINESE.search(tag.source) else tag.source)


def behind(fragments: Sequence[Fragment], part: Part) -> int:
    last = max((at for at, one in enumerate(fragments) if one.text in (grammar.BREAK, "AND")), default=-1)
    rank = PARTS.index(part)
    return max(
        (at + 1 for at in range(last + 1, len(fragments)) if PARTS.index(fragments[at].part) <= rank), default=last + 1
    )


def weigh(draft: EditDraft, at: int, target: str, tags: Sequence[str], heavier: Callable[[float], float]) -> None:
    """Another weight on a fragment, or on those words of it that were meant: the colour of a thing, one thing of
    several, a group that has its own weight. `target` is the person's word, `tags` its English."""
    old = draft.fragments[at]
    for tag in tags:
        if (made := _inside(old, tag, target, heavier)) is not None:
            new, source, before, after = made
            if before == after:
                draft.changes.append(Change("same", target))
                return
            draft.fragments[at] = new
            draft.changes.append(Change("weighed", f"{tag} ×{before:g}", f"×{after:g}"))
            if draft.text is not None and old.origin != "preset":
                draft.text = written_text.put(draft.text, old.source or old.text, source) if source else None
            return
    weight = heavier(old.weight)
    if weight == old.weight:
        draft.changes.append(Change("same", target))
        return
    draft.fragments[at] = replace(old, weight=weight)
    draft.changes.append(Change("weighed", f"{old.text} ×{old.weight:g}", f"×{weight:g}"))
    if draft.text is not None and old.origin != "preset":
        written = old.source or old.text
        inner = f"({written}:{weight:g})" if weight != 1 else written
        draft.text = written_text.put(draft.text, written, inner, group=True)


def _inside(
    old: Fragment, tag: str, target: str, heavier: Callable[[float], float]
) -> tuple[Fragment, str, float, float] | None:
    """The fragment with another weight on a word in it, how the person would have written it (empty: nobody knows), and
    the weight before and after; None where all of the fragment was meant."""
    entry = entry_of(tag)
    property_ = entry is not None and entry.category in ("colour", "material")
    alone = property_ or singular(head(old.text)) != singular(tag.rpartition(" ")[2])

    def change(weight: float) -> float:
        return round(heavier(weight * old.weight) / (old.weight or 1.0), 4)

    if (made := emphasis.reweighed(old.text, tag, change, alone)) is None:
        return None
    word = target + "色" * (f"{target}色" in old.source) if CHINESE.search(old.source) else tag
    said = emphasis.reweighed(old.source, word, change, alone)
    text, before, after = made
    new = replace(old, text=text, source=said[0] if said else text)
    return new, said[0] if said else "", before * old.weight, after * old.weight
