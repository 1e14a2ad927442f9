"""Verbs that mean another thing with another object: "打伞" holding an umbrella, "打领带" wearing a tie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from prompts.translate.roles import Token, names


class Sense(NamedTuple):
    """What a verb is before an object of one of these categories, or whose last word is one of these."""

    categories: frozenset[str]
    things: frozenset[str]
    tag: str
    role: str = "verb"


_NONE: frozenset[str] = frozenset()
_STRINGS = names("violin cello viola erhu fiddle accordion morinkhuur huqin banhu bass")
_WINDS = names(
    "flute xiao suona dizi trumpet saxophone horn clarinet harmonica oboe ocarina bagpipe conch sheng shakuhachi"
)
_DRUMS = names("drum drums gong cymbals bianzhong chimes xylophone tambourine marimba")
_LIGHTS = names("umbrella parasol lantern flashlight torch lamp")
_BEDDING = names("blanket quilt duvet comforter bedsheet sheet cloak coat towel blankets")
_TIES = names("necktie tie bowtie necktie ribbon bow ascot cravat")
_FIRE = names(
    "candle candles lamp lantern lanterns incense cigarette fire firework fireworks firecrackers stove bonfire"
)
_BUILT = names("house houses building snowman tent cabin shed bridge wall castle nest scaffold hut sandcastle")

_SENSES: Mapping[str, Sequence[Sense]] = {
    "打": (
        Sense(names("clothing"), _TIES, "{}", "wear"),
        Sense(_NONE, _LIGHTS, "holding {}"),
        Sense(_NONE, _DRUMS, "playing {}"),
        Sense(_NONE, names("iron steel"), "forging {}"),
        Sense(_NONE, names("water well"), "drawing {}"),
        Sense(_NONE, names("snow grass wheat tree"), "beating {}"),
    ),
    "拉": (Sense(_NONE, _STRINGS, "playing {}"), Sense(_NONE, names("curtain curtains"), "drawing {}")),
    "吹": (Sense(_NONE, _WINDS, "playing {}"), Sense(_NONE, _FIRE, "blowing out {}")),
    "敲": (Sense(_NONE, _DRUMS, "playing {}"),),
    "开": (
        Sense(names("vehicle"), _NONE, "driving {}"),
        Sense(_NONE, names("lamp light lights"), "turning on {}"),
        Sense(names("plant"), _NONE, "{} in bloom"),
    ),
    "盖": (Sense(_NONE, _BEDDING, "under {}"), Sense(names("building"), _BUILT, "building {}")),
    "搭": (Sense(names("building"), _BUILT | names("blocks"), "building {}"),),
    "点": (Sense(_NONE, _FIRE, "lighting {}"), Sense(names("food"), _NONE, "ordering {}")),
    "放": (
        Sense(_NONE, names("kite"), "flying {}"),
        Sense(_NONE, names("firework fireworks firecracker firecrackers lantern lanterns"), "setting off {}"),
        Sense(names("animal"), _NONE, "herding {}"),
    ),
    "包": (Sense(names("food"), _NONE, "making {}"),),
    "养": (Sense(names("animal plant"), _NONE, "raising {}"),),
    "倒": (Sense(_NONE, names("water tea wine coffee milk beer juice liquor"), "pouring {}"),),
}  # fmt: skip
# What is done, as a tag of its own, and how it is said of a thing.
_TRANSITIVE = names(
    "pulling pushing carrying grabbing throwing slashing cleaning digging feeding pouring kicking carving polishing "
    "catching helping firing tying climbing swinging spinning receiving celebrating conducting cutting singing licking "
    "biting grinding sewing knitting"
)
_DONE: Mapping[str, str] = {
    **{doing: f"{doing} {{}}" for doing in _TRANSITIVE},
    "aiming": "aiming at {}", "waiting": "waiting for {}", "fishing": "fishing for {}",
    "listening": "listening to {}", "attack": "attacking {}", "crawling": "climbing {}",
}  # fmt: skip
_OBJECTS = names("object food plant vehicle building clothing gap animal")
_DESCRIBING = frozenset(("adjective", "count"))
_BETWEEN = _DESCRIBING | {"of", "filler"}


def understood(clause: str, tokens: Sequence[Token]) -> list[Token]:
    """The tokens with every verb in the sense that it has before its object."""
    made = list(tokens)
    for index, token in enumerate(tokens):
        senses = _SENSES.get(clause[token.start : token.end].removesuffix("着"), ())
        done = _DONE.get(token.tag) if token.role == "tag" else None
        if not (senses and token.role in ("verb", "noun", "adjective")) and done is None:
            continue
        behind = index + 1
        while behind < len(tokens) and tokens[behind].role in (_BETWEEN if senses else _DESCRIBING):
            behind += 1
        if behind == len(tokens) or tokens[behind].role != "noun":
            continue
        thing = _last(tokens, behind)
        if done is not None and thing.category in _OBJECTS:
            made[index] = token._replace(role="verb", category="verb", tag=done)
        for sense in senses:
            if thing.category in sense.categories or thing.tag.rpartition(" ")[2] in sense.things:
                made[index] = token._replace(role=sense.role, category=sense.role, tag=sense.tag, part="subject")
                break
    return made


def _last(tokens: Sequence[Token], index: int) -> Token:
    """The noun that the nouns from here on are about: the violin of 木质小提琴."""
    while index + 1 < len(tokens) and tokens[index + 1].role == "noun" and tokens[index + 1].start == tokens[index].end:
        index += 1
    return tokens[index]
