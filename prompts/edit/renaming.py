"""Another name for a thing in the words about it: "red hat" becomes "red crown", "橘猫坐着" "橘狗坐着"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites, written_text
from prompts.edit.draft import Change, EditDraft, become, instead
from prompts.edit.instructions import Instruction
from prompts.edit.rivals import kind_of
from prompts.edit.targets import WORN, WordReader
from prompts.edit.wording_zh import COUNTED, MEASURE, in_script, uncoloured
from prompts.edit.words import PEOPLE, WEATHER, category_of, head, singular
from prompts.nouns import NAMED, with_articles
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries


async def rename(
    draft: EditDraft, at: int, word: str, value: Sequence[Fragment], one: Instruction, reader: WordReader
) -> None:
    """Another thing in the same fragment: "red hat" becomes "red crown", "橘猫坐着" "橘狗坐着"."""
    old = draft.fragments[at]
    source = chinese.simplified(old.source)
    shared = sum(each.source == old.source for each in draft.fragments) > 1
    if CHINESE.search(one.target) and source.count(one.target) == 1 and not shared:
        lead, _, rest = source.partition(one.target)
        lead = _before_its_name(lead, one.target)
        coloured = _of_its_own((word or head(old.text)).split()[-1], value[0].text)
        lead = _unmade(uncoloured(lead)) if coloured else lead  # a white shirt is not a black one
        lead = _unrelated(lead, word, value[0].text)
        lead = COUNTED.sub("", lead) if MEASURE.match(one.value) else lead  # "一碗面" for "一盘鱼"
        new_source = lead + one.value + rest
        made = await reader.sure(new_source)
        if len(made) == 1 and not CHINESE.search(made[0].text):
            draft.fragments[at] = replace(made[0], weight=old.weight, part=old.part, source=new_source)
            draft.changes.append(Change("replaced", old.text, made[0].text))
            if draft.text is not None:
                draft.text = written_text.put(draft.text, old.source, in_script(draft.text, new_source))
            return
    new = opposites.plain(value[0].text)
    words = grammar.bare(old.text).split(" ")
    index = max(
        (
            i
            for i, each in enumerate(words)
            if word and singular(PEOPLE.get(each.lower(), each.lower())) == word.split()[-1]
        ),
        default=-1,
    )
    size = 1
    for said in (one.target, *(each.text for each in await reader.tags(one.target))):  # "the old man", all of it
        named = opposites.plain(said).split()
        if words[max(0, index - len(named) + 1) : index + 1] == named:
            size = max(size, len(named))
    if word in WEATHER.values() and new in WEATHER.values():  # "rainy street" with snow
        adjectives = {noun: adjective for adjective, noun in WEATHER.items()}
        if (said := grammar.bare(old.text).replace(adjectives[word], adjectives[new])) != grammar.bare(old.text):
            become(draft, at, said, one.value)
            return
    if index < 0 or len(value) > 1:
        instead(draft, [at], value, one.value)
        return
    kept = [each for each in words[: max(0, index - size + 1)] if each not in ("tabby", "calico")]
    led = min(
        (at for at in range(index + 1) if kind_of(" ".join(words[at : index + 1]).lower()) in NAMED), default=index
    )
    while len(kept) > led and kind_of(kept[-1]) not in ("colour", "material", "adjective"):
        kept.pop()  # "school uniform", "straw hat": one word in English but for the space
    while kept and category_of(kept[-1]) == category_of(new) != "" and category_of(new) in ("plant", "food"):
        kept = [each for each in kept[:-1] if kind_of(each) not in ("colour", "material")]  # "blue rose bouquet"
    while kept and _of_its_own(word or head(old.text), new) and kind_of(kept[-1]) in ("colour", "material"):
        kept.pop()
    if kept and kept[-1] in ("a", "an") and re.search(r"[^s]s$", new) and not new.endswith("dress"):
        kept.pop()  # "jeans"
    become(draft, at, with_articles(" ".join([*kept, new, *words[index + 1 :]])), one.value)


def _unmade(lead: str) -> str:
    """What stands before a thing, without what that is made of: "一座小" of "一座木头小", for a bridge of stone."""
    for size in (3, 2):
        for at in range(len(lead) - size + 1):
            made = entries().get(lead[at : at + size])
            if made and made.category == "material":
                return lead[:at] + lead[at + size :].removeprefix("的")
    return lead


def _before_its_name(lead: str, target: str) -> str:
    """What stands before the name of a thing that ends with a word: before 樱花树 for 树."""
    for size in range(min(len(lead), 4), 0, -1):
        named = entries().get(lead[-size:] + target)
        if named and named.category in NAMED and uncoloured(lead[-size:]) == lead[-size:] and head(named.tag):
            first = entries().get(lead[-size:])
            if first is not None and named.category in ("object", "vehicle") and " " not in named.tag:
                return lead[:-size]  # 长剑 is a sword, and not a long one
            if first is not None and first.category in NAMED and kind_of(named.tag.split()[0]) not in _PROPERTIES:
                return lead[:-size]
    return lead


_PROPERTIES = ("colour", "material", "adjective")
_MADE_OF = ("plant", "food", "object", "material", "animal")


def _unrelated(lead: str, old: str, new: str) -> str:
    """What stands before a thing without what it was of, where the new one is of the like: 玫瑰 of 玫瑰花束, for
    sunflowers, and 珍珠 of 珍珠耳环, for emerald ones."""
    alike = _MADE_OF if old == head(new) else (category_of(new),)
    for size in range(min(len(lead), 4), 1, -1):
        was = entries().get(lead[-size:])
        if was and was.category in _MADE_OF and was.category in alike:
            return uncoloured(lead[:-size])
    return lead


def _of_its_own(old: str, new: str) -> bool:
    """Whether a new thing has other colours and materials than what it takes the place of: it says so, it is the same
    thing of another kind ("night sky" for "blue sky"), or other clothes; what is worn beside them keeps them."""
    said = opposites.plain(new).split()
    if {kind_of(each) for each in said} & {"colour", "material"}:
        return True
    if len(said) > 1 and (said[-1] == old or {said[-1], old} <= {"hat", "cap", "beret", "helmet"}):
        return True
    return all(category_of(each) == "clothing" and not WORN.search(each) for each in (old, opposites.plain(new)))
