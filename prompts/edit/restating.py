"""A change made in an English sentence itself: other words for one of its things, or for what somebody does in it, and
all else as it was typed. "a girl in a grey coat riding a horse" and "a unicorn instead": only the horse is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from prompts import opposites, written_text
from prompts.edit.draft import Change, EditDraft
from prompts.edit.exclusions import alone
from prompts.edit.forms import COLOURS
from prompts.edit.groups import NounGroup, doings, groups
from prompts.edit.instructions import Instruction
from prompts.edit.likeness import (
    alike,
    called,
    covers,
    in_pairs,
    main_thing,
    named,
    only_being,
    several_for,
    stands_for,
    told_of,
)
from prompts.edit.merging import changed_words, put_in_place
from prompts.edit.pursuits import of_its_own, redone, told_again
from prompts.edit.targets import KINDS, WordReader, without_presets
from prompts.edit.wearing import is_worn
from prompts.edit.whereabouts import moved, reseated, taken, with_article
from prompts.edit.word_lists import listed
from prompts.edit.words import is_medium
from prompts.prompt import Fragment
from prompts.translate.chinese import CHINESE

_LONGEST = 600  # characters; whoever writes more than that writes no sentence
_LONGEST_WISH = 160
_SYNTAX = re.compile(r"[\[\]{}|\\]|\bBREAK\b|\bAND\b|\)\s+[A-Za-z]|[A-Za-z]\s+\(")  # "(red:0.5) bus" is weighed within


async def restated(draft: EditDraft, one: Instruction, reader: WordReader) -> bool:
    """Whether the change could be made in the text's own words, with all else of it understood as before; then the
    draft says so."""
    text = draft.text
    if text is None or len(text) > _LONGEST or CHINESE.search(text) or _SYNTAX.search(text) or one.at:
        return False
    if (
        len(one.value) > _LONGEST_WISH
        or one.kind not in ("set", "add", "replace")
        or not (value := await _in_english(one, reader))
    ):
        return False
    if (place := told_of(text, one.who)) is None:
        return False
    for part in _texts(text[slice(*place)], one, value):
        said = text[: place[0]] + part + text[place[1] :]
        draft.readings -= len(said)
        if draft.readings < 0 or said == text:
            return False
        if await _reads(draft, said, reader):
            return True
    return False


async def _in_english(one: Instruction, reader: WordReader) -> str:
    """What is wanted, in English; empty where that is not one thing."""
    if not CHINESE.search(one.value):
        return re.sub(r"^(?:some|any) ", "", _MANY.sub("many ", one.value.strip()))
    tags = await reader.sure(one.value)
    if one.kind == "replace" and KINDS.get(one.target) == KINDS["background"]:
        return ", ".join(opposites.plain(tag.text) for tag in tags)  # "场景换成下雪的街头": street, snow
    said = re.sub(r"^1(?=girl|boy)", "", opposites.plain(tags[0].text)) if len(tags) == 1 else ""
    return said if said and one.kind == "set" and one.instead else ""


_MANY = re.compile(
    r"^(?:(?:lots|tons|loads|plenty|heaps|a lot|a bunch|a crowd|a whole (?:bunch|lot)) of|many many|lots and lots of) "
)


def _texts(text: str, one: Instruction, value: str) -> Iterator[str]:
    """The text with the change in it, the likeliest way first."""
    if one.kind == "replace":
        if KINDS.get(one.target) == KINDS["background"]:
            yield from _behind(text, value)
            where, comma, rest = value.partition(", ")
            if said := taken(text, with_article(where)):
                yield said + comma + rest
        elif (found := named(groups(text), one.target)) and _WHERE.match(value):
            yield moved(text, found, value)
        elif found and (said := put_in_place(text, _as_named(found, one.target, value), value)):
            yield said
        elif value.startswith("made of ") and (whole := _named_after(text, one.target)):
            yield f"{text[: whole.end]} {value}{text[whole.end :]}"
        return
    if one.kind == "set" and (said := _in_a_colour(text, value)):
        yield said
        return
    if one.kind == "set" and (said := redone(text, value)):
        yield said
        return
    if one.kind == "set" and one.moved and (said := taken(text, value)):
        yield said
        return
    if one.kind == "set" and one.moved and one.instead and _WHERE.match(value):
        said = moved(text, found, value) if (found := named(groups(text), one.who)) else text
        if said.replace(f" {value}", "", 1) != text:  # it is told where the thing was
            yield said
            return
    if one.kind == "set" and _WHERE.match(value):
        if said := reseated(text, value, instead=one.instead):
            yield said
        return
    if one.kind == "set" and (at := _THING_AT.fullmatch(value)) and (found := named(groups(text), at["what"])):
        yield moved(text, found, at["where"])
        return
    if one.kind == "set" and (said := of_its_own(text, value) or told_again(text, value)):
        yield said
        return
    wanted = groups(value)
    if not wanted or wanted[0].start > 0 or doings(value) or is_medium(value):
        return
    if one.kind == "set" and wanted[0].of == len(value) and (both := several_for(text, wanted[0])):
        yield text[: both[0]] + value + text[both[1] :]
    if one.kind == "set" and " and " in value and wanted[-1].end == len(value) and (pair := in_pairs(text, wanted)):
        yield _paired(text, pair, wanted, value)
        return
    found = alike(groups(text), wanted[0], one_more=one.kind == "add" and not one.instead)
    if alone(value) and (not found or wanted[0].name[-1] != "hair"):
        return  # of hair its length stands beside its colour
    if not found and one.kind == "set" and wanted[0].of == len(value):
        found = only_being(groups(text), wanted[0]) or main_thing(text, wanted[0])
    if found:
        yield put_in_place(text, found, value) or text
    elif one.kind == "set" and (said := _dressed_being(text, wanted, value, instead=one.instead)):
        yield said
    elif (one.kind == "set" or one.given) and (covered := covers(groups(text), wanted[0])):
        yield _dressed(text, covered, value)
    elif (
        one.instead
        and not one.given
        and one.kind == "set"
        and (found := stands_for(text, wanted[0], itself=one.itself))
        and (said := put_in_place(text, found, value))
    ):
        yield said


_CLOTHES = re.compile(rf"(?:wearing )?(?P<colour>(?:[a-z]+ )?(?:{COLOURS})) (?:clothes|clothing|outfit)")
_DRESSED_IN = re.compile(
    rf"\b(?:in|wearing) (?:all )?(?:(?:dark|light|bright|pale) )?(?:{COLOURS})(?=,|$| and (?:an? |the )| with | on )"
)


def _in_a_colour(text: str, value: str) -> str:
    """The text with clothes of another colour on who is "in black"; empty where nobody is."""
    new = _CLOTHES.fullmatch(value)
    return _DRESSED_IN.sub(f"in {new['colour']}", text, count=1) if new and _DRESSED_IN.search(text) else ""


def _as_named(found: NounGroup, target: str, value: str) -> NounGroup:
    """The thing without what the wish itself calls it, where another comes: pink clouds for "the starry sky" are not
    starry."""
    wanted = groups(value)
    if not wanted or wanted[0].start or called(wanted[0].name[-1]) == called(found.name[-1]):
        return found
    return replace(found, told=tuple(word for word in found.told if word not in target.split()))


def _named_after(text: str, target: str) -> NounGroup | None:
    """The one thing that has another's name in its own: the "lion statue" that somebody calls the lion."""
    found = [one for one in groups(text) if target in (*one.told, *one.name)]
    return found[0] if len(found) == 1 else None


