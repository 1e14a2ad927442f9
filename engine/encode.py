"""Prompts as embeddings: A1111 weights, 75-token chunks with BREAK and the comma rule, AND, schedules, clip skip.

With all weights 1 and at most 75 tokens the result is, bit for bit, that of diffusers' pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from engine.models import Loaded
from prompts import grammar
from prompts.errors import Refusal

BACKTRACK = 20  # a comma among so many last tokens of a full chunk ends it there
MAX_PARTS = 8  # texts joined by AND: each takes a place in every UNet call
KEPT = 64  # chunks remembered per model: the same negative comes with nearly every prompt
# Restoring the mean divides by the new one. Below this share of the spread it is noise, and outside these
# ratios the division would blow the chunk up or wipe it out instead of restoring it.
FAINT, RATIOS = 1e-3, (0.1, 10.0)


@dataclass(slots=True)
class Chunk:
    """The words between two BREAKs, or as much of them as fits: token ids and a weight for each."""

    tokens: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a prompt as the UNet takes it: how much it counts among those that AND joins, and its embeddings,
    each (1, chunks * 77, width) with the last step that sees it, counted from 1."""

    weight: float
    entries: tuple[tuple[int, Tensor], ...]

    def at(self, step: int) -> Tensor:
        """The embeddings for a step, counted from 1."""
        return next((embeddings for end, embeddings in self.entries if step <= end), self.entries[-1][1])

    @property
    def length(self) -> int:
        """The tokens of its embeddings, the same at every step."""
        return self.entries[0][1].shape[1]


def conditioning(loaded: Loaded, positive: str, negative: str, clip_skip: int = 1) -> tuple[Tensor, Tensor]:
    """Embeddings of both texts, each (1, chunks * 77, width) with the same number of chunks, on the model's device.

    The texts are read without AND and schedules; `parts` reads those. `clip_skip` counts as A1111 does: 1 takes the
    last layer, 2 the one before; too many means the first.
    """
    encoded = _encoded(loaded, (positive, negative), clip_skip)
    return encoded[positive], encoded[negative]


def parts(
    loaded: Loaded, positive: str, negative: str, steps: int, clip_skip: int = 1
) -> tuple[tuple[Part, ...], Part]:
    """What the UNet takes at each of so many steps: the parts of the positive prompt and that of the negative, all
    with the same number of chunks.

    In a negative prompt AND is a word, as in A1111. Raises Refusal for too many parts.
    """
    texts = joined(positive)
    if len(texts) > MAX_PARTS:
        raise Refusal("prompt.too_many_parts", count=len(texts), limit=MAX_PARTS)
    schedules = [(weight, grammar.schedule(text, steps)) for text, weight in (*texts, (negative, 1.0))]
    encoded = _encoded(loaded, (text for _, schedule in schedules for _, text in schedule), clip_skip)
    *wanted, unwanted = (
        Part(weight, tuple((end, encoded[text]) for end, text in schedule)) for weight, schedule in schedules
    )
    return tuple(wanted), unwanted


def joined(text: str) -> list[tuple[str, float]]:
    """The texts that AND joins, each with its weight. A text without AND is taken whole, unlike in A1111: in "a clock
    at 12:30" the 30 is no weight."""
    found = grammar.multicond(text)
    return found if len(found) > 1 else [(text, 1.0)]


def _encoded(loaded: Loaded, texts: Iterable[str], clip_skip: int) -> dict[str, Tensor]:
    """Every distinct text once, padded with empty chunks to the longest of all."""
    cut = {text: chunks(loaded.tokenizer, text, _length(loaded)) for text in dict.fromkeys(texts)}
    longest = max(map(len, cut.values()))
    return {
        text: torch.cat([_embed(loaded, chunk, clip_skip) for chunk in own + [Chunk()] * (longest - len(own))], dim=1)
        for text, own in cut.items()
    }


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
