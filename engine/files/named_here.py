"""What an infotext names, as it is called here: files found by their hashes or names, and what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine import a1111, samplers
from engine.files import by_hash, catalog, upscalers
from engine.files.catalog import Skipped
from engine.files.identity import Kind
from engine.files.sidecars import version_beside
from prompts.errors import Refusal
from prompts.infotext.infotext import Infotext
from prompts.infotext.loaders import stem
from prompts.prompt import Fragment, Json, LoraUse, Note, Options, Prompt
from prompts.spelling import near

# Values of fields that name no file.
_NONE = frozenset({"", "none", "automatic", "default", "unknown"})
_LORAS = ("lora", "locon", "lycoris", "dora")


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that an infotext names and nothing here is; `near` is the name of what is most like it, if anything,
    `spoiled` a file of that name that cannot be used."""

    kind: str
    name: str
    near: str = ""
    spoiled: Skipped | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is said of it, and of what takes its place."""
        if self.spoiled:
            values = {key: str(value) for key, value in self.spoiled.values.items()}
            return Note(self.spoiled.key, values), Note(f"missing.{self.kind}_spoiled", {"name": self.name[:80]})
        return (Note(f"missing.{self.kind}", {"name": self.name[:80], "near": self.near}),)


@dataclass(frozen=True, slots=True)
class Here:
    """An infotext's prompt and options with the names that its files have here, and what is missing."""

    prompt: Prompt
    options: Options
    missing: tuple[Missing, ...] = ()

    @property
    def drawable(self) -> Options:
        """The options without the names of what is missing, for which the usual takes its place."""
        gone = {field: None for one in self.missing for field in _FIELDS.get(one.kind, ())}
        named = {field: None for field in gone if getattr(self.options, field) in {one.name for one in self.missing}}
        return replace(self.options, **named)  # type: ignore[arg-type]


# The options that may hold the name of something of a kind.
_FIELDS = {
    "model": ("model", "refiner", "hires_checkpoint"),
    "vae": ("vae", "hires_vae"),
    "upscaler": ("upscaler", "hires_upscaler"),
    "sampler": ("sampler", "hires_sampler"),
}


def here(infotext: Infotext, prompt: Prompt, options: Options, folders: Sequence[Path]) -> Here:
    """What an infotext asks for, as it is called in these folders; the notes of the prompt say what is missing, but of
    LoRAs, which its examination names, and what is called otherwise here. May read gigabytes for what was never hashed:
    call it in a thread."""
    told = _Hashes.of(infotext)
    missing: list[Missing] = []
    aliases: list[tuple[str, str]] = []

    def local(kind: Kind, said: str | None, digests: Sequence[str], names: Sequence[str]) -> str | None:
        name = stem(said or "")
        found = by_hash.named(folders, kind, digests) or _called(name, names)
        if found:
            aliases.extend([(name, found)] if name and name.casefold() != found.casefold() else [])
            return found
        shown = name or next(filter(None, digests), "")
        if shown.casefold() not in _NONE:
            spoiled = catalog.unusable(folders, kind, said or "") or catalog.unusable(folders, kind, name)
            missing.append(Missing("model" if kind == "checkpoint" else kind, shown, near(name, names), spoiled))
        return None if name.casefold() in _NONE else name

    models = [one.name for one in catalog.models(folders)]
    refiner, second = (
        re.search(r"\[([0-9a-f]+)\]", infotext.fields.get(name, "")) for name in ("Refiner", "Hires checkpoint")
    )
    vaes = [one.name for one in catalog.vaes(folders)]
    made = replace(
        options,
        model=local("checkpoint", options.model, told.model, models),
        refiner=local("checkpoint", options.refiner, refiner.groups() if refiner else (), models),
        vae=local("vae", options.vae, told.vae, vaes),
        hires_checkpoint=local("checkpoint", options.hires_checkpoint, second.groups() if second else (), models),
        hires_vae=local("vae", options.hires_vae, (), vaes),
    )
    for field in _FIELDS["upscaler"]:
        missing += _unknown_upscaler(getattr(made, field), folders)
    for field in _FIELDS["sampler"]:
        missing += _unknown_sampler(getattr(made, field))
    if made.like == "danqing" and _only_a1111(made.sampler):  # a program that drives both
        made = replace(made, like=None)
    uses = tuple(_local_loras(prompt.loras, told, folders, aliases))
    missing += _unnamed_loras(infotext, prompt, folders)
    renamed = _local_embeddings(prompt, told, folders, aliases, missing)
    notes = [Note("note.named_here", {"name": name[:80], "here": found}) for name, found in dict.fromkeys(aliases)]
    notes += [note for one in missing for note in one.notes]
    return Here(replace(renamed, loras=uses, notes=(*prompt.notes, *notes)), made, tuple(missing))


