"""How Chinese clauses are put together: colour x noun, 穿/戴/拿 + object, A的B, "X在Y上", number + measure word."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from prompts.prompt import Part
from prompts.translate import CHINESE, Phrase
from prompts.translate.emoji import EMOJI, words

if TYPE_CHECKING:
    from prompts.translate.glossary import Entry

Known = Callable[[str], bool]
Lengths = Mapping[str, Sequence[int]]  # how long the keys are that begin with a sign

# ── categories of the glossary, and what they do in a clause ──────────────────────────────────────────────────────────


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOUNS = _names(
    "animal person body hair eyes clothing food plant object place building vehicle nature myth culture light weather "
    "time season stylenoun"
)
# Words that describe, and their order in English.
_ADJECTIVES = {"adjective": 0, "participle": 0, "colour": 1, "nation": 2, "style": 2, "material": 3}
_GRAMMAR = _names("wear verb locator preposition conjunction of filler negation")
# Which nouns make one word with the noun behind them ("森林小屋" forest cabin), and which may stand behind.
_THINGS = _names("object food plant nature culture gap latin building vehicle place stylenoun light")
_JOINED: Mapping[str, frozenset[str]] = {
    **{left: _THINGS | {"clothing"} for left in ("object", "culture", "place", "building", "nature", "light")},
    **dict.fromkeys(("food", "clothing", "vehicle"), _THINGS),
    "plant": _THINGS | {"clothing", "hair"},
    "gap": _NOUNS - {"weather", "time", "season"} | {"gap", "latin"},
    "latin": _NOUNS - {"weather", "time", "season"} | {"gap", "latin"},
    "animal": frozenset({"object", "clothing", "building", "body", "stylenoun"}),
    "myth": frozenset({"object", "clothing", "building", "body", "stylenoun"}),
    "person": frozenset({"object", "clothing", "building", "stylenoun"}),
    "season": frozenset({"place", "nature", "plant", "object", "building", "clothing", "stylenoun"}),
    "stylenoun": frozenset({"stylenoun"}),
}
_OWNERS = frozenset({"person", "animal", "myth", "hair", "eyes", "vehicle"})  # "女孩的裙子": two things, not one
_SETTINGS = frozenset({"place", "building", "season", "time", "weather", "nature", "light"})
_HAIR = {"golden": "blonde", "yellow": "blonde", "light yellow": "light blonde", "chestnut": "chestnut brown"}
_MOODS = ("expression", "quality")
_STYLES = _names(
    "gothic futuristic vintage victorian medieval baroque rococo luxurious "
    "cyberpunk steampunk sci-fi minimalist fantasy"
)
_STYLED = _names("clothing building place vehicle object")
_PERSONS = frozenset({"1girl", "1boy"})
_ADVERBS = _names("underwater indoors outdoors midair seaside lakeside riverside roadside nature")
_ONE_BY_ONE = frozenset({"hair", "eyes"})  # every property its own tag: "black hair, long hair"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a clause: characters start…end, its role for the patterns, its English. `count` 0: an open number."""

    role: str
    tag: str
    category: str
    part: Part | None
    start: int
    end: int
    count: int = 0


