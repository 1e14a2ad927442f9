"""Second passes with a model and a VAE of their own (A1111's "Hires checkpoint"): against rows drawn with these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.adapters import loras
from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.queue.estimate import Estimate, parts, work
from engine.recipe import A1111, Hires, Recipe, Refiner, Upscale
from engine.wire import Draw
from engine.worker import autoencoder
from prompts.prompt import LoraUse
from tests import model_shapes, tiny
from tests.engine.drawing import gap, over, recipe
from tests.engine.worker.test_hires import drawn_out, picture, together
from tests.engine.worker.test_worker import drawn_by, ended, opened
from tests.engine.worker.test_worker import work as heard_of

LATENT, PIXELS = Hires(1.5, 0.7, 4, "Latent"), Hires(1.5, 0.7, 4, "Lanczos")


@pytest.fixture(scope="module")
def shelf(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that draw otherwise, and a VAE."""
    folder = tmp_path_factory.mktemp("shelf")
    tiny.copy(tiny_folder, folder / "tiny")
    tiny.make(folder / "other", 7)
    torch.manual_seed(5)
    tiny.vae().save_pretrained(folder / "soft")
    return folder


def model(shelf: Path, name: str, vae: str = "") -> Loaded:
    made = loading.load(catalog.model(catalog.models([shelf]), name), torch.device("cpu"))
    return loading.with_vae(made, catalog.vae(catalog.vaes([shelf]), vae)) if vae else made


@pytest.fixture(scope="module")
def both(shelf: Path) -> Iterator[tuple[Loaded, Loaded]]:
    yield model(shelf, "tiny"), model(shelf, "other")


def made(shelf: Path, *recipes: Recipe) -> list[Any]:
    return together(shelf, *recipes, vaes=[shelf], loras=[shelf], upscalers=[shelf])


@pytest.mark.parametrize("like", [None, A1111(rng="CPU")])
@pytest.mark.parametrize("hires", [LATENT, PIXELS])
def test_the_same_model_is_as_none_to_the_bit(hires: Hires, like: A1111 | None, shelf: Path) -> None:
    own = recipe(steps=3, hires=hires, like=like)
    names = [{}, {"checkpoint": "tiny"}, {"checkpoint": "Tiny.safetensors"}]
    alone = [made(shelf, replace(own, hires=replace(hires, **name))) for name in names]
    first, *same = [picture for [picture] in alone]
    assert all(np.array_equal(first, one) for one in same)


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
@pytest.mark.parametrize("vae", ["", "soft"])
def test_the_second_pass_is_drawn_with_the_other_model(
    upscaler: str, vae: str, shelf: Path, both: tuple[Loaded, Loaded]
) -> None:
    hires = Hires(1.5, 0.7, 4, upscaler, checkpoint="other", vae=vae)
    [drawn, plain] = made(shelf, recipe(steps=3, hires=hires), recipe(steps=3, hires=replace(hires, checkpoint="")))
    first = drawn_out(both[0], recipe(steps=3))
    second = model(shelf, "other", vae) if vae else both[1]
    if upscaler == "Latent":
        large: Any = torch.nn.functional.interpolate(first, size=(12, 12), mode="bilinear")
    else:  # the first model's VAE shows what the second's takes up
        large = autoencoder.pictures(both[0], [first])[0].resize((96, 96), 1)
    expected = drawn_out(second, recipe(steps=4, width=96, height=96, source=over(0.7)), large)
    assert gap(drawn, picture(second, expected)) <= 2
    assert gap(drawn, plain) > 10


def test_a_vae_alone_shows_the_second_pass(shelf: Path, both: tuple[Loaded, Loaded]) -> None:
    hires = replace(LATENT, vae="soft")
    [drawn, plain] = made(shelf, recipe(steps=3, hires=hires), recipe(steps=3, hires=LATENT))
    first = torch.nn.functional.interpolate(drawn_out(both[0], recipe(steps=3)), size=(12, 12), mode="bilinear")
    latents = drawn_out(both[0], recipe(steps=4, width=96, height=96, source=over(0.7)), first)
    assert gap(drawn, picture(model(shelf, "tiny", "soft"), latents)) <= 2
    assert gap(drawn, plain) > 10


def test_the_loras_go_on_with_the_other_model(shelf: Path, both: tuple[Loaded, Loaded], tmp_path: Path) -> None:
    tiny.kohya_lora(tmp_path / "ink.safetensors", 3)
    own = recipe(steps=3, hires=replace(LATENT, checkpoint="other"))
    own = replace(own, prompt=replace(own.prompt, loras=(LoraUse("ink", 0.8),)))
    [drawn] = together(shelf, own, loras=[tmp_path])
    wanted = loras.resolve(own.prompt.loras, [tmp_path])
    first = drawn_out(both[0], replace(own, hires=None), wanted=wanted)
    large = torch.nn.functional.interpolate(first, size=(12, 12), mode="bilinear")
    second = recipe(steps=4, width=96, height=96, source=over(0.7))
    assert gap(drawn, picture(both[1], drawn_out(both[1], second, large, wanted=wanted))) <= 2
    assert gap(drawn, picture(both[1], drawn_out(both[1], second, large))) > 10


