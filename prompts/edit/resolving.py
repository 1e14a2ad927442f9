"""What a wish comes to in a certain prompt: "one more" where there are two is "three", "lighter" of dark green is light
green, and "hat green" is a hat that is to be green where there is a hat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import opposites
from prompts.edit.draft import EditDraft
from prompts.edit.exclusions import alone, excludes
from prompts.edit.forms import COUNT
from prompts.edit.groups import groups, tells
from prompts.edit.instructions import Instruction
from prompts.edit.likeness import what_it_is
from prompts.edit.meant import is_backdrop, meant
from prompts.edit.nearest import went_before
from prompts.edit.numerals import in_chinese, in_english, number
from prompts.edit.rivals import counts, is_place, kind_of, slot_of
from prompts.edit.shades import SHADED, shaded
from prompts.edit.targets import KINDS, WordReader, matches, person_in, without_presets
from prompts.edit.wearing import covered, only_worn
from prompts.edit.word_lists import listed
from prompts.edit.wording_zh import MEASURE
from prompts.edit.words import category_of, head, singular
from prompts.nouns import COMPARED, OF_AN_AGE, describes
from prompts.prompt import Fragment
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.numbers import plural


async def resolved(draft: EditDraft, one: Instruction, before: Instruction | None, reader: WordReader) -> Instruction:
    """The instruction in words that need nothing but the prompt's things to be followed; `before` is the one that the
    same sentence asked for just before."""
    one = await meant(draft, one, reader)
    if one.open or one.maybe:
        one = await _settled(draft, one, reader)
    if one.kind == "set" and await is_backdrop(one.value, reader):
        return replace(one, kind="replace", target="背景" if CHINESE.search(one.value) else "background")
    if one.kind == "set" and (value := await _only_a_property(one.value, reader)):
        if before and (thing := await _told_before(draft.fragments, before, reader)):
            return replace(one, kind="replace", target=thing, value=value)  # "头发不要红的，要蓝的"
        if one.instead and (it := what_it_is(draft.text or "", before.value if before else "", one.value)):
            return replace(one, kind="replace", target=it)
        if one.instead and not before and (it := _only_thing(draft.fragments)):
            return replace(one, kind="replace", target=it, value=value)
    if one.kind == "set" and CHINESE.search(one.value):
        one = await _told_behind(draft.fragments, one, reader)
    if one.kind == "set" and one.moved:
        tags = await reader.tags(one.value)
        if len(tags) == 1 and tags[0].part == "scene_detail" and slot_of(tags[0].text) in (None, "place"):
            return replace(one, kind="replace", target="地点")  # "换到夜市路边摊"
        if len(tags) == 1 and category_of(tags[0].text) == "vehicle" and not CHINESE.search(one.value):
            return replace(one, kind="replace", target="location", value=f"on {one.value}")
    if one.kind == "count":
        if not one.target and before and (await _countable(draft, one, reader)) is None:
            one = replace(one, target=await _told_before(draft.fragments, before, reader))  # "变成小狐狸，两只"
        return await _counted(draft, one, reader)
    if one.kind == "add" and (one.more or await _is_there(draft, one, reader)):
        return await _added_to(draft, one, reader)
    if one.kind == "shade":
        return await shaded(draft, one, reader)
    return one


async def joined(fragments: Sequence[Fragment], wishes: Sequence[Instruction], reader: WordReader) -> list[Instruction]:
    """The wishes, with what is taken away and what comes instead of it as one: "鱼不要了，改成一碗面"."""
    found: list[Instruction] = []
    for one in [part for each in wishes for part in await _parted(each, reader)]:
        last = found[-1] if found else None
        taken = last is not None and last.kind in ("remove", "deny") and one.instead and not one.moved
        if last and taken and (at := await _gone(fragments, last, reader)):
            tags = await reader.tags(one.value)
            new = tags[-1].text if tags else ""
            if new and any(excludes(fragments[each].text, new) for each in at):
                found[-1] = one  # a smile goes when a frown comes
                continue
            if (
                new
                and not alone(new)
                and not _only_told(one.value, tags)
                and not (category_of(new) == "person" and not any(_is_being(fragments[each].text) for each in at))
                and not (category_of(new) == "clothing" and _dressed_otherwise(fragments, at, new))
                and not (_DOES.match(new) and not any(_DOES.search(fragments[each].text) for each in at))
                and any(slot_of(fragments[each].text) == slot_of(new) for each in at)
            ):
                value = _without_its_verb(one.value, [fragments[each].text for each in at])
                found[-1] = one if slot_of(new) else Instruction("replace", last.target, value)
                continue
        found.append(one)
    return found


async def _parted(one: Instruction, reader: WordReader) -> tuple[Instruction, ...]:
    """A wish for what somebody does, and where, as one of each: "改成在花园里浇花"."""
    if one.kind != "set" or not CHINESE.search(one.value):
        return (one,)
    tags = await reader.sure(one.value)
    places = [each for each in tags if is_place(singular(head(each.text))) or each.text in ("garden", "seaside")]
    doings = [each for each in tags if each not in places and _DOES.match(opposites.plain(each.text))]
    if any(opposites.plain(each.text) in (*listed("seat"), "ground", "floor", "grass", "lawn") for each in places):
        return (one,)
    if len(tags) < 2 or len(places) != 1 or len(doings) + 1 != len(tags):
        return (one,)
    return (
        Instruction("replace", "地点", places[0].source),
        Instruction("replace", "动作", doings[0].source),
        *(Instruction("add", value=each.source) for each in doings[1:]),
    )


def _dressed_otherwise(fragments: Sequence[Fragment], gone: Sequence[int], new: str) -> bool:
    """Whether a new garment is worn where something else is than what goes: a uniform for a dress, and not for a
    bell."""
    worn = [only_worn(one.text) if one.origin != "preset" else "" for one in fragments]
    there = [at for at in covered(worn, only_worn(new)) if worn[at]]
    return bool(there) and not set(there) & set(gone)


def _is_being(text: str) -> bool:
    return bool(person_in(text)) or category_of(text) in ("person", "animal", "myth")


def _only_told(words: str, tags: Sequence[Fragment]) -> bool:
    """Whether words only tell how something is: "brightly lit"."""
    last = words.split()[-1]
    return describes(tags) or last in listed("done") or (not CHINESE.search(words) and tells(last))


_DOES = re.compile(r"(?!wearing|holding)[a-z]{2,}ing\b")


def _without_its_verb(value: str, olds: Sequence[str]) -> str:
    """ "a pan" of "holding a pan", for a knife that is held."""
    verb = re.match(r"([a-z]+ing) (?=an? |the )", value)
    return value[verb.end() :] if verb and any(verb[1] in old.split() for old in olds) else value


async def _gone(fragments: Sequence[Fragment], one: Instruction, reader: WordReader) -> list[int]:
    return (await matches(fragments, one.target, reader))[0]


async def _told_before(fragments: Sequence[Fragment], before: Instruction, reader: WordReader) -> str:
    """The thing that a change just before was of: the new one that came, else the one that got another property."""
    for words in (before.value, before.target) if before.kind in ("replace", "add", "set") else (before.target,):
        if (
            words
            and not _COUNTED.fullmatch(words)
            and not describes(await reader.tags(words))
            and (await matches(fragments, words, reader))[0]
        ):
            return words
    return ""


def _only_thing(fragments: Sequence[Fragment]) -> str:
    """The one thing that a Chinese prompt is of, in the person's word; empty where it is of somebody, or of several."""
    own = [one for one in without_presets(fragments) if one.part == "subject"]
    if len(own) != 1 or person_in(own[0].text) or not CHINESE.search(own[0].source):
        return ""
    return MEASURE.sub("", chinese.simplified(own[0].source), count=1)


