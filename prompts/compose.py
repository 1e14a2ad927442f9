"""From what a person wrote to a prompt: draw the choices → normalise → options → parse → translate → assemble."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prompts import emphasis, english, grammar, options, styles
from prompts.assemble import Draft, assembled
from prompts.errors import Refusal
from prompts.grammar import Run
from prompts.prompt import PARTS, Fragment, Json, LoraUse, Note, Options, Prompt
from prompts.tags import entry_of, part_of
from prompts.translate import CHINESE, Phrase, Translator, quick
from prompts.translate.emoji import EMOJI, words
from prompts.translate.sentences import slow
from prompts.wildcards import drawn, has_choices

LIMIT = 4000  # characters of a text
_NOTHING = Options()


async def compose(
    text: str,
    *,
    translators: Sequence[Translator],
    negative: str = "",
    raw: bool = False,
    family: str = "sd15",
    given: Options = _NOTHING,
    seed: int | None = None,
    wildcards: Sequence[Path] = (),
) -> tuple[Prompt, Options]:
    """The prompt that a text asks for, and the recipe fields named in it. `family` chooses the presets.

    What is left to chance (`__animal__`, `{a|b}`, what a short text is filled up with) is drawn with the seed: that of
    `given`, else the one in the text, else `seed`; without any, choices stay as written. `given` may name a style, too,
    which counts before the text's. `wildcards` are folders with the owner's own lists.
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
        written = ", ".join(filter(None, (asked.text, asked.kept)))
        return _verbatim(text, written, loras, notes, negative or asked.negative), asked.options
    asked = options.plain(replace(asked, text=_clean(grammar.normalise(asked.text))))
    seed = next((one for one in (given.seed, asked.options.seed, seed) if one is not None and one >= 0), None)
    chosen: tuple[Note, ...] = ()
    if seed is not None and (has_choices(wide := grammar.normalise(text)) or has_choices(negative)):
        (wide, chosen), (negative, more) = await asyncio.to_thread(_drawn, wide, negative, seed, wildcards)
        chosen += more
        rest, loras, notes = grammar.networks(wide)  # a choice may be one between LoRAs, or between options
        asked = options.flags(rest)
        asked = options.plain(replace(asked, text=_clean(grammar.normalise(asked.text))))
    positive, unwanted = _sections(asked.text)

    left_out = [Note("note.angle", {"text": found}) for found in _UNKNOWN_NETWORK.findall(rest)]
    draft = Draft(notes=[*notes, *chosen, *left_out])
    await _read(positive, draft, translators)
    if asked.kept:
        draft.chunks[-1].append(Fragment(asked.kept, source=asked.kept))
    for unwanted_text in filter(None, (unwanted, asked.negative, negative)):
        await _read(_clean(grammar.normalise(unwanted_text)), draft, translators, negative=True)
    if not any(draft.chunks) and not loras:
        if draft.untranslated:
            raise Refusal("prompt.not_understood", words="、".join(dict.fromkeys(draft.untranslated)))
        raise Refusal("prompt.empty")
    style = given.style or asked.options.style
    prompt = assembled(
        text,
        draft,
        loras,
        family=family,
        style=styles.find(style) if style else None,
        expand=not (given.plain or asked.options.plain),
        seed=seed,
    )
    return prompt, asked.options


def _drawn(
    text: str, negative: str, seed: int, folders: Sequence[Path]
) -> tuple[tuple[str, tuple[Note, ...]], tuple[str, tuple[Note, ...]]]:
    return drawn(text, seed, folders), drawn(grammar.normalise(negative), seed + 1, folders)


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


async def _read(text: str, draft: Draft, translators: Sequence[Translator], negative: bool = False) -> None:
    pieces, notes = grammar.pieces(text)
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
        negating = denied or (bool(phrases) and phrases[-1].negative)


def _fragment(phrase: Phrase, weight: float) -> Fragment:
    text, own = grammar.said(grammar.inner(phrase.text))
    part = phrase.part or part_of(text)
    return Fragment(text, round(weight * own, 4), part, phrase.origin or "person", phrase.source)


async def _weighed(text: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """What a piece says in English in which some words have a weight of their own: the same as without it, with the
    weight on the same words."""
    runs = emphasis.close(grammar.inner(text))
    bare = "".join(run.text for run in runs)
    own = Draft()
    phrases = await _phrases(bare, own, translators)
    if not _FOREIGN.search(bare):
        if all(entry_of(run.text.strip()) for run in runs if run.text.strip()) and _has_quality(runs):
            return [Phrase(emphasis.text_of((run,)), text, "person") for run in runs if run.text.strip()]
        parts = emphasis.parted(runs, [phrase.text for phrase in phrases])
        if parts is None:
            return [Phrase(text, text, "person")]
        return [replace(phrase, text=part, source=text) for phrase, part in zip(phrases, parts, strict=True)]
    for run in runs:
        if run.weight == 1.0 or not run.text.strip():
            continue
        words = [word.text for word in await _phrases(run.text, Draft(), translators)]
        texts = [phrase.text for phrase in phrases]
        found = emphasis.laid(texts, words, run.weight) or [
            emphasis.weighed(one.text, run.weight) if run.text.strip() in one.source else one.text for one in phrases
        ]
        if found == texts and words:
            return [
                replace(phrase, text=emphasis.weighed(phrase.text, run.weight) if run.weight != 1.0 else phrase.text)
                for run in runs
                for phrase in await _phrases(run.text, draft, translators)
            ]
        phrases = [replace(phrase, text=text) for phrase, text in zip(phrases, found, strict=True)]
    draft.notes += own.notes
    draft.untranslated += own.untranslated
    draft.looked_up += own.looked_up
    return [replace(phrase, source=_as_written(runs, phrase.source)) for phrase in phrases]


def _has_quality(runs: Sequence[Run]) -> bool:
    """Whether one of these words is about quality or style: "(masterpiece:1.2) (1girl:1.1)" are tags without commas."""
    return any(part_of(run.text.strip()) == "quality_style" for run in runs)


def _as_written(runs: Sequence[Run], source: str) -> str:
    return (emphasis.parted(runs, [source]) or [source])[0]


async def _phrases(piece: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    """What one piece says in English; its syntax stays as written."""
    if not _FOREIGN.search(piece):
        text = _POLITE.sub("", piece)
        if not re.search(r"[^\W_]|__", text):
            return []
        return [Phrase(said, piece, "person", part) for said, part in english.split(text)]
    written = _CHINESE_WILDCARD.sub(r" \1 ", piece)
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


async def _in_place(text: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
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


async def _translated(clause: str, draft: Draft, translators: Sequence[Translator]) -> list[Phrase]:
    phrases, wants_sentence = quick(clause, translators)
    if wants_sentence and not any(phrase.negative for phrase in phrases):
        reading = await slow(clause, translators)
        draft.notes += reading.notes
        phrases = reading.phrases or phrases
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
