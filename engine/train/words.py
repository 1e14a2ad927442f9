"""What is said of each picture, and how the text encoders read it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from engine.models.loaded import Loaded
from engine.train.dice import Purpose, dice
from engine.training_plan import TrainingPicture, TrainingPlan
from engine.worker.prompt_encoding import Chunk, chunks, last_states, last_states_xl, room

ORDERS = 8  # in which the tags of a picture come; each is read once where the encoders learn nothing
KEPT = 4096  # texts that are remembered as they were read


def said(plan: TrainingPlan, picture: TrainingPicture, place: Sequence[int]) -> str:
    """What is said of a picture at one place of the training: nothing at all now and then, so that guidance has
    something to lead away from, else its tags, the first of them where they are and the others in some order."""
    random = dice(plan.seed, Purpose.WORDS, *place)
    if random.random() < plan.dropout:
        return ""
    tags = [tag.strip() for tag in picture.caption.split(",") if tag.strip()]
    if not plan.shuffled or len(tags) <= plan.kept_tags + 1:
        return ", ".join(tags)
    kept, rest = tags[: plan.kept_tags], tags[plan.kept_tags :]
    turn = int(random.integers(ORDERS))
    order = dice(plan.seed, Purpose.WORDS, int(picture.hash[:8], 16), turn).permutation(len(rest))
    return ", ".join([*kept, *(rest[at] for at in order)])


class Reader:
    """Captions as a model's text encoders read them: every sign a word, and nothing weighed, whatever it would mean in
    a prompt. `encoders` take the place of the model's own, by the names of the parts, and are learnt with."""

    def __init__(self, loaded: Loaded, encoders: Mapping[str, Any]) -> None:
        self._loaded = loaded
        self._learning = bool(encoders)
        first = encoders.get("text_encoder", loaded.text_encoder)
        second = encoders.get("text_encoder_2", loaded.text_encoder_2)
        self._encoders = [
            (tokenizer, encoder)
            for (tokenizer, _), encoder in zip(loaded.encoders, filter(None, (first, second)), strict=True)
        ]
        self._read: OrderedDict[str, list[tuple[Tensor, Tensor | None]]] = OrderedDict()

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        """The states of texts, (n, chunks * 77, width), all as long as the longest, and for SDXL their summaries,
        (n, width)."""
        read = [self._chunks(text) for text in texts]
        longest = max(map(len, read))
        if any(len(own) < longest for own in read):
            blank = self._one(Chunk())
            read = [own + [blank] * (longest - len(own)) for own in read]
        states = torch.cat([torch.cat([chunk for chunk, _ in own], dim=1) for own in read])
        pooled = [own[0][1] for own in read]
        return states, torch.cat([one for one in pooled if one is not None]) if pooled[0] is not None else None

    def _chunks(self, text: str) -> list[tuple[Tensor, Tensor | None]]:
        if self._learning:
            return [self._one(chunk) for chunk in self._cut(text)]
        if text not in self._read:
            self._read[text] = [self._one(chunk) for chunk in self._cut(text)]
            while len(self._read) > KEPT:
                self._read.popitem(last=False)
        return self._read[text]

    def _cut(self, text: str) -> list[Chunk]:
        return chunks(self._encoders[0][0], text, room(self._loaded), emphasis="None")

    def _one(self, chunk: Chunk) -> tuple[Tensor, Tensor | None]:
        left = room(self._loaded) - len(chunk.tokens)
        read: list[Tensor] = []
        pooled = None
        with nullcontext() if self._learning else torch.no_grad():
            for tokenizer, encoder in self._encoders:
                ids = [tokenizer.bos_token_id, *chunk.tokens, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * left]
                told = torch.tensor([ids], device=self._loaded.device)
                if len(self._encoders) == 1 and self._loaded.text_encoder_2 is None:
                    read.append(last_states(encoder, told, 1))
                else:
                    states, pooled = last_states_xl(encoder, told, 1)
                    read.append(states)
        return torch.cat(read, dim=-1), pooled