# ── numbers and measure words ─────────────────────────────────────────────────────────────────────────────────────────

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_ENGLISH = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MANY = {
    "几": "several", "数": "several", "一些": "several", "好几": "several",
    "许多": "many", "很多": "many", "好多": "many", "无数": "countless", "大量": "many", "满地": "many",
    "众多": "many", "百": "a hundred", "千": "a thousand",
}  # fmt: skip
_HOLDING = {
    "群": "group of {}", "束": "bouquet of {}", "排": "row of {}", "串": "string of {}", "堆": "pile of {}",
    "杯": "cup of {}", "碗": "bowl of {}", "盘": "plate of {}", "瓶": "bottle of {}", "壶": "pot of {}",
    "罐": "jar of {}", "桶": "bucket of {}", "袋": "bag of {}", "盒": "box of {}", "篮": "basket of {}",
    "箱": "crate of {}", "丛": "cluster of {}", "锅": "pot of {}", "双": "pair of {}", "对": "pair of {}",
    "叠": "stack of {}", "缸": "tank of {}", "队": "line of {}",
}  # fmt: skip
_PLAIN = (
    "个只名位条匹头张把朵棵株座间栋幢幅副件顶片块辆架艘列台部本支枝根颗粒滴轮道"
    "缕盏扇面口层家场阵丝圈团捧尾弯抹行套枚种款股"
)
_POURED = ("cup", "bowl", "bottle", "pot", "jar", "bucket", "tank")
_COUNT = re.compile(
    rf"(?P<n>[0-9]{{1,3}}|[一两二三四五六七八九十]|好几|几|数|百|千)(?:大|小)?(?P<measure>[{_PLAIN}{''.join(_HOLDING)}])"
    rf"|(?P<many>一些|许多|很多|好多|无数|大量|众多)(?P<of>[{_PLAIN}])?"
    r"|(?P<bare>[2-9两二三四五六七八九])(?=人|女孩|男孩|少女|女生|男生)"
)
_COUNTING = frozenset("0123456789一两二三四五六七八九十好几数百千许很无大众")
_IRREGULAR = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "mouse": "mice", "goose": "geese",
    "wolf": "wolves", "leaf": "leaves", "knife": "knives", "fish": "fish", "sheep": "sheep", "deer": "deer",
    "koi": "koi",
    "foot": "feet", "tooth": "teeth", "scarf": "scarves", "elf": "elves", "shelf": "shelves", "goldfish": "goldfish",
    "hanfu": "hanfu", "kimono": "kimono", "sushi": "sushi", "bread": "bread", "water": "water", "coffee": "coffee",
    "tea": "tea", "milk": "milk", "juice": "juice", "wine": "wine", "rice": "rice", "soup": "soup", "beer": "beer",
    "ramen": "ramen", "fruit": "fruit", "grass": "grass", "snow": "snow", "jellyfish": "jellyfish",
    "fireflies": "fireflies",
}  # fmt: skip


def plural(words: str) -> str:
    """The English noun phrase for more than one of it."""
    head, of, rest = words.partition(" of ")
    front, space, last = head.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last = last if last.endswith("s") and not last.endswith("ss") else last + "es"
    elif last:
        last += "s"
    return front + space + last + of + rest


def counted(tag: str, count: Token) -> str:
    """The tag with its number: "1girl" and 2 make "2girls", "cat" and 3 "three cats"; one of a thing needs no word."""
    number, template = count.count, count.tag
    if person := re.fullmatch(r"1(girl|boy)", tag):
        if template == "group of {}" or not number:
            return f"multiple {person.group(1)}s"
        number = 2 if template == "pair of {}" else number
        return tag if number == 1 else f"{number}{person.group(1)}s" if number < 6 else f"6+{person.group(1)}s"
    if CHINESE.search(tag):
        name = tag
    else:
        uncounted = template.startswith(_POURED) if template else number == 1
        name = tag if uncounted else plural(tag)
    if template and "{}" in template:
        if template.split()[0] == name.split()[0] or name.startswith(("pair of", "bouquet", "couple", "group")):
            return tag
        filled = template.format(name)
        return filled if number <= 1 else f"{_number(number)} {plural(filled)}"
    if number == 1:
        return tag
    return f"{template or _number(number)} {name}"


def _number(number: int) -> str:
    return _ENGLISH[number] if number < len(_ENGLISH) else str(number)


def _count(match: re.Match[str], start: int) -> Token:
    word = match.group("n") or match.group("many") or match.group("bare")
    template = _HOLDING.get(match.group("measure") or "", "")
    number = _DIGITS.get(word) or (int(word) if word.isdecimal() and word.isascii() else 0)
    if not number and word in _MANY and "{}" not in template:
        template = _MANY[word]
    return Token("count", template, "count", None, start, match.end(), number)


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

_ONE, _WORD, _DARK, _KNOWN = 1.4, 1.0, 3.0, 1.6  # costs of a way to cut: few and long words, dark characters last
_RUN = re.compile(r"[A-Za-z0-9]+(?:[ '.+_-]+[A-Za-z0-9]+)*")


def words_of(clause: str, table: Mapping[str, Entry], lengths: Lengths, known: Known | None = None) -> list[Token]:
    """The clause cut into the fewest and longest words of the glossary; the rest are tokens of category "gap"."""
    tokens = _cut(clause, table, lengths, {})
    if known is None:
        return tokens
    doubtful = {place for token in tokens if token.category == "gap" for place in range(token.start, token.end)}
    for left, right in pairwise(tokens):
        if left.end - left.start == 1 == right.end - right.start and left.role == "noun" and right.role == "noun":
            doubtful |= {left.start, right.start}
    if not doubtful:
        return tokens
    longer: dict[int, list[int]] = {}
    for start in range(len(clause)):
        for end in range(start + 2, min(start + 6, len(clause) + 1)):
            if (
                not doubtful.isdisjoint(range(start, end))
                and CHINESE.fullmatch(clause, start, end)
                and known(clause[start:end])
            ):
                longer.setdefault(start, []).append(end)
    return _cut(clause, table, lengths, longer) if longer else tokens


