"""Textual inversion: vectors that stand for a word are all that is learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.adapters.embeddings import NAMES
from engine.errors import BadPlan
from engine.models.loaded import Loaded
from engine.models.twin import twin
from engine.train.dice import Purpose, dice, normal
from engine.train.pupil import TEXT, asked, settled, spare
from engine.train.words import LearntWord, Reader
from engine.training_plan import TrainingPlan

ALONE = "emb_params"  # what a file's vectors are called that are for one encoder
STARTS = {"thing": "object", "person": "person", "style": "art"}  # what the vectors are at first, by kind
APART = 0.01  # how far they begin from that, in the spread of all words: alike they would learn alike


class InversionPupil:
    """Vectors for the trigger of a plan, learnt through text encoders and a UNet that stay as they are."""

    def __init__(self, loaded: Loaded, plan: TrainingPlan) -> None:
        self._loaded, self._plan = loaded, plan
        settled(loaded)
        encoders = {part: twin(own) for part in TEXT if (own := getattr(loaded, part)) is not None}
        self._unet = twin(loaded.unet)
        for network in (self._unet, *encoders.values()):
            network.requires_grad_(False)
        spare(self._unet, loaded)
        names = NAMES if len(encoders) > 1 else (ALONE,)
        made = [
            nn.Parameter(_begun(tokenizer, encoder, plan, place).to(loaded.device))
            for place, ((tokenizer, _), encoder) in enumerate(zip(loaded.encoders, encoders.values(), strict=True))
        ]
        self.weights: dict[str, dict[str, nn.Parameter]] = {"vectors": dict(zip(names, made, strict=True))}
        self._read = Reader(loaded, encoders, LearntWord(plan.trigger, tuple(made)), learning=False)

    def rates(self) -> list[tuple[list[nn.Parameter], float]]:
        """As Pupil has it."""
        return [(list(self.weights["vectors"].values()), self._plan.unet_rate)]

    def found(
        self, latents: Tensor, times: Tensor, texts: Sequence[str], sizes: Tensor, maps: Tensor | None = None
    ) -> Tensor:
        """As Pupil has it; of texts without the word nothing is learnt, and all gradients are 0."""
        found = asked(self._loaded, self._unet, self._read(texts), latents, times, sizes)
        return found + sum(0.0 * one.sum() for one in self.weights["vectors"].values())

    def stepped(self) -> None:
        """Nothing."""

    def tensors(self) -> Mapping[str, Tensor]:
        """The vectors as A1111 and ComfyUI read them: (count, width), in float32."""
        return {name: weight.detach().to("cpu", torch.float32) for name, weight in self.weights["vectors"].items()}


def _begun(tokenizer: Any, encoder: Any, plan: TrainingPlan, place: int) -> Tensor:
    """The vectors at first: those of the words that they start as, over and over."""
    word = plan.start or STARTS[plan.kind]
    ids = tokenizer(word, add_special_tokens=False, verbose=False).input_ids
    if not ids:
        raise BadPlan(f"{word!r} is no word to start with", "train.start", word=word[:40])
    table: Tensor = encoder.get_input_embeddings().weight.detach().float().cpu()
    own = table[[ids[row % len(ids)] for row in range(plan.vectors)]]
    return own + APART * table.std() * normal(dice(plan.seed, Purpose.WEIGHTS, place), own.shape)
