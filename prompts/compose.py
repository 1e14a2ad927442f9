"""From what a person wrote to a prompt: normalise → options → parse → translate → classify → assemble → check."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from prompts import grammar, options
from prompts.errors import Refusal
from prompts.grammar import Piece
from prompts.presets import contradictions, preset
from prompts.prompt import PARTS, Fragment, Json, LoraUse, Note, Options, Part, Prompt
from prompts.tags import can_be_subject, only_describes, part_of
from prompts.translate import CHINESE, Phrase, Translator, quick, slow
from prompts.translate.emoji import EMOJI, words

LIMIT = 4000  # characters of a text
LIGHT, HEAVY = 0.4, 1.6  # weights beyond these spoil a picture more than they steer it (shared experience with SD 1.5)
_MOST_NOTES = 30  # a hostile text makes thousands of mistakes; nobody reads past some


@dataclass(slots=True)
class _Draft:
    """The prompt in the making: chunks between BREAKs, each a list of fragments."""

    chunks: list[list[Fragment]] = field(default_factory=lambda: [[]])
    separators: list[str] = field(default_factory=list)
    negatives: list[Fragment] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)


async def compose(
    text: str, *, translators: Sequence[Translator], negative: str = "", raw: bool = False, family: str = "sd15"
) -> tuple[Prompt, Options]:
    """The prompt that a text asks for, and the recipe fields named in it. `family` chooses the presets.

    With `raw` (or `--raw` in the text) the text is the prompt, byte for byte but for `<lora:…>`, and nothing is added.
    Raises Refusal for an empty or too long text, a bad option, or a text of which nothing was understood.
    """
    for written in (text, negative):
        if len(written) > LIMIT:
            raise Refusal("prompt.too_long", length=len(written), limit=LIMIT)
    if not text.strip():
        raise Refusal("prompt.empty")
    rest, loras, notes = grammar.networks(text)
    if raw:
        return _verbatim(text, rest, loras, notes, negative), Options()
    asked = options.flags(rest)
    if asked.options.raw:
        return _verbatim(text, asked.text, loras, notes, negative or asked.negative), asked.options
    asked = options.plain(replace(asked, text=_clean(grammar.normalise(asked.text))))
    positive, unwanted = _sections(asked.text)

    left_out = [Note("note.angle", {"text": found}) for found in _UNKNOWN_NETWORK.findall(rest)]
    draft = _Draft(notes=[*notes, *left_out])
    await _read(positive, draft, translators)
    for unwanted_text in filter(None, (unwanted, asked.negative, negative)):
        await _read(_clean(grammar.normalise(unwanted_text)), draft, translators, negative=True)
    if not any(draft.chunks) and not loras:
        if draft.untranslated:
            raise Refusal("prompt.not_understood", words="、".join(dict.fromkeys(draft.untranslated)))
        raise Refusal("prompt.empty")
    return _assembled(text, draft, loras, family), asked.options


def to_public_json(prompt: Prompt, options: Options) -> dict[str, Json]:
    """What `python bot.py prompt --json` prints: text, positive, negative, parts, negatives, loras, options, notes."""

    def shown(fragments: Sequence[Fragment]) -> list[Json]:
        return [{"text": f.text, "weight": f.weight, "origin": f.origin, "source": f.source} for f in fragments]

    return {
        "text": prompt.text,
        "positive": prompt.positive,
        "negative": prompt.negative,
        "parts": {part: shown(prompt.part(part)) for part in PARTS},
        "negatives": shown(prompt.negatives),
        "loras": [lora.to_json() for lora in prompt.loras],
        "options": options.to_json(),
        "notes": [note.to_json() for note in prompt.notes],
    }


def _verbatim(text: str, rest: str, loras: tuple[LoraUse, ...], notes: tuple[Note, ...], negative: str) -> Prompt:
    if not rest.strip() and not loras:
        raise Refusal("prompt.empty")
    fragments = (Fragment(rest, source=rest),) if rest.strip() else ()
    negatives = (Fragment(negative, source=negative),) if negative.strip() else ()
    return Prompt(text, fragments, negatives, loras, notes, raw=True)


# ── normalise ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffd]"
)
_UNKNOWN_NETWORK = re.compile(r"<[^<>]*>")
_HEAD = r"(?:^|(?<=[\s,。;；、!！.]))(?:{})\s*:"
_PROMPT = "(?:提示词|提示詞|提示|词|詞)?"
_NEGATIVE_HEAD = re.compile(
    _HEAD.format(f"(?:负面|負面|反向|反面){_PROMPT}|不想要的|negative(?: prompt)?"), re.IGNORECASE
)
_POSITIVE_HEAD = re.compile(
    _HEAD.format(f"(?:正面|正向){_PROMPT}|提示词|提示詞|关键词|positive(?: prompt)?|prompt"), re.IGNORECASE
)

_SENTENCE_END = re.compile(r"。(?=\s*\S)")
_FIRST_END = re.compile(r"。(?=\s*\S)|\n(?=\s*\S)")


def _clean(text: str) -> str:
    """Without control characters, lone surrogates, invisible signs and what is left of broken `<…>`."""
    return _UNKNOWN_NETWORK.sub(" ", _UNSEEN.sub("", text)).replace("<", " ").replace(">", " ")


def _sections(text: str) -> tuple[str, str]:
    """The text before and behind "负面:" ("Negative prompt:"). That ends with "正面:", a full stop or, where it began
    the text, a line."""
    wanted, unwanted = [], []
    head = _NEGATIVE_HEAD.search(text)
    while head is not None:
        wanted.append(text[: head.start()])
        text = text[head.end() :]
        back = _POSITIVE_HEAD.search(text) or (_SENTENCE_END if "".join(wanted).strip() else _FIRST_END).search(text)
        unwanted.append(text[: back.start()] if back else text)
        text = text[back.start() :] if back else ""
        head = _NEGATIVE_HEAD.search(text)
    wanted.append(text)
    return ", ".join(_POSITIVE_HEAD.sub(" ", part) for part in wanted), ", ".join(unwanted)


# ── parse and translate ───────────────────────────────────────────────────────────────────────────────────────────────

_POLITE = re.compile(
    r"^(?:(?:hi|hello|hey|please|can you|could you|would you|i want you to|i want|i'd like)[, ]+)*"
    r"(?:(?:draw|paint|create|generate|make|show|give|sketch)(?: me| us)?"
    r"(?: (?:a|an|the|one) (?:picture|image|drawing|pic) of)?"
    r"(?= (?:an?|the|some|one|two|three|four|five|\d)\b)|(?:draw|paint|generate)(?: me| us)|i want|i'd like)\s+",
    re.IGNORECASE,
)
_SYNTAX = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}|\\.|__\S+?__", re.DOTALL)
_CHINESE_WILDCARD = re.compile(r"__([^\s_]*[\u3400-\u9fff][^\s_]*)__")
# Words left standing alone between Chinese.
_BETWEEN = frozenset(("and", "or", "with", "a", "an", "the", "of", "in", "on", "&", "+", "-", "/"))
_GAP = re.compile(r"\s+")
_FOREIGN = re.compile(f"{CHINESE.pattern}|{EMOJI.pattern}")
_QUOTES = str.maketrans("“”‘’「」『』《》〈〉…—", "\"\"''          ")


async def _read(text: str, draft: _Draft, translators: Sequence[Translator], negative: bool = False) -> None:
    pieces, notes = grammar.pieces(text)
    draft.notes += notes
    negating = False  # "不要水印、文字": an enumeration goes on denying
    for piece in pieces:
        if piece.kind != "text":
            if not negative:
                draft.separators.append(piece.text)
                draft.chunks.append([])
            continue
        phrases = await _phrases(piece, draft, translators)
        denied = negative or (piece.listed and negating)
        for phrase in phrases:
            fragment = _fragment(phrase, piece.weight)
            if denied or phrase.negative:
                draft.negatives.append(fragment)
            else:
                draft.chunks[-1].append(fragment)
        negating = denied or (bool(phrases) and phrases[-1].negative)


def _fragment(phrase: Phrase, weight: float) -> Fragment:
    weight = weight if math.isfinite(weight) else 1.0
    return Fragment(phrase.text, weight, phrase.part or part_of(phrase.text), phrase.origin or "person", phrase.source)


async def _phrases(piece: Piece, draft: _Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """What one piece says in English; its syntax stays as written."""
    if not _FOREIGN.search(piece.text):
        text = _POLITE.sub("", piece.text)
        return [Phrase(text, piece.text, "person")] if re.search(r"[^\W_]|__", text) else []
    written = _CHINESE_WILDCARD.sub(r" \1 ", piece.text)
    if _SYNTAX.search(written):
        return await _in_place(written, draft, translators)
    found: list[Phrase] = []
    for clause in _clauses(written):
        if CHINESE.search(clause):
            found += await _translated(clause, draft, translators)
        elif EMOJI.search(clause):
            text = " ".join(EMOJI.sub(lambda sign: f" {words(sign.group())} ", clause).split())
            found += [Phrase(part.strip(), clause, "dictionary") for part in text.split(",") if part.strip()]
        elif clause.lower() not in _BETWEEN:
            found.append(Phrase(clause, clause, "person"))
    return found


def _clauses(text: str) -> list[str]:
    """Cut at white space beside Chinese; Latin words stay together."""
    clauses: list[str] = []
    for word in _GAP.split(text.translate(_QUOTES).strip()):
        if clauses and not _FOREIGN.search(clauses[-1]) and not _FOREIGN.search(word):
            clauses[-1] += " " + word
        elif word:
            clauses.append(word)
    return clauses


async def _in_place(text: str, draft: _Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """The piece with each run of Chinese replaced where it stands: `[猫:狗:0.5]` is `[cat:dog:0.5]`."""
    parts: list[str] = []
    end = 0
    for run in _FOREIGN.finditer(text):
        parts.append(text[end : run.start()])
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
    english = "".join([*parts, text[end:]]).strip()
    return [Phrase(english, text, "glossary")] if re.search(r"[^\W_]", english) else []


async def _translated(clause: str, draft: _Draft, translators: Sequence[Translator]) -> list[Phrase]:
    phrases, wants_sentence = quick(clause, translators)
    if wants_sentence and not any(phrase.negative for phrase in phrases):
        phrases = await asyncio.to_thread(slow, clause, translators) or phrases
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


# ── assemble and check ────────────────────────────────────────────────────────────────────────────────────────────────


_JOINT = re.compile(r"(?<=[^\W_])_(?=[^\W_])")


def _key(text: str) -> str:
    return " ".join(_JOINT.sub(" ", text.lower()).split())


def _assembled(text: str, draft: _Draft, loras: tuple[LoraUse, ...], family: str) -> Prompt:
    added, notes = preset(family), draft.notes
    chunks = [_merged([_plainly(f, added.plain) for f in chunk], notes) for chunk in draft.chunks]
    negatives = _merged(draft.negatives, notes)
    asked = {_key(fragment.text) for chunk in chunks for fragment in chunk}
    unwanted = {_key(fragment.text) for fragment in negatives}
    notes += [Note("note.both", {"text": tag}) for tag in sorted(asked & unwanted)]
    notes += _weight_notes([*(f for chunk in chunks for f in chunk), *negatives])

    quality = _preset(added.quality, "quality_style")
    chunks[0] = [fragment for key, fragment in quality.items() if key not in asked | unwanted] + chunks[0]
    for key, fragment in _preset(added.negative, "quality_style").items():
        against = contradictions().get(key, frozenset()) & asked or {key} & asked
        if against:
            notes.append(Note("note.contradiction", {"negative": fragment.text, "asked": sorted(against)[0]}))
        elif key not in unwanted:
            negatives.append(fragment)
    _promote(chunks[0])
    fragments: list[Fragment] = []
    for index, chunk in enumerate(chunks):
        if index:
            part: Part = fragments[-1].part if fragments else "subject"
            fragments.append(Fragment(draft.separators[index - 1], part=part, source=draft.separators[index - 1]))
        fragments += sorted(chunk, key=lambda fragment: PARTS.index(fragment.part))
    if draft.untranslated:
        notes.append(Note("note.untranslated", {"words": "、".join(dict.fromkeys(draft.untranslated))}))
    if draft.looked_up:
        notes.append(Note("note.dictionary", {"words": "; ".join(dict.fromkeys(draft.looked_up))}))
    unique = {(note.key, *note.values.items()): note for note in notes}
    return Prompt(text, tuple(fragments), tuple(negatives), loras, tuple(unique.values())[:_MOST_NOTES])


def _promote(fragments: list[Fragment]) -> None:
    """Where nothing is the subject, the first thing or place named is: "森林里的小木屋" is a picture of a cabin."""
    if any(fragment.part == "subject" and not only_describes(fragment.text) for fragment in fragments):
        return
    for index, fragment in enumerate(fragments):
        if fragment.part == "scene_detail" and can_be_subject(fragment.text):
            fragments[index] = replace(fragment, part="subject")
            return


def _plainly(fragment: Fragment, plain: Mapping[str, str]) -> Fragment:
    simple = plain.get(_key(fragment.text))
    return replace(fragment, text=simple) if simple else fragment


def _merged(fragments: Sequence[Fragment], notes: list[Note]) -> list[Fragment]:
    """Every tag once, where it first stood, with the weight that differs most from none."""
    kept: dict[str, Fragment] = {}
    for fragment in fragments:
        key = _key(fragment.text)
        first = kept.get(key)
        if first is None:
            kept[key] = fragment
            continue
        kept[key] = replace(first, weight=max(first.weight, fragment.weight))
        notes.append(Note("note.duplicate", {"text": first.text}))
    return list(kept.values())


def _weight_notes(fragments: Sequence[Fragment]) -> list[Note]:
    return [
        Note("note.weight", {"text": f.text, "weight": f"{f.weight:g}"})
        for f in fragments
        if not LIGHT <= f.weight <= HEAVY
    ]


@cache
def _preset(tags: tuple[str, ...], part: Part) -> Mapping[str, Fragment]:
    """The fragments of a preset, by their key."""
    read = [piece for tag in tags for piece in grammar.pieces(tag)[0]]
    return {_key(piece.text): Fragment(piece.text, piece.weight, part, "preset") for piece in read}
