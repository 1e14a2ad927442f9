"""Tags of which a picture shows only one: one gaze, one distance, one face."""

from __future__ import annotations

import re

from prompts import opposites

_ONE_OF = tuple(
    frozenset(tags.split(", "))
    for tags in (
        "looking at viewer, eye contact, looking away, looking to the side, looking aside, looking down, looking up, "
        "looking back, looking afar, looking outside, looking out the window",
        "head down, lowered head, bowed head, looking at viewer, looking up, looking at the camera, head up, "
        "raised head",
        "close-up, close shot, extreme close-up, face close-up, bust, upper body, half body, medium shot, cowboy shot, "
        "full body, full shot, wide shot, long shot, very wide shot, distant view, face close-up, panorama",
        "portrait, full body, wide shot, long shot",
        "smile, gentle smile, bright smile, smiling, grin, laughing, happy, crying, sobbing, sad, angry, serious, "
        "expressionless, surprised, scared, frown, frowning, pout, disgusted, shy, tears, smirk, calm, stern, worried, "
        "gloomy, cheerful, melancholy, bored, nervous, confused, furious, joyful, sorrowful, blank, neutral, "
        "confident, brave, determined, proud, relaxed, roaring, shouting, yelling, screaming, weeping, wailing, "
        "glaring, "
        "snarling, giggling, peaceful, grumpy, excited, tired, annoyed, disappointed, evil smile",
        "from above, from below, from behind, from side, front view, side view, back view, profile, bird's-eye view, "
        "low angle, high angle, eye level, aerial view, top-down view, worm's-eye view, overhead view",
        "blue sky, clear sky, starry sky, night sky, cloudy sky, overcast sky, sunset sky",
        "indoors, outdoors",
        *(f"from behind, {gaze}" for gaze in ("looking at viewer", "looking at the viewer", "facing viewer")),
        *(f"back view, {gaze}" for gaze in ("looking at viewer", "looking at the viewer", "facing viewer")),
        "closed eyes, eyes closed, open eyes, opening eyes, eyes open",
        "standing, sitting, lying, lying down, kneeling, squatting, crouching, running, walking, jumping, jump, "
        "dancing, "
        "swimming, flying, climbing, crawling, lying on stomach, stomach, lying on back, lying on side, seiza, "
        "one knee, all fours, handstand, floating",
        "lying, lying down, lying on stomach, stomach, lying on back, lying on side",
        "blonde, blond, brunette, redhead, ginger, black-haired, red-haired, brown-haired, white-haired",
        *(
            f"crew cut, buzz cut, pixie cut, bob cut, bob, undercut, mohawk, afro, bald, shaved head, {each}"
            for each in (
                "long hair",
                "very long hair",
                "short hair",
                "medium hair",
                "ponytail",
                "twintails",
                "braid",
                "braids",
                "twin braids",
                "hair bun",
                "bun",
                "hair down",
                "curly hair",
                "straight hair",
            )
        ),
        "hair down, loose hair, hair bun, double bun, ponytail, high ponytail, low ponytail, side ponytail, twintails, "
        "braid, braids, twin braids, single braid, updo",
        "back-to-back, face-to-face, hugging",
        "back-to-back, holding hands",
        "lights on, lights off",
        "standing, running, walking, jumping, hugging own legs",
        "standing, running, walking, jumping, crossed legs, indian style",
        *(f"fighting, {each}" for each in ("standing", "sitting", "lying", "sleeping")),
        "sleeping, standing, sitting, running, walking, jumping, dancing, swimming, climbing, crawling",
    )
)


def excludes(text: str, tag: str) -> bool:
    """Whether a picture shows one of two tags only: one gaze, one distance, one face."""
    one, other = _alone(text), _alone(tag)
    if (_SLEEPS.fullmatch(one) and _AWAKE.match(other)) or (_SLEEPS.fullmatch(other) and _AWAKE.match(one)):
        return True
    if {one, other} & {"short hair"} and {one, other} & {"twintails", "ponytail", "high ponytail", "braids"}:
        return True
    if (one in _SHORT and _LONG.match(other)) or (other in _SHORT and _LONG.match(one)):
        return True
    if one != other and _GAZES.match(one) and _GAZES.match(other):
        return True
    return any(one in group and other in group for group in _ONE_OF)


_SLEEPS = re.compile("sleeping|asleep|fast asleep|taking a nap|napping")
_AWAKE = re.compile(
    r"(?:eating|drinking|reading|playing|writing|cooking|singing|fighting|chasing|cycling|riding|"
    r"waving|talking|laughing|crying|smiling|open eyes|looking)\b"
)
_SHORT = ("short hair", "bob", "bob cut", "pixie cut", "buzz cut", "crew cut")
_LONG = re.compile(r"(?:very )?long (?:[a-z]+ )?(?:braids?|ponytail|twintails|pigtails|curls|locks)$")
_GAZES = re.compile(r"looking (?:at|up|down|out|away|back|aside|afar|outside|to)\b")


def _alone(text: str) -> str:
    """A tag's words, of a face what it looks like: "calm face"."""
    return _STREAMING.sub("tears", _FACE.sub("", opposites.plain(text)))


_STREAMING = re.compile(r"(?:streaming|flowing|falling|teary|tearful)(?: (?:tears|eyes))?|tears? (?:in|on|down) .+")
_FACE = re.compile(r"(?<=[a-z]) (?:facial )?(?:face|expression|look)$")


def is_haircut(text: str) -> bool:
    """Whether a tag names a cut of hair, beside which there is no long hair."""
    return _alone(text) != "long hair" and excludes(text, "long hair")


def alone(text: str) -> bool:
    """Whether a tag is one of several of which a picture shows only one."""
    return any(_alone(text) in group for group in _ONE_OF)
