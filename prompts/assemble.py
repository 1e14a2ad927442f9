"""From fragments to a prompt: presets, style, what a short text lacks; without duplicates and contradictions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from prompts import grammar
from prompts.expand import expanded, filled, seed_of
from prompts.presets import clashes, excluded, key, look_of, phrases, preset, speaking_against
from prompts.prompt import PARTS, Fragment, LoraUse, Note, Part, Prompt
from prompts.styles import Style
from prompts.tags import around, can_be_subject, looked_at, only_describes

LIGHT, HEAVY = 0.4, 1.6  # weights beyond these spoil a picture more than they steer it (shared experience with SD 1.5)
_ARTICLE = re.compile(r"^(?:an?|the) (?=\S)")
_MOST_NOTES = 30  # a hostile text makes thousands of mistakes; nobody reads past some


@dataclass(slots=True)
class Draft:
    """The prompt in the making: chunks between BREAKs, each a list of fragments."""

    chunks: list[list[Fragment]] = field(default_factory=lambda: [[]])
    separators: list[str] = field(default_factory=list)
    negatives: list[Fragment] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)


def assembled(
    text: str,
    draft: Draft,
    loras: tuple[LoraUse, ...],
    *,
    family: str,
    style: Style | None,
    expand: bool,
    seed: int | None,
) -> Prompt:
    """The prompt made of a draft: the person's words in their own order inside each part, then what is added for the
    family, the style and, with `expand`, to a short text; and a note on everything that was taken out or put in.
    A short text is filled up as its own words decide; the seed is the one with which choices in it were made."""
    notes = draft.notes
    fragments = [fragment for chunk in draft.chunks for fragment in chunk]
    look = style.look if style else look_of(key(fragment.text) for fragment in fragments)
    added = preset(family, look)
    chunks = [_merged(chunk, notes) for chunk in draft.chunks]
    chunks = [_agreeing(chunk, notes) for chunk in chunks]
    negatives = _merged(draft.negatives, notes)
    asked = [key(fragment.text) for chunk in chunks for fragment in chunk]
    unwanted = {key(fragment.text) for fragment in negatives}
    notes += [Note("note.both", {"text": tag}) for tag in sorted(unwanted.intersection(asked))]
    notes += _weight_notes([*(f for chunk in chunks for f in chunk), *negatives])
    chunks = [_surrounded(chunk) for chunk in chunks]
    _promote(chunks[0])

    extra = _styled(style, family, asked, unwanted, notes) if style else []
    if expand and family and len(chunks) == 1:
        more = expanded(
            chunks[0],
            seed=seed_of(chunks[0]),
            family=family,
            look=look,
            styled=style is not None or bool(loras),
            unwanted=unwanted,
            beside={key(fragment.text) for fragment in extra},
        )
        if more:
            notes.append(filled(more))
        extra += more
    quality = _preset(added.quality, "quality_style")
    before = [one for tag, one in quality.items() if tag not in unwanted and tag not in asked]
    held = {key(fragment.text) for fragment in before}
    extra = [one for one in extra if key(one.text) not in held]
    styled = [one for one in extra if one.part == "quality_style" and style is not None]
    chunks[0] = [*before, *styled, *chunks[0], *(one for one in extra if one not in styled)]
    asked += [key(fragment.text) for fragment in extra]

    of_style = style.negative if style and family != "demo" else ()
    negatives += _unspoilt(
        {**_preset(of_style, "quality_style"), **_preset(added.negative, "quality_style")},
        asked,
        unwanted,
        extra,
        notes,
    )
    notes_told = told(draft)
    chance = any(note.key == "note.chosen" for note in notes_told)
    return Prompt(
        text,
        tuple(in_order(chunks, draft.separators, held if family == "demo" else None)),
        tuple(negatives),
        loras,
        notes_told,
        seed=seed if chance else None,
    )


def in_order(
    chunks: Sequence[Sequence[Fragment]], separators: Sequence[str], first: Collection[str] | None
) -> list[Fragment]:
    """All fragments, each chunk's in the order of the three parts; with `first`, words of quality and style that are
    not among them go to the end."""

    def rank(fragment: Fragment) -> int:
        late = first is not None and fragment.part == "quality_style" and key(fragment.text) not in first
        return len(PARTS) if late else PARTS.index(fragment.part)

    fragments: list[Fragment] = []
    for index, chunk in enumerate(chunks):
        if index:
            part: Part = fragments[-1].part if fragments else "subject"
            fragments.append(Fragment(separators[index - 1], part=part, source=separators[index - 1]))
        fragments += sorted(chunk, key=rank)
    return fragments


def told(draft: Draft) -> tuple[Note, ...]:
    """What the stages noticed, each thing once, and the words that stayed dark."""
    notes = draft.notes
    if draft.untranslated:
        notes.append(Note("note.untranslated", {"words": "、".join(dict.fromkeys(draft.untranslated))}))
    if draft.looked_up:
        notes.append(Note("note.dictionary", {"words": "; ".join(dict.fromkeys(draft.looked_up))}))
    unique = {(note.key, *note.values.items()): note for note in notes}
    return tuple(unique.values())[:_MOST_NOTES]


def _styled(
    style: Style, family: str, asked: Sequence[str], unwanted: Collection[str], notes: list[Note]
) -> list[Fragment]:
    """The fragments of a style, without the words that speak against what was asked for."""
    found: list[Fragment] = []
    words = style.positive[:1] if family == "demo" else style.positive  # the demonstration model knows their names only
    scene = () if family == "demo" else style.scene
    for tag, fragment in {**_preset(words, "quality_style"), **_preset(scene, "scene_detail")}.items():
        if tag in unwanted or excluded(tag, asked):
            notes.append(Note("note.style_word", {"text": fragment.text}))
        elif tag not in asked:
            found.append(fragment)
    return found


def _unspoilt(
    added: Mapping[str, Fragment],
    asked: Sequence[str],
    unwanted: Collection[str],
    extra: Sequence[Fragment],
    notes: list[Note],
) -> list[Fragment]:
    """The negatives that contradict nothing; said where it is the person's word that one was left out for."""
    ours = {key(fragment.text) for fragment in extra}
    spoken = {said: tag for tag in asked for said in phrases(tag)}
    found: list[Fragment] = []
    for tag, fragment in added.items():
        if tag in unwanted:
            continue
        against = speaking_against(tag, spoken)
        if against is None:
            found.append(fragment)
        elif against not in ours:
            notes.append(Note("note.contradiction", {"negative": fragment.text, "asked": against}))
    return found


