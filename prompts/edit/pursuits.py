"""What somebody does in an English sentence, and what they do instead: dancing, and then sitting on the sofa."""

from __future__ import annotations

import re

from prompts.edit.groups import Doing, NounGroup, doings, groups
from prompts.edit.likeness import only_being
from prompts.edit.meant import done_meanwhile
from prompts.edit.merging import put_in_place
from prompts.edit.rivals import is_place, kind_of
from prompts.edit.word_lists import listed
from prompts.edit.words import category_of, singular

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
    if said == "awake" and (sleeps := re.search(r"\b(?:fast |sound )?asleep\b", text)):
        return text[: sleeps.start()] + said + text[sleeps.end() :]
    new = next(iter(doings(said)), None)
    known = any(one.verb == verb for one in doings(text))  # "juggling fish" of who juggles balls
    if (new.start > 0 if new else not known) or _NO_DOING.match(said) or kind_of(said) in ("place", "style"):
        return ""
    if verb == "riding" and new and (ridden := [one for one in groups(text) if _ridden(one)]) and len(ridden) == 1:
        return f"{text[: ridden[0].start]}{said[new.start + len('riding ') :]}{text[ridden[0].end :]}"
    olds = [one for one in doings(text) if _gives_way(one.verb, verb)]
    if not olds:
        return ""
    first = olds[0]
    seated = {first.verb, verb} <= listed("posture") | listed("rest") and not re.search(r" (?:on|in|at|against) ", said)
    end = first.start + len(first.verb) if seated else first.end  # who stands up there may sit there, too
    if (way := _WAY.search(said)) and (other := re.match(rf" (?:{_WAYS})\b", text[end:])) and way:
        end += other.end()  # who walks down stairs walks up none
    if first.verb in _GAZES and (other := _GAZED.match(text[end:])):
        end += other.end()
    return text[: first.start] + _same_seat(text, first, said) + _elsewhere(_untwice(text[end:], said), said)


_GAZES = frozenset(("looking", "staring", "gazing", "glancing"))
_GAZED = re.compile(
    r" (?:(?:straight )?(?:up|down|away|back|aside|sideways|off|ahead)\b)+(?: (?:at|to|in) (?=[a-z]+ )?)?"
)


def _ridden(thing: NounGroup) -> bool:
    """Whether somebody is on a thing that one rides: "on a scooter"."""
    return thing.led in ("on", "riding") and category_of(thing.head) in ("vehicle", "animal", "myth")


_WAYS = "up|down|in|out|into|away|towards?|left|right"
_WAY = re.compile(rf" (?:{_WAYS})$")


def _untwice(rest: str, said: str) -> str:
    """What stands behind a doing, without that it is beside what something is now done to: who rides a horse stands
    next to none."""
    beside = re.match(
        r" (?:next to|beside|near|by|behind|in front of|with) (?:the |an? |his |her |its |their )?(?P<what>[a-z]+)\b",
        rest,
    )
    return rest[beside.end() :] if beside and re.search(rf"\b{beside['what']}\b", said) else rest


_ITS_PLACE = re.compile(
    r"(?<!looking)(?<!staring)(?<!gazing)(?<!pointing)(?<!waving) (?:in|on|at) "
    r"(?P<what>(?:the |an? )?[a-z]+(?: [a-z]+)?)"
)


def _elsewhere(rest: str, said: str) -> str:
    """What stands behind a doing, without the place where it was done when it is done elsewhere."""
    new, old = _ITS_PLACE.search(said), _ITS_PLACE.match(rest)
    if not new or not old or new.end() != len(said):
        return rest
    places = [groups(each["what"]) for each in (new, old)]
    return rest[old.end() :] if all(each and is_place(each[0].head) for each in places) else rest


_TOLD = re.compile(r"(?P<how>[a-z]+ed|made) (?P<by>like|in|with|of|by|from) (?=[a-z])")


def told_again(text: str, value: str) -> str:
    """The text with what a thing is shaped like or covered in as the value says it; empty where it says nothing so."""
    new = _TOLD.match(value)
    old = next((found for found in _TOLD.finditer(text) if new and found.group() == new.group()), None)
    if new is None or old is None:
        return ""
    what = next((one for one in groups(text) if one.start >= old.end()), None)
    return text[: old.start()] + value + text[what.of :] if what and what.start == old.end() else ""


def of_its_own(text: str, value: str) -> str:
    """The text with what one of its things does as the value says it: "cat curled up asleep"; empty where that is none
    of the text's things, or does nothing."""
    named = groups(value)
    if not named or named[0].start or named[0].end == len(value):
        return ""
    does = value[named[0].end :].strip()
    if not re.match(r"(?:[a-z]+ing|curled|perched|seated|asleep|awake|lying)\b", does):
        return ""
    mine = [one for one in groups(text) if singular(one.name[-1]) == singular(named[0].name[-1])]
    if not mine and (being := only_being(groups(text), named[0])) and named[0].start == 0:
        now = next((one for one in doings(text) if one.start > being.end), None)
        whole = f"{text[: now.start]}{does}{text[now.end :]}" if now else ""
        return put_in_place(whole, being, value[: named[0].end]) if whole else ""
    if len(mine) != 1:
        return ""
    if named[0].told or named[0].name[:-1]:  # "red panda eating an apple"
        plainly = of_its_own(text, f"{named[0].name[-1]} {does}")
        thing = [one for one in groups(plainly) if singular(one.name[-1]) == singular(named[0].name[-1])]
        return put_in_place(plainly, thing[0], value[: named[0].end]) if len(thing) == 1 else ""
    now = next((one for one in doings(text) if one.start == mine[0].end + 1), None)
    if now is None:
        return f"{text[: mine[0].end]} {does}{text[mine[0].end :]}"
    rest = re.match(r" (?:(?:out|up|down|away|back)\b|around(?=,|$))", text[now.end :])
    return text[: now.start] + does + text[now.end + (rest.end() if rest else 0) :]


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
