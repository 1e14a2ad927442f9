"""What a picture can no longer be once something new is in it: sunlight at night, a clear sky in a storm, nobody
where a crowd sits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import grammar, opposites
from prompts.edit.draft import Change, EditDraft, become, erase
from prompts.edit.rivals import alone, excludes
from prompts.edit.targets import category_of, head, person_in, singular, words_of
from prompts.nouns import opposed, with_articles
from prompts.prompt import Fragment

_NIGHT = frozenset(("night", "midnight", "late night", "deep night", "night view", "night scene", "nighttime"))
_LOW_SUN = frozenset(("evening", "dusk", "twilight", "sunset", "golden hour", "nightfall", "sundown"))
_CLEAR = frozenset(("sunny", "sunny day", "clear sky", "blue sky", "big sun", "sky clearing up", "sunny sky"))
_AFTERGLOW = frozenset(("sunset glow", "sunset sky", "sunset clouds", "red clouds", "dawn glow"))
_BY_DAY = frozenset(("day", "daytime", "noon", "afternoon", "broad daylight"))
_WET = frozenset(
    ("rain", "rainy", "heavy rain", "light rain", "drizzle", "storm", "thunderstorm", "rainstorm", "snowstorm",
     "blizzard", "overcast", "dark clouds", "cloudy")
)  # fmt: skip
# What comes, and the words that nothing can be of then.
_OUTDATED: tuple[tuple[frozenset[str], re.Pattern[str]], ...] = tuple(
    (when, re.compile(rf"(?:.* )?(?:{no})(?: through .*| on .*| in .*| from .*)?"))
    for when, no in (
        (_NIGHT, "sunlight|sunshine|sunbeams?|sun|sun rays|sunny|sunset|sunset glow|sunrise|dawn glow|blue sky|"
                 "daylight|morning light|noon|white clouds|rainbow"),
        (_LOW_SUN, "noon|starry sky|milky way|night sky|midnight|morning light|dawn glow|sunrise"),
        (_AFTERGLOW, "blue sky|noon|starry sky|milky way|night sky|overcast sky"),
        (_BY_DAY, "starry sky|stars|moonlight|milky way|night sky|moon|sunset|sunset glow|night|midnight|late night|"
                  "city lights at night"),
        (_CLEAR, "rain|rainy|raindrops|lightning|thunder|thunderstorm|storm|dark clouds|storm clouds|stormy|overcast|"
                 "stormy sky|stormy weather|overcast sky|cloudy sky|gloomy|drizzle|blizzard|snowstorm|typhoon|"
                 "typhoon sky|hurricane|tornado"),
        (frozenset(("bright",)), "dim lighting|dark|darkness|dim|dark lighting|low light"),
        (frozenset(("dark", "dim")), "bright lighting|bright|bright light"),
        (frozenset(("tidy", "neat", "clean", "organized")), "messy|chaotic|cluttered|untidy|disorganized"),
        (frozenset(("messy", "chaotic", "cluttered")), "tidy|neat|clean"),
        (frozenset(("lights off",)), "lights on|lamp on|lit desk lamp"),
        (frozenset(("sunrise", "dawn", "daybreak")), "milky way|starry sky|night sky"),
        (frozenset(("empty",)), "crowd|full of .*|students?|audience|tourists?|pedestrians?|people|crowded|bustling"),
        (_WET, "sunlight|sunshine|sunbeams?|sun|sunny|blue sky|clear sky|starry sky|moonlight|rainbow|sunset|"
               "white clouds|sunset glow"),
    )
)  # fmt: skip
_BALD = re.compile(r"\bbald (?=[a-z])")
_MANY = re.compile(r"\b(?:full of|crowd|crowded|audience|packed|many|visitors|tourists|students?|people)\b")
_PEOPLE = frozenset(("student", "audience", "crowd", "people", "person", "tourist", "guest", "visitor", "passerby"))
_NOBODY = frozenset(("no humans", "nobody", "no people", "deserted", "uninhabited"))


def outdate(draft: EditDraft, before: Sequence[Fragment], *, decided: bool, emptied: bool) -> None:
    """Take from a draft what cannot stay beside what has come to it since `before`; of light and weather only where
    they were `decided` anew, as added rain may fall at sunset, and of a crowd only where its place was `emptied`."""
    there = {opposites.plain(one.text) for one in before}
    come = [one for one in draft.fragments if one.origin != "preset" and opposites.plain(one.text) not in there]
    for new in come:
        for at in reversed(range(len(draft.fragments))):
            old = draft.fragments[at]
            if old.origin == "preset" or old in come:
                continue
            if _nobody(old, new) or (decided and (_over(old, new, emptied) or _denied(old, new))):
                del draft.fragments[at]
                draft.changes.append(Change("removed", old.text))
                erase(draft, old)
            elif head(new.text) == "hair" and (said := _BALD.sub("", grammar.bare(old.text))) != grammar.bare(old.text):
                become(draft, at, with_articles(said), "")
            elif _MANY.search(new.text) and (said := _peopled(grammar.bare(old.text))):
                become(draft, at, said, "")


def _over(old: Fragment, new: Fragment, emptied: bool) -> bool:
    said, words = opposites.plain(new.text), opposites.plain(old.text)
    lit = _LIT.match(said) and category_of(head(said)) in ("place", "building", "light", "object", "")
    if lit or (emptied and said.startswith("empty ")):
        said = said.split(" ")[0]
    return any((said in when or head(said) in when) and no.fullmatch(words) for when, no in _OUTDATED)


_LIT = re.compile("(?:bright|dark|dim) (?:lighting|light|[a-z]+)$")


def _denied(old: Fragment, new: Fragment) -> bool:
    """Whether a property that stands alone is the opposite of what a thing is now: "plump" beside a thin cook."""
    words = opposites.plain(old.text)
    told = opposites.plain(new.text).split()
    if alone(words) and any(excludes(words, each) for each in told):
        return True  # "smiling" beside an angry chef
    return words in _BODILY and any(opposed(words, each) for each in told)


_BODILY = (
    "plump",
    "chubby",
    "fat",
    "thin",
    "slim",
    "skinny",
    "muscular",
    "old",
    "young",
    "tall",
    "messy",
    "tidy",
    "dirty",
)


def _nobody(old: Fragment, new: Fragment) -> bool:
    shod = opposites.plain(old.text) in ("barefoot", "bare feet") and _SHOES.search(new.text)
    busy = _HANDS_FREE.fullmatch(opposites.plain(old.text)) and _HANDS_FULL.match(opposites.plain(new.text))
    return bool(shod or busy) or (opposites.plain(old.text) in _NOBODY and _somebody(new))


_HANDS_FREE = re.compile(
    r"(?:arms|hands) (?:at|by) (?:her |his )?sides?|(?:crossed|folded) arms|arms crossed|"
    r"hands? (?:in pockets?|behind back|on hips?)|empty-handed|hands clasped"
)
_HANDS_FULL = re.compile(
    r"(?:holding|carrying|hugging)\b.*\bboth hands\b|both hands|hugging|holding (?:bouquet|a tray)"
)
_SHOES = re.compile(r"\b(?:boots|shoes|sneakers|heels|sandals|slippers|socks|stockings)\b")


def _somebody(one: Fragment) -> bool:
    return bool(person_in(one.text)) or any(
        singular(word) in _PEOPLE or category_of(word) == "person" for word in words_of(one.text)
    )


def _peopled(text: str) -> str:
    """A place without that it is empty; empty where it is not."""
    said = re.sub(r"\b(?:empty|deserted|abandoned) (?=\w)", "", text, count=1)
    return with_articles(said) if said != text else ""
