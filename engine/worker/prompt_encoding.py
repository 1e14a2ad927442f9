"""Prompts as embeddings: A1111 weights, 75-token chunks with BREAK and the comma rule, AND, schedules, clip skip.

With all weights 1 and at most 75 tokens the result is, bit for bit, that of diffusers' pipeline. SDXL reads a prompt
with two encoders, the last layer but one of each, and wants a summary of it too: that of the first chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from engine.adapters import embeddings
from engine.adapters.embeddings import Token
from engine.files.catalog import Companion
from engine.models.loaded import Loaded
from engine.pixels.region_map import RegionArea
from prompts import clip_tokens, grammar
from prompts.errors import Refusal

BACKTRACK = 20  # a comma among so many last tokens of a full chunk ends it there
MAX_TEXTS = 8  # texts joined by AND: each takes a place in every UNet call
KEPT = 64  # chunks remembered per model: the same negative comes with nearly every prompt
# Restoring the mean divides by the new one. Below this share of the spread it is noise, and outside these
# ratios the division would blow the chunk up or wipe it out instead of restoring it.
FAINT, RATIOS = 1e-3, (0.1, 10.0)


@dataclass(slots=True)
class Chunk:
    """The words between two BREAKs, or as much of them as fits: token ids and a weight for each."""

    tokens: list[Token] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Conditioning:
    """One text of a prompt as the UNet takes it: how much it counts among those that AND joins, and its embeddings,
    each (1, chunks * 77, width) with the last step that sees it, counted from 1. `pooled`, for SDXL, is the summary
    of each entry, (1, width). `empty` stands with a negative that is to act across the words only (Perp-Neg): no words
    at all. `regions` are areas with the texts that are for them (engine/worker/regional.py), in which this one keeps
    its `share` (0…1)."""

    weight: float
    entries: tuple[tuple[int, Tensor], ...]
    pooled: tuple[Tensor, ...] = ()
    aesthetic: float = 6.0  # what the refiner is told of the picture: 2.5 for what it is to avoid
    empty: Conditioning | None = None
    regions: tuple[tuple[RegionArea, Conditioning], ...] = ()
    share: float = 0.0

    def at(self, step: int) -> Tensor:
        """The embeddings for a step, counted from 1."""
        if len(self.entries) == 1:
            return self.entries[0][1]
        return next((embeddings for end, embeddings in self.entries if step <= end), self.entries[-1][1])

    def pooled_at(self, step: int) -> Tensor:
        """The summary for a step, counted from 1."""
        ends = [end for end, _ in self.entries]
        return self.pooled[next((index for index, end in enumerate(ends) if step <= end), -1)]

    @property
    def length(self) -> int:
        """The tokens of its embeddings, the same at every step."""
        return self.entries[0][1].shape[1]


def embed(loaded: Loaded, positive: str, negative: str, clip_skip: int = 1) -> tuple[Tensor, Tensor]:
    """Embeddings of both texts, each (1, chunks * 77, width) with the same number of chunks, on the model's device.

    The texts are read without AND and schedules; `conditionings` reads those. `clip_skip` counts as A1111 does: 1 takes
    the last layer, 2 the one before; too many means the first.
    """
    encoded = _encoded(loaded, (positive, negative), clip_skip)
    return encoded[positive][0], encoded[negative][0]


def conditionings(
    loaded: Loaded, positive: str, negative: str, steps: int, clip_skip: int = 1
) -> tuple[tuple[Conditioning, ...], Conditioning]:
    """The texts of the positive prompt that AND joins and the negative, encoded for each of so many steps, all with
    the same number of chunks.

    In a negative prompt AND is a word, as in A1111. Raises Refusal for too many texts.
    """
    texts = joined(positive)
    if len(texts) > MAX_TEXTS:
        raise Refusal("prompt.too_many_parts", count=len(texts), limit=MAX_TEXTS)
    schedules = [(weight, grammar.schedule(text, steps)) for text, weight in (*texts, (negative, 1.0))]
    encoded = _encoded(loaded, (text for _, schedule in schedules for _, text in schedule), clip_skip)
    *wanted, unwanted = (
        Conditioning(
            weight,
            tuple((end, encoded[text][0]) for end, text in schedule),
            tuple(pooled for _, text in schedule if (pooled := encoded[text][1]) is not None),
        )
        for weight, schedule in schedules
    )
    if loaded.blank_negative and not negative.strip():
        unwanted = blank(unwanted)
    return tuple(wanted), replace(unwanted, aesthetic=2.5)


def added(
    loaded: Loaded, wanted: Sequence[Conditioning], step: int, height: int, width: int
) -> dict[str, Tensor] | None:
    """SDXL's added conditions of each text at a step, for a picture of so many pixels: the summary, and the
    size before and after cropping. None for other models."""
    if loaded.unet.config.addition_embed_type != "text_time":
        return None
    # The pipelines' own values: the picture was as large as it will be, and nothing was cut off.
    told = [height, width, 0, 0]
    rest = (lambda one: [one.aesthetic]) if loaded.model.family == "refiner" else (lambda one: [height, width])
    times = torch.tensor([[*told, *rest(one)] for one in wanted], dtype=loaded.dtype, device=loaded.device)
    return {"text_embeds": torch.cat([one.pooled_at(step) for one in wanted]), "time_ids": times}


def blank(text: Conditioning) -> Conditioning:
    """Zeros, which SDXL was trained to read where there are no words."""
    entries = tuple((end, torch.zeros_like(embeddings)) for end, embeddings in text.entries)
    return replace(text, entries=entries, pooled=tuple(map(torch.zeros_like, text.pooled)))


def joined(text: str) -> list[tuple[str, float]]:
    """The texts that AND joins, each with its weight. A text without AND is taken whole, unlike in A1111: in "a clock
    at 12:30" the 30 is no weight."""
    found = grammar.multicond(text)
    return found if len(found) > 1 else [(text, 1.0)]


