"""The text encoder, and its schooling before the UNet: to paint the mean picture of a caption.

A painter of a few layers looks only at the word vectors, as the UNet will, and paints the latents it expects. That
takes a hundredth of the UNet's work a picture and puts thing, colour, place and weight on the words themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel

from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale
from engine.demo.store import Examples
from engine.demo.tokens import BOS, EOS, SIZE, compact

LOST = 0.02  # words that training takes for unknown ones
PATCH, SIDE = 2, 16
CHECKPOINT = "text.pt"
SHORT = 32  # tokens the painter reads: nearly all captions, at half the work


def build(scale: Scale, rows: int) -> Any:
    """An untrained CLIPTextModel with a table of so many rows.

    The last normalisation has no gain and no offset of its own: every word vector has mean 0, and a weight on a word
    changes that word alone.
    """
    encoder: Any = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=rows,
            hidden_size=scale.text_width,
            intermediate_size=4 * scale.text_width,
            num_hidden_layers=scale.text_layers,
            num_attention_heads=4,
            max_position_embeddings=77,
            projection_dim=scale.text_width,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=0,
        )
    )
    encoder.train()
    norm(encoder).requires_grad_(False)
    nn.init.normal_(embedding(encoder).weight, std=0.3)
    return encoder


@torch.no_grad()
def adopt(encoder: Any, known: NDArray[np.int64], folder: Path) -> None:
    """Takes over the word vectors and layers of a finished model's encoder; words it never saw stay at random."""
    older: Any = CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=torch.float32)
    state = older.state_dict()
    [key] = [name for name in state if name.endswith("token_embedding.weight")]
    table = state[key]
    # Nearly all rows are those of the unknown word.
    unknown = table.median(dim=0).values
    rows = embedding(encoder).weight.clone()
    rows[0] = unknown
    taught = table[torch.from_numpy(known)]
    seen = (taught != unknown).any(dim=1)
    rows[1:][seen] = taught[seen]
    encoder.load_state_dict({**state, key: rows})


def norm(encoder: Any) -> nn.LayerNorm:
    """The last normalisation, wherever this version of transformers keeps it."""
    found: nn.LayerNorm = getattr(encoder, "text_model", encoder).final_layer_norm
    return found


def embedding(encoder: Any) -> nn.Embedding:
    """The table of word vectors."""
    found: nn.Embedding = encoder.get_input_embeddings()
    return found


class Painter(nn.Module):
    """Paints latents (n, 4, side, side) from word vectors (n, 77, width)."""

    def __init__(self, encoder: Any, width: int, side: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.cells = nn.Parameter(torch.randn(1, (side // PATCH) ** 2, width) * 0.5)
        self.layers = nn.ModuleList(_Layer(width) for _ in range(3))
        self.paint = nn.Linear(width, 4 * PATCH * PATCH)
        self.side = side // PATCH

    def forward(self, rows: Tensor, weights: Tensor) -> Tensor:
        words = self.encoder(input_ids=rows)[0] * weights[..., None]
        cells = self.cells.expand(len(rows), -1, -1)
        for layer in self.layers:
            cells = layer(cells, words)
        patches: Tensor = self.paint(functional.layer_norm(cells, cells.shape[-1:]))
        squares = patches.view(len(rows), self.side, self.side, 4, PATCH, PATCH).permute(0, 3, 1, 4, 2, 5)
        return squares.reshape(len(rows), 4, self.side * PATCH, self.side * PATCH)


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask = nn.Linear(width, width)
        self.look = nn.Linear(width, 2 * width, bias=False)
        self.join = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, cells: Tensor, words: Tensor) -> Tensor:
        heads = 4
        asked = self.ask(functional.layer_norm(cells, cells.shape[-1:])).unflatten(-1, (heads, -1)).transpose(1, 2)
        keys, values = self.look(words).unflatten(-1, (2 * heads, -1)).transpose(1, 2).chunk(2, dim=1)
        seen = functional.scaled_dot_product_attention(asked, keys, values).transpose(1, 2).flatten(2)
        cells = cells + self.join(seen)
        thought: Tensor = cells + self.think(functional.layer_norm(cells, cells.shape[-1:]))
        return thought


def batch(
    examples: Examples, known: NDArray[np.int64], count: int, random: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, NDArray[np.int64]]:
    """Latents, rows of the compact table and weights of random examples, and which those are."""
    chosen = random.integers(len(examples.latents), size=count)
    captions = random.integers(examples.ids.shape[1], size=count)
    rows = compact(examples.ids[chosen, captions], known)
    words = (rows != compact(np.array(BOS), known)) & (rows != compact(np.array(EOS), known))
    rows[words & (random.random(rows.shape) < LOST)] = 0
    latents = torch.from_numpy(examples.latents[chosen].astype(np.float32))
    return (
        latents,
        torch.from_numpy(rows),
        torch.from_numpy(examples.weights[chosen, captions].astype(np.float32)),
        chosen,
    )


def train(
    scale: Scale,
    examples: Examples,
    known: NDArray[np.int64],
    folder: Path,
    device: torch.device,
    note: Callable[[str], None],
    seconds: float = math.inf,
    start: Path | None = None,
) -> Any:
    """The schooled text encoder with its compact table; goes on from `folder` and leaves its checkpoints there.

    It begins with the words of the model at `start`, if any. After `seconds` the sitting ends, finished or not.
    """
    training = _training(scale, len(known) + 1, device)
    painter = training.module
    if start:
        adopt(painter.encoder, known, start)
        training.forget()
    seen = 1.0
    for _ in training.sitting(folder / CHECKPOINT, scale.text_steps, seconds):
        random = np.random.default_rng((scale.seed, 2, training.step))
        latents, rows, weights, _ = batch(examples, known, scale.text_batch, random)
        rows, weights = rows[:, :SHORT], weights[:, :SHORT]
        with fast(device):
            painted = painter(rows.to(device), weights.to(device))
        loss = functional.mse_loss(painted.float(), latents.to(device))
        training.update(loss, rate_share(training.step, scale.text_steps))
        seen = 0.97 * seen + 0.03 * loss.item()
        if training.step % 50 == 0:
            note(f"text encoder {training.step}/{scale.text_steps} loss {seen:.4f}")
    return painter.encoder


def schooled(scale: Scale, rows: int, folder: Path, device: torch.device) -> Any:
    """The text encoder as `train` left it in `folder`, or an untrained one where it did not."""
    training = _training(scale, rows, device)
    if training.load(folder / CHECKPOINT):
        training.settle()
    return training.module.encoder


def _training(scale: Scale, rows: int, device: torch.device) -> Trainee:
    torch.manual_seed(scale.seed)
    painter = Painter(build(scale, rows), scale.text_width, SIDE).to(device)
    return Trainee(painter, rate=0.02, plain_rate=3e-3, plain=("embedding", "cells", "paint"), average=0.99)


@torch.no_grad()
def expanded(encoder: Any, known: NDArray[np.int64]) -> Any:
    """The same text encoder with all 49,408 rows of CLIP; words it never saw all have the vector of the unknown."""
    config = CLIPTextConfig(
        **{
            **encoder.config.to_dict(),
            "vocab_size": SIZE,
            "bos_token_id": BOS,
            "eos_token_id": EOS,
            "pad_token_id": EOS,
        }
    )
    whole: Any = type(encoder)(config)
    state = dict(encoder.state_dict())
    [key] = [name for name in state if name.endswith("token_embedding.weight")]
    table = state[key][0].repeat(SIZE, 1)
    table[torch.from_numpy(known)] = state[key][1:]
    whole.load_state_dict({**state, key: table})
    return whole.eval()
