"""Textual inversion: vectors from a file that stand in a prompt where their name stands."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from engine.files import bundles, pickles
from engine.files.catalog import Companion
from engine.models.loaded import BROKEN, Loaded
from engine.models.torch_file import load_torch_file
from prompts.errors import Refusal

log = logging.getLogger(__name__)

# Of which encoder a tensor of an SDXL file is; files for one encoder have one tensor.
NAMES = ("clip_l", "clip_g")
LEARNT = "string_to_param."  # what A1111's files have their vectors in


class Vector(NamedTuple):
    """A place in a prompt that a vector takes; `modified` is when its file was written (nanoseconds), `bundle` what it
    is called in a LoRA's file."""

    path: Path
    modified: int
    row: int
    bundle: str = ""


Token = int | Vector


def learn(loaded: Loaded, known: Iterable[Companion]) -> None:
    """Let prompts name these embeddings, but for those that were made for other text encoders: as in A1111 their
    names are words like any other."""
    loaded.concepts = fitting(loaded, known)


def fitting(loaded: Loaded, known: Iterable[Companion]) -> dict[str, Companion]:
    """The embeddings that were made for these text encoders, by their names in small letters."""
    widths = sorted(encoder.config.hidden_size for _, encoder in loaded.encoders)
    return {one.name.casefold(): one for one in known if sorted(one.widths) == widths}


def places(embedding: Companion) -> list[Vector]:
    """The vectors that an embedding puts into a prompt. Raises Refusal `embedding.damaged` where the file is gone."""
    try:
        modified = embedding.path.stat().st_mtime_ns
    except OSError as error:
        raise Refusal("embedding.damaged", name=embedding.name) from error
    return [Vector(embedding.path, modified, row, embedding.bundle) for row in range(embedding.vectors)]


@contextmanager
def standing(loaded: Loaded, encoder: Any, tokens: Sequence[Token]) -> Iterator[None]:
    """While it holds, the encoder reads the vectors at their places among the tokens of a chunk (that which opens it
    comes before them)."""
    vectors = {place: token for place, token in enumerate(tokens, 1) if isinstance(token, Vector)}
    if not vectors:
        yield
        return
    rows = {place: _read(loaded, encoder, token)[token.row] for place, token in vectors.items()}

    def put(layer: object, inputs: object, output: Tensor) -> Tensor:
        output = output.clone()
        for place, row in rows.items():
            output[:, place] = row.to(output)
        return output

    hook = encoder.get_input_embeddings().register_forward_hook(put)
    try:
        yield
    finally:
        hook.remove()


def _read(loaded: Loaded, encoder: Any, vector: Vector) -> Tensor:
    """The vectors of a file for one of the encoders, (count, width)."""
    key = vector.path, vector.modified, vector.bundle
    if key not in loaded.vectors:
        try:
            loaded.vectors[key] = _sorted(loaded, _tensors(vector.path, vector.bundle))
        except BROKEN as error:
            log.warning("embedding %s cannot be read: %s", vector.path.name, error)
            raise Refusal("embedding.damaged", name=vector.path.stem) from error
    index = next(index for index, (_, own) in enumerate(loaded.encoders) if own is encoder)
    return loaded.vectors[key][index]


def _tensors(path: Path, bundle: str = "") -> Mapping[str, Tensor]:
    if bundle:
        with safe_open(path, framework="pt") as file:
            named = {key: bundles.part_of(key) for key in file.keys()}  # noqa: SIM118
            return {own: file.get_tensor(key) for key, (name, own) in named.items() if name == bundle}
    if path.suffix.lower() not in pickles.SUFFIXES:
        return load_file(path)
    found = load_torch_file(path)
    own = {name: tensor for name, tensor in found.items() if name.startswith(LEARNT)}
    return {name.removeprefix(LEARNT): tensor for name, tensor in (own or found).items()}


def _sorted(loaded: Loaded, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """The tensors in the order of the encoders, told apart by name or else by width."""
    rows = {name: tensor if tensor.dim() == 2 else tensor[None] for name, tensor in tensors.items()}
    if set(rows) == set(NAMES) and len(loaded.encoders) == 2:
        found = [rows[name] for name in NAMES]
    else:
        by_width = {tensor.shape[1]: tensor for tensor in rows.values()}
        found = [by_width[encoder.config.hidden_size] for _, encoder in loaded.encoders]
    for tensor, (_, encoder) in zip(found, loaded.encoders, strict=True):
        if tensor.shape[1] != encoder.config.hidden_size or not tensor.isfinite().all():
            raise ValueError("vectors of another width, or none that are numbers")
    return tuple(found)