@pytest.mark.parametrize("like", [None, A1111(rng="CPU")])
def test_with_strangers_it_is_as_alone_and_they_as_without_it(like: A1111 | None, shelf: Path) -> None:
    own = recipe(steps=3, hires=replace(LATENT, checkpoint="other"), like=like)
    others = [recipe("a boat", steps=4, seed=2), recipe("a tree", steps=3, seed=3, model="other")]
    [alone] = made(shelf, own)
    among, *strangers = made(shelf, own, *others)
    assert gap(alone, among) <= 1
    for stranger, without in zip(strangers, made(shelf, *others), strict=True):
        assert gap(stranger, without) <= 1


def test_faces_after_it_are_the_first_models(shelf: Path) -> None:
    """What comes after the second pass is drawn with the recipe's own model, as ADetailer's is in A1111."""
    own = recipe(steps=2, hires=replace(LATENT, checkpoint="other"), upscale=Upscale("Lanczos", 1.0, 0.5))
    heard = heard_of(shelf, Draw("j", 0, (own,)), vaes=[shelf])
    assert ended(heard, "j").outcome == "done" and opened(drawn_by(heard, "j")[0]).size == (96, 96)


def test_what_does_not_go_together_ends_the_job_by_name(shelf: Path, tmp_path: Path) -> None:
    tiny.copy(shelf / "tiny", tmp_path / "tiny")
    model_shapes.folder(tmp_path / "grand", "sdxl")
    model_shapes.vae_folder(tmp_path / "xl-vae", scaling_factor=0.13025)
    asked = {
        "unknown": replace(LATENT, checkpoint="tinny"),
        "latents": replace(LATENT, checkpoint="grand"),
        "vae": replace(LATENT, vae="xl-vae"),
        "no vae": replace(LATENT, vae="xl-vaee"),
    }
    draws = [Draw(name, 0, (recipe(steps=1, hires=hires),)) for name, hires in asked.items()]
    heard = heard_of(tmp_path, *draws, vaes=[tmp_path])
    ends = {name: ended(heard, name) for name in asked}
    assert {name: end.key for name, end in ends.items()} == {
        "unknown": "model.unknown", "latents": "hires.made_for", "vae": "vae.made_for", "no vae": "vae.unknown",
    }  # fmt: skip
    assert ends["unknown"].values == {"name": "tinny", "near": "tiny"}
    assert ends["no vae"].values == {"name": "xl-vaee", "near": "xl-vae"}


def test_a_lora_has_to_fit_the_model_of_its_pass(shelf: Path, tmp_path: Path) -> None:
    tiny.copy(shelf / "tiny", tmp_path / "tiny")
    model_shapes.folder(tmp_path / "grand", "sdxl")
    tiny.kohya_lora(tmp_path / "ink.safetensors", 3)
    own = recipe(steps=1, hires=replace(PIXELS, checkpoint="grand"))
    own = replace(own, prompt=replace(own.prompt, loras=(LoraUse("ink", 0.8),)))
    heard = heard_of(tmp_path, Draw("j", 0, (own,)), loras=[tmp_path])
    end = ended(heard, "j")
    assert end.key == "lora.made_for" and end.values and end.values["model"] == "grand"


def test_old_recipes_keep_their_codes_and_new_ones_come_back() -> None:
    plain = recipe(hires=LATENT)
    assert "checkpoint" not in str(plain.to_json()) and "'vae'" not in str(plain.to_json())
    own = replace(plain, hires=replace(LATENT, checkpoint="other", vae="soft"))
    assert Recipe.from_json(own.to_json()) == own and own.code != plain.code


def test_all_its_models_are_counted() -> None:
    own = recipe(hires=replace(LATENT, checkpoint="other"), refiner=Refiner("last", 0.8))
    assert own.models == ("tiny", "last", "other")
    assert recipe(hires=replace(LATENT, checkpoint="tiny")).models == ("tiny",)
    by = parts(own)
    assert by.keys() == {"tiny", "other"} and sum(by.values()) == pytest.approx(work(replace(own, hires=LATENT)))
    known = Estimate(speeds={"tiny": 1.0, "other": 3.0})
    expected = by["tiny"] + 3 * by["other"]
    assert known.seconds(own) == pytest.approx(expected)
    known.drew(own, "CPU (2)", 2 * expected)  # twice as slow as thought: both a little slower from now on
    assert known.speeds == {"tiny": pytest.approx(1.3), "other": pytest.approx(3.9)}
