"""What somebody may have meant by a word that names nothing of the prompt: the nearest thing there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prompts import opposites, spelling
from prompts.edit.draft import Change, EditDraft
from prompts.edit.targets import WordReader, without_presets
from prompts.edit.words import category_of, words_of
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_COMMON = frozenset("子头色的小大一个女男人上下里中儿")  # in too many words to say which is meant
_ALIKE = 0.5  # of a word's signs: "气球" and "气泡" are near, "太阳伞" and "阳台" are not
_THINGS = ("clothing", "animal", "vehicle", "food", "plant", "building", "weather", "person")
_NAMED = 3  # things of a prompt that a refusal names


async def not_found(draft: EditDraft, target: str, reader: WordReader) -> Change:
    """The change that could not be made, with the nearest thing of the prompt where one is near: a slip of the pen, or
    a thing of the same kind."""
    near = nearest(draft.fragments, target) or await _of_a_kind(draft.fragments, target, reader)
    return Change("near", target, near) if near else Change("missed", target)


async def went_before(draft: EditDraft, target: str, reader: WordReader) -> bool:
    """Whether a thing was there when the person spoke, and an earlier wish of theirs has taken it away."""
    names = [opposites.plain(tag.text) for tag in await reader.tags(target)]
    gone = [opposites.plain(each) for one in draft.changes for each in one.before.split(", ") if one.kind in _GONE]
    return any(name in each.split() or name == each for name in names for each in gone)


_GONE = ("replaced", "removed")


def nearest(fragments: Sequence[Fragment], target: str) -> str:
    """The word of the prompt that a target is a slip of, or shares the most signs with; empty where none is near."""
    own = without_presets(fragments)
    if not CHINESE.search(target):
        names = dict.fromkeys(name for one in own for name in (*words_of(one.text), opposites.plain(one.text)))
        return spelling.near(target, names, parts=False)
    found = [(_alike(target, word), word) for one in own for word in _words(chinese.simplified(one.source))]
    best, word = max(found, key=lambda pair: pair[0], default=(0.0, ""))
    return word if best >= _ALIKE else ""


def things(fragments: Sequence[Fragment], sentence: str) -> str:
    """The first few things of a prompt, as somebody who wrote a sentence would name them; empty where it has none."""
    own = [one for one in without_presets(fragments) if one.part != "quality_style"]
    named = list(dict.fromkeys(_name(one, sentence) for one in own))[:_NAMED]
    return ("、" if CHINESE.search(sentence) else ", ").join(named)


async def _of_a_kind(fragments: Sequence[Fragment], target: str, reader: WordReader) -> str:
    tags = await reader.tags(target)
    kind = category_of(tags[-1].text) if tags else ""
    alike = [one for one in without_presets(fragments) if kind in _THINGS and category_of(one.text) == kind]
    return _name(alike[0], target) if alike else ""


def _name(one: Fragment, said: str) -> str:
    """A fragment in the language of what was said, where it was written so."""
    written = one.source if CHINESE.search(said) and CHINESE.search(one.source) else opposites.plain(one.text)
    return written.strip() or one.text


def _words(source: str) -> Iterator[str]:
    """The words of things that stand in a source, the whole of it first."""
    known = entries()
    for size in range(min(len(source), 6), 1, -1):
        for at in range(len(source) - size + 1):
            if (word := source[at : at + size]) == source or word in known:
                yield word


def _alike(target: str, word: str) -> float:
    shared = {sign for sign in target if sign in word} - _COMMON
    return len(shared) / max(len(target), len(word)) if target != word else 0.0
