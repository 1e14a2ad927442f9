"""How one change is said in a Chinese sentence: its colours, its things, its places, and what only held them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from prompts import opposites, written_text
from prompts.edit.forms import MEASURES
from prompts.edit.instructions import Instruction
from prompts.nouns import is_build
from prompts.prompt import Fragment
from prompts.tags import entry_of
from prompts.translate import chinese
from prompts.translate.chinese import CHINESE
from prompts.translate.glossary import entries


@cache
def _in_chinese() -> dict[str, str]:
    found: dict[str, str] = {}
    for word, entry in entries().items():
        found.setdefault(opposites.plain(entry.tag), word)
    return found


def chinese_of(tag: str) -> str:
    """The Chinese for an English tag; empty where the glossary has none."""
    return _in_chinese().get(opposites.plain(tag), "")


def _bare(value: str) -> str:
    return value.removesuffix("的")


def _words(new: Fragment, asked: Instruction) -> list[str]:
    """The new thing in Chinese: as the person called it, else as the glossary does."""
    said = _bare(asked.value) if CHINESE.search(asked.value) else ""
    return [each for each in dict.fromkeys((said, chinese_of(new.text))) if each]


def in_script(text: str, words: str) -> str:
    """Words in the signs that a text is written in."""
    return chinese.traditional(words) if chinese.sign_by_sign(text) != text else words


def on_its_thing(text: str, new: Fragment, asked: Instruction, there: Sequence[Fragment]) -> Iterator[str]:
    """A property told of the thing that the text has already: "红色短发" rather than "短发，红发"."""
    adjective, _, thing = opposites.plain(new.text).rpartition(" ")
    for old in there:
        if not adjective or opposites.plain(old.text).rpartition(" ")[2] != thing or not CHINESE.search(old.source):
            continue
        if (place := written_text.place_of(text, old.source)) and (known := entry_of(adjective)):
            source = chinese.sign_by_sign(text)[place[0] : place[1]]
            values = [_bare(asked.value), chinese_of(adjective)]
            for value in values:
                if (entry := entries().get(value)) and entry.tag == known.tag:
                    for at, to, words in _described(source, place[0], value, entry.category, old):
                        yield text[:at] + in_script(text, words) + text[to:]


MEASURE = re.compile(rf"(?:[一二两三四五六七八九十几半数]|\d+)?(?:小)?[{MEASURES}]")
COUNTED = re.compile(f"{MEASURE.pattern}$")
_WHERE = "上面|下面|里面|外面|旁边|前面|后面|上空|中间|之上|之下|之中|[上下里中内外旁边前后间]"
_AT_END = re.compile(f"(?:{_WHERE})$")
_ON = re.compile(
    r"[山地路街桥河海滩原坡台阶顶床椅凳桌船舞马背毯布石冰草床发云岛板崖墙甲枝键盘本]$|沙发$|草坪$|月球$|广场$|操场$"
)
_UNDER = re.compile(r"(?:树|星空|夜空|天空|月光|路灯|灯光|阳光|伞|瀑布)$")
_HOLDS = re.compile(
    r"(?:(?:手里|手中|手上|头上|身上|脖子上|怀里|双手|手|头|身|旁边)?(?:正在?)?"
    r"(?:拿|握|捧|抱|戴|穿|系|披|背|撑|举|牵|端|骑|看|喝|吃|带|放|提|拎|围|坐|摆|有|和|与)着?|[和与跟及、]|手里|手中|手上|头上|身上|怀里|"
    r"双手)$"
)
_STANDS = re.compile(r"(?P<verb>[坐站躺趴走睡跪蹲靠飘漂浮游飞跑立停倚躲])在$")
_BROKEN = re.compile(
    r"(?:[在与跟被把从向于]|(?<![柔温平暖饱缓])和|[戴穿拿抱握骑撑披系牵提][着著]?)(?=[，。、,;；]|$)|(?:^|[，。、,])(?:[的与跟]|和(?![服风室平谐])|上(?![海衣色空])|里(?![约弄]))|"
    r"[个只名位条件本束杯]的|的(?=[，。、,]|$)|在(?:坐|站|躺)|和在|着在"
)


def whole(text: str, before: str) -> bool:
    """Whether no Chinese sentence of a text breaks off that did not before something was taken out of it."""
    return _breaks(text) <= _breaks(before)


def _breaks(text: str) -> set[str]:
    return set(_BROKEN.findall(chinese.sign_by_sign(text)))


def said_in_chinese(
    text: str, place: tuple[int, int], old: Fragment, new: Fragment | None, asked: Instruction
) -> Iterator[str]:
    """A text with other Chinese at a place in it, or none; only sentences that are whole."""
    start, end = written_text.grouped(text, *place) if new is None else place
    plain = chinese.sign_by_sign(text)

    def put(at: int, to: int, words: str) -> str:
        return tidy(text[:at] + in_script(text, words) + text[to:])

    found = _without(plain, start, end, old, asked) if new is None else _instead(plain, start, end, old, new, asked)
    for at, to, words in found:
        said = put(at, to, words)
        if said and whole(said, text):
            yield said


_PROPERTIES = ("colour", "material", "adjective")
_BEINGS = ("person", "animal", "myth")
_Put = tuple[int, int, str]


def _instead(plain: str, start: int, end: int, old: Fragment, new: Fragment, asked: Instruction) -> Iterator[_Put]:
    source = plain[start:end]
    values = _words(new, asked)
    if asked.kind in ("remove", "deny"):
        values = []
        for at, to in _of_kind(source, _PROPERTIES):
            yield start + at, start + to + source[to:].startswith("的"), ""
        if chinese_of(new.text):
            yield start, end, chinese_of(new.text)  # "雨夜" without the rain
    if not any((known := entries().get(value)) and _same(known.tag, opposites.plain(new.text)) for value in values[:1]):
        said = entries().get(values[0]) if values else None
        if said and (said.category in _PROPERTIES or is_build(said.tag)):
            yield from _described(source, start, values[0], said.category, old)
        for word, category in _properties(new.text):
            if (category in _PROPERTIES or not CHINESE.search(asked.value)) and _is(chinese_of(word), (category,)):
                yield from _described(source, start, chinese_of(word), category, old)
    measure = MEASURE.match(source)
    for value in values:
        yield from _recounted(plain, start, end, value)
        if plain[end - 1] in "在着" and len(source) <= 3:
            yield start, end, value[0] + plain[end - 1]
        if not any(each.text.split()[0].endswith("ing") for each in (old, new)):  # "在下棋" is no place to be at
            yield from _placed(plain, start + source.startswith("在"), end, value)
        for at, to in _named(source, old, asked.target):
            if measure and at in (0, measure.end()):
                at = 0 if MEASURE.match(value) else measure.end()
            if MEASURE.match(value) and (counted := COUNTED.search(source[:at])):
                yield start + counted.start(), start + to, value  # "一碗面" for "一盘鱼"
            yield start + at, start + to, value
            yield start + len(uncoloured(source[:at])), start + to, value
        if measure and not MEASURE.match(value):
            yield start, end, measure.group() + value
        yield start, end, value


def _recounted(plain: str, start: int, end: int, value: str) -> Iterator[_Put]:
    """Another number of the same thing, which may stand apart from it: "一只戴着皇冠的狮子"."""
    counted = MEASURE.match(value)
    clause = max(plain.rfind(sign, 0, start) for sign in "，。、,") + 1
    if counted and plain[start:end].endswith(value[counted.end() :]):
        olds = [*MEASURE.finditer(plain, start, end), *MEASURE.finditer(plain, clause, end)][:2]
        for old in olds:
            yield old.start(), old.end(), counted.group()
        if counted.end() == len(value) and not olds:
            yield start, start, value


def _properties(tag: str) -> list[tuple[str, str]]:
    found = ((word, entry_of(word)) for word in opposites.plain(tag).split())
    return [(word, entry.category) for word, entry in found if entry]


def _described(source: str, start: int, value: str, category: str, old: Fragment) -> Iterator[_Put]:
    """The words for a thing with another colour: "黑发" with a blue one is "蓝发", "黑色长发" "蓝色长发"."""
    short = value.removesuffix("色") if len(value) == 2 else value
    long = value + "色" if category == "colour" and len(value) == 1 else {"亮": "明亮", "暗": "昏暗"}.get(value, value)
    for at, to in _of_kind(source, (category,)):
        colour = source[at:to]
        yield start + at, start + to, long if colour.endswith("色") else short
        yield start + at, start + to, long + "的" * (not source[to:].startswith("的"))
    for at, _ in _named(source, old, ""):
        yield start + at, start + at, long
        yield start + at, start + at, long + "的"


def _of_kind(source: str, categories: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where in a text the words of some categories stand, the longest first."""
    known = entries()
    for at, to in _spans(source):
        if (entry := known.get(source[at:to])) and entry.category in categories:
            yield at, to