def _cut(clause: str, table: Mapping[str, Entry], lengths: Lengths, longer: Mapping[int, Sequence[int]]) -> list[Token]:
    length = len(clause)
    lower = clause.lower()
    lower = lower if len(lower) == length else clause
    best: list[tuple[float, Token | None]] = [(0.0, None)] * (length + 1)
    for start in range(length - 1, -1, -1):
        # Longer words win over shorter at the same number of words, and among equals the longer word behind.
        options: list[tuple[float, Token]] = []
        for size in lengths.get(lower[start], ()):
            end = start + size
            entry = table.get(lower[start:end])
            if entry is not None and end <= length:
                cost = (_WORD if end - start > 1 else _ONE) - 0.02 * (end - start) ** 1.5
                options.append((cost + best[end][0], _token(entry, start, end)))
        if clause[start] in _COUNTING and (count := _COUNT.match(clause, start)):
            options.append((0.95 + best[count.end()][0], _count(count, start)))
        for end in longer.get(start, ()):
            options.append((_KNOWN + best[end][0], Token("noun", clause[start:end], "gap", None, start, end)))
        if not CHINESE.match(clause, start):
            options.append(_other(clause, start, best))
        else:
            options.append((_DARK + best[start + 1][0], Token("noun", clause[start], "gap", None, start, start + 1)))
        best[start] = min(options, key=lambda option: (round(option[0], 6), start - option[1].end))
    tokens: list[Token] = []
    position = 0
    while position < length:
        token = best[position][1]
        assert token is not None
        dark = token.category == "gap" and token.end - token.start == 1
        before = tokens[-1] if tokens else None
        if dark and before and before.category == "gap" and before.end == token.start and not before.count:
            tokens[-1] = replace(before, tag=clause[before.start : token.end], end=token.end)
        else:
            tokens.append(token if dark or token.category != "gap" else replace(token, count=1))
        position = token.end
    return tokens


def _other(clause: str, start: int, best: Sequence[tuple[float, Token | None]]) -> tuple[float, Token]:
    """A run of Latin letters, an emoji, or a sign that says nothing."""
    if emoji := EMOJI.match(clause, start):
        return _WORD + best[emoji.end()][0], Token("tag", words(emoji.group()), "emoji", None, start, emoji.end())
    if run := _RUN.match(clause, start):
        return _WORD + best[run.end()][0], Token("noun", run.group(), "latin", None, start, run.end())
    return 0.5 + best[start + 1][0], Token("filler", "", "filler", None, start, start + 1)


def _token(entry: Entry, start: int, end: int) -> Token:
    category = entry.category
    role = "noun" if category in _NOUNS else category if category in _GRAMMAR else "tag"
    if category in _ADJECTIVES and category != "style":
        role = "adjective"
    return Token(role, entry.tag, category, entry.part, start, end)


# ── clauses ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Said:
    """A tag in the making. `bare` is its form on a person ("red hat" for "wearing red hat"); `attribute` says that it
    describes what a following 的 leads to."""

    text: str
    part: Part | None
    start: int
    end: int
    category: str = ""
    bare: str = ""
    attribute: bool = False
    negative: bool = False


@dataclass(slots=True)
class _Noun:
    """A noun with its number and adjectives: one tag, or several where every property is its own ("1girl, cute")."""

    tags: list[str]
    category: str
    part: Part | None
    start: int
    end: int
    next: int

    @property
    def text(self) -> str:
        return self.tags[0] if len(self.tags) == 1 else " ".join([*self.tags[1:], self.tags[0]])


