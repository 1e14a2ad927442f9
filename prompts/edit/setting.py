"""What a tag takes the place of when it comes to be: the time of day for another, a hair colour, a place, a number."""

from __future__ import annotations

import re

from prompts import grammar, opposites
from prompts.edit.draft import Change, EditDraft, add, become, instead
from prompts.edit.exclusions import excludes
from prompts.edit.rivals import counts, dressed, kind_of, moved, recounted, regrown, retaken, slot_of, spoilt
from prompts.edit.targets import WordReader, is_style, person_in, without_presets
from prompts.edit.wearing import covered, only_worn
from prompts.edit.word_lists import listed
from prompts.edit.words import WEATHER, as_medium, head
from prompts.nouns import opposed, with_articles
from prompts.prompt import Fragment
from prompts.translate.chinese import CHINESE

# Words of changing that no form has read: looked up sign by sign, "门刷成红色" would add a brush to the picture.
_CHANGES = re.compile("[改换删刷]|去掉|不要|弄|成|太|掉$")


# English that talks to somebody names nothing to be drawn: "it should be …", where no form has read it.
_TALKS = re.compile(
    r"\b(?:i|i'd|i'm|i'll|me|you|your|meant|should|shouldn't|would|could|can|can't|don't|doesn't|isn't|instead|rather|"
    r"change|replace|not|she|he|they|she's|he's|it's|they're|we|everything|that's|pls|please)\b|"
    r"(?<!to )(?<!of )(?<!with )(?<!at )(?<!on )(?<!in )(?<!under )(?<!behind )(?<!beside )(?<!near )(?<!around )"
    r"(?<!over )\b(?:it|them|him|us)\b|"
    r"^(?:get|bring|show|clear|fill|empty|wake|try|tell|keep|leave|swap|turn|lose) (?:it|the|all|out|up|off|rid)\b"
)


_BOTH = re.compile(
    rf"(?:an? )?(?P<weather>{'|'.join(WEATHER)}|clear) "
    r"(?P<time>night|midnight|noon|dawn|dusk|sunset|sunrise|morning|evening|afternoon|spring|summer|autumn|winter)"
)


_ORDER = re.compile(r"(?P<verb>[a-z]+) (?:the|her|his|its|their) [a-z]")


def _orders(words: str) -> bool:
    """Whether words say what is to be done to something: "close the chest"."""
    order = _ORDER.match(words)
    return order is not None and not (
        order["verb"] in listed("preposition") | listed("break") | listed("determiner")
        or order["verb"].endswith(("ing", "ed"))
        or kind_of(order["verb"]) in ("preposition", "object", "person", "animal", "weather", "time")
    )


_PLAIN_WEATHER = re.compile(
    rf"^(?:an? )?(?:(?:bright|nice|beautiful|lovely|hot|warm|cold|gorgeous|proper|calm|mild),? "
    rf")*(?P<what>{'|'.join(WEATHER)})"
    r"(?= (?:day|weather)$)(?: weather)?"
)
_OUTSIDE = re.compile(rf"^(?:it is |it's )?(?P<what>{'|'.join(WEATHER)}|night|dark|bright) outside$")
_FINE = re.compile(r"^(?:a )?(?:clear|fine|good|nice) (?:weather|day)$")
_WITH_MORE = re.compile(
    r"(?P<when>(?:at |in |during )?(?:the |an? )?(?:night|midnight|noon|dawn|dusk|sunset|sunrise|morning|evening|"
    r"afternoon|spring|summer|autumn|fall|winter|day|daytime|outdoors|indoors|outside|inside)),? (?:with|and|in) "
    r"(?:a |an |the |lots of |some )?(?P<more>[a-z].+)"
)


async def set_words(draft: EditDraft, words: str, reader: WordReader) -> None:
    """The tags of these words take the place of the fragments that decide the same: a time of day, a hair colour."""
    words = _PLAIN_WEATHER.sub(r"\g<what>", words)
    words = _FINE.sub("clear sky", _OUTSIDE.sub(r"\g<what>", words))
    if more := _WITH_MORE.fullmatch(words):
        await set_words(draft, more["when"], reader)
        await set_words(draft, more["more"], reader)
        return
    if both := _BOTH.fullmatch(words):  # "a rainy evening" is another time, and another weather
        same = [
            at
            for at, each in enumerate(draft.fragments)
            if (was := _BOTH.fullmatch(grammar.bare(each.text))) and was["time"] == both["time"]
        ]
        if same:
            become(draft, same[0], f"{both['weather']} {both['time']}", words)
            return
        await set_words(draft, both["time"], reader)
        words = {"sunny": "sunny", "clear": "clear sky"}.get(both["weather"]) or WEATHER[both["weather"]]
    tags = await reader.tags(words)
    if medium := "" if CHINESE.search(words) else as_medium(words):
        tags = (Fragment(medium, part="quality_style", origin="person", source=medium),)
        words = medium
    if (
        not tags
        or _orders(words)
        or _TALKS.search(words)
        or (CHINESE.search(words) and _CHANGES.search(words) and not await reader.sure(words))
    ):
        draft.changes.append(Change("unread", words))
        return
    there = {opposites.plain(one.text) for one in draft.fragments}
    joins = any(person_in(tag.text) and opposites.plain(tag.text) in there for tag in tags)  # "男孩旁边坐着女孩"
    fresh: set[str] = set()
    for tag in tags:
        if len(tags) > 1 and opposites.plain(tag.text) in there:
            continue  # "女孩穿上红裙子": who it is about
        found = [at for at in rivals_of(draft, tag) if draft.fragments[at].text not in fresh]
        found = [] if joins and person_in(tag.text) else found
        fresh.add(tag.text)
        retold = {at: said for at, one in enumerate(draft.fragments) if (said := _retold(one, tag))}
        if found:
            instead(draft, found, (tag,), words if len(tags) == 1 else tag.text)
        elif retold:
            for at, said in retold.items():
                become(draft, at, said, words)
        elif opposites.plain(tag.text) in ("bright", "dark") and any(
            opposites.plain(tag.text) in one.text.split() for one in without_presets(draft.fragments)
        ):
            draft.changes.append(Change("same", tag.text))  # "a bright hallway"
        else:
            add(draft, tag, words if len(tags) == 1 else tag.text)


