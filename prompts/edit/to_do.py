"""Somebody who is to do something, in the verb's form of doing: "have her lie down" asks for one who is lying down."""

from __future__ import annotations

import re

from prompts.edit.word_lists import listed

IS = r"(?:she|he|it|they|everyone|everybody)(?:'s| is|'re| are| looks?| seems?| must be| should look| feels?)"
_SOMEBODY = r"(?:her|him|them|it|she|he|they|everyone|everybody|people|all of them|(?:an? |the )?[a-z]+)"
_TELLS = re.compile(
    rf"{IS} (?!supposed to\b|meant to\b)|(?:everyone|everybody|people|they|all of them)(?: is| are)?(?: now| "
    rf"just| only| all)? [a-z]+ing\b|"
    r"the [a-z]+ (?:is|are)(?: now| just| only| all)? [a-z]+ing\b|[a-z]+ing and in an? |"
    rf"{_SOMEBODY} (?:should|must|could|needs to|has to) (?:also )?have |(?:she|he|they) (?:should|must|could) be an? |"
    r"(?:her|him|them|it|the [a-z]+) (?:in|wearing) an? |(?:a (?:bit|little|lot) |much )?(?:younger|older)$|"
    r"an? [a-z ]+ where |.+ (?:is|are|was|were|got|gets) replaced "
)
_WOULD = re.compile(
    r".+ (?:would|might|could|will) (?:look|be|work|feel|fit)\b|.+ for (?:him|her|them)$|.+ (?:is|are) enough$"
)


def only_tells(clause: str) -> bool:
    """Whether a clause says how somebody is or what would be nice, as people say to each other, too: "she is gone"."""
    does = _THEY_DO.fullmatch(clause)
    return bool(_TELLS.match(clause) or _WOULD.match(clause) or (does and _done(does["verb"])))


_TO_DO = re.compile(
    r"(?:(?:make|let|have|get) (?:her|him|it|them|everyone|the \w+)(?: to)?|"
    r"(?!(?:you|i|we|everyone)\b)(?:the )?[a-z]+ (?:should|must|could|needs to|has to))(?: also| both| all| just)? "
    r"(?P<verb>[a-z]+)(?P<rest>(?: .+)?)"
)
_THEY_DO = re.compile(
    r"(?:she|he|it|they|everyone|everybody)(?: now| just| all| both)? (?P<verb>[a-z]+)(?P<rest>(?: .+)?)"
)
STOPS = re.compile(r"don't (?:let|make|have) (?:her|him|it|them|the \w+) (?P<verb>[a-z]+)")
_AND_DO = re.compile(r"(?P<and>(?: and|,)(?: then)? )(?P<verb>[a-z]+)\b")


def doing(verb: str) -> str:
    """A verb in its form of doing: "lying" of "lie", "sitting" of "sit"; empty for a word that is no such verb."""
    if verb not in listed("verb"):
        return ""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe")):
        return f"{verb[:-1]}ing"
    doubled = re.fullmatch(r"[^aeiou]*[aeiou][bdgmnpt]", verb) and verb not in ("listen", "open")
    return f"{verb}{verb[-1] if doubled else ''}ing"


def _done(verb: str) -> str:
    """As `doing`, of "works" too."""
    return doing(verb) or doing(verb.removesuffix("s"))


def to_do(clause: str) -> str:
    """ "Have her lie down and look at the clouds": that she is doing both; empty for other words."""
    said = _TO_DO.fullmatch(clause) or _THEY_DO.fullmatch(clause)
    does = _done(said["verb"]) if said else ""
    if not said or not does:
        return ""
    rest = _AND_DO.sub(lambda more: more["and"] + (doing(more["verb"]) or more["verb"]), said["rest"])
    return f"make it {does}{rest}"
