"""What an entry of CC-CEDICT means in a prompt: one short sense, the name in a name, or the word that it points to."""

from __future__ import annotations

import re
import unicodedata

_USELESS = re.compile(
    r"(?:Japanese )?surname |(old |Japanese |erhua |popular |non-standard |archaic )*(variant|form) of"
    r"|see (also )?\W*[\u2e80-\U0003ffff]"
    r"|CL:|used in |used as |abbr\. |bound form|particle|classifier|Taiwan pr|also pr|same as|Kangxi radical"
    r"|\([^()]*\) *$|equivalent (to|of)|(stage|pen|alternative|another|old|former|other|courtesy|posthumous) name"
    r"|(nick)?name (of|for|given)|refers? to|title of|aka |also known"
    r"|also written|onomat|prefix|suffix|one of the |[^A-Za-z0-9]*$|idiom|polite |phonetic|lit\. |interj",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|[\u2e80-\U0003ffff|]+|\b(sb|sth|sb's)(/\w+)*\b|\betc\b\.?")
_SIGNS = re.compile(r"[()\[\]{}<>\\|:_/\"*#]+")
_TO = re.compile(r"^(?:(?:fig|lit|esp|usu)\. *)?(?:to be |to |a |an |the |i\.e\. )?", re.IGNORECASE)
_VERB = re.compile(r"(?:(?:fig|lit|esp|usu)\. *)?to (?!be |the |a |one|and |an )[a-z]+(?:$|[ .,;!?])", re.IGNORECASE)
_DEFINITIONS = re.compile(r"[/;]")
_WORDS, _MOST_WORDS = 3, 5  # a sense that can stand before another noun, and the longest that is still a tag

_UNDECOMPOSED = str.maketrans("øØłŁđĐıðÐþÞ’‘“”–—", "oOlLdDidDtT''\"\"--")
_BIRDS = "(bird species of China)"
_CAPITAL = r"(?:Mc|Mac|O'|d'|al-|el-)?[A-Z][A-Za-z'.-]*"
_NAME = re.compile(
    rf"(?:the )?({_CAPITAL}(?: (?:(?:of|and|the|de|da|di|du|del|van|von|der|la|le|no|al) )*{_CAPITAL})*)"
)
# What kind of name it is goes with a mountain or an age into the tag; of a town nobody says it.
_UNSAID = re.compile(
    r"(?:,? (?:(?:prefecture|county|province|city)-level|sub-?provincial|special|direct-controlled|autonomous|suburban|"
    r"urban|rural|inner|central|former|capital|prefecture|county|province|municipality|district|townships?|town|city|"
    r"village|region|state|commandery|banner|league|subdivision|level|neighborhood|ethnic|group|peoples?|minority|nationality))+"
)
_UNSAID_CAPITAL = re.compile(r" (?:County|District|Township|Town|Province|Prefecture|Municipality|Subdistrict)$")
_SMALL = re.compile(
    r"(?:county|district|township|town|village|neighborhood|suburb|place|area) (?:[a-z]+ )?(?:in|of)\b|\btown\b"
    r"|county-level|\((?:Japanese )?surname",
    re.IGNORECASE,
)
_RANGE = re.compile(r"mountain (?:chain|range|pass)")
_POINTS = re.compile(
    r"(?:(?:old |Japanese |erhua |popular |non-standard |archaic )*(?:variant|form) (?:of|for)|see(?: also)?|"
    r"abbr\. (?:for|of)|same as|equivalent to)\W*(?:[\u2e80-\U0003ffff]+\|)?([\u2e80-\U0003ffff]+)"
)


def plain(text: str) -> str:
    """The text in ASCII letters where it is written in Latin ones: "Cézanne" is "Cezanne"."""
    if text.isascii():
        return text
    parted = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
    return "".join(sign for sign in parted if not unicodedata.combining(sign))


def sense(senses: str) -> str:
    """The first sense (of some between slashes) that can be drawn, in at most five words; empty when there is none."""
    spare = ""
    for definition in _DEFINITIONS.split(senses):
        definition = definition.strip().removeprefix(_BIRDS).strip()
        if _USELESS.match(definition):
            continue
        text = _SIGNS.sub(" ", _ASIDE.sub(" ", plain(definition)).split(",")[0].split(" of ...")[0])
        text = " ".join(text.split())
        verb = _VERB.match(text)
        text = _TO.sub("", text).strip(" .,;'-!?…")
        if not text or not text.isascii():
            continue
        text = doing(text) if verb else text
        words = len(text.split())
        if words <= _WORDS:
            return text
        if not spare and words <= _MOST_WORDS:
            spare = text
    return spare


_IRREGULAR = {"lie": "lying", "die": "dying", "tie": "tying", "vie": "vying", "dye": "dyeing", "singe": "singeing"}
_DOUBLED = re.compile(
    r"(?:[^aeiou]|qu)*[aeiou][bdgklmnprtvz]|(?:begin|forget|regret|admit|permit|submit|commit|"
    r"transmit|refer|prefer|transfer|occur|control|compel|expel|repel|rebel|upset|unplug|unzip|unwrap|kidnap)"
)


def doing(verb: str) -> str:
    """The verb phrase as it stands in a tag: "burn incense" is "burning incense"."""
    first, space, rest = verb.partition(" ")
    if first in _IRREGULAR:
        first = _IRREGULAR[first]
    elif _DOUBLED.fullmatch(first):
        first = f"{first}{first[-1]}ing"
    elif first.endswith("e") and not first.endswith(("ee", "oe", "ye")):
        first = f"{first[:-1]}ing"
    else:
        first = f"{first}ing"
    return first + space + rest


def name(senses: str) -> str:
    """The name in the senses of a name, as it stands before a thing: "Luoyang" of a city in Henan, "Claude Monet" of a
    painter, "Altai mountains" of a chain. Empty where the first that is said begins with no name."""
    for definition in _DEFINITIONS.split(senses):
        if _USELESS.match(definition.strip()) or _POINTS.match(definition.strip()):
            continue
        text = plain(definition).strip().replace('"', "")
        found = _NAME.match(text)
        if found is None:
            return ""
        said, rest = found.group(1), text[found.end() :]
        if rest[:1] not in ("", " ", ",") or (" " not in said and re.match(r" \((?:sur)?name\)", rest)):
            continue
        rest = _ASIDE.sub("", rest) if rest.startswith(" (") else rest
        short = _UNSAID_CAPITAL.sub("", said)
        unsaid = _UNSAID.match(rest)
        rest = rest[unsaid.end() :] if unsaid else rest
        kind = re.match(r" ([a-z]+)(?= (?:in|on|of|at|near|between|from)\b|,|\.|$| \()", _RANGE.sub("mountains", rest))
        said = f"{short} {kind.group(1)}" if kind and not unsaid and kind.group(1) != "or" else short
        ends = not rest or re.match(r" ?[,(]|\.?$| (?:or|in|on|of|at|near|from|aka|also|and|who|which|between)\b", rest)
        if (kind or unsaid or ends) and len(said.split()) <= _MOST_WORDS:
            return said
        if re.match(r" \([^()]*\d", text[found.end() :]):  # years: "Li Bing (c. 3rd century BC) hydraulic engineer"
            return short
    return ""


def little(senses: str) -> bool:
    """Whether the senses of a name are those of a small place or a surname: where all its signs are everyday words
    ("竹园" a bamboo garden, and a place in Hong Kong), the words are meant."""
    return _SMALL.search(senses) is not None


def points_to(senses: str) -> str:
    """The simplified word that an entry of no sense of its own is a variant or an abbreviation of; "" for none."""
    for definition in _DEFINITIONS.split(senses):
        if found := _POINTS.match(definition.strip()):
            return found.group(1)
    return ""
