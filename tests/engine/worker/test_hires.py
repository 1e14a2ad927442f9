"""Second passes with a size, words, a sampler and a guidance of their own, against torch's own enlarging and rows drawn
by what was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engine.adapters import loras
from engine.files.upscalers import LATENT
from engine.models.loaded import Loaded
from engine.recipe import Hires, Recipe
from engine.wire import Draw
from engine.worker import autoencoder, prepare
from engine.worker.rows import Rows
from prompts.prompt import LoraUse
from tests import tiny
from tests.engine.drawing import Pixels, gap, over, pixels, recipe
from tests.engine.worker.test_worker import drawn_by, opened, work


def drawn_out(loaded: Loaded, own: Recipe, *source: Any, wanted: Any = ()) -> Tensor:
    at_work = Rows()
    row = prepare.start("job", 0, own, loaded, wanted, *source)
    at_work.add(row)
    while not row.done:
        assert not at_work.turn().failed
    return row.latents


def together(folder: Path, *recipes: Recipe, **folders: Any) -> list[Pixels]:
    """The pictures of one worker that was asked for all of them at once."""
    heard = work(folder, *(Draw(str(number), 0, (own,)) for number, own in enumerate(recipes)), **folders)
    return [pixels(opened(drawn_by(heard, str(number))[0])) for number in range(len(recipes))]


def picture(loaded: Loaded, latents: Tensor) -> Pixels:
    return pixels(autoencoder.pictures(loaded, [latents])[0])


def test_each_way_to_enlarge_latents_is_torchs(tiny_folder: Path, loaded: Loaded) -> None:
    own = [recipe(steps=3, hires=Hires(1.5, 0.7, 4, upscaler)) for upscaler in LATENT]
    drawn = together(tiny_folder.parent, recipe(steps=3), *own)
    first = drawn_out(loaded, recipe(steps=3))
    assert gap(drawn[0], picture(loaded, first)) <= 2
    modes = [("bilinear", False), ("bilinear", True), ("bicubic", False), ("bicubic", True), ("nearest", False)]
    for made, (mode, averaged) in zip(drawn[1:], [*modes, ("nearest-exact", False)], strict=True):
        large = torch.nn.functional.interpolate(first, size=(12, 12), mode=mode, antialias=averaged)
        expected = drawn_out(loaded, recipe(steps=4, width=96, height=96, source=over(0.7)), large)
        assert gap(made, picture(loaded, expected)) <= 2


def test_what_is_said_of_the_second_pass_is_done(tiny_folder: Path, loaded: Loaded) -> None:
    own = recipe("a red cat", negative="blurry", steps=3, sampler="DPM++ 2M Karras")
    hires = Hires(
        0.0, 0.8, 4, width=96, height=80, sampler="Euler a", guidance=3.0, prompt="a blue boat", negative="ugly"
    )
    upscalers = ("Latent", "Lanczos", "Nearest", "None")
    drawn = together(
        tiny_folder.parent, *(replace(own, hires=replace(hires, upscaler=upscaler)) for upscaler in upscalers)
    )
    first = drawn_out(loaded, replace(own, hires=None))
    second = recipe(
        "a blue boat", negative="ugly", steps=4, width=96, height=80, sampler="Euler a", guidance=3.0, source=over(0.8)
    )
    shown = autoencoder.pictures(loaded, [first])[0]
    for made, upscaler in zip(drawn, upscalers, strict=True):
        large: Tensor | Image.Image  # 96 × 96, of which a row of cells is cut off above and below
        if upscaler == "Latent":
            large = torch.nn.functional.interpolate(first, size=(12, 12), mode="bilinear")[:, :, 1:11]
        else:
            how = Image.Resampling.NEAREST if upscaler == "Nearest" else Image.Resampling.LANCZOS
            large = shown.resize((96, 96), how).crop((0, 8, 96, 88))
        assert made.shape == (80, 96, 3)
        assert gap(made, picture(loaded, drawn_out(loaded, second, large))) <= 2


def test_each_of_them_matters_by_itself(tiny_folder: Path) -> None:
    own = recipe(steps=2, hires=(hires := Hires(1.5, 0.7, 4, "Latent")))
    changes: list[dict[str, Any]] = [
        {"sampler": "Heun"}, {"schedule": "Karras"}, {"guidance": 2.0}, {"prompt": "a blue boat"}, {"negative": "ugly"},
    ]  # fmt: skip
    plain, *others = together(
        tiny_folder.parent, own, *(replace(own, hires=replace(hires, **change)) for change in changes)
    )
    for other in others:
        assert gap(plain, other) > 10


def test_the_loras_of_the_second_pass_are_those_its_words_name(
    tiny_folder: Path, loaded: Loaded, tmp_path: Path
) -> None:
    for seed, name in enumerate(("first", "second")):
        tiny.kohya_lora(tmp_path / f"{name}.safetensors", seed)
    own = recipe("a red cat", steps=2, hires=Hires(1.5, 0.7, 4, "Latent", prompt="a boat <lora:second:0.6>"))
    own = replace(own, prompt=replace(own.prompt, loras=(LoraUse("first", 0.8),)))
    [drawn] = together(tiny_folder.parent, own, loras=[tmp_path])
    wanted = [loras.resolve(uses, [tmp_path]) for uses in ([LoraUse("first", 0.8)], [LoraUse("second", 0.6)])]
    first = drawn_out(loaded, replace(own, hires=None), wanted=wanted[0])
    large = torch.nn.functional.interpolate(first, size=(12, 12), mode="bilinear")
    second = recipe("a boat", steps=4, width=96, height=96, source=over(0.7))
    assert gap(drawn, picture(loaded, drawn_out(loaded, second, large, wanted=wanted[1]))) <= 2
    without = drawn_out(loaded, second, large)
    assert gap(drawn, picture(loaded, without)) > 10
