"""The built-in model's small sibling in the layout of Stable Diffusion XL: two text encoders, pooled words, sizes.

It shares autoencoder and pictures with the built-in model and knows fewer things: enough to see that SDXL's paths draw
what they are told.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from engine.demo import export, store, text
from engine.demo.composer import Composition
from engine.demo.optimiser import Trainee, fast, rate_share
from engine.demo.scale import Scale
from engine.demo.store import Examples
from engine.demo.tokens import vocabulary
from engine.demo.unet import batch, noised, weighed

NAME = "demo-xl"
THINGS = 40  # the first so many, alone and in 3d
WIDTH = 32  # of each text encoder
CHANNELS = (32, 64, 96)
SIZES = 8  # numbers that describe each of the six sizes
CHECKPOINT, WORDS_CHECKPOINT = "sibling.pt", "sibling-words.pt"


class TwoEncoders(nn.Module):
    """Both text encoders as one: word vectors of the layer before the last (n, 77, 2 × width), pooled (n, width)."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        config = CLIPTextConfig(
            vocab_size=rows, hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=2, num_attention_heads=2,
            projection_dim=WIDTH, bos_token_id=rows - 2, eos_token_id=rows - 1, pad_token_id=rows - 1,
        )  # fmt: skip
        self.first: Any = CLIPTextModel(config)
        self.second: Any = CLIPTextModelWithProjection(config)
        for encoder in (self.first, self.second):
            nn.init.normal_(text.embedding(encoder).weight, std=0.3)

    def forward(self, input_ids: Tensor) -> tuple[Tensor, Tensor]:
        first, second = (one(input_ids=input_ids, output_hidden_states=True) for one in (self.first, self.second))
        return torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1), second.text_embeds


class Sibling(nn.Module):
    """UNet and text encoders as one module to train."""

    def __init__(self, words: TwoEncoders) -> None:
        super().__init__()
        self.unet: Any = UNet2DConditionModel(
            sample_size=16,
            block_out_channels=CHANNELS,
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=2 * WIDTH,
            attention_head_dim=4,
            norm_num_groups=8,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=SIZES,
            projection_class_embeddings_input_dim=WIDTH + 6 * SIZES,
        )
        self.encoder = words

    def forward(self, noisy: Tensor, times: Tensor, rows: Tensor, weights: Tensor, sizes: Tensor) -> Tensor:
        vectors, pooled = self.encoder(rows)
        added = {"text_embeds": pooled, "time_ids": sizes}
        found: Tensor = self.unet(
            noisy, times, vectors * weights[..., None], added_cond_kwargs=added, return_dict=False
        )[0]
        return found


def lesson(scale: Scale, run: Path) -> Examples:
    """The examples of single things in 3d among those of a run."""
    whole = store.examples(scale, run / "data")
    parts = range(max(1, scale.pictures // store.PART))
    fits = np.array([_fits(one) for number in parts for one in store.compositions(scale, number)])
    return Examples(whole.latents[fits], whole.ids[fits], whole.weights[fits])


def _fits(one: Composition) -> bool:
    return len(one.things) == 1 and not one.place and one.style == "3d" and one.things[0].concept < THINGS


def train(
    scale: Scale,
    examples: Examples,
    run: Path,
    note: Callable[[str], None],
    seconds: float = math.inf,
) -> tuple[Sibling, NDArray[np.int64]]:
    """The trained sibling and the CLIP ids it knows; goes on from its checkpoints in `run`."""
    known = vocabulary(examples.ids)
    torch.manual_seed(scale.seed)
    painter = Trainee(
        text.Painter(TwoEncoders(len(known) + 1), 2 * WIDTH, text.SIDE),
        rate=0.02, plain_rate=3e-3, plain=("embedding", "cells", "paint"), average=0.99,
    )  # fmt: skip
    for _ in painter.sitting(run / WORDS_CHECKPOINT, scale.sibling_words_steps, seconds):
        random = np.random.default_rng((scale.seed, 9, painter.step))
        latents, rows, weights, _ = text.batch(examples, known, scale.text_batch, random)
        painted = painter.module(rows[:, : text.SHORT], weights[:, : text.SHORT])
        loss = functional.mse_loss(painted, latents)
        painter.update(loss, rate_share(painter.step, scale.sibling_words_steps))
        if painter.step % 50 == 0:
            note(f"{NAME} words {painter.step}/{scale.sibling_words_steps} loss {loss.item():.4f}")
    assert isinstance(painter.module, text.Painter)
    training = Trainee(
        Sibling(painter.module.encoder),
        rate=0.02, plain_rate=2e-3, plain=("embedding", "conv_in", "conv_out"), slow="encoder.", average=0.995,
    )  # fmt: skip
    sibling = training.module
    assert isinstance(sibling, Sibling)
    seen = 1.0
    for _ in training.sitting(run / CHECKPOINT, scale.sibling_steps, seconds):
        random = np.random.default_rng((scale.seed, 10, training.step))
        latents, rows, weights = batch(examples, known, scale.unet_batch, random)
        noisy, times, noise = noised(latents, random)
        # The sizes say nothing about these pictures: any numbers, so that none of them matters.
        sizes = torch.from_numpy(random.integers(0, 1025, (len(rows), 6)).astype(np.float32))
        with fast(latents.device):
            found = sibling(noisy, times, rows, weights, sizes)
        loss = weighed(found.float(), noise, times)
        training.update(loss, rate_share(training.step, scale.sibling_steps))
        seen = 0.97 * seen + 0.03 * loss.item()
        if training.step % 50 == 0:
            note(f"{NAME} {training.step}/{scale.sibling_steps} loss {seen:.4f}")
    return sibling.eval(), known


def write(sibling: Sibling, known: NDArray[np.int64], model: Path, folder: Path) -> Path:
    """The sibling's folder, with tokenizer and autoencoder of the model folder."""
    parts = {
        "unet": sibling.unet,
        "text_encoder": text.expanded(sibling.encoder.first, known),
        "text_encoder_2": text.expanded(sibling.encoder.second, known),
    }
    export.write_xl(parts, model, folder / NAME)
    return folder / NAME
