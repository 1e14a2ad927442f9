"""Where hands are: "双手放在自己的膝盖上" is "hands on own knees"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prompts.translate.glossary import Entry
from prompts.translate.roles import Token

_GESTURE = re.compile(r"(?P<both>双手|两手|两只手)|单手|一只手|左手|右手|手掌|手")
_PUT = re.compile(
    r"(?:轻轻|轻|正|都)?(?:放置|放|搭|按|贴|撑|扶|摸|搁|捂|托|抵|捧|抚|碰|接触|触摸|抚摸)(?:在|着|住|到|了|于)*"
)
_WHOSE = re.compile(r"(?P<own>自己|他自己|她自己)的?|(?P<other>别人|他人|对方|另一个人|另一人|人家)的?")
_BEHIND = re.compile(r"的?(?:上面|上|前面|前|里面|里|中|旁边|旁|边上|边|处)?")

# The places where a hand rests, as Danbooru calls them: for one hand, for both.
_PLACES: Mapping[str, tuple[str, str]] = {
    "chest": ("chest", "chest"), "hips": ("hip", "hips"), "slim waist": ("hip", "hips"),
    "narrow waist": ("hip", "hips"), "waist": ("hip", "hips"), "face": ("face", "face"), "cheeks": ("cheek", "cheeks"),
    "chin": ("chin", "chin"),
    "head": ("head", "head"), "on head": ("head", "head"), "forehead": ("forehead", "forehead"),
    "neck": ("neck", "neck"), "stomach": ("stomach", "stomach"), "knees": ("knee", "knees"),
    "thighs": ("thigh", "thighs"), "legs": ("leg", "legs"), "feet": ("foot", "feet"), "ears": ("ear", "ears"),
    "shoulders": ("shoulder", "shoulders"), "hands": ("hand", "hands"), "arms": ("arm", "arms"),
    "back": ("back", "back"),
    "mouth": ("mouth", "mouth"), "nose": ("nose", "nose"), "elbow": ("elbow", "elbows"), "ankle": ("ankle", "ankles"),
    "wrist": ("wrist", "wrists"),
}  # fmt: skip


def gesture(clause: str, start: int, table: Mapping[str, Entry]) -> Token | None:
    """The gesture that begins here, None when none does."""
    hand = _GESTURE.match(clause, start)
    put = _PUT.match(clause, hand.end()) if hand else None
    if hand is None or put is None:
        return None
    whose = _WHOSE.match(clause, put.end())
    first = whose.end() if whose else put.end()
    for end in range(min(len(clause), first + 4), first, -1):
        entry = table.get(clause[first:end])
        place = _PLACES.get(entry.tag) if entry and entry.category == "body" else None
        if place is not None:
            behind = _BEHIND.match(clause, end)
            both = bool(hand["both"])
            owner = "another's" if whose and whose["other"] else "own"
            tag = f"hand{'s' * both} on {owner} {place[both]}"
            return Token("tag", tag, "pose", "subject", start, behind.end() if behind else end)
    return None
