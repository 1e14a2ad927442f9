"""From what a person wrote to a prompt: draw the choices → normalise → options → parse → translate → assemble."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from prompts import faults, grammar, lettering, options, regions, styles
from prompts.as_written import as_written, second_pass
from prompts.assemble import Draft, assembled
from prompts.errors import Refusal
from prompts.infotext import reading
from prompts.lettering import Lettering
from prompts.option_values import ParsedOptions
from prompts.phrases import read_phrases
from prompts.prompt import IN_TURN, PARTS, Fragment, Json, LoraUse, Note, Options, Prompt
from prompts.regions import AskedRegions
from prompts.sections import sections
from prompts.talk import without_talk
from prompts.translate.translator import Translator
from prompts.wildcards.comments import without_comments
from prompts.wildcards.drawing import drawn, has_choices

LIMIT = 4000  # characters of a text
SENTENCE = 1000  # characters of one that says what to change
SHORT_TEXT = 120  # characters; of a longer text nothing is filled up, however little of it is understood
_NOTHING = Options()


def within(*texts: str) -> None:
    """Raises Refusal `prompt.too_long` for a text that nobody reads to its end."""
    for text in texts:
        if len(text) > LIMIT:
            raise Refusal("prompt.too_long", length=len(text), limit=LIMIT)


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
    usual_style: str = "",
    turns: dict[str, int] | None = None,
    painted: bool = False,
) -> tuple[Prompt, Options]:
    """The prompt that a text asks for, and the recipe fields named in it. `family` chooses the presets.

    What is left to chance (`__animal__`, `{a|b}`) is drawn with the seed: that of `given`, else the one in the text,
    else `seed`; without any, choices stay as written. What a short text is filled up with is always the same for the
    same text. `given` may name a style, too, which counts before the text's; `usual_style` is for where neither does.
    `wildcards` are folders with the owner's own lists. What comes in turn (`{@a|b}`) goes on from `turns`, which is
    brought up to date (see `drawn`), unless somebody said a seed: that gives the same words every time.
    Where something is `painted`, a map of regions, colours are places ("红：一只猫 | 蓝：一条狗").
    With `raw` (or `--raw` in the text) the text is the prompt, byte for byte but for `<lora:…>`, and nothing is added.
    An infotext is drawn as it stands, too, only that its Chinese is translated unless `raw` says otherwise.
    Raises Refusal for an empty or too long text, a bad option, a hypernetwork (of an infotext it is noted as left out),
    or a text of which nothing was understood.
    """
    text = reading.as_block(text)
    within(text, negative)
    if not text.strip():
        raise Refusal("prompt.empty")
    if pasted := reading.pasted(text):
        read = options.of_infotext(pasted)
        verbatim = raw or read.options.raw
        prompt = await as_written(text, read, translators, negative=negative, raw=verbatim)
        if verbatim:
            return prompt, read.options
        asked_for, notes = await second_pass(read.options, translators)
        told = (*prompt.notes, *(note for note in notes if note not in prompt.notes))
        return replace(prompt, notes=told), asked_for
    rest, loras, notes = grammar.networks(text)
    _without_hypernets((*notes, *grammar.networks(negative)[2]))
    if raw:
        return _verbatim(text, rest, loras, notes, negative), Options()
    template = options.loras_written(text)
    rest, loras, notes = grammar.networks(template)
    asked = options.flags(rest)
    if asked.options.raw:
        written = ", ".join(filter(None, (asked.text, asked.kept)))
        return _verbatim(text, written, loras, (*notes, *asked.notes), negative or asked.negative), asked.options
    if (bare := without_comments(template)) != template:
        template = bare
        rest, loras, notes = grammar.networks(template)
    asked, letters = _asked(rest)
    chance = seed
    seed = next((one for one in (given.seed, asked.options.seed, seed) if one is not None and one >= 0), None)
    turns = turns if seed == chance else None
    before = dict(turns or {})
    chosen: tuple[Note, ...] = ()
    if seed is not None and (has_choices(wide := grammar.normalise(template)) or has_choices(negative)):
        (wide, chosen), (negative, more) = await asyncio.to_thread(_drawn, wide, negative, seed, wildcards, turns)
        chosen += more
        rest, loras, notes = grammar.networks(wide)  # a choice may be one between LoRAs, or between options
        asked, letters = _asked(rest)
    positive, unwanted = sections(asked.text)
    places = regions.read("regions", asked.options.regions) if asked.options.regions else None
    positive, named = regions.taken_out(positive, painted=painted or bool(places and places.map))

    left_out = [Note("note.angle", {"text": found}) for found in grammar.UNKNOWN_NETWORK.findall(rest)]
    draft = Draft(notes=[*notes, *asked.notes, *chosen, *left_out])
    await read_phrases(positive, draft, translators)
    _without_faults(draft)
    if asked.kept:
        draft.chunks[-1].append(Fragment(asked.kept, source=asked.kept))
    for unwanted_text in filter(None, (unwanted, asked.negative, negative)):
        await read_phrases(_clean(grammar.normalise(unwanted_text)), draft, translators, negative=True)
    if letters:
        draft.chunks = [lettering.put_back(chunk, letters) for chunk in draft.chunks]
        draft.negatives = lettering.put_back(draft.negatives, letters)
        draft.notes = lettering.told(draft.notes, letters)
    if not any(draft.chunks) and not loras:
        if draft.untranslated:
            raise Refusal("prompt.not_understood", words="、".join(dict.fromkeys(draft.untranslated)))
        if unwanted_only := [note for note in draft.notes if note.key == "note.faults"]:
            raise Refusal("prompt.only_faults", **unwanted_only[0].values)
        raise Refusal("prompt.empty")
    style = given.style or asked.options.style or usual_style
    prompt = assembled(
        text,
        draft,
        loras,
        family=family,
        style=styles.find_style(style) if style else None,
        expand=not (given.plain or asked.options.plain) and len(positive.strip()) <= SHORT_TEXT,
        seed=seed if before == (turns or {}) else IN_TURN,
    )
    said = asked.options
    if named:
        said = replace(said, regions=str(replace(places or AskedRegions(()), places=named)))
    return replace(prompt, style="" if asked.options.style else style), said


def _without_hypernets(notes: Sequence[Note]) -> None:
    """Raises Refusal `lora.hypernet` where a text names a hypernetwork: without it another picture would be drawn."""
    for note in notes:
        if note.key == "note.hypernet":
            raise Refusal("lora.hypernet", name=str(note.values["name"])[:80])


def _without_faults(draft: Draft) -> None:
    """Moves what nobody wants to see to the negative, with a note."""
    moved: list[Fragment] = []
    for index, chunk in enumerate(draft.chunks):
        draft.chunks[index], unwanted = faults.parted(chunk, alone=len(draft.chunks) == 1)
        moved += unwanted
    if moved:
        draft.negatives += moved
        draft.notes.append(Note("note.faults", {"words": ", ".join(fragment.text for fragment in moved)}))


def _asked(rest: str) -> tuple[ParsedOptions, Mapping[str, Lettering]]:
    """The options said in a text and what is left of it, and the words in it that are to be read in the picture."""
    rest, letters = lettering.taken_out(rest)
    rest = without_talk(rest)
    asked = options.flags(rest)
    return options.plain(replace(asked, text=_clean(grammar.normalise(asked.text)))), letters


def _drawn(
    text: str, negative: str, seed: int, folders: Sequence[Path], turns: dict[str, int] | None
) -> tuple[tuple[str, tuple[Note, ...]], tuple[str, tuple[Note, ...]]]:
    return drawn(text, seed, folders, turns), drawn(grammar.normalise(negative), seed + 1, folders, turns)


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
_FULL_STOP = re.compile(
    r"(?<=[^\W\d_]{3})(?:[.?]+(?=\s*(?:,|\Z))|[.!?]+(?=\s+[A-Z]))"
)  # of words, not of "Dr." or "16.9"


def _clean(text: str) -> str:
    """The text without control characters, lone surrogates, invisible signs, unknown networks and angle brackets but
    for those of faces; a comma where a sentence ends."""
    plain = grammar.without_angles(grammar.UNKNOWN_NETWORK.sub(" ", _UNSEEN.sub("", text)))
    plain = grammar.embeddings_weighed(plain)
    return _FULL_STOP.sub(",", plain.replace("’", "'"))