def _encoded(loaded: Loaded, texts: Iterable[str], clip_skip: int) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Every distinct text once, padded with empty chunks to the longest of all; and its first chunk's summary."""
    cut = {text: chunks(loaded.encoders[0][0], text, room(loaded), loaded.concepts) for text in dict.fromkeys(texts)}
    longest = max(map(len, cut.values()))
    found = {}
    for text, own in cut.items():
        conditionings = [_embed(loaded, chunk, clip_skip) for chunk in own + [Chunk()] * (longest - len(own))]
        found[text] = torch.cat([states for states, _ in conditionings], dim=1), conditionings[0][1]
    return found


def chunks(
    tokenizer: Any,
    text: str,
    length: int = 75,
    concepts: Mapping[str, Companion] = MappingProxyType({}),
    emphasis: str | None = None,
) -> list[Chunk]:
    """The prompt cut into chunks of at most `length` tokens; at least one, which may be empty. `concepts` are the
    embeddings that it may name, by their names in small letters; one that does not fit begins a chunk. With an
    `emphasis` (one of A1111's) it is cut to the token as A1111 does."""
    comma = tokenizer.convert_tokens_to_ids(",</w>")
    done: list[Chunk] = []
    chunk = Chunk()
    text = text.encode("utf-8", "replace").decode()  # half an emoji is no text
    leaves = [(text, 1.0)] if emphasis == "None" else grammar.attention(text, exact=emphasis is not None)
    for said, weight in leaves:
        if said == "BREAK" and weight == -1:
            done.append(chunk)
            chunk = Chunk()
            continue
        for piece, named in clip_tokens.pieces(said, concepts):
            if named:
                places = embeddings.places(concepts[piece])
                if emphasis is not None and len(chunk.tokens) == length:
                    rest = _split(chunk, comma)
                    done.append(chunk)
                    chunk = rest
                if len(chunk.tokens) + len(places) > length:
                    done.append(chunk)
                    chunk = Chunk()
                chunk.tokens += places
                chunk.weights += [weight] * len(places)
                continue
            for token in tokenizer(piece, add_special_tokens=False, verbose=False).input_ids:
                if len(chunk.tokens) == length:
                    rest = Chunk() if token == comma else _split(chunk, comma)
                    done.append(chunk)
                    chunk = rest
                chunk.tokens.append(token)
                chunk.weights.append(weight)
    return [*done, chunk] if chunk.tokens or not done else done


def _split(chunk: Chunk, comma: int) -> Chunk:
    """Take off the tokens behind the last comma of a full chunk, where that is near the end."""
    for back in range(min(BACKTRACK, len(chunk.tokens))):
        at = len(chunk.tokens) - back
        if chunk.tokens[at - 1] == comma:
            rest = Chunk(chunk.tokens[at:], chunk.weights[at:])
            del chunk.tokens[at:], chunk.weights[at:]
            return rest
    return Chunk()