def _named(source: str, old: Fragment, target: str) -> Iterator[tuple[int, int]]:
    """Where in its words a fragment's thing is named: by the person's word for it, else by any word for it."""
    if target and CHINESE.search(target) and (at := source.find(target)) >= 0:
        yield at, at + len(target)
    known, tag = entries(), opposites.plain(old.text)
    whole = [(at, to) for at, to in _spans(source) if (one := known.get(source[at:to])) and _same(one.tag, tag)]
    yield from whole
    head = tag.rpartition(" ")[2]
    for at, to in _spans(source):
        if (one := known.get(source[at:to])) and (at, to) not in whole and one.tag.rpartition(" ")[2] == head:
            yield at, to


def _same(one: str, other: str) -> bool:
    return opposites.plain(one) == other


def _spans(source: str) -> Iterator[tuple[int, int]]:
    for size in range(min(8, len(source)), 0, -1):
        for at in range(len(source) - size + 1):
            yield at, at + size


def _placed(plain: str, start: int, end: int, value: str) -> Iterator[_Put]:
    """A place in the place of another one, with what it takes to be at it: "坐在窗台上" becomes "坐在雪山上"."""
    there = _AT_END.search(plain, start, end)
    if not there and not plain[:start].endswith("在"):
        return
    if _AT_END.search(value) or plain.startswith("的", end):
        yield start, end, value + (there.group() if there and not _AT_END.search(value) else "")
        yield start, end, value
        return
    usual = "下" if _UNDER.search(value) else "上" if _ON.search(value) else "里"
    where = there.group() if there else ""
    kept = where if where in ("上空", "中", "旁边", "旁", "边", "前", "前面", "后", "后面", "外", "外面") else usual
    yield start, end, value + kept
    yield start, end, value + where