@dataclass(frozen=True, slots=True)
class _Hashes:
    """The hashes that an infotext tells: of the model and the VAE, and of LoRAs and embeddings by their names in small
    letters."""

    model: tuple[str, ...]
    vae: tuple[str, ...]
    loras: Mapping[str, tuple[str, ...]]
    embeddings: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, infotext: Infotext) -> _Hashes:
        fields = infotext.fields
        civitai = {name.casefold(): str(value) for name, value in _object(fields.get("Hashes", "")).items()}
        loras, embeddings = _listed(fields.get("Lora hashes", "")), _listed(fields.get("TI hashes", ""))
        for name, value in civitai.items():
            kind, _, called = name.partition(":")
            if kind in (*_LORAS, "lyco", "embed"):
                into = embeddings if kind == "embed" else loras
                into[called] = (*into.get(called, ()), value)
        model = (fields.get("Model hash", ""), civitai.get("model", ""))
        return cls(model, (fields.get("VAE hash", ""), civitai.get("vae", "")), loras, embeddings)


def _object(text: str) -> dict[str, Json]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _listed(text: str) -> dict[str, tuple[str, ...]]:
    """ "name: hash, name: hash" by names."""
    pairs = (one.rpartition(":") for one in text.split(","))
    return {name.strip().casefold(): (value.strip(),) for name, _, value in pairs if name.strip()}


def _called(name: str, names: Iterable[str]) -> str:
    return next((one for one in names if one.casefold() == name.casefold()), "")


def _unknown_upscaler(name: str | None, folders: Sequence[Path]) -> list[Missing]:
    if name is None or name in upscalers.LATENT or name.casefold() in _NONE:
        return []
    try:
        upscalers.find_upscaler(name, folders)
    except Refusal as refusal:
        near_it = str(refusal.values.get("near", ""))
        return [Missing("upscaler", name, near_it, catalog.unusable(folders, "upscaler", name))]
    return []


def _unknown_sampler(name: str | None) -> list[Missing]:
    if name is None or a1111.has(name):
        return []
    try:
        samplers.find_sampler(name)
    except Refusal as refusal:
        return [Missing("sampler", name, str(refusal.values.get("near", "")))]
    return []


def _only_a1111(name: str | None) -> bool:
    """Whether a sampler is there in A1111's way alone."""
    if name is None or not a1111.has(name):
        return False
    try:
        samplers.find_sampler(name)
    except Refusal:
        return True
    return False


def _local_loras(
    uses: Sequence[LoraUse], told: _Hashes, folders: Sequence[Path], aliases: list[tuple[str, str]]
) -> Iterator[LoraUse]:
    files = catalog.loras(folders) if uses else ()
    for use in uses:
        said = told.loras.get(re.sub("[:,]", "", use.name).casefold(), ())
        found = by_hash.named(folders, "lora", said)
        if not found:
            with suppress(Refusal):
                found = catalog.lora(files, stem(use.name), folders).name
        if found and found.casefold() != use.name.casefold():
            aliases.append((use.name, found))
        yield replace(use, name=found) if found else use


def _unnamed_loras(infotext: Infotext, prompt: Prompt, folders: Sequence[Path]) -> Iterator[Missing]:
    """The LoRAs that Civitai's own painter says beside the prompt, by its numbers; one that is here is named."""
    try:
        rows = json.loads(infotext.fields.get("Civitai resources", "[]"))
    except (ValueError, RecursionError):
        return
    files: Mapping[str, str] = {}
    for row in rows if isinstance(rows, list) and not prompt.loras else ():
        if isinstance(row, dict) and str(row.get("type", "")).casefold() in _LORAS:
            files = files or {version_beside(one.path): one.name for one in catalog.loras(folders)}
            number = str(row.get("modelVersionId", ""))
            yield Missing("lora", str(row.get("modelName") or f"Civitai {number}"), files.get(number, ""))


def _local_embeddings(
    prompt: Prompt,
    told: _Hashes,
    folders: Sequence[Path],
    aliases: list[tuple[str, str]],
    missing: list[Missing],
) -> Prompt:
    """The prompt with its embeddings under the names that they have here."""
    names = [one.name for one in catalog.embeddings(folders)] if told.embeddings else []
    for said, digests in told.embeddings.items():
        found = by_hash.named(folders, "embedding", digests) or _called(said, names)
        if not found:
            missing.append(Missing("embedding", said, near(said, names), catalog.unusable(folders, "embedding", said)))
        elif found.casefold() != said:
            aliases.append((said, found))
            word = re.compile(rf"(?<![\w-]){re.escape(said)}(?![\w-])", re.IGNORECASE)

            def put(fragment: Fragment, word: re.Pattern[str] = word, found: str = found) -> Fragment:
                return replace(fragment, text=word.sub(lambda _: found, fragment.text))

            fragments, negatives = tuple(map(put, prompt.fragments)), tuple(map(put, prompt.negatives))
            prompt = replace(prompt, fragments=fragments, negatives=negatives)
    return prompt
