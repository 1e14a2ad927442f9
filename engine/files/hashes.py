"""The hashes by which A1111 and Civitai know the files that a picture was drawn with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import second_pass
from engine.errors import BadFile
from engine.files import catalog, compatibility, model_folders
from engine.files.catalog import Companion, Model
from engine.files.safetensors_header import read_header
from engine.recipe import Recipe
from prompts import clip_tokens
from prompts.errors import Refusal
from prompts.prompt import Prompt

SHORT = 12  # hex digits that A1111 writes of a LoRA's and an embedding's
SHORTER = 10  # and of a VAE's, as of a model's


@dataclass(frozen=True, slots=True)
class Hashes:
    """What an infotext says of the files: the model's and the VAE's hash with the VAE's file name, those of
    the LoRAs and embeddings under their names, in the order of the prompt, and that of the `second` pass's model."""

    model: str = ""
    vae: str = ""
    vae_file: str = ""
    loras: tuple[tuple[str, str], ...] = ()
    embeddings: tuple[tuple[str, str], ...] = ()
    second: str = ""


def hashes(recipe: Recipe, folders: Sequence[Path]) -> Hashes:
    """The hashes of all that a recipe names in these folders, but for the model's. What is gone meanwhile is left out:
    nothing is raised. Takes seconds for what was never hashed, here or where the job comes from."""
    vae, vae_file = "", ""
    with suppress(Refusal):
        if recipe.vae:
            file = catalog.vae(catalog.vaes(folders), recipe.vae, folders).path
            vae, vae_file = _hash(file, model_folders.digest)[:SHORTER], file.name
    second = ""
    with suppress(Refusal):
        if recipe.hires and recipe.hires.checkpoint:
            second = catalog.model(catalog.models(folders), recipe.hires.checkpoint).hash
    loras = {}
    named = [use.name for use in recipe.prompt.loras if use.weight or use.text_weight]
    files = catalog.loras(folders) if named else ()
    for name in named:
        with suppress(Refusal):
            loras[name] = _hash(catalog.lora(files, name, folders).path, network_hash)[:SHORT]
    embeddings = {}
    with suppress(Refusal):
        model = catalog.model(catalog.models(folders), recipe.model, folders)
        for one in _embeddings(recipe.prompt, model, catalog.embeddings(folders)):
            embeddings[one.name] = _hash(one.path, _whole)[:SHORT]
    return Hashes(second=second, vae=vae, vae_file=vae_file, loras=_some(loras), embeddings=_some(embeddings))


def named(recipe: Recipe) -> tuple[str, ...]:
    """The names of the files of gigabytes that a recipe is drawn with."""
    words = second_pass.all_words(recipe)
    refiner = recipe.refiner.model if recipe.refiner else ""
    larger = (recipe.hires.checkpoint, recipe.hires.vae) if recipe.hires else ()
    return (recipe.model, refiner, *larger, recipe.vae, *(use.name for use in words.loras))


def network_hash(path: Path) -> str:
    """The SHA-256 of a LoRA as its trainers' tools and Civitai (AutoV3) know it: what its file says of itself, else
    its first twelve digits, of its tensors without the header; of the whole file where it is no `.safetensors`. Read
    once, and remembered. Raises OSError, BadFile."""
    headed = path.suffix.lower() == ".safetensors"
    if headed and (said := read_header(path).metadata.get("sshs_model_hash", "").strip().lower()):
        return said
    known = model_folders.hashed(path)
    return known.network if headed else known.hash


def _hash(path: Path, made: Callable[[Path], str]) -> str:
    """A file's hash; "" where it cannot be read."""
    try:
        return made(path)
    except (OSError, BadFile):
        return ""


def _whole(path: Path) -> str:
    """The SHA-256 of a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _some(found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, made) for name, made in found.items() if made)


def _embeddings(prompt: Prompt, model: Model, known: Sequence[Companion]) -> Iterator[Companion]:
    """The embeddings that a prompt names and the model takes."""
    usable = {one.name.casefold(): one for one in known if compatibility.fits(one, model)}
    for text in (prompt.positive, prompt.negative):
        yield from (usable[piece] for piece, named in clip_tokens.pieces(text, usable) if named)