def _without(plain: str, start: int, end: int, old: Fragment, asked: Instruction) -> Iterator[_Put]:
    source = plain[start:end]
    measure = MEASURE.match(source)
    if measure and any(
        _is(plain[end : end + size], ("person", "animal", "myth")) for size in (3, 2, 1)
    ):  # "一位" stays
        yield from _cut(plain, start + measure.end(), end)
    counted = COUNTED.search(plain[:start])
    if counted and not measure and re.match(r"[和与跟及、，,。；]|$", plain[end:]):
        yield from _cut(plain, counted.start(), end)
    yield from _cut(plain, start, end)
    for at, to in _named(source, old, asked.target):
        yield from _cut(plain, start + len(_unled(source[:at], _leads)), start + to)


def _unled(lead: str, leads: Callable[[str], bool]) -> str:
    """What stands before a thing, without the words at its end that only lead it in."""
    while (at := next((k for k in range(max(0, len(lead) - 5), len(lead)) if leads(lead[k:])), None)) is not None:
        lead = lead[:at]
    return lead


def uncoloured(lead: str) -> str:
    """What stands before a thing, without the colours and materials at its end."""
    return _unled(lead, lambda words: _is(words, ("colour", "material")))


def _is(words: str, categories: Sequence[str]) -> bool:
    entry = entries().get(words.removesuffix("的"))
    return entry is not None and entry.category in categories


def _leads(words: str) -> bool:
    """Whether words can stand between the one that holds a thing and the thing: how many, and of what colour."""
    return MEASURE.fullmatch(words) is not None or _is(words, _PROPERTIES)


def _cut(plain: str, start: int, end: int) -> Iterator[_Put]:
    """A span taken out, with what only held it."""
    lead, behind = plain[:start], plain[end:]
    held = _HOLDS.search(lead)
    if (stood := _STANDS.search(lead)) or (stood := _STANDS.search(plain[:end])):
        yield stood.start(), end, stood["verb"] + "着"
    lefts = [held.start()] if held else []
    lefts += [start - 1] if lead.endswith(("在", "的")) else []
    for left in [*lefts, start]:
        if re.match(r"[的和与跟及、]", behind):
            yield left, end + 1, ""
        yield left, end, ""


def tidy(text: str) -> str:
    """The text without separators that separate nothing any more."""
    said = re.sub(r"[，、,]\s*(?=[，、。,;；])", "", text)
    return re.sub(r"^[\s，、,。;；]+|[\s，、,;；]+$", "", said)


def undoubled(text: str) -> str:
    """A text that says a place once, where it says it twice in a row: "教室里教室里坐满学生"."""
    return re.sub(r"([^，。、,;；]{1,5}[里上下中外边旁裡裏邊])\1", r"\1", text)
