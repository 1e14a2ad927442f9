"""Embeddings that lie in a LoRA's file, as A1111 and kohya's trainer put them there: `bundle_emb.NAME.…`. No torch
here."""

from __future__ import annotations

import re

from engine.files.identity import MAX_VECTORS, Bundle, clean
from engine.files.safetensors_header import Shapes

_BUNDLED = "bundle_emb."
# A name may have dots, so that it ends where the tensors of an embedding are named.
_VECTORS = re.compile(r"bundle_emb\.(.+?)\.(?:string_to_param\.(.+)|(emb_params|clip_[lg]))")


def bundled(key: str) -> bool:
    """Whether a tensor belongs to a bundled embedding, and so to no layer."""
    return key.startswith(_BUNDLED)


def part_of(key: str) -> tuple[str, str]:
    """The embedding whose vectors a tensor has, and what the tensor is called in a file of its own; nothing for any
    other tensor."""
    found = _VECTORS.fullmatch(key)
    return (found[1], found[2] or found[3]) if found else ("", "")


def bundles(shapes: Shapes) -> tuple[Bundle, ...]:
    """The embeddings in a file with these tensors, by name; those whose tensors are no vectors are left out."""
    found: dict[str, list[tuple[int, ...]]] = {}
    for key, shape in shapes.items():
        if name := part_of(key)[0]:
            found.setdefault(name, []).append(tuple(shape))
    return tuple(
        Bundle(name, max(rows), tuple(sorted(shape[-1] for shape in own)))
        for name, own in sorted(found.items())
        if clean(name) == name
        and len(own) <= 2
        and all(len(shape) in (1, 2) for shape in own)
        and (rows := [shape[0] if len(shape) == 2 else 1 for shape in own])
        and 1 <= max(rows) <= MAX_VECTORS
    )
