"""What of a prompt a sentence speaks of, and whether an instruct model's answer leaves all else as it is: what is not
named stays, and so do its numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from prompts import grammar, options
from prompts.edit.draft import EditDraft
from prompts.edit.instructions import Instruction
from prompts.edit.numerals import number
from prompts.edit.outdated import no_longer
from prompts.edit.setting import rivals_of
from prompts.edit.targets import CATEGORIES, KINDS, WordReader, matches
from prompts.edit.words import category_of, singular
from prompts.errors import Refusal
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries

_MOST = 40  # words of a sentence that are looked for in the prompt
_SPEAKS_OF_NUMBERS = re.compile(
    r"[一二两三四五六七八九十百几多少只双对群\d]|[个個]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|an?|another|"
    r"more|fewer|less|single|alone|pair|couple|several|many|some|few|half|double|twice|only|just|number|count)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\d+(?=[a-z]|\b)|several|many|dozens?|group|crowd|pair)\b|\d+"
)
_SYNTAX = re.compile(r"[<>{}|\[\]]|__|(?<!\w)(?:--|—)\w")


def written_plainly(said: str) -> bool:
    """Whether words are nothing but words: no syntax, and no option that a text would be read to have ("seed 4")."""
    try:
        return not _SYNTAX.search(said) and not options.read_options(said).options.to_json()
    except Refusal:
        return False


async def spoken_of(draft: EditDraft, sentence: str, wishes: Sequence[Instruction], reader: WordReader) -> set[int]:
    """The fragments that a sentence names, in whatever words it has for them."""
    found: set[int] = set()
    targets = [one.target for one in wishes if one.target]
    for word in [*targets, *_words(sentence)][:_MOST]:
        found |= set((await matches(draft.fragments, word, reader))[0])
    return found


def _words(sentence: str) -> Iterator[str]:
    """The words of a sentence that may name a thing."""
    if CHINESE.search(sentence):
        plain, known = chinese.simplified(sentence), entries()
        for size in (4, 3, 2, 1):
            for at in range(len(plain) - size + 1):
                word = plain[at : at + size]
                if word in KINDS or word in CATEGORIES:
                    yield word
                elif (entry := known.get(word)) and entry.category not in ("", "adjective", "preposition", "quality"):
                    yield entry.tag
    for word in dict.fromkeys(re.findall(r"[a-z][a-z'-]+", sentence.lower())):
        if word in KINDS or word in CATEGORIES or category_of(singular(word)) not in ("", "adjective", "preposition"):
            yield word


def keeps_its_number(old: str, new: str, sentence: str) -> bool:
    """Whether a phrase says as many as before, or the sentence speaks of how many."""
    if _SPEAKS_OF_NUMBERS.search(sentence):
        return True
    was, now = ([number(word) or word for word in _NUMBER.findall(said.lower())] for said in (old, new))
    return was == now


async def only_what_is_named(
    draft: EditDraft,
    changed: Mapping[int, Sequence[str]],
    gone: Collection[int],
    fresh: Sequence[str],
    spoken: Collection[int],
) -> bool:
    """Whether each fragment that is `changed` or `gone` is one that the sentence has `spoken` of, or cannot stay beside
    what is `fresh`. Where the sentence names nothing of the prompt, it may mean any of it."""
    if not spoken:
        return True
    news = [Fragment(text, part="scene_detail", source=text) for text in fresh]
    rivals = {at for one in news for at in rivals_of(draft, one)}
    for at in {*changed, *gone} - set(spoken) - rivals:
        old = draft.fragments[at]
        if not any(no_longer(old, one) for one in news) and grammar.bare(old.text) not in changed.get(at, ()):
            return False
    return True
