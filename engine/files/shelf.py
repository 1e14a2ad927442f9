"""The files that a machine draws with: what each is called and what it is, so that others need not have it to know."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine import second_pass
from engine.files import annotators, catalog, detectors, model_folders, taggers
from engine.files.identity import Identity
from engine.files.model_folders import Find
from engine.files.sidecars import Sidecar
from engine.files.upscalers import A1111, LATENT, UPSCALERS
from engine.recipe import Recipe
from prompts.clip_tokens import pieces

# The kind of a file, a word of engine/files/identity.py ("detector", "tagger" and "preprocessor" for .onnx files), and
# its name in small letters.
Need = tuple[str, str]

ROWS = ("checkpoint", "lora", "embedding", "vae", "controlnet", "upscaler")  # kinds that recipes name


@dataclass(frozen=True, slots=True)
class Shelf:
    """What lies in a machine's folders: `finds` are weights, `others` the .onnx files."""

    finds: tuple[Find, ...] = ()
    others: tuple[Need, ...] = ()

    @property
    def lies(self) -> frozenset[Need]:
        """Everything there is, each once, by kind and name; what comes with the program lies everywhere."""
        own = {(one.identity.kind, one.name.casefold()) for one in self.finds}
        return frozenset((*own, *self.others, *_everywhere()))

    @property
    def holds(self) -> frozenset[Need]:
        """Everything that a recipe may name: a LoRA also by the name that its trainer gave it."""
        aliases = ((one.identity.kind, one.identity.alias.casefold()) for one in self.finds if one.identity.alias)
        return self.lies.union(aliases)


def shelf(folders: Sequence[Path], taggers_in: Sequence[Path]) -> Shelf:
    """What lies in these folders and can be used."""
    kinds = set(ROWS) | {"decoder"}
    finds = (one for one in model_folders.finds(folders) if one.identity.kind in kinds and not one.identity.problem)
    others = [("detector", name) for name in detectors.files(folders)]
    others += [("tagger", one.name.casefold()) for one in taggers.running(taggers_in, folders)]
    others += [("preprocessor", row.name.casefold()) for row in annotators.available(folders)]
    return Shelf(tuple(finds), tuple(others))


def packed(shelf: Shelf) -> bytes:
    """The bytes by which a shelf is sent."""
    rows = [
        {
            "name": one.name,
            "file": one.path.name,
            "identity": one.identity.to_json(),
            "sidecar": {name: value for name, value in asdict(one.sidecar).items() if name != "preview"},
            "hash": one.hash,
            "network": one.network,
        }
        for one in shelf.finds
    ]
    return zlib.compress(json.dumps({"finds": rows, "others": shelf.others}).encode())


def unpacked(content: bytes, host: str) -> Shelf:
    """The shelf that was sent; its files lie below `host`, a folder that is none. Raises ValueError for what is no
    shelf, or that of another version."""
    try:
        read = json.loads(zlib.decompress(content)) if content else {"finds": [], "others": []}
        finds = tuple(_find(row, host) for row in read["finds"])
        return Shelf(finds, tuple((str(kind), str(name)) for kind, name in read["others"]))
    except (zlib.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no shelf of this version") from error


def _find(row: dict[str, Any], host: str) -> Find:
    said: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in row["sidecar"].items()}
    where = Path(f"{host}:") / Path(str(row["file"])).name
    identity = Identity.from_json(row["identity"])
    return Find(row["name"], where, identity, Sidecar(**said), row["hash"], row["network"])


def needs(recipes: Iterable[Recipe], embeddings: Collection[str] = ()) -> frozenset[Need]:
    """The files that these recipes name. `embeddings` are the names (in small letters) of which each in a text counts
    as one."""
    found: set[Need] = set()
    for recipe in recipes:
        words = second_pass.all_words(recipe)
        found |= {("checkpoint", name) for name in recipe.models}
        found |= {("vae", name) for name in (recipe.vae, recipe.hires.vae if recipe.hires else "")}
        found |= {("lora", use.name) for use in words.loras if use.weight or use.text_weight}
        found |= {("controlnet", one.net) for one in recipe.controls}
        found |= {("upscaler", one.upscaler) for one in (recipe.upscale, recipe.hires) if one}
        found |= {("detector", one.detector) for one in recipe.fixes}
        if embeddings:
            said = f"{words.positive}\n{words.negative}"
            found |= {("embedding", piece) for piece, named in pieces(said, embeddings) if named}
    return frozenset((kind, _plain(name)) for kind, name in found if name) - _everywhere()


def _plain(name: str) -> str:
    plain = name.strip().casefold()
    return next((plain.removesuffix(end) for end in model_folders.SUFFIXES if plain.endswith(end)), plain)


@cache
def _everywhere() -> frozenset[Need]:
    """What recipes name and is no file of an owner's."""
    upscaling = (*UPSCALERS, *LATENT, *(row.name for row in A1111))
    return frozenset(
        (
            ("checkpoint", catalog.BUILTIN),
            *(("upscaler", name.casefold()) for name in upscaling),
            *(("detector", name) for name in detectors.DETECTORS),
            *(("vae", name) for name in ("automatic", "none")),
        )
    )