def room(loaded: Loaded) -> int:
    """The tokens that a chunk has room for."""
    return min(
        min(int(tokenizer.model_max_length), int(encoder.config.max_position_embeddings)) - 2
        for tokenizer, encoder in loaded.encoders
    )


def _embed(loaded: Loaded, chunk: Chunk, clip_skip: int) -> tuple[Tensor, Tensor | None]:
    """The embeddings of a chunk, those of two encoders side by side, and its summary where the model wants one."""
    key = (tuple(chunk.tokens), tuple(chunk.weights), clip_skip, loaded.active)
    if key in loaded.embeddings:
        loaded.embeddings.move_to_end(key)
        return loaded.embeddings[key]
    weights = [1.0, *chunk.weights, 1.0, *[1.0] * (room(loaded) - len(chunk.tokens))]
    read, pooled = sides(loaded, chunk, clip_skip)
    # The mean that A1111 restores is no measure of SDXL's states, which come before the last normalisation.
    weighed = [_weigh(states, weights, keep_mean=loaded.text_encoder_2 is None) for states in read]
    return remember(loaded, key, (torch.cat(weighed, dim=-1), pooled))


def remember(loaded: Loaded, key: tuple[Any, ...], found: tuple[Tensor, Tensor | None]) -> tuple[Tensor, Tensor | None]:
    """What was found, kept with the model as one of its latest chunks."""
    loaded.embeddings[key] = found
    while len(loaded.embeddings) > KEPT:
        loaded.embeddings.popitem(last=False)
    return found


@torch.no_grad()
def sides(loaded: Loaded, chunk: Chunk, clip_skip: int) -> tuple[list[Tensor], Tensor | None]:
    """What each encoder says of a chunk, whatever its words weigh, and its summary where the model wants one."""
    left = room(loaded) - len(chunk.tokens)
    plain = [0 if isinstance(token, embeddings.Vector) else token for token in chunk.tokens]
    read: list[Tensor] = []
    pooled = None
    for tokenizer, encoder in loaded.encoders:
        ids = [tokenizer.bos_token_id, *plain, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * left]
        with embeddings.standing(loaded, encoder, chunk.tokens):
            if loaded.text_encoder_2 is None:
                states = last_states(encoder, torch.tensor([ids], device=loaded.device), clip_skip)
            else:
                states, pooled = last_states_xl(encoder, torch.tensor([ids], device=loaded.device), clip_skip)
        read.append(states)
    return read, pooled


def last_states(encoder: Any, ids: Tensor, clip_skip: int) -> Tensor:
    if clip_skip <= 1:
        states: Tensor = encoder(ids)[0]
        return states
    hidden = encoder(ids, output_hidden_states=True).hidden_states
    # transformers 5.6 took the `text_model` level away.
    norm = getattr(encoder, "text_model", encoder).final_layer_norm
    normed: Tensor = norm(hidden[-min(clip_skip, len(hidden) - 1)])
    return normed


def last_states_xl(encoder: Any, ids: Tensor, clip_skip: int) -> tuple[Tensor, Tensor]:
    """The states of the last layer but one, which SDXL was trained with whatever A1111's clip skip of 1 or 2 says,
    or of an earlier one; and the first of the encoder's answers: of the second encoder, its summary."""
    output = encoder(ids, output_hidden_states=True)
    hidden = output.hidden_states
    return hidden[-min(max(clip_skip, 2), len(hidden) - 1)], output[0]


def _weigh(states: Tensor, weights: list[float], keep_mean: bool) -> Tensor:
    """Each token's vector times its weight, then with `keep_mean` the chunk scaled so that its mean is what it was."""
    if all(weight == 1.0 for weight in weights):
        return states
    plain = states.float()
    scaled = plain * torch.tensor(weights, device=states.device)[None, :, None]
    if not keep_mean:
        return scaled.to(states.dtype)
    before, after = plain.mean().item(), scaled.mean().item()
    spread = plain.std().item()
    if min(abs(before), abs(after)) > FAINT * spread and RATIOS[0] < before / after < RATIOS[1]:
        scaled = scaled * (before / after)
    return scaled.to(states.dtype)
