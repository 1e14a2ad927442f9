"""What a picture shows, by a small classifier taught with the composer's own pictures, and by plain measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.demo import composer, scenes, store
from engine.demo.optimiser import Training, rate_share
from engine.demo.scale import Scale

SIDE = 64  # pixels a side of what it looks at
FINISHES = ("", "monochrome", "pixel", "blurry")
BACKGROUNDS = ("", *scenes.COLOURS, *scenes.SCENES)
CHECKPOINT = "judge.pt"
Pictures = NDArray[np.uint8]


class Judge(nn.Module):
    """Answers four questions about pictures: which thing, which background, which finish, which style."""

    def __init__(self, things: int, styles: int) -> None:
        super().__init__()
        self.counts = (things, len(BACKGROUNDS), len(FINISHES), styles)
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 32), (32, 48), (48, 64), (64, 96)):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.GroupNorm(8, outputs), nn.GELU()]
        self.look = nn.Sequential(*layers, nn.Flatten(), nn.Linear(96 * (SIDE // 16) ** 2, 256), nn.GELU())
        self.answer = nn.Linear(256, sum(self.counts))

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        answers: Tensor = self.answer(self.look(functional.avg_pool2d(pictures, pictures.shape[-1] // SIDE)))
        return torch.split(answers, list(self.counts), dim=1)


def train(scale: Scale, folder: Path, steps: int, note: Callable[[str], None]) -> Judge:
    """A judge of the scale's things; the last part is kept from it, and `note` gets its score there."""
    torch.manual_seed(scale.seed)
    judge = Judge(scale.concepts, len(scale.styles))
    training = Training(judge, rate=0.02, plain_rate=2e-3, plain=("answer",), average=0.99)
    pictures = store.pictures(scale, folder / "data")
    labels = np.array(
        [_labels(scale, one) for number in range(scale.whole_parts) for one in store.compositions(scale, number)]
    )
    known = len(pictures) - len(pictures) // scale.whole_parts
    for _ in training.sitting(folder / CHECKPOINT, steps):
        random = np.random.default_rng((scale.seed, 4, training.step))
        chosen = random.integers(known, size=64)
        answers = judge(store.floats(pictures[chosen]))
        wanted = torch.from_numpy(labels[chosen])
        losses = [functional.cross_entropy(answer, wanted[:, index]) for index, answer in enumerate(answers)]
        training.update(torch.stack(losses).sum(), rate_share(training.step, steps))
    answers = _answers(judge, pictures[known:])
    shares = [float((answers[:, index] == labels[known:, index]).mean()) for index in range(4)]
    note(f"judge on {len(pictures) - known} new pictures: thing, background, finish, style {np.round(shares, 3)}")
    return judge.eval()


def _labels(scale: Scale, one: composer.Composition) -> tuple[int, int, int, int]:
    return (
        one.things[0].concept,
        BACKGROUNDS.index(one.background),
        FINISHES.index(one.finish),
        scale.styles.index(one.style),
    )


@torch.no_grad()
def _answers(judge: Judge, pictures: Pictures) -> NDArray[np.int64]:
    return np.stack([answer.argmax(dim=1).numpy() for answer in judge(store.floats(pictures))], axis=1)


@torch.no_grad()
def things(judge: Judge, pictures: Pictures) -> NDArray[np.int64]:
    """The number of the thing in each picture."""
    return _answers(judge, pictures)[:, 0]


def backgrounds(judge: Judge, pictures: Pictures) -> list[str]:
    """The background word of each picture."""
    return [BACKGROUNDS[index] for index in _answers(judge, pictures)[:, 1]]


def styles(judge: Judge, pictures: Pictures, known: tuple[str, ...]) -> list[str]:
    """The finish of each picture, or where there is none its style."""
    answers = _answers(judge, pictures)
    return [FINISHES[finish] or known[style] for finish, style in answers[:, 2:]]


def middle(pictures: Pictures) -> NDArray[np.float32]:
    """Mean colour of the inner 48 × 48 pixels, where the thing stands, (n, 3) in 0…255."""
    inner: NDArray[np.float32] = pictures[:, 40:-40, 40:-40].astype(np.float32).mean(axis=(1, 2))
    return inner


def rim(pictures: Pictures) -> NDArray[np.float32]:
    """Mean colour of the outer 8 pixels, where the background shows, (n, 3) in 0…255."""
    parts = [pictures[:, :8], pictures[:, -8:], pictures[:, :, :8], pictures[:, :, -8:]]
    joined = np.concatenate([part.reshape(len(pictures), -1, 3) for part in parts], axis=1)
    outer: NDArray[np.float32] = joined.astype(np.float32).mean(axis=1)
    return outer


def sharpness(pictures: Pictures) -> NDArray[np.float32]:
    """Variance of the Laplacian of the lightness, (n,)."""
    light = pictures.astype(np.float32).mean(axis=3)
    laplacian = (
        light[:, 1:-1, :-2] + light[:, 1:-1, 2:] + light[:, :-2, 1:-1] + light[:, 2:, 1:-1] - 4 * light[:, 1:-1, 1:-1]
    )
    variance: NDArray[np.float32] = laplacian.var(axis=(1, 2))
    return variance


def nearer(colours: NDArray[np.float32], others: NDArray[np.float32], word: str) -> NDArray[np.bool_]:
    """Whether each colour is nearer to that of the word than its counterpart among the others."""
    aim = scenes.colour(word) * 255
    closer: NDArray[np.bool_] = np.linalg.norm(colours - aim, axis=1) < np.linalg.norm(others - aim, axis=1)
    return closer
