"""What goes from a prompt, with all that was told only of it; what was never there is denied, or said to be missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import grammar, opposites, written_text
from prompts.edit.draft import Change, EditDraft, become, denying, erase
from prompts.edit.exclusions import alone
from prompts.edit.groups import doings, groups
from prompts.edit.instructions import Instruction
from prompts.edit.likeness import told_of
from prompts.edit.nearest import not_found
from prompts.edit.numerals import number
from prompts.edit.targets import KINDS, WordReader, matches, person_in, without_presets
from prompts.edit.wearing import is_worn
from prompts.edit.wording_zh import MEASURE
from prompts.edit.words import WEATHER, head, singular
from prompts.nouns import only_tells, with_articles, without_property, without_thing
from prompts.prompt import Fragment
from prompts.tags import category_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE

_DOING = re.compile(r"[a-z]+ing")  # "moon viewing" without the moon is nothing
# What models draw though nobody asks for it: where the prompt has none of it, a negative is what "remove it" wants.
_UNASKED = re.compile(
    r"(?:.* )?(?:text|watermarks?|signature|logo|username|letters?|words?|subtitles?|caption|title|people|persons?|"
    r"pedestrians?|passers-?by|crowds?|humans?|strangers?|tourists?|border|frame|blur|blurry|noise|artifacts?|"
    r"(?:extra|bad|missing|deformed) \w+)"
)


_ON_WHAT = re.compile(
    r"(?P<what>[a-z' -]+?) (?:on|in|at|from|around|over|behind) (?:the |her |his |its |their )?[a-z -]+"
)


async def remove(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    """Take what the target names out of the draft. Of what is not there only that goes to the negative which somebody
    says they do not want, or which models draw by themselves."""
    found, word = await matches(draft.fragments, one.target, reader)
    tags = [opposites.plain(tag.text) for tag in await reader.tags(one.target)]
    if not found and (within := _ON_WHAT.fullmatch(one.target)):  # "no leaves on the trees"
        found, word = await matches(draft.fragments, within["what"], reader)
        tags = [within["what"]] if found else tags
    drops = {each for tag in tags for each in _DROPS.get(tag, ())}
    found = found or [at for at, each in enumerate(draft.fragments) if opposites.plain(each.text) in drops]
    if not found and (having := _having(draft.fragments, tags)):
        for at, bare in having.items():
            become(draft, at, bare, draft.fragments[at].source, bare)
        return
    if not found and (weathered := _weathered(draft.fragments, tags)):
        for at, bare in weathered.items():  # "misty forest" without the mist
            become(draft, at, bare, draft.fragments[at].source, bare)
        return
    if not found:
        unasked = any(map(_UNASKED.fullmatch, tags))
        if one.target in KINDS or (one.kind == "remove" and not unasked):
            draft.changes.append(await not_found(draft, one.target, reader))
        else:
            await _deny(draft, one, reader)
        return
    about = [*found, *_told_of(draft, found)]
    about += _left_behind(draft, about)
    for at in sorted(about, reverse=True):
        old = draft.fragments[at]
        if bare := next(filter(None, (without_property(grammar.bare(old.text), tag) for tag in tags)), ""):
            become(draft, at, bare, old.source, bare)
            continue
        if alone := _without_one(grammar.bare(old.text), "" if CHINESE.search(one.target) else one.target):
            become(draft, at, alone, old.source, alone)
            continue
        where = re.fullmatch(rf"(?P<where>.*\b(?:on|in|at|under) .+) {word}", grammar.bare(old.text))
        if where and _DOING.fullmatch(word):
            become(draft, at, where["where"], old.source, where["where"])  # "on the floor crying"
            parts = await reader.tags(where["where"])  # "a kid sitting", "on the floor"
            draft.fragments[at : at + 1] = [replace(each, weight=old.weight) for each in parts]
            continue
        several = word and re.fullmatch(rf"{_GROUP} of (?:[a-z]+ )*{word}(?:e?s)?", opposites.plain(old.text))
        whole = opposites.plain(old.text) == word or bool(several)  # "bow and arrow", "group of seagulls"
        ends = singular(head(old.text)) == singular(word.split()[-1]) if word else True
        inside = at in found and not whole and (not ends or _AND.search(old.text) or _does_to(old.text))
        rest = without_thing(grammar.bare(old.text), word) if inside else ""
        if rest and not _DOING.fullmatch(rest) and not only_tells(rest) and not number(rest):
            become(draft, at, rest, old.source)
            continue
        if inside and person_in(old.text) and not any(map(person_in, (word, *tags))):
            draft.changes.append(Change("missed", one.target))  # nobody goes because their hat does
            continue
        del draft.fragments[at]
        draft.changes.append(Change("removed", old.text))
        if not any(draft.fragments[each].source == old.source for each in about if each < at):
            erase(draft, old)  # "castle in the background" is two, and goes at once


_DROPS = {"rain": ("raindrops", "raindrop", "drizzle", "heavy rain"), "snow": ("snowflakes", "falling snow")}
_GIVING = {"smoke": "smoking", "steam": "steaming", "fire": "burning", "flame": "flaming", "glow": "glowing"}


def _having(fragments: Sequence[Fragment], tags: Sequence[str]) -> dict[int, str]:
    """The fragments that tell of a thing by a word made of its name, without it: "tattooed arms" of tattoos, "a bearded
    man" of a beard."""
    nouns = {singular(tag) for tag in tags if tag.isalpha() and len(tag) > 2 and tag not in WEATHER.values()}
    having = {_GIVING[tag] for tag in tags if tag in _GIVING}
    having |= {f"{noun}{end}" for noun in nouns for end in ("ed", "d", "y", f"{noun[-1]}ed", f"{noun[-1]}y")}
    own = {at: grammar.bare(one.text) for at, one in enumerate(fragments) if one.origin != "preset"}
    bare = {
        at: re.sub(rf"\b(?:heavily )?(?:{'|'.join(having)}) (?=[a-z])", "", said) for at, said in own.items() if having
    }
    return {at: with_articles(said) for at, said in bare.items() if said != own[at]}


