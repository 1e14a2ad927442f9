"""Argos Translate's zh→en packages, read directly: whole clauses, offline, without argostranslate and its torch."""

from __future__ import annotations

import json
import logging
import re
import threading
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from prompts.translate import CHINESE, Phrase, script

log = logging.getLogger(__name__)

_SIGNS = re.compile(r"[()\[\]{}<>\\|:_\"*#]+")
_LONGEST_CLAUSE = 200  # characters; a longer "clause" is no prompt that this model was trained on


def installed(folder: Path) -> Path | None:
    """The folder of the unpacked zh→en package (metadata.json, sentencepiece.model, model/) under this folder; the
    newest by its version, None when there is none."""
    found: list[tuple[tuple[int, ...], Path]] = []
    for description in sorted(folder.glob("*/metadata.json")):
        try:
            content = json.loads(description.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        whole = (description.parent / "model").is_dir() and (description.parent / "sentencepiece.model").is_file()
        if whole and isinstance(content, dict) and (content.get("from_code"), content.get("to_code")) == ("zh", "en"):
            version = tuple(map(int, re.findall(r"\d+", str(content.get("package_version", "")))))
            found.append((version, description.parent))
    return max(found)[1] if found else None


def sound(english: str, clause: str) -> bool:
    """Whether a translation can be trusted: no Chinese left, not over-long, no word said over and over."""
    words = english.lower().split()
    if not words or CHINESE.search(english) or len(words) > 4 + 2 * len(clause):
        return False
    runs = any(words[at] == words[at + 1] == words[at + 2] for at in range(len(words) - 2))
    pairs = list(pairwise(words))
    return not runs and len(set(pairs)) * 3 >= len(pairs) * 2


class Argos:
    """The translator of whole clauses. `package` is a folder that `installed` found; nothing is loaded before the first
    call, and only one call runs at a time."""

    sentences = True

    def __init__(self, package: Path) -> None:
        self._package = package
        self._lock = threading.Lock()
        self._models: tuple[Any, Any] | None = None
        self._remembered = lru_cache(4096)(self._translate)

    def translate(self, clause: str) -> tuple[Phrase, ...]:
        return self._remembered(clause)

    def _translate(self, clause: str) -> tuple[Phrase, ...]:
        if len(clause) > _LONGEST_CLAUSE:
            return ()
        with self._lock:
            english = self._english(script.simplified(clause))
        english = " ".join(_SIGNS.sub(" ", english).split()).strip(" .,;!?")
        if not sound(english, clause):
            return ()
        return (Phrase(english[:1].lower() + english[1:], clause, "argos"),)

    def _english(self, clause: str) -> str:
        try:
            if self._models is None:
                self._models = self._load()
            pieces, model = self._models
            tokens = pieces.encode(clause, out_type=str)
            best = model.translate_batch([tokens], beam_size=2, max_decoding_length=16 + 4 * len(clause))[0].hypotheses[
                0
            ]
            english: str = pieces.decode(best)
        except (RuntimeError, OSError, ValueError, ImportError) as error:  # the words are still there without it
            log.warning("Argos package %s does not translate: %s", self._package, error)
            return ""
        return english

    def _load(self) -> tuple[Any, Any]:
        import ctranslate2
        import sentencepiece

        pieces = sentencepiece.SentencePieceProcessor(model_file=str(self._package / "sentencepiece.model"))
        folder = str(self._package / "model")
        return pieces, ctranslate2.Translator(folder, device="cpu", inter_threads=1, intra_threads=1)
