"""Phrases: what the pieces of a text say in English, syntax as it is, Chinese translated, weights where they were."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from prompts import emphasis, english, grammar
from prompts.apart import told_apart
from prompts.assemble import Draft
from prompts.grammar import Run
from prompts.lettering import SIGN
from prompts.prompt import Fragment, Origin, weighed
from prompts.reach import before_its_things
from prompts.tags import category_of, entry_of, part_of
from prompts.translate.chain import word_by_word
from prompts.translate.chinese import CHINESE
from prompts.translate.emoji import EMOJI, words
from prompts.translate.scripts import language_of, unread, without_unread
from prompts.translate.sentences import whole_clause
from prompts.translate.translator import Phrase, Translator

_POLITE = re.compile(
    r"^(?:(?:hi|hello|hey|please|can you|could you|would you|i want you to|i want|i'd like)[, ]+)*"
    r"(?:(?:draw|paint|create|generate|make|show|give|sketch)(?: me| us)?"
    r"(?: (?:a|an|the|one) (?:picture|image|drawing|pic) of)?"
    r"(?= (?:an?|the|some|one|two|three|four|five|\d)\b)|(?:draw|paint|generate)(?: me| us)|i want|i'd like)\s+",
    re.IGNORECASE,
)
_JUST = re.compile(r"^(?:just|only) (?=(?:an?|the|one|some)\b)", re.IGNORECASE)
_THANKS = re.compile(
    r"(?:please|pls|plz|thanks|thank you|thx)(?: (?:a lot|so much|very much|in advance))?[.! ]*", re.IGNORECASE
)
_SYNTAX = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\\.|__\S+?__", re.DOTALL)
_CHINESE_WILDCARD = re.compile(r"__([^\s_]*[\u3400-\u9fff][^\s_]*)__")
# Words left standing alone between Chinese.
_BETWEEN = frozenset(("and", "or", "with", "a", "an", "the", "of", "in", "on", "&", "+", "-", "/"))
_HAN = "[\u3400-\u9fff]"
_LEADING = (
    "an?|the|his|her|their|in|on|at|with|of|and|by|to|from|under|over|above|behind|beside|near|like|as|into|onto|through"
    "|without|no|not|any|[a-z]{2,}ing"
)
# English that goes on in Chinese: "holding 油纸伞", "portrait of a 仕女"; "beautiful 旗袍 girl".
_LED = re.compile(rf"(?<![A-Za-z-])(?:{_LEADING})\s+(?={_HAN})", re.IGNORECASE)
_LED_BY = re.compile(r"\b(?:wearing|holding|in|with|and|on|of)\s+(?:(?:an?|the|his|her)\s+)?$", re.IGNORECASE)
_LEADS = re.compile(r"^(?:wearing|holding|in|on) ")
_BEFORE_VOWEL = re.compile(r"\ba (?=[aeiou])")
_BETWEEN_NOUNS = re.compile(
    rf"(?<=[a-z]) {_HAN}+ (?:girls?|boys?|woman|man|women|men|cat|dog|dress|hat)\b(?! [A-Za-z]+ing)", re.IGNORECASE
)
_CHINESE_WORDS = re.compile(rf"{_HAN}+(?:[·・]{_HAN}+)*")
# A Latin word or a number that stands in a Chinese clause with blanks around it: "一个穿着 kimono 的女孩", "有 2 只猫".
_MEASURES = "只隻个個位条條匹头頭张張朵棵株座间間幢幅件片块塊辆輛架艘台支本枝颗顆把名群排束串堆杯碗盘盤瓶岁歲"
_SPACED = re.compile(
    r"(?<=[着著穿戴持拿抱骑騎吃喝玩弹彈在有])\s+(?=[A-Za-z0-9])"
    r"|(?<=[A-Za-z0-9])\s+(?=的|[上里裡旁下前后後中](?:\s|$|面|的))"
    rf"|(?<=第)\s+(?=[0-9])|(?<=[0-9])\s+(?=[{_MEASURES}])"
)
_NEAR = 40  # characters that say how Chinese words are led in
_MOST = 40  # weights in one phrase; only a hostile text has more, and each is looked for in all the others
_SAYS = re.compile(rf"[^\W_]|__|{SIGN.pattern}")
_GAP = re.compile(r"\s+")
_FOREIGN = re.compile(f"{CHINESE.pattern}|{EMOJI.pattern}")
_QUOTES = str.maketrans("“”‘’「」『』《》〈〉…—", "\"\"''          ")


async def read_phrases(text: str, draft: Draft, translators: Sequence[Translator], negative: bool = False) -> None:
    """The fragments that a normalised text says, put into the draft; with `negative` all of them are unwanted."""
    pieces, notes = grammar.pieces(text if negative else before_its_things(told_apart(text)))
    draft.notes += notes
    negating = False  # "不要水印、文字": an enumeration goes on denying
    for piece in pieces:
        if piece.kind != "text":
            if not negative:
                draft.separators.append(piece.text)
                draft.chunks.append([])
            continue
        phrases = await (_weighed if emphasis.has_weights(piece.text) else _phrases)(piece.text, draft, translators)
        denied = negative or (piece.listed and negating)
        for phrase in phrases:
            fragment = _fragment(phrase, piece.weight)
            if denied or phrase.negative:
                draft.negatives.append(fragment)
            else:
                draft.chunks[-1].append(fragment)
        negating = denied or (bool(phrases) and (phrases[-1].negative or phrases[-1].text.startswith("no ")))
    _peopled(draft)
    if not negative and (whom := _WHOM.search(text)) and not any(map(_is_person, draft.chunks[0])):
        person = _PERSONS[whom.group()]
        draft.chunks[0].insert(0, Fragment(person, part="subject", origin="glossary", source=whom.group()))


def _peopled(draft: Draft) -> None:
    """Nobody but those who are named: "对面没有人" beside an old man denies other people, not him."""
    for index, chunk in enumerate(draft.chunks):
        nobody = [one for one in chunk if one.text == _NOBODY and one.origin == "glossary"]
        if nobody and any(one.text != _NOBODY and _is_person(one) for one in chunk):
            draft.chunks[index] = [one for one in chunk if one not in nobody]
            draft.negatives += [replace(one, text="other people") for one in nobody]


_NOBODY = "no humans"


def _is_person(fragment: Fragment) -> bool:
    return _PERSON.search(fragment.text) is not None or category_of(fragment.text.rpartition(" ")[2]) == "person"


# Who is spoken of without being named: "她戴着蓝色帽子".
_PERSONS = {"她们": "multiple girls", "她": "1girl", "他们": "multiple boys", "他": "1boy"}
_WHOM = re.compile("她们?|(?<!其)(?<!吉)他(?:们|(?![人乡国杀方]))")
_PERSON = re.compile(r"\b(?:girls?|boys?|m[ae]n|wom[ae]n|person|people|child|children|[1-6]\+?(?:girl|boy)s?)\b")


def _fragment(phrase: Phrase, weight: float) -> Fragment:
    text, own = grammar.said(grammar.inner(phrase.text))
    part = phrase.part or part_of(text)
    return Fragment(text, round(weight * own, 4), part, phrase.origin or "person", phrase.source)


async def _weighed(text: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """What a piece says in which some words have a weight of their own: the same as without it, and the weight on the
    same words."""
    runs = emphasis.close(grammar.inner(text))
    bare = "".join(run.text for run in runs)
    if not _FOREIGN.search(bare):
        own = [run for run in runs if run.text.strip()]
        tags = [run.text.strip() for run in own]
        if all(map(entry_of, tags)) and "quality_style" in map(part_of, tags):
            return [Phrase(emphasis.text_of((run,)), text, "person") for run in own]  # tags that lack their commas
        phrases = await _phrases(bare, draft, translators)
        parts = emphasis.parted(runs, [phrase.text for phrase in phrases])
        if parts is None:
            return [Phrase(text, text, "person")]
        return [replace(phrase, text=part, source=text) for phrase, part in zip(phrases, parts, strict=True)]
    heavy = [run for run in runs if run.weight != 1.0 and run.text.strip()]
    if len(heavy) > _MOST:
        return await _one_by_one(runs, draft, translators)
    trial = Draft()
    phrases = await _phrases(bare, trial, translators)
    for run in heavy:
        words = [word.text for word in await _phrases(run.text, Draft(), translators)]
        texts = [phrase.text for phrase in phrases]
        # Words that are nowhere to be found in English: all that was made of them weighs as much.
        laid = emphasis.laid(texts, words, run.weight) or [
            weighed(one.text, run.weight) if run.text.strip() in one.source else one.text for one in phrases
        ]
        if words and laid == texts:
            return await _one_by_one(runs, draft, translators)
        phrases = [replace(phrase, text=text) for phrase, text in zip(phrases, laid, strict=True)]
    draft.notes += trial.notes
    draft.untranslated += trial.untranslated
    draft.looked_up += trial.looked_up
    sources = [emphasis.parted(runs, [phrase.source]) or [phrase.source] for phrase in phrases]
    return [replace(phrase, source=source) for phrase, [source] in zip(phrases, sources, strict=True)]


async def _one_by_one(runs: Sequence[Run], draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """Each run as if it stood alone."""
    found: list[Phrase] = []
    for run in runs:
        phrases = await _phrases(run.text, draft, translators)
        found += [replace(one, text=emphasis.text_of((replace(run, text=one.text),))) for one in phrases]
    return found


async def _phrases(piece: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """What one piece says in English; its syntax stays as written."""
    if grammar.is_face(piece):
        return [Phrase(piece, piece, "person", "subject")]
    if (language := language_of(piece)) and not _SYNTAX.search(piece):
        reading = await whole_clause(piece, translators, language=language)
        draft.notes += reading.notes
        if reading.phrases:
            return list(reading.phrases)
    if not _FOREIGN.search(piece):
        piece = _readable(piece, draft)
        text = _JUST.sub("", _POLITE.sub("", piece))
        if _THANKS.fullmatch(text) or not _SAYS.search(text):
            return []
        text, unwanted = english.denied(text)
        said = english.split(text) if text else ()
        return [
            *(Phrase(words, piece, "person", part) for words, part in said),
            *(Phrase(words, piece, "person", negative=True) for words in unwanted),
        ]
    written = _CHINESE_WILDCARD.sub(r" \1 ", piece)
    if _SYNTAX.search(written):
        return await _in_place(written, draft, translators)
    if _LED.search(written) or _BETWEEN_NOUNS.search(written):
        return await _around(written, draft, translators)
    found: list[Phrase] = []
    for clause in _clauses(written):
        if CHINESE.search(clause):
            found += await _translated(clause, draft, translators)
        elif EMOJI.search(clause):
            text = " ".join(EMOJI.sub(lambda sign: f" {words(sign.group())} ", clause).split())
            found += [Phrase(part.strip(), clause, "dictionary") for part in text.split(",") if part.strip()]
        elif clause.lower() not in _BETWEEN and (text := _readable(clause, draft)):
            found.append(Phrase(text, clause, "person"))
    return found


async def _around(text: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """An English phrase around Chinese words, with these in its own words: "a girl holding 油纸伞 in the rain"."""
    more: list[Phrase] = []
    english_text, end = "", 0
    origin: Origin = "glossary"
    for run in _CHINESE_WORDS.finditer(text):
        english_text += text[end : run.start()]
        end = run.end()
        phrases = await _translated(run.group().translate(_QUOTES), draft, translators)
        more += [phrase for phrase in phrases if phrase.negative]
        first, *others = [phrase for phrase in phrases if not phrase.negative] or [Phrase("", "")]
        origin = first.origin or origin
        words = _LEADS.sub("", first.text) if _LED_BY.search(english_text[-_NEAR:]) else first.text
        if re.search(r"\b(?:an?|the|[a-z]{3,}) $", english_text[-_NEAR:]) and words in ("1girl", "1boy"):
            words = words[1:]
        english_text += f" {words} "
        more += others
    english_text = _BEFORE_VOWEL.sub("an ", " ".join((english_text + text[end:]).split()))
    said = await _phrases(english_text, draft, translators)
    return [*(replace(one, source=text, origin=origin) for one in said), *more]


def _readable(text: str, draft: Draft) -> str:
    """The text without words in a script that nobody reads here, which the draft is told of."""
    if words := unread(text):
        draft.untranslated += words
        text = " ".join(without_unread(text).split())
    return text


def _clauses(text: str) -> list[str]:
    """Cut at white space beside Chinese; Latin words stay together, and with the Chinese that touches them."""
    clauses: list[str] = []
    for word in _GAP.split(_SPACED.sub("", text.translate(_QUOTES)).strip()):
        name = clauses and word[:1].isascii() and clauses[-1][-1:].isascii()  # "在Paris的Eiffel Tower前面"
        if name and clauses[-1][-1:].isalnum() and word[:1].isalnum():
            clauses[-1] += " " + word
        elif word:
            clauses.append(word)
    return clauses


async def _in_place(text: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """The piece with each run of Chinese replaced where it stands: `[猫:狗:0.5]` is `[cat:dog:0.5]`."""
    parts: list[str] = []
    end = 0
    for run in _FOREIGN.finditer(text):
        parts.append(_between(text[end : run.start()], draft))
        end = run.end()
        if CHINESE.match(run.group()):
            english = ", ".join(phrase.text for phrase in await _translated(run.group(), draft, translators))
        else:
            english = words(run.group())
        if english and parts[-1][-1:] not in ("", " ", "(", "[", "{", "|", ":", ","):
            english = " " + english
        if english and re.match(r"[\w(\[{]|\\[(\[]", text[end : end + 2]):
            english += " "
        parts.append(english)
    english = "".join([*parts, _between(text[end:], draft)]).strip()
    return [Phrase(english, text, "glossary")] if re.search(r"[^\W_]", english) else []


def _between(text: str, draft: Draft) -> str:
    return text if text.isascii() else _readable(text, draft)


async def _translated(clause: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    phrases, wants_sentence = word_by_word(clause, translators)
    if wants_sentence:
        reading = await whole_clause(clause, translators, phrases)
        draft.notes += reading.notes
        if reading.phrases:
            return list(reading.phrases)
    own = [phrase.source for phrase in phrases if phrase.origin == "person"]
    draft.untranslated += [word for word in unread(clause) if not any(word in source for source in own)]
    said: list[Phrase] = []
    for phrase in phrases:
        if phrase.left:
            draft.untranslated += CHINESE.findall(phrase.text)
            text = " ".join(CHINESE.sub(" ", phrase.text).split())
            phrase = replace(phrase, text=text if re.search(r"[^\W_]", text) else "")
        draft.looked_up += phrase.doubts
        if phrase.text:
            said.append(phrase)
    return said
