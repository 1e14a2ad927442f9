"""What the categories of the glossary do in a clause, and the tokens that a clause is cut into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from prompts.prompt import Part


def names(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


NOUNS = names(
    "animal person body hair eyes clothing food plant object place building vehicle nature myth culture light weather "
    "time season stylenoun"
)
# Words that describe, and their order in English.
ADJECTIVES = {"adjective": 0, "participle": 0, "colour": 1, "nation": 2, "style": 2, "material": 3}
GRAMMAR = names("wear verb locator preposition conjunction of filler negation")
# 没有 and 没, 不要, 不, 无, and behind what it denies 就算了: all have the role "negation".
DENIALS = names("negation refusal not without dropped")
JOINING = GRAMMAR | DENIALS  # whose English is a form to be filled in, or says nothing by itself
# Which nouns make one word with the noun behind them ("森林小屋" forest cabin), and which may stand behind.
THINGS = names("object food plant nature culture gap latin building vehicle place stylenoun light")
JOINED: Mapping[str, frozenset[str]] = {
    **{left: THINGS | {"clothing"} for left in ("object", "culture", "place", "building", "nature", "light")},
    **dict.fromkeys(("food", "clothing", "vehicle", "weather", "time"), THINGS),
    "plant": THINGS | {"clothing", "hair"},
    "gap": NOUNS - {"weather", "time", "season"} | {"gap", "latin"},
    "latin": NOUNS - {"weather", "time", "season"} | {"gap", "latin"},
    "animal": frozenset({"object", "clothing", "building", "body", "stylenoun"}),
    "myth": frozenset({"object", "clothing", "building", "body", "stylenoun"}),
    "person": frozenset({"object", "clothing", "building", "stylenoun"}),
    "season": frozenset({"place", "nature", "plant", "object", "building", "clothing", "stylenoun"}),
    "stylenoun": frozenset({"stylenoun"}),
}
# Clothing that is named after any thing: "carrot hair ornament", "skull print", "star earrings".
NAMED_AFTER = (
    "hair ornament", "print", "earrings", "earring", "hairclip", "hairpin", "necklace", "pendant", "costume", "mask",
    "hat",
    "hairband", "headband", "badge", "brooch", "ring", "bracelet", "bag", "backpack", "slippers", "pattern", "tattoo",
    "brooch", "crown", "tail", "wings", "ears", "horns", "background", "hoodie", "pajamas", "uniform",
)  # fmt: skip
# What a piece of clothing with it is called: "毛边靴子" fur-trimmed boots.
WORN_WITH = {
    "bare shoulders": "off-shoulder", "off shoulder": "off-shoulder", "bare back": "backless",
    "lace trim": "lace-trimmed",
    "fur trim": "fur-trimmed", "gold trim": "gold-trimmed", "ribbon trim": "ribbon-trimmed", "frills": "frilled",
    "ruffles": "frilled", "embroidery": "embroidered", "midriff": "midriff-baring", "v-neck": "v-neck",
    "high collar": "high-collar", "vertical stripes": "vertical-striped", "diagonal stripes": "diagonal-striped",
    "tassel": "tasseled", "clothing cutout": "cutout", "lowleg": "lowleg", "short sleeves": "short-sleeved",
    "long sleeves": "long-sleeved", "wide sleeves": "wide-sleeved", "puffy sleeves": "puffy-sleeved",
    "strap": "spaghetti strap", "pleats": "pleated", "asymmetrical clothes": "asymmetrical", "sailor collar": "sailor",
    "turtleneck": "turtleneck", "crew neck": "crew-neck", "casual": "casual", "formal": "formal", "fishnets": "fishnet",
}  # fmt: skip
OWNERS = frozenset({"person", "animal", "myth", "hair", "eyes", "vehicle"})  # "女孩的裙子": two things, not one
SETTINGS = frozenset({"place", "building", "season", "time", "weather", "nature", "light"})
HAIR = {"golden": "blonde", "yellow": "blonde", "light yellow": "light blonde", "chestnut": "chestnut brown"}
MOODS = ("expression", "quality")
STYLES = names(
    "gothic futuristic vintage victorian medieval baroque rococo luxurious "
    "cyberpunk steampunk sci-fi minimalist fantasy"
)
STYLED = names("clothing building place vehicle object")
PERSONS = frozenset({"1girl", "1boy"})
ADVERBS = names("underwater indoors outdoors midair seaside lakeside riverside roadside nature")
ONE_BY_ONE = frozenset({"hair", "eyes"})  # every property its own tag: "black hair, long hair"


# What a token does in a clause, and the sets of categories that patterns call by a name.
ROLES = GRAMMAR | {"noun", "adjective", "tag", "count"}
SETS: Mapping[str, frozenset[str]] = {
    "owner": OWNERS,
    "setting": SETTINGS,
    "styled": STYLED,
    "denial": DENIALS - {"dropped"},
}


class Token(NamedTuple):
    """One word of a clause: characters start…end, its role for patterns, its English. `number` 0: an open number."""

    role: str
    tag: str
    category: str
    part: Part | None
    start: int
    end: int
    number: int = 0
