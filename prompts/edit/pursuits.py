"""What somebody does in an English sentence, and what they do instead: dancing, and then sitting on the sofa."""

from __future__ import annotations

import re

from prompts.edit.groups import Doing, doings, groups
from prompts.edit.meant import done_meanwhile
from prompts.edit.rivals import is_place, kind_of
from prompts.edit.word_lists import listed

_HELD = frozenset(["holding", "carrying"])
_FACES = frozenset(["smiling", "laughing", "crying", "frowning", "grinning", "glaring", "weeping"])
_NO_DOING = re.compile(r"(?:an?|the|her|his|its|their|some|two|three|four|five) ")


def redone(text: str, value: str) -> str:
    """The text with what somebody does now in place of what they did; empty where the new doing leaves the old ones as
    they are, or is none."""
    said = re.sub(r"^(?:be|she is|he is|it is|they are) ", "", value)
    verb = said.split()[0] if said else ""
    if said == "awake" and (resting := [one for one in doings(text) if one.verb in listed("rest")]):
        return text[: resting[0].start] + said + text[resting[0].start + len(resting[0].verb) :]
    new = next(iter(doings(said)), None)
    if new is None or new.start or _NO_DOING.match(said) or kind_of(said) in ("place", "style"):
        return ""
    olds = [one for one in doings(text) if _gives_way(one.verb, verb)]
    if not olds:
        return ""
    first = olds[0]
    seated = {first.verb, verb} <= listed("posture") | listed("rest") and not re.search(r" (?:on|in|at|against) ", said)
    end = first.start + len(first.verb) if seated else first.end  # who stands up there may sit there, too
    return text[: first.start] + _same_seat(text, first, said) + _elsewhere(text[end:], said)


_ITS_PLACE = re.compile(r" (?:in|on|at) (?P<what>(?:the |an? )?[a-z]+(?: [a-z]+)?)")


def _elsewhere(rest: str, said: str) -> str:
    """What stands behind a doing, without the place where it was done when it is done elsewhere."""
    new, old = _ITS_PLACE.search(said), _ITS_PLACE.match(rest)
    if not new or not old or new.end() != len(said):
        return rest
    places = [groups(each["what"]) for each in (new, old)]
    return rest[old.end() :] if all(each and is_place(each[0].head) for each in places) else rest


def _same_seat(text: str, old: Doing, said: str) -> str:
    """What is done, without the place where it was done before, too: "on the sofa" twice."""
    rest = text[old.end :]
    where = re.search(r" (?:on|in|at|under|by) (?:the |an? )?(?P<what>[a-z]+)$", said)
    return (
        said[: where.start()] if where and re.match(rf" \w+ (?:the |an? )?(?:\w+ )?{where['what']}\b", rest) else said
    )


def _gives_way(old: str, new: str) -> bool:
    """Whether somebody who does the new thing no longer does the old one."""
    if old == new:
        return True
    if new in listed("done beside") or old in listed("done beside"):
        return new in _FACES and old in _FACES
    if new in _HELD or old in _HELD:
        return new in _HELD and old in _HELD
    if old in listed("rest"):
        return True
    if old in listed("posture"):
        return new in listed("posture") or not done_meanwhile(new + " ")
    if new in listed("posture"):
        return not done_meanwhile(old + " ")
    return True