def read(clause: str, table: Mapping[str, Entry], lengths: Lengths, known: Known | None = None) -> tuple[Phrase, ...]:
    """The tags of a clause in simplified Chinese. Unknown words stay in them as they are; a clause of nothing but
    unknown words comes back as one phrase without an origin."""
    tokens = words_of(clause, table, lengths, known)
    meaningful = [token for token in tokens if token.role != "filler"]
    if meaningful and all(token.category == "gap" for token in meaningful):
        return tuple(Phrase(token.tag, token.tag) for token in meaningful)
    found: dict[tuple[str, bool], Phrase] = {}
    for said in _Reader(clause, tokens).read():
        for text in filter(None, said.text.split(", ")):
            phrase = Phrase(text, clause[said.start : said.end], "glossary", said.part, said.negative)
            found.setdefault((text, said.negative), phrase)
    return tuple(found.values())


class _Reader:
    """Reads the tokens of one clause from left to right."""

    def __init__(self, clause: str, tokens: Sequence[Token]) -> None:
        self.clause = clause
        self.tokens = tokens
        self.said: list[_Said] = []  # since the last 的
        self.pending: list[_Said] = []  # what a 的 attached to the noun that is still to come
        self.done: list[_Said] = []
        self.adjectives: list[Token] = []
        self.count: Token | None = None
        self.place = False  # 在 was said: the next noun is where

    def read(self) -> list[_Said]:
        index = 0
        while index < len(self.tokens):
            index = self._step(index)
        self._flush_adjectives()
        self.done += self.said
        self.done += self.pending
        return [said for said in self.done if said.text]

    def _step(self, index: int) -> int:
        token = self.tokens[index]
        match token.role:
            case "filler" | "locator":
                return index + 1
            case "of":
                self._attach()
                return index + 1
            case "conjunction":
                self._flush_adjectives()
                self.done += self.said
                self.said = []
                return index + 1
            case "negation":
                return self._negation(index)
            case "wear" | "verb":
                self._flush_adjectives()
                return self._verb(index)
            case "preposition":
                self._flush_adjectives()
                if token.tag:
                    self._say(token.tag, token.part, token, attribute=True)
                self.place = True
                return index + 1
            case "tag":
                if self._styles(index):
                    self.adjectives.append(token)
                    return index + 1
                self._flush_adjectives()
                self._say(token.tag, token.part, token, attribute=True)
                named = index + 1 < len(self.tokens) and self.tokens[index + 1].category == "stylenoun"
                return index + 2 if named and token.part == "quality_style" else index + 1  # "水墨画" + "风格"
        noun = self._noun(index, takes_of=True)
        if noun is not None:
            return self._head(noun)
        if token.role == "count":
            self.count = token
        else:
            self.adjectives.append(token)
        return index + 1

    def _say(self, text: str, part: Part | None, token: Token, attribute: bool = False) -> None:
        self.said.append(_Said(text, part, token.start, token.end, token.category, attribute=attribute))

    def _styles(self, index: int) -> bool:
        """Whether this style is said of the thing right behind it: "哥特连衣裙" is a gothic dress."""
        following = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        return self.tokens[index].tag in _STYLES and following is not None and following.category in _STYLED

    def _attach(self) -> None:
        """的: the attributes just said wait for their noun."""
        waiting: list[_Said] = []
        while self.said and self.said[-1].attribute:
            waiting.append(self.said.pop())
        self.pending += reversed(waiting)

    def _flush_adjectives(self) -> None:
        """Adjectives that no noun followed: "头发是金色的" belongs to the noun before, others stand alone."""
        adjectives, self.adjectives = self.adjectives, []
        if not adjectives:
            return
        if self.said and not self.said[-1].attribute and self.said[-1].category in _NOUNS:
            owner = self.said.pop()
            for text in _described(owner.text, owner.category, adjectives):
                self.said.append(replace(owner, text=text, end=adjectives[-1].end))
            return
        for token in adjectives:
            self._say(token.tag, token.part, token, attribute=True)

    def _predicate(self, noun: _Noun) -> None:
        """ "头发是金色的", "眼睛很大": adjectives behind the noun that belong to it."""
        index, linked = noun.next, noun.category in ("hair", "eyes", "body")
        while index < len(self.tokens) and self.tokens[index].role == "filler":
            index, linked = index + 1, True
        first = index
        while index < len(self.tokens) and self.tokens[index].role == "adjective":
            index += 1
        linked = linked or (index > first and self.tokens[first].category == "participle")
        if not linked or index == first:
            return
        if index < len(self.tokens) and self.tokens[index].role not in ("of", "conjunction"):
            return
        noun.tags = _described(noun.tags[0], noun.category, self.tokens[first:index])
        noun.end, noun.next = self.tokens[index - 1].end, index

    def _head(self, noun: _Noun) -> int:
        self._predicate(noun)
        following = self.tokens[noun.next] if noun.next < len(self.tokens) else None
        if self.count is not None:
            noun.tags[0] = counted(noun.tags[0], self.count)
            noun.start = min(noun.start, self.count.start)
            self.count = None
        if self.adjectives:
            noun.tags = _described(noun.tags[0], noun.category, self.adjectives) + noun.tags[1:]
            self.adjectives = []
        if following is not None and following.role == "locator":
            return self._where(noun, following)
        setting = noun.category in _SETTINGS or (
            noun.category in ("hair", "eyes", "body") and noun.next + 1 < len(self.tokens)
        )
        attribute = following is not None and following.role == "of" and setting
        part = "scene_detail" if self.place and noun.part != "quality_style" else noun.part
        place, self.place = self.place, False
        heads = [
            _Said(tag, part, noun.start, noun.end, noun.category, attribute=attribute or place) for tag in noun.tags
        ]
        if attribute or place:
            self.said += heads
            return noun.next
        for said in (*self.pending, *self.said):
            self._dress(said, noun.category)
        before: list[_Said] = []  # "优雅女人": the person first, then how
        while noun.category in ("person", "animal", "myth") and self.said and self.said[-1].category in _MOODS:
            before.insert(0, self.said.pop())
        self.done += self.said
        self.said = [*heads, *before, *self.pending]
        self.pending = []
        return noun.next

    def _where(self, noun: _Noun, locator: Token) -> int:
        """Noun + 上/里/下…: a place. "手里拿着剑" says no more than "拿着剑"."""
        after = self.tokens[noun.next + 1] if noun.next + 1 < len(self.tokens) else None
        self.place = False
        if noun.category == "body" and after is not None and after.role in ("verb", "wear", "of", "tag"):
            return noun.next + (2 if after.role == "of" else 1)
        self.said += self.pending
        self.pending = []
        text = noun.text if noun.text in _ADVERBS else locator.tag.format(noun.text)
        self.said.append(_Said(text, "scene_detail", noun.start, locator.end, "place", attribute=True))
        return noun.next + 1

    def _dress(self, said: _Said, category: str) -> None:
        if said.bare and category == "person":
            said.text = said.bare

    def _wearer(self) -> str:
        """Whoever the clause is about: the last one named who can wear or hold something."""
        for said in reversed([*self.done, *self.said]):
            if said.category in ("person", "animal", "myth"):
                return said.category
        return ""

    def _verb(self, index: int) -> int:
        verb = self.tokens[index]
        position, spoken = index + 1, False
        while position < len(self.tokens):
            while position < len(self.tokens) and self.tokens[position].role == "filler":
                position += 1
            noun = self._noun(position) if position < len(self.tokens) else None
            if noun is None:
                break
            following = self.tokens[noun.next] if noun.next < len(self.tokens) else None
            if following is not None and following.role == "locator" and not spoken:
                self._where(noun, following)
                position = noun.next + 1
                if position < len(self.tokens) and self.tokens[position].role == "of":
                    position += 1
                    continue
                if verb.tag != "{}" and verb.role != "wear" and verb.part != "scene_detail":
                    self.said[-1].text = verb.tag.format("").strip() + " " + self.said[-1].text
                    self.said[-1].part = verb.part
                return position
            bare = ", ".join(noun.tags)
            text = verb.tag.format(noun.text) if verb.role != "wear" else "wearing " + noun.text
            part = noun.part if verb.tag == "{}" and verb.role != "wear" else verb.part
            said = _Said(text, part, verb.start, noun.end, "verb", attribute=True)
            if verb.tag == "{}" and verb.role != "wear":
                said.text = bare
            elif verb.role == "wear":
                said.bare = bare
            self.said.append(said)
            self._dress(said, self._wearer())
            position, spoken = noun.next, True
            more = position + 1 < len(self.tokens) and self.tokens[position].role == "conjunction"
            another = self._noun(position + 1) if more else None
            if another is None or another.category not in ("clothing", "object", "food", "plant", "gap"):
                break
            position += 1
        if not spoken and verb.role != "wear":
            around = (
                verb.tag.startswith(("surrounded by", "covered with"))
                and self.said
                and self.said[-1].category in _NOUNS
            )
            if around:  # "火焰环绕": the noun stands before
                self.said[-1].text = verb.tag.format(self.said[-1].text)
            elif text := re.sub(r" (with|for|at|on|by|of|to)$", "", verb.tag.format("").strip()):
                self._say(text, verb.part, verb, attribute=True)
        return max(position, index + 1) if spoken else index + 1

    def _negation(self, index: int) -> int:
        """不要/没有 …: everything up to the 的 that leads on, or to the end of the clause."""
        self._flush_adjectives()
        end = len(self.tokens)
        for position in range(index + 2, len(self.tokens) - 1):
            if self.tokens[position].role == "of" and self.tokens[position - 1].role == "noun":
                following = self._noun(position + 1)
                if following is not None and following.category in _OWNERS | _SETTINGS | {"object"}:
                    end = position
                    break
        for said in _Reader(self.clause, self.tokens[index + 1 : end]).read():
            said.negative, said.text, said.attribute = True, said.bare or said.text, False
            said.start = self.tokens[index].start
            self.done.append(said)
        return end + 1 if end < len(self.tokens) else end

    def _noun(self, index: int, takes_of: bool = False) -> _Noun | None:
        """The noun phrase that begins here: [number] (adjective 的?)* noun+ [的 noun phrase]."""
        tokens, start = self.tokens, index
        count: Token | None = None
        adjectives: list[Token] = []
        while index < len(tokens) and tokens[index].role in ("count", "adjective", "of", "filler", "conjunction"):
            token = tokens[index]
            if token.role == "count":
                count = token
            elif token.role == "adjective":
                adjectives.append(token)
            elif token.role == "of" and not adjectives and count is None:
                return None
            elif token.role == "conjunction":
                both = adjectives and index + 1 < len(tokens) and tokens[index + 1].role == "adjective"
                if not both:
                    return None
                adjectives.append(token)
            index += 1
        if index >= len(tokens) or tokens[index].role != "noun":
            return None
        nouns = [tokens[index]]
        index += 1
        while index < len(tokens) and tokens[index].role == "noun" and self._joins(nouns[-1], tokens[index]):
            nouns.append(tokens[index])
            index += 1
        last = nouns[-1]
        text = " ".join(noun.tag for noun in nouns)
        if takes_of and last.category not in _OWNERS | _SETTINGS | {"body", "clothing"} and index + 1 < len(tokens):
            whole = self._noun(index + 1) if tokens[index].role == "of" else None
            if whole is not None and whole.category not in ("person", "animal", "hair", "eyes"):
                text = _described(text, last.category, adjectives)[0]
                whole.tags[0] = (
                    f"{text} {whole.tags[0]}" if count is None else counted(f"{text} {whole.tags[0]}", count)
                )
                whole.start = tokens[start].start
                return whole
        tags = _described(counted(text, count) if count else text, last.category, adjectives, count)
        return _Noun(tags, last.category, last.part, tokens[start].start, last.end, index)

    @staticmethod
    def _joins(left: Token, right: Token) -> bool:
        if left.tag in _PERSONS or right.tag in _PERSONS:
            return False
        return right.category in _JOINED.get(left.category, frozenset())