_COUNTED = re.compile(COUNT)


async def _only_a_property(words: str, reader: WordReader) -> str:
    """The words without a verb of wanting, where they name nothing but how something is to be; else empty."""
    said = _WISHED.sub("", words).removesuffix("的")
    tags = await reader.sure(f"{said}的" if words.endswith("的") else said)
    kinds = ["colour", "material"]
    if rather := words.endswith("的"):  # "要很大的"
        kinds += ["adjective", "participle"]
    told = len(tags) == 1 and all(
        kind_of(each) in kinds or each in SHADED or (rather and each in OF_AN_AGE) for each in tags[0].text.split()
    )
    return said if told else ""


_WISHED = re.compile("^(?:要|想要|得要?|是|得是|最好是|用|选)(?=.)")


async def _settled(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """ "hat green": the longest beginning that names something in the prompt, and what it is to be, which misses its
    thing where nothing is named. "hat to crown": so only where there is a hat."""
    if one.maybe:
        there = one.kind in ("deny", "count") or one.target in KINDS
        there = there or bool((await matches(draft.fragments, one.target, reader))[0])
        if not there and one.kind == "replace" and await went_before(draft, one.target, reader):
            return Instruction("set", value=one.value)  # "换成秋天，樱花变红枫叶": they went with the spring
        return replace(one, maybe="") if there else Instruction("set", value=one.maybe)
    words, parts = one.target, one.target.split()
    for size in range(len(parts) - 1, 0, -1):
        target = " ".join(parts[:size])
        if (await matches(draft.fragments, target, reader))[0]:
            return Instruction("replace", target, " ".join(parts[size:]))
    if len(parts) > 1 and _describes(parts[-1]) and kind_of(parts[0]) not in _PROPERTIES:
        size = next(at for at in range(len(parts), 0, -1) if at == 1 or not _describes(parts[at - 1]))
        return Instruction("replace", " ".join(parts[:size]), " ".join(parts[size:]))
    return Instruction("set", value=words)


async def _told_behind(fragments: Sequence[Fragment], one: Instruction, reader: WordReader) -> Instruction:
    """ "机器人生锈": a thing of the prompt and behind it how it is to be; as it is, where they say other things."""
    words = _LITTLE.sub("", one.value)
    for size in range(min(len(words) - 1, 6), 0, -1):
        target, told = words[:size], _RATHER.sub("", words[size:])
        told = told.removesuffix("的")
        if not 0 < len(told) <= 5 or not describes(await reader.sure(f"{told}的")):
            continue
        named = await reader.sure(target)
        if len(named) == 1 and not describes(named) and (await matches(fragments, target, reader))[0]:
            return replace(one, kind="replace", target=target, value=told)
    return one


_LITTLE = re.compile("(?:一点儿?|一些|点儿?|些)$")
_RATHER = re.compile("^(?:[要是得再更也都有]|变得?|看起来)+(?=.)")
_PROPERTIES = ("colour", "material", "adjective")


def _describes(word: str) -> bool:
    return kind_of(word) in _PROPERTIES or word in COMPARED


# ── how many ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _counted(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """So many of a thing ("3"), or so many more ("+1") or fewer ("-1"): another number of it."""
    at = await _countable(draft, one, reader)
    step, exact = int(one.value), one.value[0].isdecimal()
    if at is None and exact:
        said = in_chinese(step) + one.measure if one.measure else f"{in_english(step)} "
        return Instruction("set", value=said + one.target)
    if at is None:
        if step < 0 or not one.target:
            return Instruction("remove" if step < 0 else "stronger", one.target)
        said = in_chinese(step) + one.measure if CHINESE.search(one.target) else f"{in_english(step)} "
        return Instruction("add", value=said + one.target)
    old = draft.fragments[at]
    count = step if exact else max(_number_of(old) + step, 0)
    if CHINESE.search(old.source):
        measure = MEASURE.search(chinese.simplified(old.source))
        noun = one.target or chinese.simplified(old.source)[measure.end() if measure else 0 :]
        sign = one.measure or (measure.group()[-1] if measure else "个")
        return Instruction("replace", noun, in_chinese(count) + sign) if count else Instruction("remove", noun)
    counted = [each for each in groups(old.text) if each.lead and number(each.lead[0])]
    named = [each for each in counted if singular(each.name[-1]) == singular(one.target.rpartition(" ")[2])]
    thing = next(iter(named or counted), None)
    noun = " ".join([*thing.name[:-1], singular(thing.name[-1])]) if thing else counts(old.text) or head(old.text)
    said = f"{in_english(count)} {noun if count == 1 else plural(noun)}"
    return Instruction("set", value=said) if count else Instruction("remove", noun)


async def _countable(draft: EditDraft, one: Instruction, reader: WordReader) -> int | None:
    """The fragment that is meant: what the target names, else what is counted, with the same measure word if any."""
    if one.target:
        found = (await matches(draft.fragments, one.target, reader))[0]
        counted = [at for at in found if counts(draft.fragments[at].text)]
        return next(iter(counted or found), None)
    own = [at for at, each in enumerate(draft.fragments) if each.origin != "preset" and counts(each.text)]
    if not own and one.measure:  # "一只白鹤": what is one is not counted in English
        written = [(at, MEASURE.match(chinese.simplified(each.source))) for at, each in enumerate(draft.fragments)]
        own = [at for at, said in written if said and said.group().endswith(one.measure)]
    alike = [at for at in own if one.measure and one.measure in draft.fragments[at].source]
    several = [at for at in alike or own if _number_of(draft.fragments[at]) > 1]
    return next(reversed(several or alike or own), None)


def _number_of(one: Fragment) -> int:
    words = re.match(r"\d+|[a-z]+", one.text.lower())
    return (number(words.group()) if words else 0) or 1


async def _is_there(draft: EditDraft, one: Instruction, reader: WordReader) -> bool:
    """Whether one of something comes beside one of the same: "旁边加一只猫" where a cat is."""
    if not one.measure.removeprefix(one.at).startswith("一"):
        return False
    there = {opposites.plain(each.text) for each in draft.fragments}
    tags = await reader.sure(one.value)
    return (
        len(tags) == 1 and category_of(tags[0].text) in ("animal", "person") and opposites.plain(tags[0].text) in there
    )


async def _added_to(draft: EditDraft, one: Instruction, reader: WordReader) -> Instruction:
    """Things that are added to others of their kind: "再加两只鸟" where there are three makes five."""
    counted = one.measure.removeprefix(one.at) + one.value
    plain = chinese.simplified(counted) if CHINESE.search(counted) else counted.lower()
    said = MEASURE.match(plain) or re.match(r"(?P<n>\w+) (?:more )?(?=\w)", plain)
    count = number(said.group()[:-1] if CHINESE.search(plain) else said["n"]) if said else 0
    noun = plain[said.end() :] if said else ""
    if not count or not noun or not (found := (await matches(draft.fragments, noun, reader))[0]):
        return one
    tags = await reader.tags(noun)
    if any(opposites.without_lead(each.text) != each.text for each in tags) or len(tags) > 2:
        return one  # "两个人躺在躺椅上": no more chairs
    if not any(_is_one_of(draft.fragments[at], noun, tags) for at in found):
        return one
    sign = said.group()[-1] if said and CHINESE.search(plain) else ""
    return await _counted(draft, Instruction("count", noun, f"{count:+d}", measure=sign), reader)


def _is_one_of(one: Fragment, noun: str, tags: Sequence[Fragment]) -> bool:
    """Whether a fragment counts things of a kind, or names one of them and nothing else."""
    names = {opposites.plain(each.text) for each in tags} | {noun}
    return bool(counts(one.text)) or opposites.plain(one.text) in names
