"""What a picture can no longer be once something new is in it: sunlight at night, a clear sky in a storm, nobody
where a crowd sits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prompts import grammar, opposites
from prompts.edit.draft import Change, EditDraft, become, erase
from prompts.edit.exclusions import alone, excludes
from prompts.edit.rivals import is_place, moved
from prompts.edit.targets import person_in
from prompts.edit.words import category_of, head, singular, words_of
from prompts.nouns import only_tells, opposed, with_articles
from prompts.prompt import Fragment

_NIGHT = frozenset(("night", "midnight", "late night", "deep night", "night view", "night scene", "nighttime"))
_LOW_SUN = frozenset(("evening", "dusk", "twilight", "sunset", "golden hour", "nightfall", "sundown"))
_CLEAR = frozenset(("sunny", "sunny day", "clear sky", "blue sky", "big sun", "sky clearing up", "sunny sky"))
_AFTERGLOW = frozenset(("sunset glow", "sunset sky", "sunset clouds", "red clouds", "dawn glow"))
_BY_DAY = frozenset(("day", "daytime", "noon", "afternoon", "broad daylight"))
_WET = frozenset(
    ("rain", "rainy", "heavy rain", "light rain", "drizzle", "storm", "thunderstorm", "rainstorm", "snowstorm",
     "blizzard", "overcast", "dark clouds", "storm clouds", "cloudy", "lightning", "thunder")
)  # fmt: skip
_STILL = frozenset(("calm", "calm sea", "calm water", "calm lake", "tranquil environment", "still water", "tranquil"))
_STORMY = frozenset(("storm", "stormy", "thunderstorm", "tempest", "waves", "rough sea", "stormy sea", "hurricane"))
_NOBODY = frozenset(("no humans", "nobody", "no people", "deserted", "uninhabited"))
# What comes, and the words that nothing can be of then.
_OUTDATED: tuple[tuple[frozenset[str], re.Pattern[str]], ...] = tuple(
    (when, re.compile(rf"(?:.* )?(?:{no})(?: through .*| on .*| in .*| from .*)?"))
    for when, no in (
        (_NIGHT, "scorching sun|blazing sun|sunlight|sunshine|sunbeams?|sun|sun rays|sunny|sunset|sunset glow|"
        "sunrise|dawn glow|blue sky|"
                 "daylight|morning light|noon|white clouds|rainbow"),
        (_LOW_SUN, "noon|scorching sun|blazing sun|midday sun|harsh sunlight|starry sky|milky way|night sky|"
        "midnight|morning light|dawn glow|sunrise"),
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
        (_STORMY, "calm|calm (?:sea|ocean|water|waters|lake)|still water|gentle breeze|mirror-like water"),
        (frozenset(("empty", *_NOBODY)), "crowd|full of .*|students?|audience|tourists?|pedestrians?|people|"
        "crowded|bustling"),
        (_WET, "sunlight|sunshine|sunbeams?|sun|sunny|blue sky|clear sky|starry sky|moonlight|rainbow|sunset|"
               "white clouds|sunset glow"),
        (frozenset(("dry",)), "(?:heavy |light )?rain|rainy|drizzle|wet|puddles?|raindrops?|downpour|storm|"
        "thunderstorm"),
        (_STILL, "(?:giant|huge|big|rough|crashing) waves?|rough (?:sea|water)|storm|stormy|thunderstorm|strong wind"),
    )
)  # fmt: skip
_BALD = re.compile(r"\bbald (?=[a-z])")
_DESERTED = re.compile(r"\b(?:empty|deserted|abandoned) (?=\w)")
_UNFURNISHED = re.compile(
    r"\bempty (?=(?:[a-z]+ )?(?:room|house|hall|apartment|office|studio|shelf|table|bench|vase|bowl)$)"
)
_MANY = re.compile(r"\b(?:full of|crowd|crowded|audience|packed|many|visitors|tourists|students?|people)\b")
_PEOPLE = frozenset(("student", "audience", "crowd", "people", "person", "tourist", "guest", "visitor", "passerby"))


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
            gone = _other_ground(old, new) or _nobody(old, new) or (decided and _of_a_tale(draft, old, new))
            if (
                gone
                or (decided and _elsewhere(old, new))
                or (decided and (_over(old, new, emptied) or _denied(old, new)))
            ):
                del draft.fragments[at]
                draft.changes.append(Change("removed", old.text))
                erase(draft, old)
            elif said := _left_of(old, new, decided=decided):
                become(draft, at, said, "")


_ROOFED = ("indoors", "outdoors", "indoor", "outdoor")


def _elsewhere(old: Fragment, new: Fragment) -> bool:
    """Whether a picture is in another place now, under a roof or under the sky: "indoors" of who is on a beach."""
    noun = singular(head(new.text))
    there = opposites.plain(new.text) in _ROOFED or (is_place(noun) and noun not in ("outside", "inside"))
    both = there and old.part == new.part == "scene_detail"
    return (both or opposites.plain(old.text) in _ROOFED) and moved(old.text, new.text)


def no_longer(old: Fragment, new: Fragment) -> bool:
    """Whether a picture can have one fragment no longer once it has the other: sunlight at night."""
    return _over(old, new, False) or _denied(old, new) or _nobody(old, new)


def _left_of(old: Fragment, new: Fragment, *, decided: bool) -> str:
    """A fragment without the words that cannot stay beside what has come; empty where all of it can."""
    text = grammar.bare(old.text)
    if _PLAIN_GROUND.fullmatch(opposites.plain(new.text)) and (said := _tidied(text)):
        return said
    if decided and (said := _unopposed(text, new)):
        return said
    if decided and opposites.plain(new.text) in _HUMAN and (said := _human(text)):
        return said
    for comes, words in (
        (head(new.text) == "hair", _BALD),
        (opposites.slot(new.text) == "hair colour", _FAIR),
        (_fills(new), _UNFURNISHED),
        (bool(_MANY.search(new.text)), _DESERTED),
    ):
        if comes and (said := words.sub("", text, count=1)) != text:
            return with_articles(said)
    return ""


_HUMAN = frozenset(("human", "a human", "ordinary person", "normal person", "ordinary human", "mortal"))


def _of_a_tale(draft: EditDraft, old: Fragment, new: Fragment) -> bool:
    """Whether a being of a tale, said by itself, is somebody ordinary now: 精灵 of 精灵少女."""
    if opposites.plain(new.text) not in _HUMAN or category_of(old.text) != "myth":
        return False
    return any(one not in (old, new) and person_in(one.text) for one in draft.fragments)


def _human(text: str) -> str:
    """A being of a tale who is an ordinary one now: "elf girl" without the elf; empty for others."""
    words = text.split()
    left = [each for each in words if category_of(singular(each)) != "myth" and each not in ("elven", "vampire")]
    return with_articles(" ".join(left)) if len(left) < len(words) and person_in(" ".join(left)) else ""


# What is nothing but a backdrop, and what stands before one.
_PLAIN_GROUND = re.compile(
    r"(?:(?:plain|simple|solid|blank|clean|empty|gradient|pure|solid color|studio|white|black|grey|gray|blue|red|pink|"
    r"green|yellow|beige|cream|pastel|dark|light|bright) )+(?:background|backdrop)"
)


def _other_ground(old: Fragment, new: Fragment) -> bool:
    """Whether a plain backdrop is behind a picture no longer: there is a place now, or things in the background."""
    if not _PLAIN_GROUND.fullmatch(opposites.plain(old.text)):
        return False
    said = opposites.plain(new.text)
    behind = re.search(r"(?:^| )(?:behind (?:her|him|it|them)|in (?:the )?(?:background|distance))$", said)
    place = new.part == "scene_detail" and (is_place(singular(head(said))) or category_of(head(said)) == "nature")
    return bool(behind or place or (said.endswith("background") and said != opposites.plain(old.text)))


def _unopposed(text: str, new: Fragment) -> str:
    """A fragment without what is told in it of the opposite of what a picture now is as a whole: "a bustling market"
    that is to be quiet and empty, "a dark room" where the lights are on; empty where it is not."""
    said = opposites.plain(new.text)
    told = [each for each in said.split() if each not in ("and", "very", "all")]
    told = ["bright"] if said == "lights on" else told
    words = text.split()
    if (
        not told
        or len(told) > 3
        or not (said == "lights on" or only_tells(" ".join(told)))
        or not words[1:]
        or person_in(text)
    ):
        return ""
    left = [each for each in words[:-1] if not any(opposed(each, new_one) for new_one in told)]
    return with_articles(" ".join([*left, words[-1]])) if len(left) + 1 < len(words) else ""


def _tidied(text: str) -> str:
    """A thing of a scene without that it is messy; empty where it is not."""
    said = re.sub(r"\b(?:messy|cluttered|chaotic|busy|untidy) (?=[a-z])", "", text)
    return with_articles(said) if said != text else ""


def _over(old: Fragment, new: Fragment, emptied: bool) -> bool:
    return any(_leaves_no_room(part, old, emptied) for part in _AND.split(opposites.plain(new.text)))


_AND = re.compile(r",? (?:and|with) ")


def _leaves_no_room(said: str, old: Fragment, emptied: bool) -> bool:
    words = opposites.plain(old.text)
    if said in _STORMY and re.match(r"(?:on|in) ", old.text):
        return False  # what floats on a calm sea floats on it still
    lit = _LIT.match(said) and category_of(head(said)) in ("place", "building", "light", "object", "")
    if lit or (emptied and said.startswith("empty ")):
        said = said.split(" ")[0]
    return any(
        (said in when or singular(head(said)) in when or head(said) in when) and no.fullmatch(words)
        for when, no in _OUTDATED
    )


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


_FAIR = re.compile(
    r"\b(?:blonde?|brunette|red-?headed|ginger|(?:red|black|white|brown|dark|fair|golden|silver)-haired) "
    r"(?=(?:girl|boy|man|woman|lady|child|kid|guy)\b)"
)


def _fills(one: Fragment) -> bool:
    """Whether something is a thing or a being that a room is empty without."""
    return one.part == "subject" and category_of(one.text) in ("object", "person", "animal")
