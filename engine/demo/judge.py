"""What a picture shows, by a small classifier taught with the composer's own pictures, and by plain measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from engine.demo import composer, scenes, store
from engine.demo.captions import FLAWS as FLAW_WORDS
from engine.demo.optimiser import Trainee, rate_share
from engine.demo.scale import Scale

AT_ONCE = 64  # pictures that the autoencoder takes, two steps apart
SIDE = 64  # pixels a side of what it looks at
FLAWS = ("", *FLAW_WORDS)
BACKGROUNDS = ("", *scenes.COLOURS, *scenes.SCENES)
LAYOUTS = ("one", "pair", "two", "three", *composer.PLACES)
CHECKPOINT = "judge.pt"
WEIGHTS = Path(__file__).parent / "judge.safetensors"
Pictures = NDArray[np.uint8]


class Judge(nn.Module):
    """Answers five questions about pictures: which things, which background, flaw, style and layout."""

    def __init__(self, things: int, styles: tuple[str, ...]) -> None:
        super().__init__()
        self.known = (BACKGROUNDS, FLAWS, styles, LAYOUTS)
        self.counts = [things, *map(len, self.known)]
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 32), (32, 48), (48, 64), (64, 96)):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.GroupNorm(8, outputs), nn.GELU()]
        self.look = nn.Sequential(*layers, nn.Flatten(), nn.Linear(96 * (SIDE // 16) ** 2, 256), nn.GELU())
        self.answer = nn.Linear(256, sum(self.counts))

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        answers: Tensor = self.answer(self.look(functional.avg_pool2d(pictures, pictures.shape[-1] // SIDE)))
        return torch.split(answers, self.counts, dim=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge sees in each of n pictures: the things by likelihood, most likely first (n, things), and words."""

    things: NDArray[np.int64]
    backgrounds: list[str]
    flaws: list[str]
    styles: list[str]
    layouts: list[str]


def train(scale: Scale, folder: Path, vae: Any, steps: int, note: Callable[[str], None]) -> Judge:
    """A judge of the scale's things; the last part is kept from it, and `note` gets its score there.

    It sees half of the pictures as they are and half as the autoencoder brings them back, which is as sharp as a
    picture of the model can be: it is to judge what is drawn, not how finely.
    """
    torch.manual_seed(scale.seed)
    judge = Judge(scale.concepts, scale.styles)
    training = Trainee(judge, rate=0.02, plain_rate=2e-3, plain=("answer",), average=0.99)
    pictures = store.pictures(scale, folder / "data")
    for start in range(0, len(pictures), AT_ONCE):
        own = pictures[start : start + AT_ONCE : 2]
        own[:] = _brought_back(own, vae)
    seen = [one for number in range(scale.whole_parts) for one in store.compositions(scale, number)]
    labels = np.array([_labels(judge, one) for one in seen])
    shown = torch.zeros(len(seen), scale.concepts)
    for row, one in zip(shown, seen, strict=True):
        row[[thing.concept for thing in one.things]] = 1
    shown /= shown.sum(dim=1, keepdim=True)
    known = len(pictures) - len(pictures) // scale.whole_parts
    for _ in training.sitting(folder / CHECKPOINT, steps):
        random = np.random.default_rng((scale.seed, 4, training.step))
        chosen = random.integers(known, size=64)
        things, *answers = judge(store.floats(pictures[chosen]))
        wanted = torch.from_numpy(labels[chosen])
        losses = [functional.cross_entropy(answer, wanted[:, index]) for index, answer in enumerate(answers)]
        losses.append(2 * functional.cross_entropy(things, shown[torch.from_numpy(chosen)]))
        training.update(torch.stack(losses).sum(), rate_share(training.step, steps))
    judge.eval()
    found = look(judge, pictures[known:])
    first = np.array([one.things[0].concept for one in seen[known:]])
    alone = np.array([one.things[0].concept == one.things[-1].concept for one in seen[known:]])
    words = np.array([found.backgrounds, found.flaws, found.styles, found.layouts]).T
    right = np.array([[names[label] for names, label in zip(judge.known, row, strict=True)] for row in labels[known:]])
    note(
        f"judge on {len(first)} new pictures: thing {(found.things[:, 0] == first)[alone].mean():.3f},"
        f" background, flaw, style, layout {np.round((words == right).mean(axis=0), 3)}"
    )
    return judge


@torch.no_grad()
def _brought_back(pictures: Pictures, vae: Any) -> Pictures:
    decoded = vae.decode(vae.encode(store.floats(pictures)).latent_dist.mean, return_dict=False)[0]
    brought_back: Pictures = ((decoded * 0.5 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return brought_back


def _labels(judge: Judge, one: composer.Composition) -> list[int]:
    first, count = one.things[0].concept, len(one.things)
    same = all(thing.concept == first for thing in one.things)
    layout = one.place or (LAYOUTS[count] if same and count > 1 else "one" if same else "pair")
    words = (one.background, one.flaw, one.style, layout)
    return [names.index(word) for names, word in zip(judge.known, words, strict=True)]


def keep(judge: Judge, file: Path = WEIGHTS) -> None:
    """Writes the judge's weights in half precision."""
    save_file({name: weight.half().contiguous() for name, weight in judge.state_dict().items()}, file)


def kept(scale: Scale, file: Path = WEIGHTS) -> Judge:
    """The judge that was kept."""
    judge = Judge(scale.concepts, scale.styles)
    judge.load_state_dict({name: weight.float() for name, weight in load_file(file).items()})
    return judge.eval()


@torch.no_grad()
def look(judge: Judge, pictures: Pictures) -> Verdict:
    """The judge's opinion of pictures (n, h, w, 3)."""
    things, *answers = judge(store.floats(pictures))
    backgrounds, flaws, styles, layouts = (
        [names[index] for index in answer.argmax(dim=1).tolist()]
        for names, answer in zip(judge.known, answers, strict=True)
    )
    return Verdict(things.argsort(dim=1, descending=True).numpy(), backgrounds, flaws, styles, layouts)


def halves(pictures: Pictures) -> tuple[Pictures, Pictures]:
    """The places of the left and the right of two things side by side, each enlarged to a picture of its own."""
    side, width = pictures.shape[1], round(0.55 * pictures.shape[1])
    top = (side - width) // 2
    whole = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    cut = [
        functional.interpolate(whole[:, :, top : top + width, left : left + width], (side, side), mode="bilinear")
        for left in (round(x * side) - width // 2 for x, _ in composer.GROUPS[2])
    ]
    first, second = (part.round().byte().permute(0, 2, 3, 1).numpy() for part in cut)
    return first, second


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
