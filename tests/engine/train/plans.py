"""Small trainings for the tests."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from engine.recipe import Recipe
from engine.training_plan import TrainingPicture, TrainingPlan
from prompts.prompt import LoraUse
from tests.engine.drawing import photograph


def picture(folder: Path, name: str, image: Image.Image, caption: str, *, prior: bool = False) -> TrainingPicture:
    """A picture of a plan, written into its folder."""
    made = io.BytesIO()
    image.save(made, "PNG")
    (folder / name).write_bytes(made.getvalue())
    return TrainingPicture(name, hashlib.sha256(made.getvalue()).hexdigest(), caption, prior)


def small(folder: Path, **changes: Any) -> TrainingPlan:
    """A plan for a tiny model: six pictures of two shapes, at 64 × 64 pixels."""
    shapes = [(64, 64)] * 4 + [(48, 96)] * 2
    pictures = [
        picture(
            folder,
            f"{place}.png",
            photograph(*shape).rotate(90 * place),
            f"zwx, red, thing {place}, (smile:1.3), [a|b]",
        )
        for place, shape in enumerate(shapes)
    ]
    values: dict[str, Any] = {
        "name": "zwx", "trigger": "zwx", "kind": "thing", "model": "tiny", "steps": 4, "batch": 2, "unet_rate": 1e-2,
        "rank": 4, "alpha": 2.0, "resolution": 64, "bucket_step": 16, "seed": 7,
    }  # fmt: skip
    return TrainingPlan(**{"pictures": tuple(pictures), **values, **changes})


def with_loras(own: Recipe, uses: tuple[LoraUse, ...]) -> Recipe:
    """A recipe that names these LoRAs."""
    return replace(own, prompt=replace(own.prompt, loras=uses))
