"""A1111's emphasis, and the rest of its way from a prompt to what the UNet is given.

What differs from ours (engine/worker/prompt_encoding.py): weights count however faint the mean is that they are held
against, and count for both of SDXL's encoders; the texts of one schedule are weighed together; a number behind the last
colon is a weight also where there is no AND; texts of different length are not filled up with empty chunks, but those
that AND joins with their last vector; changes are counted in calls, from 0, and in a second pass go on from the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.models.loaded import Loaded
from engine.recipe import A1111
from engine.worker import prompt_encoding
from engine.worker.prompt_encoding import MAX_TEXTS, Chunk, Conditioning
from prompts import grammar
from prompts.errors import Refusal

ORIGINAL, NO_NORM, IGNORE, NONE = EMPHASES = ("Original", "No norm", "Ignore", "None")
XL_SKIP, PLAIN_SKIP = 2, 1  # the layers that SDXL and SD 2 are read at, whatever clip skip says
EVER = 2**31  # a call that no sampler comes to


@dataclass(frozen=True, slots=True)
class Calls:
    """The UNet calls that a prompt's changes are counted in: those of this pass, and of the one before it (0: this is
    the first). The `old` way counts the second pass by the steps of the first, and as it counts them."""

    own: int
    before: int = 0
    old: bool = False


def conditionings(
    loaded: Loaded, positive: str, negative: str, calls: Calls, clip_skip: int, emphasis: str
) -> tuple[tuple[Conditioning, ...], Conditioning]:
    """As prompt_encoding's, but in A1111's way, and for each UNet call instead of each step. The texts of the positive
    prompt have one length; the negative may have another. Raises Refusal for too many texts or an unknown emphasis."""
    if emphasis not in EMPHASES:
        raise Refusal("option.bad_value", option="emphasis", value=emphasis)
    if emphasis == ORIGINAL and loaded.model.builtin:
        # Its encoder's vectors have a mean of nothing, which cannot be restored: "(red:1.2) fox" would be noise.
        emphasis = NO_NORM
    texts = grammar.multicond(positive)
    if len(texts) > MAX_TEXTS:
        raise Refusal("prompt.too_many_parts", count=len(texts), limit=MAX_TEXTS)
    layer = _layer(loaded, clip_skip)
    *wanted, unwanted = (
        replace(_scheduled(loaded, text, calls, layer, emphasis), weight=weight)
        for text, weight in (*texts, (negative, 1.0))
    )
    if loaded.text_encoder_2 is not None and not negative:
        unwanted = prompt_encoding.blank(unwanted)
    longest = max(one.length for one in wanted)
    return tuple(_lengthened(one, longest) for one in wanted), replace(unwanted, aesthetic=2.5)


def guides(positive: str) -> bool:
    """Whether the texts are mixed with weights, so that the negative counts even without guidance."""
    return [weight for _, weight in grammar.multicond(positive)] != [1.0]


def _layer(loaded: Loaded, clip_skip: int) -> int:
    """The layer that is read, counted from the last: A1111 lets clip skip choose that of SD 1.x alone."""
    if loaded.text_encoder_2 is not None:
        return XL_SKIP
    return PLAIN_SKIP if loaded.model.family == "sd2" else clip_skip


def _scheduled(loaded: Loaded, text: str, calls: Calls, layer: int, emphasis: str) -> Conditioning:
    """A text with its changes. A1111 takes the first entry that does not end before the number of calls made, so that
    one holds for a call more than it says, and beyond the last it begins anew."""
    if calls.old:
        schedule = grammar.schedule(text, calls.before or calls.own, old=True)
    else:
        schedule = grammar.schedule(text, calls.own, calls.before)
    said = list(dict.fromkeys(text for _, text in schedule))
    encoded = dict(zip(said, _encoded(loaded, [said for _, said in schedule], said, layer, emphasis), strict=True))
    ends = [*schedule, *[(EVER, schedule[0][1])] * (len(schedule) > 1)]
    pooled = [encoded[text][1] for _, text in ends]
    return Conditioning(
        1.0,
        tuple((end, encoded[text][0]) for end, text in ends),
        tuple(one for one in pooled if one is not None),
    )


def _encoded(
    loaded: Loaded, schedule: Sequence[str], texts: Sequence[str], layer: int, emphasis: str
) -> list[tuple[Tensor, Tensor | None]]:
    """Each of the texts of a schedule, filled up with empty chunks to the longest, and its first chunk's summary. Their
    mean is restored over all entries of the schedule together, chunk by chunk."""
    size = prompt_encoding.room(loaded)
    cut = [prompt_encoding.chunks(loaded.encoders[0][0], text, size, loaded.concepts, emphasis) for text in texts]
    often = torch.tensor([schedule.count(text) for text in texts], dtype=torch.float32)
    columns: list[Tensor] = []
    pooled: list[Tensor | None] = []
    for place in range(max(map(len, cut))):
        column = [own[place] if place < len(own) else Chunk() for own in cut]
        read = [_read(loaded, chunk, layer) for chunk in column]
        weights = torch.tensor(
            [[1.0, *one.weights, 1.0, *[1.0] * (size - len(one.tokens))] for one in column], device=loaded.device
        )
        encoders = zip(*(sides for sides, _ in read), strict=True)
        columns.append(torch.cat([weighed(torch.cat(one), weights, often, emphasis) for one in encoders], dim=-1))
        pooled = pooled or [summary for _, summary in read]
    whole = torch.cat(columns, dim=1)
    return [(whole[index : index + 1], summary) for index, summary in enumerate(pooled)]


def _read(loaded: Loaded, chunk: Chunk, layer: int) -> tuple[Sequence[Tensor], Tensor | None]:
    """What each encoder says of a chunk, remembered with the model."""
    key = ("A1111", tuple(chunk.tokens), layer, loaded.active)
    if key in loaded.embeddings:
        loaded.embeddings.move_to_end(key)
        joined, pooled = loaded.embeddings[key]
    else:
        sides, pooled = prompt_encoding.sides(loaded, chunk, layer)
        joined, pooled = prompt_encoding.remember(loaded, key, (torch.cat(sides, dim=-1), pooled))
    return torch.split(joined, [encoder.config.hidden_size for _, encoder in loaded.encoders], dim=-1), pooled


def weighed(states: Tensor, weights: Tensor, often: Tensor, emphasis: str) -> Tensor:
    """The states of several chunks (n, tokens, width) with each token's vector times its weight (n, tokens), and in
    the "Original" way all of them scaled so that their mean is what it was; each counts as `often` as it stands in the
    schedule."""
    if emphasis in (IGNORE, NONE) or bool((weights == 1.0).all()):
        return states
    plain = states.float()
    scaled = plain * weights[..., None]
    if emphasis == ORIGINAL:
        shares = often.to(plain.device)
        before, after = ((shares * one.mean(dim=(1, 2))).sum() for one in (plain, scaled))
        if torch.isfinite(ratio := before / after):  # else the picture would be nothing at all
            scaled = scaled * ratio
    return scaled.to(states.dtype)


def padded(
    loaded: Loaded, positive: Sequence[Conditioning], negative: Conditioning, like: A1111, clip_skip: int
) -> tuple[tuple[Conditioning, ...], Conditioning]:
    """The texts brought to one length as `like.pad` says: "empty" puts the empty prompt behind the shorter ones, "v0"
    repeats the negative's last vector or cuts it off."""
    length = positive[0].length
    if like.pad == "v0":
        return tuple(positive), _lengthened(negative, length)
    [(empty, _)] = _encoded(loaded, [""], [""], _layer(loaded, clip_skip), like.emphasis)
    length = max(length, negative.length)
    return tuple(_filled_up(one, length, empty) for one in positive), _filled_up(negative, length, empty)


def _filled_up(text: Conditioning, length: int, empty: Tensor) -> Conditioning:
    times = (length - text.length) // empty.shape[1]
    return replace(text, entries=tuple((end, torch.cat([own, *[empty] * times], dim=1)) for end, own in text.entries))


def _lengthened(text: Conditioning, length: int) -> Conditioning:
    """The text with its last vector repeated up to so many tokens, or cut off there."""
    if text.length == length:
        return text
    entries = (
        (end, torch.cat([own, own[:, -1:].expand(-1, max(0, length - own.shape[1]), -1)], dim=1)[:, :length])
        for end, own in text.entries
    )
    return replace(text, entries=tuple(entries))
