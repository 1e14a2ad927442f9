"""How Chinese clauses are put together: colour x noun, 穿/戴/拿 + object, A的B, "X在Y上", number + measure word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from prompts.prompt import Part
from prompts.translate.cut import Known, Lengths, words_of
from prompts.translate.describe import described
from prompts.translate.glossary import Entry
from prompts.translate.numbers import counted
from prompts.translate.retouch import one_of, retouched
from prompts.translate.roles import (
    ADVERBS,
    JOINED,
    MOODS,
    NAMED_AFTER,
    NOUNS,
    OWNERS,
    PERSONS,
    SETTINGS,
    STYLED,
    STYLES,
    Token,
)
from prompts.translate.said import Said, placed
from prompts.translate.translator import Phrase


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
    tokens = retouched(clause, words_of(clause, table, lengths, known))
    meaningful = [token for token in tokens if token.role != "filler"]
    if meaningful and all(token.category == "gap" for token in meaningful):
        return tuple(Phrase(token.tag, token.tag) for token in meaningful)
    found: dict[tuple[str, bool], Phrase] = {}
    for said in placed(_Reader(clause, tokens).read()):
        for text in filter(None, said.text.split(", ")):
            phrase = Phrase(text, clause[said.start : said.end], "glossary", said.part, said.negative)
            found.setdefault((text, said.negative), phrase)
    return tuple(found.values())


_INSTEAD = frozenset({"而是", "但是", "但", "只要", "只有", "只画"})  # "不是猫而是狗": here the negation ends


class _Reader:
    """Reads the tokens of one clause from left to right."""

    def __init__(self, clause: str, tokens: Sequence[Token]) -> None:
        self.clause = clause
        self.tokens = tokens
        self.said: list[Said] = []  # since the last 的
        self.pending: list[Said] = []  # what a 的 attached to the noun that is still to come
        self.done: list[Said] = []
        self.adjectives: list[Token] = []
        self.count: Token | None = None
        self.place = False  # 在 was said: the next noun is where

    def read(self) -> list[Said]:
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
        self.said.append(Said(text, part, token.start, token.end, token.category, attribute=attribute))

    def _styles(self, index: int) -> bool:
        """Whether this style is said of the thing right behind it: "哥特连衣裙" is a gothic dress."""
        following = self.tokens[index + 1] if index + 1 < len(self.tokens) else None
        return self.tokens[index].tag in STYLES and following is not None and following.category in STYLED

    def _attach(self) -> None:
        """的: the attributes just said wait for their noun."""
        waiting: list[Said] = []
        while self.said and self.said[-1].attribute:
            waiting.append(self.said.pop())
        self.pending += reversed(waiting)

    def _flush_adjectives(self) -> None:
        """Adjectives that no noun followed: "头发是金色的" belongs to the noun before, others stand alone."""
        adjectives, self.adjectives = self.adjectives, []
        if not adjectives:
            return
        if self.said and not self.said[-1].attribute and self.said[-1].category in NOUNS:
            owner = self.said.pop()
            for text in described(owner.text, owner.category, adjectives):
                self.said.append(replace(owner, text=text, end=adjectives[-1].end))
            return
        if len(adjectives) > 1 and adjectives[-1].category == "material":  # "红色天鹅绒": red velvet
            text = described(adjectives[-1].tag, "material", adjectives[:-1])[0]
            self._say(text, adjectives[-1].part, replace(adjectives[-1], start=adjectives[0].start), attribute=True)
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
        noun.tags = described(noun.tags[0], noun.category, self.tokens[first:index])
        noun.end, noun.next = self.tokens[index - 1].end, index

    def _head(self, noun: _Noun) -> int:
        self._predicate(noun)
        following = self.tokens[noun.next] if noun.next < len(self.tokens) else None
        if self.count is not None:
            noun.tags[0] = counted(noun.tags[0], self.count)
            noun.start = min(noun.start, self.count.start)
            self.count = None
        if self.adjectives:
            noun.tags = described(noun.tags[0], noun.category, self.adjectives) + noun.tags[1:]
            self.adjectives = []
        if following is not None and following.role == "locator":
            return self._where(noun, following)
        setting = noun.category in SETTINGS or (
            noun.category in ("hair", "eyes", "body") and noun.next + 1 < len(self.tokens)
        )
        attribute = following is not None and following.role == "of" and setting
        part = "scene_detail" if self.place and noun.part != "quality_style" else noun.part
        place, self.place = self.place, False
        heads = [
            Said(tag, part, noun.start, noun.end, noun.category, attribute=attribute or place) for tag in noun.tags
        ]
        if attribute or place:
            self.said += heads
            return noun.next
        for said in (*self.pending, *self.said):
            self._dress(said, noun.category)
        before: list[Said] = []  # "优雅女人": the person first, then how
        while noun.category in ("person", "animal", "myth") and self.said and self.said[-1].category in MOODS:
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
        text = noun.text if noun.text in ADVERBS else locator.tag.format(noun.text)
        self.said.append(Said(text, "scene_detail", noun.start, locator.end, "place", attribute=True))
        return noun.next + 1

    def _dress(self, said: Said, category: str) -> None:
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
            said = Said(text, part, verb.start, noun.end, "verb", attribute=True)
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
                verb.tag.startswith(("surrounded by", "covered with")) and self.said and self.said[-1].category in NOUNS
            )
            if around:  # "火焰环绕": the noun stands before
                self.said[-1].text = verb.tag.format(self.said[-1].text)
            elif text := re.sub(r" (with|for|at|on|by|of|to)$", "", verb.tag.format("").strip()):
                self._say(text, verb.part, verb, attribute=True)
        return max(position, index + 1) if spoken else index + 1

    def _negation(self, index: int) -> int:
        """不要/没有 …: everything up to the 的 that leads on, or to the end of the clause."""
        self._flush_adjectives()
        words = [self.clause[token.start : token.end] for token in self.tokens]
        end = next((at for at in range(index + 1, len(words)) if words[at] in _INSTEAD), len(words))
        for position in range(index + 2, end - 1):
            before = self.tokens[position - 1]
            said_of = words[index].endswith(("不是", "并非")) and before.role == "adjective"  # "不是白色的马"
            if self.tokens[position].role == "of" and (
                said_of or before.role == "noun" or before.category == "negative"
            ):
                following = self._noun(position + 1)
                styled = self.tokens[position + 1].category in (
                    "style",
                    "camera",
                )  # "没有文字的海报": a poster all the same
                if styled or (following is not None and following.category in OWNERS | SETTINGS | {"object"}):
                    end = position
                    break
        for said in _Reader(self.clause, self.tokens[index + 1 : end]).read():
            said.negative, said.text, said.attribute = True, said.bare or said.text, False
            said.start = self.tokens[index].start
            self.done.append(said)
        return min(end + 1, len(self.tokens))

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
        text = " ".join([*(one_of(noun) for noun in nouns[:-1]), last.tag])
        if takes_of and last.category not in OWNERS | SETTINGS | {"body", "clothing"} and index + 1 < len(tokens):
            whole = self._noun(index + 1) if tokens[index].role == "of" else None
            if whole is not None and whole.category not in ("person", "animal", "hair", "eyes"):
                text = described(text, last.category, adjectives)[0]
                whole.tags[0] = (
                    f"{text} {whole.tags[0]}" if count is None else counted(f"{text} {whole.tags[0]}", count)
                )
                whole.start = tokens[start].start
                return whole
        tags = described(counted(text, count) if count else text, last.category, adjectives, count)
        return _Noun(tags, last.category, last.part, tokens[start].start, last.end, index)

    @staticmethod
    def _joins(left: Token, right: Token) -> bool:
        if left.tag in PERSONS or right.tag in PERSONS:
            return False
        if right.category in JOINED.get(left.category, frozenset()):
            return True
        named = right.category in ("clothing", "body") and right.tag.endswith(NAMED_AFTER)
        return (named and left.category not in ("person", "hair", "eyes", "body")) or left.tag == "print"
