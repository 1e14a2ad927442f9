"""What is said of each picture, and how the text encoders read it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.adapters.embeddings import Vector
from engine.files.catalog import Companion
from engine.models.loaded import Loaded
from engine.train.dice import Purpose, dice
from engine.training_plan import TrainingPicture, TrainingPlan
from engine.worker.prompt_encoding import Chunk, chunks, last_states, last_states_xl, room

ORDERS = 8  # in which the tags of a picture come; each is read once where the encoders learn nothing
KEPT = 256 * 2**20  # bytes of texts that are remembered as they were read: those of 200 pictures in all their orders


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


@dataclass(frozen=True, slots=True, eq=False)
class LearntWord:
    """A word that stands for vectors which are being learnt, (count, width) of each encoder."""

    word: str
    vectors: tuple[nn.Parameter, ...]


class Reader:
    """Captions as a model's text encoders read them: every sign a word, and nothing weighed, whatever it would mean in
    a prompt. `encoders` take the place of the model's own, by the names of the parts; with `learning` they are learnt
    with. A `learnt` word is read as its vectors."""

    def __init__(
        self, loaded: Loaded, encoders: Mapping[str, Any], learnt: LearntWord | None = None, *, learning: bool = True
    ) -> None:
        self._loaded, self._learnt = loaded, learnt
        self._learning = learning and bool(encoders)
        first = encoders.get("text_encoder", loaded.text_encoder)
        second = encoders.get("text_encoder_2", loaded.text_encoder_2)
        self._encoders = [
            (tokenizer, encoder)
            for (tokenizer, _), encoder in zip(loaded.encoders, filter(None, (first, second)), strict=True)
        ]
        self._read: OrderedDict[str, list[tuple[Tensor, Tensor | None]]] = OrderedDict()
        self._bytes = 0
        # As prompts will name it; where its vectors lie is nobody's business yet.
        self._concepts = {}
        if learnt is not None:
            count = len(learnt.vectors[0])
            word = learnt.word.casefold()
            self._concepts[word] = Companion("embedding", word, loaded.model.path, vectors=count)

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        """The states of texts, (n, chunks * 77, width), all as long as the longest, and for SDXL their summaries,
        (n, width)."""
        read = [self._chunks(text) for text in texts]
        longest = max(map(len, read))
        if any(len(own) < longest for own in read):
            blank = self._one(Chunk())
            read = [own + [blank] * (longest - len(own)) for own in read]
        device = self._loaded.device
        states = torch.cat([torch.cat([chunk.to(device) for chunk, _ in own], dim=1) for own in read])
        pooled = [own[0][1] for own in read]
        summaries = [one.to(device) for one in pooled if one is not None]
        return states, torch.cat(summaries) if summaries else None

    def _chunks(self, text: str) -> list[tuple[Tensor, Tensor | None]]:
        if text in self._read:
            return self._read[text]
        cut = self._cut(text)
        read = [self._one(chunk) for chunk in cut]
        if not self._learning and not any(_named(chunk) for chunk in cut):
            # In main memory: on a card there is no room for all that is ever said.
            kept = [(states.cpu(), None if pooled is None else pooled.cpu()) for states, pooled in read]
            self._read[text] = kept
            self._bytes += _bytes(kept)
            while self._bytes > KEPT and len(self._read) > 1:
                self._bytes -= _bytes(self._read.popitem(last=False)[1])
        return read

    def _cut(self, text: str) -> list[Chunk]:
        return chunks(self._encoders[0][0], text, room(self._loaded), self._concepts, emphasis="None")

    def _one(self, chunk: Chunk) -> tuple[Tensor, Tensor | None]:
        left = room(self._loaded) - len(chunk.tokens)
        plain = [0 if isinstance(token, Vector) else token for token in chunk.tokens]
        read: list[Tensor] = []
        pooled = None
        with nullcontext() if self._learning or _named(chunk) else torch.no_grad():
            for place, (tokenizer, encoder) in enumerate(self._encoders):
                ids = [tokenizer.bos_token_id, *plain, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * left]
                told = torch.tensor([ids], device=self._loaded.device)
                with self._standing(place, encoder, chunk):
                    if len(self._encoders) == 1 and self._loaded.text_encoder_2 is None:
                        read.append(last_states(encoder, told, 1))
                    else:
                        states, pooled = last_states_xl(encoder, told, 1)
                        read.append(states)
        return torch.cat(read, dim=-1), pooled

    @contextmanager
    def _standing(self, encoder_place: int, encoder: Any, chunk: Chunk) -> Iterator[None]:
        """While it holds, an encoder reads the vectors where the learnt word stands in a chunk."""
        if self._learnt is None or not _named(chunk):
            yield
            return
        vectors = self._learnt.vectors[encoder_place]
        rows = {place: token.row for place, token in enumerate(chunk.tokens, 1) if isinstance(token, Vector)}

        def put(layer: object, inputs: object, output: Tensor) -> Tensor:
            output = output.clone()
            for place, row in rows.items():
                output[:, place] = vectors[row].to(output)
            return output

        hook = encoder.get_input_embeddings().register_forward_hook(put)
        try:
            yield
        finally:
            hook.remove()


def _named(chunk: Chunk) -> bool:
    return any(isinstance(token, Vector) for token in chunk.tokens)


def _bytes(read: Sequence[tuple[Tensor, Tensor | None]]) -> int:
    return sum(one.nbytes for both in read for one in both if one is not None)
