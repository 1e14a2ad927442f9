"""Verbs whose English depends on what they are done to: 打伞 is holding an umbrella, 打领带 wearing a necktie."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from prompts.translate.noun_phrase import NounPhrase
from prompts.translate.roles import Token, names

_STRINGS = names("violin cello viola erhu huqin accordion fiddle")
_WINDS = names("flute suona trumpet harmonica saxophone horn xiao whistle xun sheng ocarina pipe bugle clarinet")
_DRUMS = names("drum drums gong gongs")
# Instruments that only the dictionary knows are still Chinese here.
_CHINESE_INSTRUMENTS: Mapping[str, tuple[str, ...]] = {
    "拉": ("琴", "胡"), "吹": ("琴", "笛", "箫", "笙", "号", "埙", "管", "丝", "斯"), "敲": ("鼓", "锣", "磬", "琴"),
}  # fmt: skip
_WEAR = "wear"  # as if somebody wore it

# For each verb what it is with objects of these categories or words, from above; `None` is any other.
_SENSES: Mapping[str, Sequence[tuple[frozenset[str] | None, str]]] = {
    "打": (
        (names("clothing"), _WEAR),
        (names("umbrella parasol flashlight lantern torch candle"), "holding {}"),
        (_DRUMS, "beating {}"),
        (names("phone telephone"), "talking on {}"),
        (names("person animal myth monster"), "fighting {}"),
        (names("iron"), "forging {}"),
        (names("water"), "drawing {}"),
        (names("ball basketball baseball volleyball football tennis billiards"), "playing {}"),
        (None, "hitting {}"),
    ),
    "拉": (
        (_STRINGS, "playing {}"),
        (names("animal myth"), "leading {}"),
        (names("person"), "holding hands with {}"),
        (names("body"), "holding {}"),
        (names("curtain curtains"), "drawing {}"),
        (None, "pulling {}"),
    ),
    "敲": (
        (_DRUMS, "beating {}"),
        (names("door window"), "knocking on {}"),
        (names("keyboard"), "typing on {}"),
        (None, "hitting {}"),
    ),
    "吹": ((_WINDS, "playing {}"), (None, "blowing {}")),
    "开": (
        (names("vehicle"), "driving {}"),
        (names("door doors window windows"), "open {}"),
        (names("lights lamp light lamps"), "{} on"),
        (None, "{}"),
    ),
    "放": (
        (names("kite kites"), "flying {}"),
        (names("fireworks firecrackers"), "setting off {}"),
        (names("animal"), "herding {}"),
        (None, "{}"),
    ),
    "盖": (
        (names("blanket quilt duvet comforter cloak coat towel"), "under {}"),
        (names("building"), "building {}"),
        (None, "covering {}"),
    ),
    "牵": ((names("hand hands"), "holding {}"), (names("person"), "holding hands with {}"), (None, "leading {}")),
}
_VERB = re.compile(f"(?:^|.*(?<=[地轻慢紧]))(?P<verb>{'|'.join(_SENSES)})(?:着|了|上|住)?")

# What the same verbs are when something is done by somebody: 被狗追.
DONE: Mapping[str, str] = {
    "holding {}": "held by {}", "riding {}": "ridden by {}", "eating {}": "eaten by {}",
    "looking at {}": "watched by {}", "chasing {}": "chased by {}", "carrying {}": "carried by {}",
    "leading {}": "led by {}", "pushing {}": "pushed by {}", "petting {}": "petted by {}",
    "kissing {}": "kissed by {}", "hugging {}": "hugged by {}", "feeding {}": "fed by {}",
    "fighting {}": "attacked by {}", "guarding {}": "guarded by {}", "repairing {}": "repaired by {}",
    "washing {}": "washed by {}", "picking {}": "picked by {}", "pulling {}": "pulled by {}",
    "stepping on {}": "stepped on by {}", "with {} in mouth": "carried in mouth of {}",
    "lifting {} overhead": "lifted overhead by {}", "summoning {}": "summoned by {}",
    "pointing at {}": "pointed at by {}",
}  # fmt: skip
_STATES = (
    "surrounded|covered|shrouded|lit|soaked|entwined|engulfed|submerged|buried|blown|dyed red|bent|crushed|hidden|made"
    "|inlaid"
)
DONE_TO = re.compile(rf"(?:{_STATES}) (?:by|with|in|of) ")  # what is done to a thing: "covered with snow"
FULL = re.compile(r"(?!covered )\w+ (?:covered with|full of) ")  # what a place is: "ground covered with snow"
# And what they are where somebody does it to something: 用手遮住太阳.
_ACTIVE: Mapping[str, str] = {
    "surrounded by {}": "surrounding {}", "shrouded in {}": "shrouding {}", "lit by {}": "lighting up {}",
    "soaked by {}": "soaking {}", "engulfed in {}": "engulfing {}", "submerged in {}": "submerging {}",
    "buried in {}": "burying {}", "blown by {}": "blowing {}", "bent by {}": "bending {}",
    "crushed by {}": "crushing {}", "hidden by {}": "covering {}", "made of {}": "making {}",
}  # fmt: skip

_BEHIND = "{} in the background"


def passive(tag: str) -> bool:
    """Whether a verb's English says what is done to the thing that the clause is about: "surrounded by {}"."""
    found = DONE_TO.match(tag)
    return found is not None and tag[found.end() :] == "{}"


def done_to(verb: Token) -> str:
    """What a verb is when nobody says who does it: "covered", "being repaired"."""
    said = done(verb).removesuffix(" {}").rpartition(" ")[0]
    return said if passive(verb.tag) else f"being {said}"


def done(verb: Token) -> str:
    """What a verb is when it is done by somebody, with `{}` for whom; "" where that is not known."""
    if verb.role == "wear":
        return "surrounded by {}"  # 被一群猫围着
    return verb.tag if passive(verb.tag) else DONE.get(verb.tag, "")


def meant(word: str, verb: Token, noun: NounPhrase) -> Token:
    """The verb as it is meant with this object; `word` is how it was written."""
    if verb.tag == _BEHIND and noun.category == "body":  # 背后有翅膀
        return verb._replace(tag="{}" if noun.words.endswith("tail") else "{} on back", part="subject")
    if word == "围着" and noun.category not in ("clothing", "gap", "person", "animal", "myth"):  # 围着桌子
        return verb._replace(role="verb", tag="around {}")
    if verb.tag in _ACTIVE and not word.endswith(("着", "满")):
        return verb._replace(tag=_ACTIVE[verb.tag])
    found = _VERB.fullmatch(word)
    if found is None or verb.role != "verb":
        return verb
    if noun.words.endswith(_CHINESE_INSTRUMENTS.get(found["verb"], ())):
        return verb._replace(tag="playing {}")
    last = noun.words.rpartition(" ")[2]
    for objects, template in _SENSES[found["verb"]]:
        if objects is None or noun.category in objects or last in objects:
            if template == _WEAR:
                return verb._replace(role="wear", tag="{}")
            return verb._replace(tag=template)
    return verb
