"""The pictures of a run on the disk, in parts: made once, in any number of sittings, and read by all that train."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.demo import captions, composer
from engine.demo.concepts import concepts
from engine.demo.guide import guide
from engine.demo.scale import Scale
from engine.demo.sources import Cutouts
from engine.demo.tokens import Ids, Tokens, Weights

PART = 1024  # pictures in a file


@dataclass(frozen=True, slots=True)
class Examples:
    """What the text encoder and the UNet learn from: latents (n, 4, 16, 16) float16, captions as CLIP ids and
    weights (n, captions, 77)."""

    latents: NDArray[np.float16]
    ids: Ids
    weights: Weights


def make(scale: Scale, folder: Path, cutouts: Cutouts, tokenizer: Path, processes: int = 1) -> Iterator[Path]:
    """Draws the parts that are not there yet, in so many processes, and yields each when it is."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number, path in enumerate(_paths(scale, folder)) if not path.exists()]
    if processes == 1:
        for number in missing:
            yield _part(scale, number, folder, cutouts, tokenizer)
        return
    with ProcessPoolExecutor(processes) as pool:
        waiting = [pool.submit(_part, scale, number, folder, cutouts, tokenizer) for number in missing]
        for done in as_completed(waiting):
            yield done.result()


def _part(scale: Scale, number: int, folder: Path, cutouts: Cutouts, tokenizer: Path) -> Path:
    things = concepts(scale.concepts)
    tokens = Tokens(tokenizer)
    random = np.random.default_rng((scale.seed, number))
    thrown = _thrown(scale, random)
    drawn = np.stack([composer.draw(composition, cutouts) for composition in thrown])
    written = [
        [tokens(captions.caption(composition, things, random)) for _ in range(scale.captions)] for composition in thrown
    ]
    path = _paths(scale, folder)[number]
    beginning = path.with_suffix(f".{os.getpid()}")
    with beginning.open("wb") as file:
        np.savez(
            file,
            # Whole pictures fill the disk; only the autoencoder and the judge look at them.
            pictures=drawn if number < scale.whole_parts else drawn[:0],
            latents=guide(floats(drawn)).numpy().astype(np.float16),
            ids=np.array([[ids for ids, _ in row] for row in written]),
            weights=np.array([[weights for _, weights in row] for row in written]),
        )
    beginning.rename(path)
    return path


def compositions(scale: Scale, number: int) -> list[composer.Composition]:
    """What is on the pictures of a part."""
    return _thrown(scale, np.random.default_rng((scale.seed, number)))


def _thrown(scale: Scale, random: np.random.Generator) -> list[composer.Composition]:
    return [composer.throw(scale, random) for _ in range(min(PART, scale.pictures))]


def _paths(scale: Scale, folder: Path) -> list[Path]:
    return [folder / f"part-{number:04}.npz" for number in range(max(1, scale.pictures // PART))]


def examples(scale: Scale, folder: Path) -> Examples:
    """All examples. Raises FileNotFoundError while some are not made."""
    read = [np.load(path) for path in _paths(scale, folder)]
    joined = {key: np.concatenate([part[key] for part in read]) for key in ("latents", "ids", "weights")}
    return Examples(**joined)


def pictures(scale: Scale, folder: Path) -> NDArray[np.uint8]:
    """The pictures of the first parts, (n, 128, 128, 3)."""
    return np.concatenate([np.load(path)["pictures"] for path in _paths(scale, folder)[: scale.whole_parts]])


def floats(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """Pictures (n, h, w, 3) as (n, 3, h, w) in -1…1."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