def rivals_of(draft: EditDraft, tag: Fragment) -> list[int]:
    """The fragments that cannot stay beside a tag."""
    slot, groups = slot_of(tag.text), {side.group for side in opposites.sides(tag.text)}
    found = [
        at
        for at, one in enumerate(draft.fragments)
        if (slot and slot_of(one.text) == slot and (slot != "style" or is_style(one)) and not _ground(one, slot))
        or groups & {side.group for side in opposites.sides(one.text)}
        or (counts(tag.text) and counts(tag.text) in (counts(one.text), opposites.plain(one.text)))
        or moved(one.text, tag.text)
        or excludes(one.text, tag.text)
        or (spoilt(one.text, tag.text) and one.origin != "preset")
        or _same_ground(one, tag)
        or _same_doing(one, tag)
    ]
    grounds = [at for at in found if _same_ground(draft.fragments[at], tag)]
    found = [at for at in grounds or found if not _portrays(draft.fragments[at])]
    thing = dressed(tag.text)
    found = found or [
        at
        for at, one in enumerate(draft.fragments)
        if (thing and thing in (dressed(one.text), opposites.plain(one.text)))
    ]
    found = found or _under(draft, tag)
    if tag.text in ("1girl", "1boy"):  # one of them is as alone as the other
        found = [at for at in found if draft.fragments[at].text != "solo"]
    return [at for at in found if is_style(draft.fragments[at])] if slot == "style" else found


def _under(draft: EditDraft, tag: Fragment) -> list[int]:
    """The fragments of what is worn where a tag is to be worn."""
    own = [at for at, one in enumerate(draft.fragments) if one.origin != "preset" and only_worn(one.text)]
    return [own[at] for at in covered([only_worn(draft.fragments[at].text) for at in own], only_worn(tag.text))]


_GROUNDS = {
    *("field", "forest", "garden", "street", "beach", "mountain", "road", "lake", "river", "sea", "desert", "city"),
    *("kitchen", "bedroom", "classroom", "bathroom", "room", "town", "village", "castle", "palace", "temple", "church"),
}


def _same_ground(one: Fragment, tag: Fragment) -> bool:
    """Whether two fragments say where a picture is, each in a field or each in a forest, of another kind."""
    alike = one.origin != "preset" and head(one.text) == head(tag.text) in _GROUNDS
    return alike and opposites.plain(one.text) != opposites.plain(tag.text)


_DONE_TO_ONE = "feeding|riding|eating|drinking|playing|reading|watching|chasing|driving|hugging|painting|cooking"


def _same_doing(one: Fragment, tag: Fragment) -> bool:
    """Whether two fragments say what the same is done to: feeding pigeons, and now gulls."""
    said = [re.fullmatch(rf"(?P<does>{_DONE_TO_ONE}) .+", opposites.plain(each.text)) for each in (one, tag)]
    return bool(said[0] and said[1] and said[0]["does"] == said[1]["does"] and one.text != tag.text)


def _portrays(one: Fragment) -> bool:
    """Whether a fragment says whom a picture is of, rather than how it is made: "portrait of an old sailor"."""
    return one.text == "portrait" and " of " in one.source


def _retold(one: Fragment, tag: Fragment) -> str:
    """A fragment that says another number, hair, time or pose than a tag, with the tag's instead; empty for others."""
    if one.origin == "preset":
        return ""
    bare = grammar.bare(one.text)
    said = "" if CHINESE.search(one.source) else _unspoilt(bare, tag.text) or _relit(bare, tag.text)
    return recounted(one.text, tag.text) or regrown(bare, tag.text) or retaken(bare, tag.text) or said


def _unspoilt(text: str, tag: str) -> str:
    """A fragment without the weather that is told of it, where that is over: "foggy evening" under a clear sky; empty
    where it has none."""
    over = next((word for word in text.split()[:-1] if word in WEATHER and spoilt(WEATHER[word], tag)), "")
    return re.sub(rf"\b{over} ", "", text, count=1) if over else ""


def _relit(text: str, tag: str) -> str:
    """A place that is lit as a tag says, where it was told to be the opposite: "a dark hallway" that is to be bright;
    empty where it was not."""
    words, new = text.split(), opposites.plain(tag)
    at = next((at for at, word in enumerate(words[:-1]) if new in ("bright", "dark") and opposed(word, new)), None)
    return "" if at is None or words[at] == "light" else with_articles(" ".join([*words[:at], new, *words[at + 1 :]]))


def _ground(one: Fragment, slot: str) -> bool:
    """Whether a fragment is of the snow that lies, not of the weather: "雪地里"."""
    return slot == "weather" and "地" in one.source