_HIS = {"her": "his", "his": "her"}


def _paired(text: str, olds: tuple[NounGroup, NounGroup], news: Sequence[NounGroup], value: str) -> str:
    """The text with two beings for its two, and whose the second one is."""
    said = put_in_place(text, olds[1], value[news[1].start : news[1].end])
    said = put_in_place(said, olds[0], value[news[0].start : news[0].end]) if said else ""
    was, now = (next((sex for sex in ("she", "he") if one.head in listed(sex)), "") for one in (olds[0], news[0]))
    if {was, now} == {"she", "he"} and olds[1].lead and olds[1].lead[0] in _HIS:
        owner = olds[1].lead[0]
        said = re.sub(rf"\b{owner} (?={news[1].name[-1]}\b)", f"{_HIS[owner]} ", said, count=1)
    return said


_WHERE = re.compile(r"(?:in|on|at|under|beside|behind|near|by|next to|in front of|inside|outside) (?!the background)")
_THING_AT = re.compile(
    r"(?P<what>(?:the |her |his |its )?[a-z-]+) (?:outside |inside |now |out )?"
    r"(?P<where>(?:in|on|at|under|near|inside|outside) (?:an? |the |some )[a-z' -]+)"
)
_BEHIND = re.compile(r" (?:in|on) the background\b", re.IGNORECASE)


