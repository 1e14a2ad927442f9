"""Which thing of a sentence a newly named one takes the stead of: the same thing of another kind, what is worn at the
same place, another creature, what was held."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import sorts
from prompts.edit.groups import NounGroup, doings, groups, is_view, tells
from prompts.edit.rivals import is_place, kind_of, matter
from prompts.edit.targets import KINDS
from prompts.edit.wearing import covered, is_worn
from prompts.edit.word_lists import listed
from prompts.edit.words import PEOPLE, singular

_SAME = {
    "kid": "child",
    "guy": "man",
    "lady": "woman",
    "dude": "man",
    "bike": "bicycle",
    "pic": "picture",
    "doggo": "dog",
}
_BEINGS = ("person", "animal", "myth")


def called(word: str) -> str:
    """A noun of one thing, in the word that all its names share."""
    noun = singular(word)
    noun = singular(PEOPLE.get(noun, noun)) if noun[:1].isdecimal() else noun
    return _SAME.get(noun, noun)


def _kind(group: NounGroup) -> str:
    words = " ".join(group.name)
    kind = kind_of(words) or kind_of(group.head) or kind_of(group.name[-1])
    noun = called(group.name[-1])
    if noun in listed("made being") or noun in ("child", "man", "woman", "girl", "boy", "couple"):
        return "person"
    if not kind and _TRADE.fullmatch(noun):
        return "person"
    kind = kind or sorts.kind_of(group.head)
    return {"myth": "animal"}.get(kind, kind)


_TRADE = re.compile(
    r"[a-z]{2,}(?:ist|[^aeiou]man|woman|boarder|keeper|dancer|player|singer|rider|maker|worker|driver|ress|cian|dresser)"
)
_MANY = frozenset(("audience", "crowd", "people", "person", "everyone", "group"))


def named(found: Sequence[NounGroup], target: str) -> NounGroup | None:
    """The one thing that a person calls so; None where none or several are."""
    if KINDS.get(target) == ("people",):
        people = [one for one in found if _kind(one) == "person"] or [one for one in found if _kind(one) == "animal"]
        return (
            people[0] if len({one.head for one in people}) == 1 or (people and target not in ("her", "him")) else None
        )
    target = re.sub(r"^(?:in|on|at) (?:the |an? )?", "", target)
    wanted = groups(target)
    if len(wanted) != 1 or wanted[0].end != len(target):
        return None
    told = [*wanted[0].told, *wanted[0].name[:-1]]
    mine = [one for one in found if called(one.name[-1]) == called(wanted[0].name[-1])]
    mine = [one for one in mine if all(word in (*one.told, *one.name) for word in told)]
    if not mine and not told:
        mine = [one for one in found if _is_a(one, called(target))]
    return mine[0] if len(mine) == 1 else None


def _is_a(group: NounGroup, general: str) -> bool:
    words = [*group.told, *group.name]
    said = {" ".join([*words[at:-1], one]) for at in range(len(words)) for one in (words[-1], singular(words[-1]))}
    return any(sorts.is_a(each, general) for each in said)


def what_it_is(text: str, spoken_of: str, colour: str) -> str:
    """The thing that is to have a colour or be of a material where only "it" is said: what was just spoken of, the only
    thing that has a colour, else the first thing, if that is no person; empty where it is not plain."""
    if kind_of(colour) == "colour" and colour in ("bright", "dark", "light", "pale", "colorful", "neon", "pastel"):
        return ""
    found = groups(text) if text.isascii() and len(text) < 1000 else ()
    told = groups(spoken_of[:100])
    if told and (mine := named(found, told[0].name[-1])):
        return " ".join(mine.name)
    coloured = [one for one in found if any(kind_of(word) == "colour" for word in one.told)]
    first = coloured[0] if len(coloured) == 1 else next(iter(found), None)
    return "" if first is None or _kind(first) in ("person", "place", "nature", "weather", "time") else first.name[-1]


def told_of(text: str, who: str) -> tuple[int, int] | None:
    """Where a text tells of whom a wish names: all of it, where it tells of one being only or "who" is none; None where
    several may be meant."""
    beings = [one for one in groups(text) if _kind(one) in ("person", "animal")]
    if len(beings) < 2 or not who:
        return 0, len(text)
    sex = {"she": "she", "her": "she", "he": "he", "him": "he", "his": "he"}.get(who)
    own = [at for at, one in enumerate(beings) if called(one.name[-1]) in (listed(sex) if sex else (called(who),))]
    if len(own) != 1:
        return None if sex and len([one for one in beings if _kind(one) == "person"]) > 1 else (0, len(text))
    after = beings[own[0] + 1 :]
    end = after[0].start if after and re.match(r"(?:and|,) ?", after[0].led or ",") else len(text)
    return beings[own[0]].start, len(text[:end].rstrip(" ,").removesuffix(" and")) if end < len(text) else end


def alike(found: Sequence[NounGroup], wanted: NounGroup, *, one_more: bool) -> NounGroup | None:
    """The thing of the same name that is to be so: "black tutu" of a white one. Where it may be one more, only what
    there cannot be twice."""
    if one_more and called(wanted.name[-1]) not in listed("only one"):
        return None
    mine = [one for one in found if called(one.name[-1]) == called(wanted.name[-1])]
    if not mine and called(wanted.name[-1]) in ("person", "people") and wanted.lead:  # "two people" of the friends
        mine = [one for one in found if _kind(one) == "person" or called(one.name[-1]) == "friend"]
        mine = [one for one in mine if called(one.name[-1]) not in _MANY]
    if not mine and wanted.lead and called(wanted.lead[0]) not in ("a", "an", "the"):  # "two dogs" of a dalmatian
        mine = [one for one in found if _is_a(one, called(wanted.name[-1]))]
    if len(mine) != 1 or not (wanted.told or wanted.lead or wanted.name[:-1]):
        return None
    return mine[0]


def several_for(text: str, wanted: NounGroup) -> tuple[int, int] | None:
    """Where a text names the beings, joined by "and", that so many of one kind come instead of: "a boy and a girl" for
    two girls; None where it names none so."""
    kind = _kind(wanted)
    if not wanted.lead or wanted.lead[0] not in _SEVERAL or kind not in ("person", "animal"):
        return None
    beings = [one for one in groups(text) if _kind(one) == kind and one.lead in ((), ("a",), ("an",), ("the",))]
    joined = [beings[:1]]
    for one in beings[1:]:
        if joined[-1] and text[joined[-1][-1].end : one.start] in (" and ", ", ", ", and "):
            joined[-1].append(one)
        else:
            joined.append([one])
    found = [each for each in joined if len(each) > 1 and text[each[-2].end : each[-1].start].endswith(" and ")]
    return (found[0][0].start, found[0][-1].end) if len(found) == 1 else None


_SEVERAL = ("two", "three", "four", "five", "six", "2", "3", "4", "5", "6")


def only_being(found: Sequence[NounGroup], wanted: NounGroup) -> NounGroup | None:
    """The one being that another, named without an article, can only stand for: "eagle" where there is an owl."""
    if wanted.lead or _kind(wanted) not in ("person", "animal"):
        return None
    same = [one for one in found if _kind(one) == _kind(wanted) and called(one.name[-1]) not in _MANY]
    return same[0] if len(same) == 1 else None


def main_thing(text: str, wanted: NounGroup) -> NounGroup | None:
    """The thing that a whole sentence is about, for one of its kind that is named without an article: a ship for the
    boat that drifts; a tag beside others is none."""
    found = groups(text)
    fed = [
        one
        for one in found
        for doing in doings(text)
        if doing.verb in ("eating", "drinking") and doing.start < one.start <= doing.end and _kind(one) == "food"
    ]
    if len(fed) == 1 and _kind(wanted) == "food" and not wanted.lead:
        return fed[0]
    if not found or wanted.lead or found[0].start or not re.match(r" [a-z]", text[found[0].end :]):
        return None
    first = found[1] if found[0].of > found[0].end and len(found) > 1 else found[0]
    kind = _kind(wanted)
    return first if kind in ("food", "vehicle") and kind in (_kind(first), _kind(found[0])) else None


def covers(found: Sequence[NounGroup], wanted: NounGroup) -> list[NounGroup]:
    """What is worn at the place of something that is to be worn."""
    things = [one for one in found if is_worn(one.name[-1])]
    worn = [things[at] for at in covered([one.name[-1] for one in things], wanted.name[-1])]
    if len(worn) > 1 and len([one for one in found if _kind(one) == "person"]) > 1:
        return []  # whose?
    return worn if len({one.head for one in worn}) == len(worn) else []


_SCENES = ("place", "building")


def in_pairs(text: str, wanted: Sequence[NounGroup]) -> tuple[NounGroup, NounGroup] | None:
    """The only two beings of a text, for two others of their kind: a mother and her daughter for "father and son"."""
    kinds = {_kind(one) for one in wanted}
    if len(wanted) != 2 or len(kinds) != 1 or not kinds <= {"person", "animal"} or any(one.lead[1:] for one in wanted):
        return None
    beings = [one for one in groups(text) if {_kind(one)} == kinds]
    return (beings[0], beings[1]) if len(beings) == 2 else None


def stands_for(text: str, wanted: NounGroup, *, itself: bool = False) -> NounGroup | None:
    """What a thing comes instead of that nobody named: another of its sort, then of its kind, for a creature any other,
    for a thing what is held or done something to. `itself`: it is what the picture is of, where that is not plain."""
    found = [one for one in groups(text) if not is_view(one)]
    ridden = [one for one in found if any(each.verb == "riding" and one.of == each.end for each in doings(text))]
    if len(ridden) == 1 and _kind(wanted) == "vehicle":
        return ridden[0]
    for general in sorts.GENERAL:
        if _is_a(wanted, general) and len(mine := [one for one in found if _is_a(one, general)]) == 1:
            return mine[0]
    kind = _kind(wanted)
    if kind in ("person", "animal"):
        same = [one for one in found if _kind(one) == kind]
        others = [one for one in found if _kind(one) in ("person", "animal")]
        unknown = [one for one in found[:1] if itself and not _kind(one)]  # a llama, which no list knows
        return next(iter(same or others or unknown), None)
    if itself and found and all(_kind(one) in _SCENES or is_place(one.head) for one in (wanted, found[0])):
        return found[0]  # an old bookshop that is to be a modern library
    if kind in (
        "place",
        "hair",
        "weather",
        "time",
        "season",
        "style",
        "colour",
        "material",
        "adjective",
        "expression",
        "pose",
    ):
        return None
    if kind and len(mine := [one for one in found if _kind(one) == kind]) == 1 and kind != "object":
        return mine[0]
    beings = [one for one in found[:1] if _kind(one) in ("person", "animal")]
    if tells(wanted.name[-1]) or matter(wanted.name[-1]) or is_view(wanted):
        return None
    if not kind and itself and wanted.lead:  # "make it a possum", which no list knows
        return next(iter(beings or found), None)
    objects = [
        one for one in found for doing in doings(text)
        if doing.start < one.start and one.of == doing.end and text[doing.start : one.start].split() == [doing.verb]
    ]  # fmt: skip
    objects = [one for one in objects if kind_of(one.head) not in _BEINGS]
    if not objects and not kind and not re.fullmatch(r"[a-z-]{3,}ed", wanted.name[-1]):
        return next(iter(beings), None)
    return objects[0] if len(objects) == 1 else None
