"""What stays when somebody wants only one thing of a picture: the cat of "a cat, a dog and a rabbit on the grass"."""

from __future__ import annotations

from collections.abc import Sequence

from prompts import opposites
from prompts.edit.draft import EditDraft
from prompts.edit.exclusions import alone
from prompts.edit.groups import groups
from prompts.edit.instructions import Instruction
from prompts.edit.rivals import is_place
from prompts.edit.targets import WordReader, matches, person_in, without_presets
from prompts.edit.wording_zh import MEASURE
from prompts.edit.words import category_of
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_THINGS = frozenset(("person", "animal", "myth", "object", "food", "plant", "vehicle", "building"))
_GROWN = frozenset(("plant", "building"))  # what a scene is of, too
_WHERE = frozenset(("on", "in", "at", "under", "inside", "near", "by", "over", "across", "through"))


async def others(draft: EditDraft, kept: Sequence[str], reader: WordReader) -> list[Instruction]:
    """To take away each thing of the prompt but those that are to be kept; the scene, and what is told of who stays,
    stay with them. Empty where the prompt has nothing else."""
    own = without_presets(draft.fragments)
    names = [name for each in own for name in _names(each)]
    mine: set[str] = set()
    for target in kept:
        found, word = await matches(draft.fragments, target, reader)
        there = {at: _names(draft.fragments[at]) for at in found}
        named = {name for each in there.values() for name in each if word and word in name.split()}
        mine |= named or {each[0] for each in there.values() if each}
        mine |= {each[0] for each in there.values() if each and category_of(each[0]) == "object"}  # the desk it is on
    return [Instruction("remove", name) for name in dict.fromkeys(names) if name not in mine]


def _names(one: Fragment) -> list[str]:
    """The things that a fragment names, in the words in which they can be taken away."""
    if CHINESE.search(one.source):
        thing = category_of(one.text) in _THINGS and opposites.without_lead(one.text) == one.text
        if one.part == "scene_detail" and category_of(one.text) in _GROWN:
            thing = MEASURE.match(chinese.simplified(one.source)) is not None  # "一盆绿植"; "草地" is the scene
        return [one.source] if person_in(one.text) or thing else []
    if opposites.without_lead(one.text) != one.text and one.part != "subject":
        return []  # "on a roof"
    found = [each for each in groups(one.text) if each.led not in _WHERE and not each.led.endswith("ing")]
    if one.part == "scene_detail" and category_of(one.text) in _GROWN:
        found = [each for each in found if each.lead]  # "a potted plant"; "grass" is the scene
    unknown = one.part == "subject" and len(found) == 1 and not category_of(one.text) and not alone(one.text)
    return [" ".join(each.name) for each in found if _is_thing(each.head) or (unknown and each.plural)]


def _is_thing(noun: str) -> bool:
    return (bool(person_in(noun)) or category_of(noun) in _THINGS) and not is_place(noun)
