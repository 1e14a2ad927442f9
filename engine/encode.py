"""Prompts as embeddings: A1111 weights, 75-token chunks with BREAK and the comma rule, clip skip.

With all weights 1 and at most 75 tokens the result is, bit for bit, that of diffusers' pipeline.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.models import Loaded
from prompts import grammar

BACKTRACK = 20  # a comma among so many last tokens of a full chunk ends it there
KEPT = 64  # chunks remembered per model: the same negative comes with nearly every prompt
# Restoring the mean divides by the new one. Below this share of the spread it is noise, and outside these
# ratios the division would blow the chunk up or wipe it out instead of restoring it.
FAINT, RATIOS = 1e-3, (0.1, 10.0)


@dataclass(slots=True)
class Chunk:
    """The words between two BREAKs, or as much of them as fits: token ids and a weight for each."""

    tokens: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


def conditioning(loaded: Loaded, positive: str, negative: str, clip_skip: int = 1) -> tuple[Tensor, Tensor]:
    """Embeddings of both prompts, each (1, chunks * 77, width) with the same number of chunks, on the model's device.

    `clip_skip` counts as A1111 does: 1 takes the last layer, 2 the one before; too many means the first.
    """
    sides = [chunks(loaded.tokenizer, text, _length(loaded)) for text in (positive, negative)]
    longest = max(map(len, sides))
    first, second = (
        torch.cat([_embed(loaded, chunk, clip_skip) for chunk in side + [Chunk()] * (longest - len(side))], dim=1)
        for side in sides
    )
    return first, second


def chunks(tokenizer: Any, text: str, length: int = 75) -> list[Chunk]:
    """The prompt cut into chunks of at most `length` tokens; at least one, which may be empty."""
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    done: list[Chunk] = []
    chunk = Chunk()
    for words, weight in grammar.attention(text.encode("utf-8", "replace").decode()):  # half an emoji is no text
        if words == "BREAK" and weight == -1:
            done.append(chunk)
            chunk = Chunk()
            continue
        for token in tokenizer(words, add_special_tokens=False, verbose=False).input_ids:
            if len(chunk.tokens) == length:
                rest = Chunk() if token == comma else _split(chunk, comma)
                done.append(chunk)
                chunk = rest
            chunk.tokens.append(token)
            chunk.weights.append(weight)
    return [*done, chunk] if chunk.tokens or not done else done


def _split(chunk: Chunk, comma: int) -> Chunk:
    """Takes off what follows the last comma of a full chunk, where that is near the end."""
    for back in range(min(BACKTRACK, len(chunk.tokens))):
        at = len(chunk.tokens) - back
        if chunk.tokens[at - 1] == comma:
            rest = Chunk(chunk.tokens[at:], chunk.weights[at:])
            del chunk.tokens[at:], chunk.weights[at:]
            return rest
    return Chunk()


def _length(loaded: Loaded) -> int:
    return min(int(loaded.tokenizer.model_max_length), int(loaded.text_encoder.config.max_position_embeddings)) - 2


@torch.no_grad()
def _embed(loaded: Loaded, chunk: Chunk, clip_skip: int) -> Tensor:
    key = (tuple(chunk.tokens), tuple(chunk.weights), clip_skip, loaded.active)
    if key in loaded.embeddings:
        loaded.embeddings.move_to_end(key)
        return loaded.embeddings[key]
    room = _length(loaded) - len(chunk.tokens)
    tokenizer = loaded.tokenizer
    ids = [tokenizer.bos_token_id, *chunk.tokens, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * room]
    states = _states(loaded, torch.tensor([ids], device=loaded.device), clip_skip)
    weighted = _weigh(states, [1.0, *chunk.weights, 1.0, *[1.0] * room])
    loaded.embeddings[key] = weighted
    while len(loaded.embeddings) > KEPT:
        loaded.embeddings.popitem(last=False)
    return weighted


def _states(loaded: Loaded, ids: Tensor, clip_skip: int) -> Tensor:
    encoder = loaded.text_encoder
    if clip_skip <= 1:
        states: Tensor = encoder(ids)[0]
        return states
    hidden = encoder(ids, output_hidden_states=True).hidden_states
    # transformers 5.6 took the `text_model` level away.
    norm = getattr(encoder, "text_model", encoder).final_layer_norm
    normed: Tensor = norm(hidden[-min(clip_skip, len(hidden) - 1)])
    return normed


def _weigh(states: Tensor, weights: list[float]) -> Tensor:
    """Each token's vector times its weight, then the chunk scaled so that its mean is what it was."""
    if all(weight == 1.0 for weight in weights):
        return states
    plain = states.float()
    scaled = plain * torch.tensor(weights, device=states.device)[None, :, None]
    before, after = plain.mean().item(), scaled.mean().item()
    spread = plain.std().item()
    if min(abs(before), abs(after)) > FAINT * spread and RATIOS[0] < before / after < RATIOS[1]:
        scaled = scaled * (before / after)
    return scaled.to(states.dtype)
