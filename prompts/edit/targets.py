"""Which fragments of a prompt somebody means by a word, Chinese or English: "帽子" is "wearing red hat"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from prompts import opposites, sorts
from prompts.compose import compose
from prompts.edit.compounds import in_one_word
from prompts.edit.forms import MEASURES
from prompts.edit.word_lists import listed
from prompts.edit.words import PEOPLE, TAIL, WEATHER, category_of, head, is_medium, singular, words_of
from prompts.errors import Refusal
from prompts.lettering import QUOTED
from prompts.prompt import Fragment, Note, Options, Prompt
from prompts.tags import entry_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries
from prompts.translate.translator import Translator


@dataclass(frozen=True, slots=True)
class WordReader:
    """Words as tags, by the same road as a whole prompt, with nothing added. `failures` are the notes on services and
    models that could not be asked on the way."""

    translators: Sequence[Translator]
    family: str
    failures: list[Note] = field(default_factory=list, compare=False)

    async def prompt(self, text: str) -> Prompt | None:
        try:
            given = Options(plain=True)
            made, _ = await compose(text, translators=self.translators, family=self.family, given=given)
        except Refusal:
            return None
        self.failures.extend(note for note in made.notes if note.key.startswith(_FAILURES))
        return made

    async def tags(self, words: str) -> tuple[Fragment, ...]:
        """The tags of words that name something to be drawn; empty where nothing was understood."""
        made = await self.prompt(words)
        found = without_presets(made.fragments or made.negatives) if made else ()
        if not found and len(words) == 1 and (entry := entries().get(words)):  # "牛": people cheer with it, too
            made = await self.prompt(entry.tag)
            found = tuple(replace(one, source=words) for one in without_presets(made.fragments)) if made else ()
        return found

    async def sure(self, words: str) -> tuple[Fragment, ...]:
        """The tags of the words; empty where one of the words was only guessed at."""
        made = await self.prompt(words)
        if made is None or without_presets(made.negatives):
            return ()
        guessed = any(note.key != "note.contradiction" for note in made.notes)  # a sign may have text on it
        return () if guessed else without_presets(made.fragments)


_FAILURES = ("note.service_", "note.reader_")


def without_presets(fragments: Sequence[Fragment]) -> tuple[Fragment, ...]:
    """The fragments that a person asked for."""
    return tuple(one for one in fragments if one.origin != "preset")


KINDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("背景", "场景", "环境", "地点", "场地", "场所", "地方", "background", "scene", "backdrop", "setting",
         "location", "place", "scenery", "surroundings"),
        ("place", "backdrop", "background"),
    ),
    **dict.fromkeys(("时间", "time", "time of day"), ("time",)),
    **dict.fromkeys(("季节", "season"), ("season",)),
    **dict.fromkeys(("天气", "weather"), ("weather",)),
    **dict.fromkeys(("风格", "画风", "style"), ("style",)),
    **dict.fromkeys(("发色", "头发颜色", "hair color", "hair colour"), ("hair colour",)),
    **dict.fromkeys(("瞳色", "眼睛颜色", "eye color", "eye colour"), ("eyes colour",)),
    **dict.fromkeys(("发型", "hairstyle"), ("hair length", "hair form")),
    **dict.fromkeys(("姿势", "动作", "站姿", "坐姿", "姿态", "pose", "posture"), ("posture",)),
    **dict.fromkeys(("表情", "expression"), ("mood",)),
    **dict.fromkeys(("视角", "角度", "angle", "view"), ("angle", "side")),
    **dict.fromkeys(("景别", "构图", "取景", "镜头", "framing", "shot"), ("distance",)),
    **dict.fromkeys(
        ("人物", "主角", "主体", "人", "角色", "模特", "人数", "person", "character", "subject", "her", "him", "them"),
        ("people",),
    ),
}  # fmt: skip
CATEGORIES = {
    "衣服": "clothing", "服装": "clothing", "clothes": "clothing", "outfit": "clothing",
    "表情": "expression", "expression": "expression", "姿势": "pose", "pose": "pose",
}  # fmt: skip


WORN = re.compile(  # worn beside the clothes: a new dress leaves the hat on
    r"\b(?:hat|cap|crown|tiara|hood|helmet|glasses|sunglasses|mask|shoes|boots|heels|sandals|socks|gloves|scarf|earrings?"
    r"|necklace|bracelet|ring|ribbon|bow|bag|hairpin|veil|belt|jewelry|watch)s?\b"
)


def _kind_matches(fragments: Sequence[Fragment], target: str) -> list[int]:
    slots, category = KINDS.get(target, ()), CATEGORIES.get(target)
    if slots == ("people",):
        return _who(fragments)
    found = [
        at
        for at, one in enumerate(fragments)
        if (opposites.slot(one.text) in slots and one.part != "quality_style")
        or (slots == ("style",) and is_style(one))
        or (slots == ("posture",) and opposites.plain(one.text) in MOVES)
        or ("place" in slots and _is_where(one))
        or ("background" in slots and (opposites.plain(one.text).endswith("background") or _IN_SNOW.match(one.text)))
        or (category and category_of(one.text) == category and not _beside(category, one.text))
    ]
    if "background" in slots and (out := [at for at, one in enumerate(fragments) if _OUT_THERE.match(one.text)]):
        return out
    if not found and "background" in slots:  # "under cherry blossom tree" is where it is, too
        return [at for at, one in enumerate(fragments) if one.part == "scene_detail" and _BY.match(one.text)]
    return found


def _beside(category: str, text: str) -> bool:
    """Whether something stays beside another outfit or pose: a hat, and what somebody looks at."""
    return bool(WORN.search(text) if category == "clothing" else category == "pose" and text.startswith("looking at "))


def _is_where(one: Fragment) -> bool:
    """Whether a fragment names a place by its last word, and not what stands beside it: "hospital hallway"."""
    return one.part == "scene_detail" and not _BY.match(one.text) and category_of(head(one.text)) == "place"


MOVES = frozenset(
    ("running", "walking", "jumping", "dancing", "swimming", "flying", "climbing", "crawling", "sleeping")
)
_BY = re.compile(r"(?:under|behind|beside|near|by|in front of|next to|against|among|between|at) ")
_OUT_THERE = re.compile(r"on (?:the |another )?(?:moon|mars|venus|saturn|planet)\b")
_IN_SNOW = re.compile(r"in (?:the |deep |heavy )*snow\b")  # the ground, and not only what falls


def person_in(text: str) -> str:
    """The word for a person in a fragment, where it stands before all that is told of them; empty where none does."""
    words: list[str] = re.findall(r"[\w'-]+", TAIL.sub("", opposites.plain(text)))
    for at, word in enumerate(words):
        entry = entry_of(word)
        if word in PEOPLE or word in PEOPLE.values() or (entry and entry.category == "person"):
            return "" if [category_of(each) for each in words[at + 1 :]] in (["clothing"], ["object"]) else word
    return ""


def _who(fragments: Sequence[Fragment]) -> list[int]:
    """Whom or what a picture is of: its people, else the first creature or thing that its subject names."""
    if found := [at for at, one in enumerate(fragments) if one.origin != "preset" and person_in(one.text)]:
        return found
    trades = [at for at, one in enumerate(fragments) if one.part == "subject" and category_of(one.text) == "person"]
    if trades:
        return trades  # "soccer player"
    named = {at: category_of(one.text) for at, one in enumerate(fragments) if one.part == "subject"}
    for kinds in (("myth", "animal"), ("object", "vehicle", "food", "plant", "building")):
        if found := [at for at, category in named.items() if category in kinds]:
            return found
    return []


def is_style(one: Fragment) -> bool:
    if opposites.slot(one.text) == "style":
        return True
    said = opposites.plain(one.text)
    return one.part == "quality_style" and (
        category_of(one.text) == "style" or is_medium(one.text) or said in listed("photographic")
    )


def _is_place(one: Fragment, wanted: Sequence[str]) -> bool:
    """Whether a fragment names a place that only sounds of the weather: "snowy mountain" stays when the snow stops."""
    entry = entry_of(opposites.plain(one.text))
    return wanted[-1] in WEATHER.values() and entry is not None and entry.category in ("place", "nature")


async def matches(fragments: Sequence[Fragment], target: str, reader: WordReader) -> tuple[list[int], str]:
    """Which fragments are meant, and the English word by which they were found (empty: by another way)."""
    if target in KINDS or target in CATEGORIES:
        return _kind_matches(fragments, target), ""
    tags = [target] if not CHINESE.search(target) else [one.text for one in await reader.tags(target)]
    written = [at for at, one in enumerate(fragments) if QUOTED.search(one.text) and one.origin != "preset"]
    if written and any(_LETTERS.fullmatch(opposites.plain(tag)) for tag in tags):
        return written, ""
    for tag in tags:
        plain = opposites.plain(tag)
        if exact := [at for at, one in enumerate(fragments) if opposites.plain(one.text) == plain]:
            return exact, plain
    for tag in tags:
        wanted = [singular(word) for word in words_of(tag)]
        found = [
            at
            for at, one in enumerate(fragments)
            if wanted
            and singular(head(one.text)) == wanted[-1]
            and set(wanted) <= set(map(singular, words_of(one.text)))
        ]
        if found:
            return found, wanted[-1]
    if (sort := _of_a_sort(fragments, tags))[0]:
        return sort
    for tag in tags:
        wanted = [singular(word) for word in words_of(tag)]
        found = [
            at
            for at, one in enumerate(fragments)
            if wanted and set(wanted) <= set(map(singular, words_of(one.text))) and not _is_place(one, wanted)
        ]
        if found:
            return found, wanted[-1]
    if CHINESE.search(target):
        sources = {at: chinese.simplified(one.source) for at, one in enumerate(fragments)}
        found = [
            at
            for at, said in sources.items()
            if target in said and not (tags and _is_place(fragments[at], tags)) and not _in_a_word(target, said, tags)
        ]
        found = [
            at
            for at in found
            if not any(sources[other] != sources[at] and sources[other] in sources[at] for other in found)
        ]
        if found:
            return found, ""
        short = len(target) == 2 and target[1] == "子" and target[0] not in MEASURES  # "扇子" is a "团扇", too
        found = [at for at, said in sources.items() if short and re.search(f"(?<=.){target[0]}$", said)]
        if found:
            return found, ""
    return _done(fragments, tags) or in_one_word(fragments, tags) or _told_less(fragments, tags)


def _told_less(fragments: Sequence[Fragment], tags: Sequence[str]) -> tuple[list[int], str]:
    """The fragments that name a thing in fewer words than a tag: the "fan" that 扇子 calls a folding one."""
    for tag in tags:
        words = opposites.plain(tag).split()
        if not words or TAIL.search(opposites.plain(tag)):
            continue
        if found := [at for at, one in enumerate(fragments) if opposites.plain(one.text) == words[-1] != words[0]]:
            return found, singular(words[-1])
    return [], ""


_LETTERS = re.compile(r"(?:the )?(?:text|words?|letters?|lettering|letter|writing|title|slogan|characters|caption)")


def _done(fragments: Sequence[Fragment], tags: Sequence[str]) -> tuple[list[int], str] | None:
    """What somebody does of the kind that a tag names in general: "drinking whiskey" for "drinking alcohol"."""
    for tag in tags:
        doing, _, what = opposites.plain(tag).partition(" ")
        if not doing.endswith("ing") or what not in ("", "alcohol", "food", "something", "book"):
            continue
        found = [at for at, one in enumerate(fragments) if opposites.plain(one.text).split(" ")[0] == doing]
        if found and doing not in ("wearing", "holding", "looking", "playing", "being"):
            return found, ""
    return None


def _in_a_word(target: str, source: str, tags: Sequence[str]) -> bool:
    """Whether a sign stands in a source only as part of a word for something else: 雨 in 雨靴."""
    if len(target) > 1 or not tags:
        return False
    known, named = entries(), {singular(word) for tag in tags for word in words_of(tag)}
    kinds, rest = {category_of(tag) for tag in tags}, source
    for size in range(min(len(source), 4), 1, -1):
        for at in range(len(source) - size + 1):
            word = source[at : at + size]
            entry = known.get(word) if target in word[:-1] else None
            alike = entry and (entry.category in kinds or named & set(map(singular, words_of(entry.tag))))
            if entry and not alike:
                rest = rest.replace(word, "")
    return target not in rest


def _of_a_sort(fragments: Sequence[Fragment], tags: Sequence[str]) -> tuple[list[int], str]:
    """The one thing of a prompt that is of the sort that a tag names, and the word that it has there."""
    own = [(at, opposites.plain(one.text)) for at, one in enumerate(fragments) if one.origin != "preset"]
    for tag in tags:
        general = singular(opposites.plain(tag))
        for texts in ([(at, TAIL.sub("", text)) for at, text in own], own):
            found = [(at, said) for at, text in texts for said in _names(text) if sorts.is_a(said, general)]
            if len({at for at, _ in found}) == 1:
                return [found[0][0]], max((said for _, said in found), key=len).split()[-1]
    return [], ""


def _names(text: str) -> Iterator[str]:
    """What of a text may be a name: up to three of its words, the last of them in the singular and as it is."""
    words = re.findall(r"[\w'-]+", text)
    for at in range(len(words)):
        for end in range(at + 1, min(at + 3, len(words)) + 1):
            yield from dict.fromkeys(
                " ".join([*words[at : end - 1], one]) for one in (singular(words[end - 1]), words[end - 1])
            )