def _agreeing(chunk: list[Fragment], notes: list[Note]) -> list[Fragment]:
    """The fragments without the ones that cannot be true beside a heavier one, or beside an earlier one as heavy."""
    weights = {key(fragment.text): fragment.weight for fragment in chunk}
    gone: set[str] = set()
    for first, second in clashes(list(weights)):
        left, kept = (first, second) if weights[second] > weights[first] else (second, first)
        if kept not in gone and left not in gone:
            gone.add(left)
            notes.append(Note("note.opposite", {"left": left, "kept": kept}))
    return [fragment for fragment in chunk if key(fragment.text) not in gone]


def _surrounded(fragments: Sequence[Fragment]) -> list[Fragment]:
    """What stands around somebody belongs to the scene: of "一个老人，书架，地毯" the old man is looked at."""
    subjects = [one for one in fragments if one.part == "subject" and not only_describes(one.text)]
    things = [one for one in subjects if around(one.text)]
    if not any(looked_at(one.text) for one in subjects if one not in things):
        return list(fragments)
    return [replace(one, part="scene_detail") if one in things else one for one in fragments]


def _promote(fragments: list[Fragment]) -> None:
    """Where nothing is the subject, the first thing or place named is: "森林里的小木屋" is a picture of a cabin."""
    if any(fragment.part == "subject" and not only_describes(fragment.text) for fragment in fragments):
        return
    for index, fragment in enumerate(fragments):
        if fragment.part == "scene_detail" and can_be_subject(fragment.text):
            fragments[index] = replace(fragment, part="subject")
            return


def _merged(fragments: Sequence[Fragment], notes: list[Note]) -> list[Fragment]:
    """Every tag once, where it first stood, with the heaviest of its weights, in thousandths."""
    kept: dict[str, Fragment] = {}
    for fragment in fragments:
        tag = _ARTICLE.sub("", key(fragment.text))
        first = kept.get(tag)
        if first is None:
            kept[tag] = fragment if fragment.weight == 1.0 else replace(fragment, weight=round(fragment.weight, 3))
            continue
        kept[tag] = replace(first, weight=max(first.weight, round(fragment.weight, 3)))
        if grammar.bare(first.text) == first.text != fragment.text and grammar.bare(fragment.text) != fragment.text:
            kept[tag] = replace(kept[tag], text=fragment.text, source=fragment.source)  # says more exactly the same
        notes.append(Note("note.duplicate", {"text": first.text}))
    return list(kept.values())


def _weight_notes(fragments: Sequence[Fragment]) -> list[Note]:
    return [
        Note("note.weight", {"text": words, "weight": f"{weight:g}"})
        for fragment in fragments
        for words, weight in odd_weights(fragment)
    ]


def odd_weights(fragment: Fragment) -> list[tuple[str, float]]:
    """The words of a fragment that weigh too much or too little, with their weight; all of it where all of it does."""
    if not LIGHT <= fragment.weight <= HEAVY:
        return [(fragment.text, fragment.weight)]
    runs = [(run.text.strip(), round(run.weight * fragment.weight, 4)) for run in grammar.inner(fragment.text)]
    return [(words, weight) for words, weight in runs if words and not LIGHT <= weight <= HEAVY]


@cache
def _preset(tags: tuple[str, ...], part: Part) -> Mapping[str, Fragment]:
    """The fragments of a preset, by their key."""
    read = [piece for tag in tags for piece in grammar.pieces(tag)[0]]
    return {key(piece.text): Fragment(piece.text, piece.weight, part, "preset") for piece in read}
