"""Argos Translate's zh→en packages, read directly: whole clauses, offline, without argostranslate and its torch."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from prompts.prompt import Origin
from prompts.translate import chinese
from prompts.translate.bpe import Bpe
from prompts.translate.translator import CHINESE_ONLY

log = logging.getLogger(__name__)

PAIR = ("zh", "en")
PIECES = ("sentencepiece.model", "bpe.model")  # what cuts a text for the model: one of these

_READER = 1  # what this reader does with a package; another number forgets what an older one said
_LONGEST_CLAUSE = 60  # characters of one call; the packages are trained on single sentences
_LONGEST_TEXT = 600  # a "clause" beyond this is nothing that anybody wrote to be drawn
_END = re.compile(r"(?<=[。！？；，、,!?;\n])")
_JOINT = re.compile(r"(?<=.{8})(?=然后|同时|并且|而且|以及|还有|和|与|而|并)")


def installed(folder: Path) -> Path | None:
    """The folder of the unpacked zh→en package (metadata.json, sentencepiece.model or bpe.model, model/) under this
    folder; the newest by its version, None when there is none."""
    found: list[tuple[tuple[int, ...], Path]] = []
    for description in sorted(folder.glob("*/metadata.json")):
        package = description.parent
        whole = (package / "model").is_dir() and any((package / name).is_file() for name in PIECES)
        content = metadata(package)
        if whole and not package.name.startswith(".") and (content.get("from_code"), content.get("to_code")) == PAIR:
            found.append((version_of(content), package))
    return max(found)[1] if found else None


def metadata(package: Path) -> dict[str, str]:
    """What a package says about itself, as far as it is text; empty when it cannot be read."""
    try:
        content = json.loads((package / "metadata.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return {str(k): v for k, v in content.items() if isinstance(v, str)} if isinstance(content, dict) else {}


def version_of(content: dict[str, str]) -> tuple[int, ...]:
    """The numbers of a package's version, so that 1.10 is newer than 1.9."""
    return tuple(map(int, re.findall(r"\d{1,9}", content.get("package_version", ""))))


def clauses(text: str) -> list[str]:
    """The text cut into pieces that the model can read: at its punctuation; where there is none, before words that
    join clauses; where there are none of those either, by length."""
    return [piece for sentence in _END.split(text) for piece in _short(sentence) if re.search(r"\w", piece)]


def _short(text: str) -> Iterator[str]:
    if len(text) <= _LONGEST_CLAUSE:
        yield text
        return
    piece = ""
    for part in _JOINT.split(text):
        if piece and len(piece) + len(part) > _LONGEST_CLAUSE:
            yield piece
            piece = ""
        piece += part
        while len(piece) > _LONGEST_CLAUSE:
            yield piece[:_LONGEST_CLAUSE]
            piece = piece[_LONGEST_CLAUSE:]
    yield piece


class Argos:
    """The translator of whole clauses. `package` is a folder that `installed` found; nothing is loaded before the first
    call, and only one call runs at a time, in a thread."""

    sentences: Literal[True] = True
    origin: Origin = "argos"
    languages = CHINESE_ONLY

    def __init__(self, package: Path) -> None:
        content = metadata(package)
        self.name = f"argos {_READER} {package.name} {content.get('package_version', '')}"
        self._package = package
        self._prefix = content.get("target_prefix", "")
        self._lock = threading.Lock()
        self._models: tuple[Any, Any] | None = None
        self._broken = False

    async def english(self, clause: str) -> str:
        if len(clause) > _LONGEST_TEXT or self._broken:
            return ""
        return await asyncio.to_thread(self._english, chinese.simplified(clause))

    async def close(self) -> None:
        self._models = None

    def load(self) -> None:
        """Load the package. Raises RuntimeError, OSError, ValueError or ImportError for one that cannot be used."""
        with self._lock:
            self._open()

    def _english(self, clause: str) -> str:
        try:
            with self._lock:
                said = [self._sentence(piece) for piece in clauses(clause)]
        except (RuntimeError, OSError, ValueError, ImportError) as error:  # the words are still there without it
            log.warning("Argos package %s does not translate: %s", self._package, error)
            self._broken = self._models is None
            return ""
        return ", ".join(filter(None, (" ".join(piece.split()).strip(" .,;!?") for piece in said)))

    def _sentence(self, clause: str) -> str:
        pieces, model = self._open()
        tokens = pieces.encode(clause, out_type=str)
        results = model.translate_batch(
            [tokens],
            target_prefix=[[self._prefix]] if self._prefix else None,
            beam_size=2,
            max_decoding_length=16 + 4 * len(clause),
        )
        best: list[str] = results[0].hypotheses[0]
        english: str = pieces.decode([token for token in best if token != self._prefix])
        return english

    def _open(self) -> tuple[Any, Any]:
        if self._models is None:
            import ctranslate2  # heavy, and most have no package

            folder = str(self._package / "model")
            self._models = (
                self._pieces(),
                ctranslate2.Translator(folder, device="cpu", inter_threads=1, intra_threads=1),
            )
        return self._models

    def _pieces(self) -> Any:
        file = self._package / PIECES[0]
        if file.is_file():
            import sentencepiece  # heavy, as above

            return sentencepiece.SentencePieceProcessor(model_file=str(file))
        return Bpe(self._package / PIECES[1])
