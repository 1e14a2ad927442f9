"""`python -m engine.train.circles FOLDER`: pictures to teach a ControlNet with, drawn by code, and the plan.

As the tutorial of ControlNet has them (fill50k): a filled circle of one colour on a ground of another, its outline as
the map, and both colours in the caption. Then `python -m engine.train FOLDER/plan.json` teaches one.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine.errors import BadPlan
from engine.files import catalog
from engine.train.lora_file import write
from engine.training_plan import TrainingPicture, TrainingPlan, planned
from prompts.errors import Refusal

COLOURS = {
    "red": (205, 48, 44), "orange": (240, 140, 30), "yellow": (245, 214, 60), "green": (58, 150, 72),
    "teal": (20, 160, 160), "blue": (45, 100, 210), "purple": (120, 60, 170), "pink": (240, 130, 170),
    "brown": (120, 80, 48), "white": (250, 250, 250), "gray": (138, 138, 138), "black": (16, 16, 16),
}  # fmt: skip
FINER = 4  # times as large it is drawn, so that edges are smooth


def circle(seed: int, number: int, side: int) -> tuple[Image.Image, Image.Image, str]:
    """A picture, its map, and what is said of it."""
    random = np.random.default_rng((seed, number))
    inside, ground = (list(COLOURS)[place] for place in random.permutation(len(COLOURS))[:2])
    large = side * FINER
    radius = random.uniform(0.12, 0.36) * large
    x, y = random.uniform(radius, large - radius, 2)
    box = (x - radius, y - radius, x + radius, y + radius)
    image, outline = Image.new("RGB", (large, large), COLOURS[ground]), Image.new("RGB", (large, large))
    ImageDraw.Draw(image).ellipse(box, fill=COLOURS[inside])
    ImageDraw.Draw(outline).ellipse(box, outline="white", width=max(FINER, large // 64))
    shown, drawn = (one.resize((side, side), Image.Resampling.LANCZOS) for one in (image, outline))
    return shown, drawn, f"{inside} circle with {ground} background"


def laid(folder: Path, side: int, seed: int, count: int) -> list[TrainingPicture]:
    """So many pictures with their maps, written into a folder."""
    made = []
    for number in range(count):
        shown, drawn, said = circle(seed, number, side)
        (file, hash), (map, map_hash) = (
            _written(folder, f"{number:05}{tail}.png", one) for tail, one in (("", shown), ("-map", drawn))
        )
        made.append(TrainingPicture(file, hash, said, map=map, map_hash=map_hash))
    return made


def _written(folder: Path, name: str, image: Image.Image) -> tuple[str, str]:
    content = io.BytesIO()
    image.save(content, "PNG")
    (folder / name).write_bytes(content.getvalue())
    return name, hashlib.sha256(content.getvalue()).hexdigest()


def plan_of(model: catalog.Model, pictures: Sequence[TrainingPicture], seed: int, steps: int) -> TrainingPlan:
    """The plan to teach a ControlNet of them. Raises BadPlan for a model that cannot be taught."""
    return planned(
        "thing", model.family, name="circles", trigger="circle", model=model.name, pictures=pictures,
        preset="controlnet", side=model.width, steps=steps, seed=seed,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.train.circles", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to; it is made")
    parser.add_argument("--model", default=catalog.BUILTIN, help="the model whose net it becomes")
    parser.add_argument("--models", type=Path, action="append", default=[], help="a folder of models")
    parser.add_argument("--count", type=int, default=400, help="how many pictures")
    parser.add_argument("--steps", type=int, default=0, help="how many steps; as many as suit, if not said")
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    try:
        model = catalog.model(catalog.models(told.models), told.model, told.models)
        # What is no plan is told before anything is drawn.
        plan_of(model, [TrainingPicture("a", "", "", map="b")] * told.count, told.seed, told.steps)
        told.folder.mkdir(parents=True, exist_ok=True)
        plan = plan_of(model, laid(told.folder, model.width, told.seed, told.count), told.seed, told.steps)
        write(told.folder / "plan.json", json.dumps(plan.to_json(), ensure_ascii=False, indent=1).encode())
    except (BadPlan, Refusal, OSError) as error:
        parser.error(str(error))
    print(told.folder / "plan.json")


if __name__ == "__main__":
    main()