def _weathered(fragments: Sequence[Fragment], tags: Sequence[str]) -> dict[int, str]:
    """The English places that are told of by a weather, without it; those of a snowy one are snowy by themselves."""
    own = {at: one for at, one in enumerate(fragments) if not CHINESE.search(one.source) and one.origin != "preset"}
    bare = {
        at: without_property(grammar.bare(one.text), tag) for at, one in own.items() for tag in tags if tag != "snow"
    }
    return {at: said for at, said in bare.items() if said}


_STAYS_THERE = re.compile(r" (?:on|in|at|by|near|under) (?:the |an? )?[a-z]+(?: [a-z]+)?$")


def _without_one(text: str, word: str) -> str:
    """An English sentence of two beings without one of them and all that is told of that one: "a man with a beard and a
    woman with a hat" without the man; empty where it is of one only, or does not tell who is meant."""
    if not word or CHINESE.search(text) or (place := told_of(text, word)) is None or place == (0, len(text)):
        return ""
    if re.search(r"\b(?:on|with|of|in|at|by|under|behind|to|riding|holding) $", text[: place[0]]):
        return ""  # "a cowgirl on a horse"
    told, rest = text[slice(*place)], text[place[1] :]
    end = None if rest else _STAYS_THERE.search(told)
    where = end.group() if end and not is_worn(end.group()) else ""  # both are there
    where = _shared(text[: place[0]], told) or where
    before = re.sub(r"[ ,]*(?:\band)? *$", "", text[: place[0]])
    left = f"{before}{where}" if before else re.sub(r"^[ ,]*(?:and )?", "", rest)
    return left if before or rest else ""


_GROUP = "(?:group|flock|herd|crowd|row|pair|swarm|school|pack|line|litter|bunch|string|pile|cluster)"
_ALONE = re.compile(r"holding|wearing|carrying|barking|meowing|purring|kissing|hugging|.*\b(?:each other|together)\b")


def _shared(before: str, told: str) -> str:
    """What two beings do of whom the second one goes: "fishing" of "an old man and a dog fishing"; empty where more is
    told of the first one."""
    first = groups(before)
    does = next(iter(doings(told)), None)
    if not before.endswith(" and ") or len(first) != 1 or first[0].end != len(before) - len(" and ") or not does:
        return ""
    said = told[does.start :]
    alone = _ALONE.match(said) or groups(told[: does.start])[0].end + 1 != does.start
    return "" if alone else f" {said}"


def _does_to(text: str) -> bool:
    """Whether the last words of a fragment are what somebody does something to: "man smoking a cigar"."""
    return any(one.start > 0 and one.end == len(text) and one.verb != text[one.start :] for one in doings(text))


_AND = re.compile(r"^(?:an? |the )?[\w-]+(?: [\w-]+)? and \w")  # "a horse and carriage": one of two


async def _deny(draft: EditDraft, one: Instruction, reader: WordReader) -> None:
    there = {opposites.plain(each.text) for each in without_presets(draft.negatives)}
    for tag in await reader.tags(one.target):
        text = opposites.plain(tag.text)
        draft.changes.append(Change("denied", after=text))
        if text not in there:  # said by the person now, and no longer a preset's
            draft.negatives = [each for each in draft.negatives if opposites.plain(each.text) != text]
            draft.negatives.append(replace(tag, text=text))
            if draft.text is not None:
                draft.text = denying(draft.text, one.target, tag)


