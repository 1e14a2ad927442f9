"""A textual inversion for the built-in model: one word vector that means spoiled pictures, for the negative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from engine.demo import captions, composer
from engine.demo.lesson import Lesson, noisy
from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale

NAME = "demo-flaws"
WORD = "\u2603"  # stands in captions for the new word
BATCH = 16
# It is for the negative, where what blurs helps most. Taught each alike, one vector learns the grain alone.
SHARES = {"blurry": 0.7, "jpeg": 0.15, "grainy": 0.15}


class LearnedVector(nn.Module):
    """A word vector, put wherever a token stands in what the table gives."""

    def __init__(self, token: int, start: Tensor) -> None:
        super().__init__()
        self.token = token
        self.vector = nn.Parameter(start.clone())

    def forward(self, table: nn.Module, ids: tuple[Tensor, ...], vectors: Tensor) -> Tensor:
        return torch.where((ids[0] == self.token)[..., None], self.vector, vectors)


def train(lesson: Lesson, scale: Scale, folder: Path, note: Callable[[str], None]) -> Path:
    """The file with the embedding, as AUTOMATIC1111 and diffusers read it (`emb_params`, one row)."""
    (token,) = lesson.tokens.tokenizer(WORD, add_special_tokens=False).input_ids[-1:]
    table = lesson.encoder.get_input_embeddings()
    begin = lesson.tokens.tokenizer("blurry", add_special_tokens=False).input_ids[-1]
    vector = LearnedVector(token, table.weight[begin])
    training = Trainee(vector, rate=0.0, plain_rate=0.02, plain=("vector",), average=0.95)
    hook = table.register_forward_hook(vector)
    seen = 1.0
    for step in range(scale.embedding_steps):
        random = np.random.default_rng((scale.seed, 6, step))
        flaws = random.choice(list(SHARES), BATCH, p=list(SHARES.values()))
        thrown = [
            replace(one, flaw=str(flaw))
            for one, flaw in zip(lesson.compositions(scale, BATCH, random), flaws, strict=True)
        ]
        pictures = np.stack([composer.draw(one, lesson.cutouts) for one in thrown])
        named = [captions.caption(replace(one, flaw=""), lesson.things, random) for one in thrown]
        words = lesson.words([((WORD, 1.0), (", ", 1.0), *pieces) for pieces in named])
        latents, times, noise = noisy(pictures, random)
        with fast(latents.device):
            found = lesson.unet(latents, times, words, return_dict=False)[0]
        loss = functional.mse_loss(found.float(), noise)
        training.update(loss, rate_share(step, scale.embedding_steps, warm=5))
        seen = 0.95 * seen + 0.05 * loss.item()
        if step % 20 == 19:
            note(f"{NAME} {step + 1}/{scale.embedding_steps} loss {seen:.4f}")
    hook.remove()
    training.settle()
    save_file({"emb_params": vector.vector.detach().half()[None]}, folder / f"{NAME}.safetensors")
    return folder / f"{NAME}.safetensors"
