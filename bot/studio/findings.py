"""The doctor's findings on a prompt, with the LoRAs and embeddings that there are here."""

from __future__ import annotations

import json
import struct
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from engine.files import catalog, compatibility
from engine.files.catalog import LoraFile, Model
from prompts.clip_tokens import LENGTH, meter
from prompts.doctor import Finding, LoraKnown, examine
from prompts.prompt import Prompt

KEPT = 256  # prompts remembered: more than are ever drawn at once
LARGEST = 64 * 2**20  # bytes of a header; beyond it the file is no safetensors file


def known(files: Sequence[LoraFile]) -> tuple[LoraKnown, ...]:
    """The LoRAs with their trigger words, where their files name some."""
    return tuple(LoraKnown(file.name, triggers(file.path)) for file in files)


def triggers(path: Path) -> tuple[str, ...]:
    """The words a LoRA was trained on, as its file's own metadata names them; none where it does not.

    Source: `modelspec.trigger_phrase` of https://github.com/Stability-AI/ModelSpec.
    """
    try:
        return _triggers(path, path.stat().st_mtime_ns)
    except OSError:
        return ()


@lru_cache(1024)
def _triggers(path: Path, changed: int) -> tuple[str, ...]:
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(size)) if size <= LARGEST else {}
        phrase = header["__metadata__"]["modelspec.trigger_phrase"]
    except (OSError, ValueError, struct.error, KeyError, TypeError):
        return ()
    words = (word.strip() for word in phrase.split(",")) if isinstance(phrase, str) else ()
    return tuple(word for word in words if word)


_seen: OrderedDict[str, tuple[Finding, ...]] = OrderedDict()  # by the prompt: a job's card is made anew at every step


def lengths(model: Model, folders: Sequence[Path]) -> dict[str, int]:
    """The embeddings that a prompt for this model may name, in small letters, and how many tokens each takes."""
    return {one.name.casefold(): one.vectors for one in catalog.embeddings(folders) if compatibility.fits(one, model)}


def metered(text: str, embeddings: Mapping[str, int]) -> str:
    """How full each chunk of a prompt, or of a negative one, is, as `34 / 75 + 12 / 75`."""
    return " + ".join(f"{count} / {LENGTH}" for count in meter(text, embeddings=embeddings))


def meters(prompt: Prompt, embeddings: Mapping[str, int]) -> dict[str, str]:
    """How full the chunks are by the key of what is counted: of the prompt, and of its negative where it has one."""
    counted = {"prompt.meter": metered(prompt.positive, embeddings)}
    if prompt.negative:
        counted["prompt.meter_negative"] = metered(prompt.negative, embeddings)
    return counted


def look(prompt: Prompt, files: Sequence[LoraFile], embeddings: Mapping[str, int]) -> tuple[Finding, ...]:
    """The doctor's findings with these LoRA files and embeddings; `glance` remembers them."""
    return _remembered(prompt, examine(prompt, loras=known(files), embeddings=embeddings))


def glance(prompt: Prompt) -> tuple[Finding, ...]:
    """The findings of the last `look` at this prompt, else what can be seen without any files."""
    found = _seen.get(_sign(prompt))
    return _remembered(prompt, examine(prompt)) if found is None else found


def _remembered(prompt: Prompt, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    _seen[_sign(prompt)] = found
    while len(_seen) > KEPT:
        _seen.popitem(last=False)
    return found


def _sign(prompt: Prompt) -> str:
    return json.dumps(prompt.to_json(), sort_keys=True)
