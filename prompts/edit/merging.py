"""An English thing with other words for it, in the grammar of the sentence where it stands: article, number, and what
was told of it that is still true."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from prompts import sorts
from prompts.edit.groups import NounGroup, doings, groups, tells
from prompts.edit.likeness import called
from prompts.edit.rivals import kind_of, matter
from prompts.edit.wearing import is_worn
from prompts.edit.word_lists import grouped, listed
from prompts.edit.words import singular
from prompts.nouns import COMPARED, with_articles
from prompts.tags import entry_of
from prompts.translate.numbers import plural

_WHERE = re.compile(r" (?:on|in|at|under) (?!front\b)(?:an? |the )?[a-z]+(?: [a-z]+)?$")
_OWNERS = frozenset(["the", "her", "his", "its", "their", "my", "our", "your", "this", "that"])


def put_in_place(text: str, old: NounGroup, value: str, *, bare: bool = False) -> str:
    """The text with a thing as the value says it is: another thing, or only told otherwise; empty where that is not
    one. `bare`: what was told of the old thing is not told of the new one."""
    if text[old.start].isdecimal():
        return ""  # "1girl" is a tag
    if {matter(value), matter(old.head)} <= {"time", "season", "weather"}:
        return ""  # no kind of rain is sunny
    old = replace(old, told=()) if bare else old
    words = value.split()
    coloured = any(map(_is_colour, words)) and re.search(r"\b(?P<colour>[a-z]+) and $", text[: old.start])
    if coloured and kind_of(coloured["colour"]) == "colour" and any(map(_is_colour, old.told)):
        before = next((one for one in groups(text) if one.end == coloured.end("colour")), None)
        old = replace(old, start=before.start if before else coloured.start(), lead=before.lead if before else ())
    grown = all(sorts.is_a(singular(each), "flower") for each in (words[-1], old.name[-1]))  # lavender is a colour, too
    if not grown and (told := _told(words)) and called(words[-1]) != called(old.name[-1]):
        if kind_of(old.name[-1]) == kind_of(words[-1]) == "colour":
            return _put(text, old, value, old.end)  # "red, yellow, black"
        said = _described(old, told)
        return _put(text, old, said, old.end) if said else ""
    if (more := re.fullmatch(r"(?P<how>[a-z ]+?) (?P<with>with .+)", value)) and (told := _told(more["how"].split())):
        return _put(text, old, f"{_described(old, told)} {more['with']}", old.end)  # "blue with white stripes"
    if re.match(r"[a-z]+ed (?:like|as|in|with|by) |made of ", value):  # "shaped like a dragon"
        return _put(text, old, f"{text[old.start : old.end]} {value}", old.end)
    found = groups(value)
    if not found or found[0].start > 0 or any(one.lead for one in found[1:] if one.led == ""):
        return ""
    wanted = found[0]
    if wanted.name[-1] in COMPARED:
        return ""  # "smaller in the frame"
    if called(wanted.name[-1]) == called(old.name[-1]):
        said, end = _again(old, wanted), old.of if wanted.of > wanted.end or _full_of(old, wanted) else old.end
    else:
        said = _another(text, old, wanted)
        end = old.of if old.head not in listed("full of") or wanted.head not in listed("full of") else old.end
    rest = value[wanted.end :]
    did = next((one for one in doings(text) if one.start == end + 1), None)
    if did and doings(rest) and doings(rest)[0].start == 1:  # nobody knits who plays the guitar
        end = did.end
    where = None if is_worn(rest or "a") else _WHERE.match(rest)
    there = next((one for one in groups(text) if one.start > end), None) if where else None
    if (
        where
        and there
        and re.fullmatch(r" (?:on|in|at|under) ", text[end : there.start])
        and not is_worn(there.name[-1])
    ):
        end = there.end  # "white sneakers on grass" are on no wooden floor
    return _put(text, old, said + rest, end)


def _full_of(old: NounGroup, wanted: NounGroup) -> bool:
    """Whether what a thing is full of is said before its name now: "whisky bottle" of a bottle of perfume."""
    said = (*wanted.told, *wanted.name[:-1])
    return old.head in listed("full of") and any(
        kind_of(each) in ("food", "plant") or sorts.kind_of(each) == "food" for each in said
    )


def _put(text: str, old: NounGroup, said: str, end: int) -> str:
    rest = text[end:]
    last = said.split()[-1]
    if where := re.search(r" (?P<at>on|in|at|by|with) (?:an? |the |his |her |its )?(?P<what>[a-z]+)$", said):
        twice = rf"^ {where['at']} (?:an? |the |his |her |its )?{where['what']}\b"  # "on his shoulder"
        rest = re.sub(twice, "", rest)
    if re.match(rf" {re.escape(last)}\b", rest):  # "sunshine outside" for the rain that is outside
        rest = rest[len(last) + 1 :]
    if text[old.start].isupper():
        said = said[0].upper() + said[1:]
    before = text[: old.start]
    if said.split()[0] not in ("a", "an", "the"):
        before = re.sub(
            r"\b(?:an? )?(?:large |small |big )?(?:group|crowd|bunch) of $", "", before
        )  # "two friends" are no group
    return with_articles(before + said + rest)


def _told(words: list[str]) -> list[str]:
    """The words of a value that only tells how something is: "tiny and rusty"."""
    told = [
        COMPARED.get(word, word) for word in words if word not in ("and", "very", "more", "really", "all", "a", "bit")
    ]
    plain = [word for word in told if word != "&"]
    if _names(" ".join(plain)):
        return []  # "ice cream"
    if plain and len(plain) < 4 and kind_of(plain[-1]) == "colour" and not _names(plain[-1]):
        return plain  # "mustard yellow"
    noun = len(plain) > 1 and plain[-1] == "light"
    return plain if plain and all(map(tells, plain)) and not _names(plain[-1]) and not noun else []


def _names(word: str) -> bool:
    return kind_of(word) in ("animal", "person", "food", "plant", "object", "clothing") or word in (
        "painting",
        "drawing",
    )


def _described(old: NounGroup, told: list[str]) -> str:
    kept = [word for word in old.told if not any(_rival(word, each) for each in told)]
    if any(map(_is_colour, told)):
        kept = [word for word in kept if word not in ("tabby", "calico", "blond", "tortoiseshell")]
    if set(told) & _SEEN_THROUGH:
        kept = [word for word in kept if not _is_colour(word)]
    if any(map(_is_colour, told)):
        kept = [word for word in kept if word not in _SEEN_THROUGH]
    sizes = [word for word in told if _scale(word) is not None and not (_is_colour(word) or _is_material(word))]
    rest = [word for word in told if word not in sizes]
    several = len(rest) > 1 and all(map(_is_colour, rest)) and not {*rest} & _SHADES
    if several and rest[-1] in ("striped", "checkered", "plaid", "dotted"):
        rest = [f"{' and '.join(rest[:-1])} {rest[-1]}"]  # "red and white striped"
    joint = [" and ".join(rest)] if several else sorted(rest, key=_is_material)
    ends = next((at for at in range(len(kept), 0, -1) if tells(kept[at - 1])), 0)
    kept, named = kept[:ends], kept[ends:]  # "telephone" of "red telephone booth"
    coloured = not all(map(_is_material, rest))
    before = [word for word in kept if not (_is_material(word) or (coloured and _is_colour(word)))]
    behind = [word for word in kept if word not in before]
    return " ".join([*old.lead, *sizes, *before, *joint, *behind, *named, *old.name])


_SEEN_THROUGH = frozenset(["transparent", "see-through", "clear", "colorless"])
_SHADES = frozenset(["bright", "dark", "light", "pale", "deep", "soft"])


def _again(old: NounGroup, wanted: NounGroup) -> str:
    """The same thing, told otherwise: another colour, another number."""
    kept = [word for word in old.told if not any(_rival(word, each) for each in (*wanted.told, *wanted.name[:-1]))]
    new = (*wanted.told, *wanted.name)
    kind = len(new) > 1 and entry_of(" ".join(new)) and not any(map(_is_colour, new))  # "straw hat"
    kind = kind and old.head not in listed("only one")
    if kind or old.head == "tree" or not all(map(tells, new[:-1])):  # a polar bear is no brown one
        kept = [
            word for word in kept if tells(word) and not _is_colour(word) and kind_of(word) not in ("food", "plant")
        ]
    lead = wanted.lead if wanted.lead and (wanted.lead[0] not in ("a", "an", "the", *_OWNERS)) else old.lead
    if wanted.lead in (("a",), ("an",)) and old.plural:
        lead = wanted.lead
    several = lead and lead[0] not in ("a", "an", "one", "1", *_OWNERS)
    if lead != old.lead or wanted.plural != old.plural:
        single = (*old.name[:-1], singular(old.name[-1]))
        name = (*old.name[:-1], *plural(single[-1]).split()) if several else (
            single if lead and lead[0] in ("a", "an", "one", "1") else old.name
        )  # fmt: skip
    else:
        name = old.name
    modifiers = [] if all(word in name for word in wanted.name[:-1]) else [*wanted.name[:-1]]
    if (
        modifiers
        or (not all(map(tells, wanted.told)) and not wanted.name[:-1])
        or any(kind_of(word) == "material" for word in wanted.told)
    ):
        name = (name[-1],)  # stone bridges are no rope bridges
    coloured = all(_is_colour(word) or _is_material(word) for word in wanted.told)
    first, then = (kept, [*wanted.told]) if coloured else ([*wanted.told], kept)  # "a flowing blue dress"
    return " ".join([*lead, *first, *then, *modifiers, *name])


def _another(text: str, old: NounGroup, wanted: NounGroup) -> str:
    """Another thing in the place of one, with what is still true of it."""
    kept = [word for word in old.told if tells(word) and word not in ("tabby", "calico")]
    if wanted.name[-1] in ("man", "woman", "girl", "boy") and kind_of(old.name[-1]) in ("person", ""):
        kept = [
            word
            for word in old.told
            if tells(word) or kind_of(word) == "person" or called(word) in listed("made being")
        ]
    new = (*wanted.told, *wanted.name[:-1])
    kept = [word for word in kept if not any(_rival(word, each) for each in new)]
    if any(map(tells, new)) or not _keeps(old, wanted):
        kept = [word for word in kept if not _is_colour(word)]
    kept = [word for word in kept if word not in ("male", "female")]
    if kind_of(old.head) != "object" or kind_of(wanted.head) != "object":
        kept = [word for word in kept if kind_of(word) != "material"]
    name = list(wanted.name)
    counted = bool(old.lead) and old.lead[0] not in ("a", "an", "one", "1", *_OWNERS)
    if wanted.lead and wanted.lead[0] not in ("a", "an", "the", *_OWNERS):
        lead = wanted.lead
    elif wanted.plural or name[-1] in listed("mass"):
        lead = old.lead if counted or (old.lead and old.lead[0] in _OWNERS) else ()
    elif (counted or (old.plural and _alike(old, wanted))) and not wanted.lead:
        lead, name = old.lead, [*name[:-1], plural(name[-1])]
    elif old.lead and old.lead[0] in _OWNERS:
        lead = old.lead
    elif old.plural and not wanted.lead:
        lead = ("a",) if old.led not in ("", "of") else ()  # one umbrella for the flowers that are held
    elif (
        old.lead
        or (wanted.lead and old.led)
        or (
            old.led not in ("", "of")
            and name[-1] not in listed("mass")
            and not old.plural
            and old.name[-1] in listed("mass")
        )
    ):
        lead = ("a",)
    else:
        lead = ()
    return " ".join([*lead, *kept, *wanted.told, *name])


_PAIR = re.compile(
    "(?:sun)?glasses|goggles|headphones|trousers|pants|jeans|shorts|scissors|binoculars|tights|leggings|boots|shoes|socks|gloves"
)


def _alike(old: NounGroup, wanted: NounGroup) -> bool:
    """Whether as many are meant of a new thing as of the old one: pears for apples, one hat for sunglasses."""
    kinds = [
        {"myth": "animal"}.get(kind, kind)
        for kind in (
            kind_of(" ".join(one.name)) or kind_of(one.head) or sorts.kind_of(one.head) for one in (old, wanted)
        )
    ]
    return (kinds[0] == kinds[1] or not all(kinds)) and not _PAIR.fullmatch(old.name[-1])


def _keeps(old: NounGroup, wanted: NounGroup) -> bool:
    """Whether a new thing has the colour of the old one: a puppy that of a kitten, no truck that of a rose."""
    kinds = [kind_of(" ".join(one.name)) or kind_of(one.head) for one in (old, wanted)]
    kinds = ["animal" if kind == "myth" else kind for kind in kinds]
    return kinds[0] == kinds[1] and kinds[0] in ("animal", "vehicle", "place", "building", "object", "myth", "person")


def _rival(old: str, new: str) -> bool:
    """Whether a thing is only one of two: red or blue, young or old."""
    if old == new or (_is_colour(old) and _is_colour(new) and (new not in _SHADES or old in _SHADES)):
        return True
    if kind_of(old) == kind_of(new) == "material" or (matter(old) == matter(new) and matter(new) in _WHEN):
        return True
    return any(old in scale and new in scale for scale in grouped("scale"))


_WHEN = ("time", "season", "weather")


def _scale(word: str) -> int | None:
    return next((at for at, scale in enumerate(grouped("scale")) if word in scale), None)


def _is_material(word: str) -> bool:
    return not _is_colour(word) and _rival(word, "marble")


def _is_colour(word: str) -> bool:
    return kind_of(word) == "colour" or word in listed("colour")


def changed_words(before: str, after: str) -> tuple[set[str], set[str]]:
    """The words that the first text has more of, and those that the second one has."""
    old, new = (Counter(re.findall(r"[\w'-]+", said.lower())) for said in (before, after))
    return set(old - new), set(new - old)