def _told_of(draft: EditDraft, found: Sequence[int]) -> list[int]:
    """The fragments that the person told of these only: "飞翔" of "飞翔的海鸥"."""
    text = chinese.simplified(draft.text or "")
    sources = [draft.fragments[at].source for at in found if CHINESE.search(draft.fragments[at].source)]
    return [
        at
        for at, one in enumerate(draft.fragments)
        if at not in found
        and category_of(one.text) in _TELLING
        and any(f"{chinese.simplified(one.source)}的{chinese.simplified(source)}" in text for source in sources)
    ]


_TELLING = ("preposition", "pose", "verb", "participle")

# ── where it was ──────────────────────────────────────────────────────────────────────────────────────────────────────

_CLAUSE = re.compile(r"[^,，。;；\n]+")
_AT = "(?:上面|下面|里面|外面|旁边|前面|后面|上|下|里|外|中|边|旁|前|后|间|口)"
# A scene stays when what was in it goes; nobody wants to see a shore, a table or a door for its own sake.
_MERELY = re.compile(
    rf"(?:在|的|{_AT}|[它她他]|左|右|身|背景|远处|远方|近处|中间|中央|空中|半空|天空|窗外|头顶|周围|四周|附近|地面?|桌子?|椅子?|凳子?|"
    r"床|门|窗户?|墙壁?|岸|天|树|枝头|路|屋顶|桌面|手|柜子?|架子?|茶几|盘子?|脚)+"
)
_IN_ENGLISH = re.compile(
    r"(?:an?|the) |(?:in|on|at|by|near|behind|beside|above|under|over|next to|in front of|around|to) |"
    r"(?:sky|background|distance|table|desk|wall|floor|ground|side|shelf|foreground|corner|middle|left|right|of|him|her|"
    r"it)\b ?"
)
_THERE_IS = re.compile("(?:还|都|正)?(?:有|是|[放摆停站坐挂飘漂浮飞游长开立躺趴落堆铺贴插架竖拴点栽种靠蹲睡])[着满了]*")


def _left_behind(draft: EditDraft, found: Sequence[int]) -> list[int]:
    """The fragments of a clause that then only says where something was: "天上" of "天上飘着气球". The first clause is
    the scene, and stays."""
    text = draft.text or ""
    gone = [draft.fragments[at] for at in found]
    left: list[int] = []
    for clause in list(_CLAUSE.finditer(text))[1:]:
        inside = [at for at, one in enumerate(draft.fragments) if _stands_in(one, text, clause)]
        rest = [at for at in inside if at not in found]
        if not rest or len(rest) == len(inside):
            continue
        if all(_merely_where(draft.fragments[at], gone) for at in rest):
            left += rest
        elif _told_first(clause.group(), gone):  # "狗在旁边跑": it is the dog that runs
            left += [at for at in rest if _does(draft.fragments[at])] if not _others(draft, rest) else []
    return left


def _told_first(clause: str, gone: Sequence[Fragment]) -> bool:
    """Whether a clause begins with what is gone: all that is done in it is done by that."""
    plain = MEASURE.sub("", chinese.sign_by_sign(clause).strip(), count=1)
    return any(
        CHINESE.search(one.source) and plain.startswith(MEASURE.sub("", chinese.sign_by_sign(one.source), count=1))
        for one in gone
    )


def _does(one: Fragment) -> bool:
    return bool(re.match(r"(?!wearing)[a-z]+ing\b", opposites.plain(one.text))) or alone(one.text)


def _others(draft: EditDraft, at: Sequence[int]) -> bool:
    """Whether one of some fragments is of a being."""
    return any(
        person_in(draft.fragments[each].text) or category_of(draft.fragments[each].text) in ("person", "animal", "myth")
        for each in at
        if not _does(draft.fragments[each])
    )


def _stands_in(one: Fragment, text: str, clause: re.Match[str]) -> bool:
    if one.origin == "preset" or not one.source:
        return False
    place = written_text.place_of(text, one.source)
    return place is not None and clause.start() <= place[0] and place[1] <= clause.end()


def _merely_where(one: Fragment, gone: Sequence[Fragment]) -> bool:
    """Whether a fragment says only where another one is, or that it is there."""
    if CHINESE.search(one.source):
        source = chinese.simplified(one.source)
        if source.endswith("在"):
            return False  # "站在" is told of somebody else
        return bool(_THERE_IS.fullmatch(source) or _MERELY.fullmatch(_THERE_IS.sub("", source)))
    return all(not person_in(each.text) for each in gone) and not _IN_ENGLISH.sub("", opposites.plain(one.text)).strip()
