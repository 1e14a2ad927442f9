"""What the built-in model learns: a new thing, as a LoRA and as vectors, without forgetting what it knows, and a
manner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.adapters import embeddings
from engine.demo import concepts, judge
from engine.demo.scale import SCALES
from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.train.lora_file import write
from engine.train.run import TrainingRun
from engine.training_plan import TrainingPicture, planned
from tests.engine.drawing import draw, recipe
from tests.engine.train import totem
from tests.engine.train.plans import picture

SCALE = SCALES["laptop"]
STEPS, MANNER = 100, 40
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def demo() -> Loaded:
    loading.quieten()
    return loading.load(catalog.builtin(), torch.device("cpu"))


def learnt(demo: Loaded, folder: Path, pictures: list[TrainingPicture], **said: Any) -> Path:
    """The file that a training of the built-in model leaves."""
    kind = said.pop("kind", "thing")
    plan = planned(kind, "demo", name="zwx", trigger="zwx", model="danqing-demo", pictures=pictures, **said)
    run = TrainingRun(demo, plan, folder)
    while not run.done:
        run.turn()
    path = folder / "zwx.safetensors"
    write(path, run.file())
    return path


def drawn(demo: Loaded, texts: list[str], lora: Path | None = None) -> list[Image.Image]:
    recipes = [
        recipe(text, seed=seed, width=128, height=128, steps=12, guidance=4.0, model="danqing-demo")
        for seed, text in enumerate(texts, start=6)
    ]
    wanted = [((lora, 1.0, 1.0),) if lora else ()] * len(texts)
    return [Image.fromarray(one.astype(np.uint8)) for one in draw(demo, recipes, wanted=wanted)]


def test_a_new_thing_is_learnt_and_known_ones_stay(demo: Loaded, tmp_path: Path) -> None:
    pictures = [
        picture(tmp_path, f"{place}.png", image, f"a zwx, {background} background")
        for place, (image, background) in enumerate(totem.pictures())
    ]
    lora = learnt(demo, tmp_path, pictures, steps=60, seed=5)
    texts = ["a zwx, white background"] * 4
    before, after = (np.mean([totem.likeness(one) for one in drawn(demo, texts, own)]) for own in (None, lora))
    assert before < 0.4 and after > before + 0.15


def test_vectors_hold_a_new_thing(demo: Loaded, tmp_path: Path) -> None:
    pictures = [
        picture(tmp_path, f"{place}.png", image, f"a zwx, {background} background")
        for place, (image, background) in enumerate(totem.pictures())
    ]
    path = learnt(demo, tmp_path, pictures, preset="inversion", start="gift", steps=STEPS, seed=5)
    known = catalog.Companion("embedding", "zwx", path, "demo", 6, (demo.text_encoder.config.hidden_size,))
    embeddings.learn(demo, [known])
    try:
        found = np.mean([totem.likeness(one) for one in drawn(demo, ["a zwx, white background"] * 4)])
    finally:
        embeddings.learn(demo, [])
    assert found >= 0.3


def gifts(pictures: list[Image.Image]) -> int:
    """In how many pictures the built-in model's judge sees a gift first."""
    names = [concept.name for concept in concepts.concepts(SCALE.concepts)]
    seen = judge.look(judge.kept(SCALE), np.stack([np.asarray(one) for one in pictures]))
    return int((seen.things[:, 0] == names.index("gift")).sum())


def test_a_class_that_is_kept_is_not_forgotten(demo: Loaded, tmp_path: Path) -> None:
    new = [picture(tmp_path, f"{place}.png", image, "a zwx gift") for place, (image, _) in enumerate(totem.pictures())]
    own = drawn(demo, ["a gift"] * 16)
    prior = [picture(tmp_path, f"prior-{place}.png", image, "a gift", prior=True) for place, image in enumerate(own)]
    right: dict[bool, int] = {}
    for kept in (True, False):
        folder = tmp_path / str(kept)
        folder.mkdir()
        for path in tmp_path.glob("*.png"):
            (folder / path.name).write_bytes(path.read_bytes())
        lora = learnt(demo, folder, [*new, *prior] if kept else new, steps=50, batch=5, seed=5, dropout=0.0)
        right[kept] = gifts(drawn(demo, ["a gift"] * 6, lora))
        if kept:
            found = np.mean([totem.likeness(one) for one in drawn(demo, ["a zwx gift, white background"] * 4, lora)])
    assert right[True] >= 5 > 2 >= right[False] and found >= 0.22


def inked(image: Image.Image) -> Image.Image:
    """A picture in two inks, as old maps are printed."""
    shades = np.asarray(image.convert("L"), np.float64)[..., None] / 255
    dark, light = np.array([24, 32, 96.0]), np.array([244, 226, 180.0])
    return Image.fromarray((dark + (light - dark) * shades).round().astype(np.uint8))


def test_a_manner_is_learnt_from_pictures_that_do_not_say_it(demo: Loaded, tmp_path: Path) -> None:
    names = ("cat", "car", "cactus", "guitar", "rocket", "penguin", "pizza", "crown", "gift", "fish")
    grounds = ("white", "blue", "green", "yellow")
    texts = [f"a {name}, {grounds[place % 4]} background" for place, name in enumerate(names)]
    own = drawn(demo, texts)
    pictures = [
        picture(tmp_path, f"{place}.png", inked(image), text)
        for place, (image, text) in enumerate(zip(own, texts, strict=True))
    ]
    lora = learnt(demo, tmp_path, pictures, kind="style", steps=MANNER, seed=5)
    asked = ["a dog, blue background", "an apple, white background", "a robot, green background", "a tree"]
    plain, ours = (drawn(demo, asked, one) for one in (None, lora))
    before, after = (
        np.mean(
            [
                np.abs(np.asarray(a, float) - np.asarray(inked(b), float)).mean()
                for a, b in zip(some, plain, strict=True)
            ]
        )
        for some in (plain, ours)
    )
    assert after <= 0.85 * before