def _behind(text: str, value: str) -> Iterator[str]:
    """The text with something else "in the background"."""
    for one in groups(text):
        if _BEHIND.match(text, one.of) and (said := put_in_place(text, one, value, bare=True)):
            yield said


_WORN_BY = re.compile(r"(?P<who>[a-z]+(?: [a-z]+)?) (?:in|wearing) (?P<what>(?:an? |the )?[a-z' -]+)")


def _dressed_being(text: str, wanted: Sequence[NounGroup], value: str, *, instead: bool) -> str:
    """The text with another being in other clothes: "a businesswoman in a red dress" for a man in a suit."""
    said = _WORN_BY.fullmatch(value)
    if not said or not is_worn(said["what"]):
        return ""
    found = alike(groups(text), wanted[0], one_more=False) or only_being(groups(text), wanted[0])
    found = found or (stands_for(text, wanted[0]) if instead else None)
    if not found or not (text := put_in_place(text, found, said["who"])):
        return ""
    worn = groups(said["what"])
    if worn and (covered := covers(groups(text), worn[0])):
        return _dressed(text, covered, said["what"])
    outfit = [one for one in groups(text) if is_worn(one.name[-1])]
    return put_in_place(text, outfit[0], said["what"]) if len(outfit) == 1 else ""


def _dressed(text: str, covered: list[NounGroup], value: str) -> str:
    """The text with something worn in the stead of what is worn at the same place."""
    for other in reversed(covered[1:]):
        written = text[other.start : other.end]
        if other.led in ("with", "in", "wearing", "and"):
            text = re.sub(rf",?\s*\b{other.led} {re.escape(written)}", "", text, count=1)
        else:
            text = written_text.without(text, written) or text
    return put_in_place(text, covered[0], value) or text


async def _reads(draft: EditDraft, said: str, reader: WordReader) -> bool:
    """Whether a text says what the draft says but for the words that are other ones; then the draft is what it says."""
    before, made = await reader.prompt(draft.text or ""), await reader.prompt(said)
    if made is None or before is None or _keys(before.fragments) != _keys(draft.fragments):
        return False  # the text does not say what is drawn
    if _keys(made.negatives) != _keys(draft.negatives):
        return False
    gone = [one for one in without_presets(draft.fragments) if str(one) not in map(str, made.fragments)]
    come = [one for one in without_presets(made.fragments) if str(one) not in map(str, draft.fragments)]
    lost, gained = changed_words(draft.text or "", said)
    here = {word for one in come for word in _words(one)}
    if any(not (lost | gained) & _words(one) and not _words(one) <= here for one in gone) or not come:
        return False
    there = {word for one in gone for word in _words(one)}
    if any(not gained & _words(one) and not _words(one) <= there for one in come):
        return False
    presets = [one for one in draft.fragments if one.origin == "preset"]
    draft.text, draft.fragments = said, [*presets, *without_presets(made.fragments)]
    olds, news = (", ".join(one.text for one in each) for each in (gone, come))
    draft.changes.append(Change("replaced", olds, news) if gone else Change("added", after=news))
    return True


def _words(one: Fragment) -> set[str]:
    return set(re.findall(r"[\w'-]+", one.text.lower()))


def _keys(fragments: tuple[Fragment, ...] | list[Fragment]) -> Counter[str]:
    return Counter(str(one) for one in without_presets(fragments))