def _described(noun: str, category: str, adjectives: Sequence[Token], count: Token | None = None) -> list[str]:
    """The noun with its adjectives in English order, or as tags of their own where that is the custom."""
    if not adjectives:
        return [noun]
    ordered = list(adjectives)
    if not any(token.role == "conjunction" for token in adjectives):
        ordered.sort(key=lambda token: _ADJECTIVES.get(token.category, 0))
    words = ["and" if token.role == "conjunction" else token.tag for token in ordered]
    if re.match(r"(\d\+?|multiple )(girl|boy)s?", noun):
        return [noun, *(word for word in words if word != "and")]
    if category in _ONE_BY_ONE:
        kind = "hair" if category == "hair" else "eyes"
        words = [_HAIR.get(word, word) for word in words] if kind == "hair" else words
        if words == ["big"] and noun == "eyes":
            return ["big eyes"]
        own = [] if noun == kind else [noun]
        return [*(f"{word} {kind}" for word in words if word != "and"), *own]
    described = " ".join(words)
    number = re.match(
        r"((?:two|three|four|five|six|seven|eight|nine|ten|several|many|countless|\d+|(?:[a-z]+ of)) )", noun
    )
    if number and count is not None:
        return [number.group(1) + described + " " + noun[number.end() :]]
    return [f"{described} {noun}"]
