"""What is worn and what is denied: clothes that are denied or taken off leave a body bare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from prompts.safety.han import RUN, cut
from prompts.safety.lexicon import Language, languages, of
from prompts.safety.writing import plain

Off = Literal["bare", "garment", "doubt"]
KINDS = ("clothes", "garment", "intimate", "cover")
# Languages that put nothing between words, or the denial behind: it is looked for right behind the garment.
_GLUED = frozenset({"ja", "ko", "th", "hi"})
_WORDS = 5  # between a denial and what it denies
_JOINED = re.compile(r" (?:and|or|nor|y|o|et|ou|und|oder|e|i|и|или|ni) ")
_TAKEN_ELSEWHERE = re.compile(
    r" off[ -](?:white|shoulder|the shoulder|the line|the hook|the rack|the shelf|road|season|colou?r|center|guard)"
)


@dataclass(frozen=True, slots=True)
class _Forms:
    """A language's patterns: a denial or an undressing before, the same with all that it may reach, one of them
    behind, garments by kind at the end."""

    before: re.Pattern[str] | None
    reach: re.Pattern[str] | None
    after: re.Pattern[str] | None
    garments: tuple[tuple[str, re.Pattern[str]], ...]


def undressed(text: str) -> set[Off]:
    """What a folded text takes away: "bare" all clothes, "garment" one that covers a body, "doubt" what would only
    matter of a child."""
    found = set(_chinese(text))
    flat = plain(text)
    for language in languages():
        forms = _forms(language)
        if language.name in _GLUED:
            found.update(_off(kind) for kind, form in _glued(language) if form.search(text))
            continue
        if language.name == "zh":
            continue
        written = text if language.exact else flat
        if forms.before:
            for match in forms.before.finditer(written):
                for piece in _pieces(written[match.end() :]):
                    found.update(_denied(piece, forms, taken=False))
        if forms.after:
            for match in forms.after.finditer(written):
                if not _TAKEN_ELSEWHERE.match(written, match.start()):
                    before = re.split(r"[,.;!?，。；！？]", written[: match.start()])[-1].split()[-3:]
                    found.update(_denied(" ".join(before), forms, taken=True))
    return found


def denied(piece: str) -> set[Off]:
    """What a folded piece of a negative prompt takes away."""
    found: set[Off] = set(_chinese("不要" + piece))
    for language in languages():
        if language.name in _GLUED:
            found.update(_off(kind) for kind, garment in _forms(language).garments if garment.search(piece))
        elif language.name != "zh":
            for part in _JOINED.split(piece):
                found.update(_denied(part if language.exact else plain(part), _forms(language), taken=False))
    return found


def intimate(piece: str) -> bool:
    """Whether a piece of a negative prompt is underwear or swimwear and nothing else."""
    return any(
        kind == "intimate" and form.fullmatch(piece) for one in languages() for kind, form in _forms(one).garments
    )


def worn(text: str) -> bool:
    """Whether a folded text names a garment that covers a body, and does not take it away."""
    for language in languages():
        if (reach := _forms(language).reach) and language.name not in _GLUED:
            text = reach.sub(" ", text)
    flat = plain(text)
    return any(
        garment.search(text if language.exact else flat)
        for language in languages()
        for kind, garment in _forms(language).garments
        if kind in ("garment", "clothes")
    ) or any(_worn(cut(run, _han_words(), doubtful=False)) for run in RUN.findall(text))


def _pieces(rest: str) -> Iterator[str]:
    """What a denial reaches: up to a sign, a word that leads on, or some words later; each of "hat or clothes"."""
    words: list[str] = []
    for word in re.split(r"[,.;!?，。；！？\n]", rest)[0].split():
        if word in _set("stops") or len(words) >= _WORDS:
            break
        words.append(word)
    yield from _JOINED.split(" ".join(words))


def _denied(piece: str, forms: _Forms, *, taken: bool) -> Iterator[Off]:
    for kind, garment in forms.garments:
        if (match := garment.search(piece)) and (off := _kind(kind, piece[: match.start()].split(), taken)):
            yield off


def _kind(kind: str, before: Sequence[str], taken: bool) -> Off | None:
    """What it means that a garment with these words before it is denied, or `taken` off; None for "no ugly clothes",
    which asks for better ones."""
    others = [word for word in before if word not in _set("some")]
    if any(word in _set("worse") for word in others):
        return None
    return _off(kind, others if not taken else ())


def _off(kind: str, which: Sequence[str] = ()) -> Off:
    """What it means that a garment is gone; `which` words say that it is one of several."""
    if which or kind == "cover":
        return "doubt"
    return "bare" if kind == "clothes" else "garment"


@cache
def _set(category: str) -> frozenset[str]:
    return frozenset(of(category))


@cache
def _forms(language: Language) -> _Forms:
    def either(words: Iterable[str]) -> re.Pattern[str] | None:
        texts = []
        for word in sorted(words, key=len, reverse=True):
            bare = re.escape((word if language.exact else plain(word)).strip("~*"))
            texts.append(bare + (r"\w*" if word.endswith("*") else ""))
        return re.compile(rf"(?<!\w)(?:{'|'.join(texts)})(?!\w)") if texts else None

    words = language.words
    before = either((*words.get("deny", ()), *words.get("undress", ())))
    after = either((*words.get("deny_after", ()), *words.get("undress_after", ())))
    garments = tuple((kind, form) for kind in KINDS if (form := either(words.get(kind, ()))))
    if language.name in _GLUED:
        garments = tuple((kind, re.compile("|".join(map(re.escape, words[kind])))) for kind in KINDS if kind in words)
    reach = re.compile(rf"{before.pattern}[^,.;!?，。；！？]*") if before else None
    return _Forms(before, reach, after, garments)


@cache
def _glued(language: Language) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """A garment of each kind, at most a particle and a word for all, and what takes it away; in Thai the other way
    about."""
    words = language.words

    def either(*names: str) -> str:
        found = sorted({word.strip("*") for name in names for word in words.get(name, ())}, key=len, reverse=True)
        return "|".join(map(re.escape, found)) or "(?!)"

    off, before = either("deny_after", "undress_after"), either("deny", "undress")
    joint = (
        r" ?(?:を|は|が|も|の|なんか|을|를|이|가|은|는|도|만|का|की|को)? ?(?:全部|全て|すべて|ぜんぶ|다|전부|모두)? ?"
    )
    return tuple(
        (kind, re.compile(rf"(?:{either(kind)}){joint}(?:{off})|(?:{before}) ?(?:{either(kind)})"))
        for kind in KINDS
        if kind in words
    )


# ── Chinese ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _han(*categories: str) -> frozenset[str]:
    return frozenset(word for category in categories for word in of(category) if RUN.fullmatch(word))


@cache
def _han_words() -> frozenset[str]:
    return _han(*KINDS, "deny", "deny_after", "undress", "undress_after", "some")


def _chinese(text: str) -> Iterator[Off]:
    """What a text takes away in Chinese, clause by clause."""
    for clause in re.findall(r"[^\s,.;!?，。；！？、]+", text):
        if RUN.search(clause):
            parts = re.findall(f"{RUN.pattern}|[a-z]+", clause)
            cuts = (cut(part, _han_words(), doubtful=True) if RUN.fullmatch(part) else (part,) for part in parts)
            yield from _taken([word for words in cuts for word in words])


def _taken(tokens: Sequence[str]) -> Iterator[Off]:
    before, undress = _han("deny", "undress"), _han("undress")
    after, behind = _han("undress_after"), _han("deny_after")
    some, stops = _set("some"), _set("stops")
    for at, token in enumerate(tokens):
        if token in before:
            mods: list[str] = []
            for word in tokens[at + 1 : at + 8]:
                if kind := _garment(word):
                    if off := _kind(kind, [*mods, *_colour(word)], token in undress):
                        yield off
                    break
                if word in stops or (word == "的" and token not in undress and mods and mods[-1] not in some):
                    break
                mods.append(word)
        elif kind := _garment(token):
            rest = list(tokens[at + 1 : at + 5])
            while rest and rest[0] in some and rest[0] not in after | behind:
                rest.pop(0)
            ended = len(rest) == 1 or (len(rest) > 1 and rest[1] in ("的", "了", "着"))
            if rest and (rest[0] in after or (rest[0] in behind and ended)):
                yield _off(kind)


def _worn(tokens: Sequence[str]) -> bool:
    """Whether a garment stands there in Chinese that nothing takes away."""
    off = _han("deny", "undress", "undress_after", "deny_after")
    return any(
        _garment(word) in ("garment", "clothes") and not off & {*tokens[max(0, at - 3) : at], *tokens[at + 1 : at + 4]}
        for at, word in enumerate(tokens)
    )


@lru_cache(4096)
def _garment(word: str) -> str:
    """The kind of garment that a Chinese word is one of, by its end; "" for none."""
    if word in _set("harmless"):  # a raincoat has clothes below it
        return ""
    for kind in ("intimate", "cover", "garment", "clothes"):
        if word in _han(kind) or (
            len(word) > 1 and word.endswith(tuple(one for one in _han(kind) if len(one) > 1 or one in "裙裤衣"))
        ):
            return kind
    return ""


def _colour(word: str) -> list[str]:
    """What stands before the garment in a word of its own: 红裙子 is one of several skirts."""
    return [] if any(word in _han(kind) for kind in KINDS) else ["x"]
