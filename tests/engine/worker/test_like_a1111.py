"""Second passes, refiners and redrawn parts in A1111's way, against Euler's method written out over the plain UNet."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.pixels import masks
from engine.recipe import A1111, Hires, Recipe, Refiner, Source
from engine.wire import Draw, PutSource
from engine.worker import autoencoder
from engine.worker.emphasis import NO_NORM, Calls, conditionings
from tests import tiny
from tests.engine.drawing import Pixels, gap, photograph, pixels, recipe
from tests.engine.worker.test_stages import SOURCE
from tests.engine.worker.test_worker import drawn_by, opened, png, work

CPU = A1111(rng="CPU", emphasis=NO_NORM)  # an untrained encoder's mean is nothing that could be restored
Words = Callable[[int], tuple[Tensor, Tensor]]


def together(
    folder: Path, *recipes: Recipe, files: Sequence[tuple[str, Image.Image]] = (), **folders: Any
) -> list[Pixels]:
    """The pictures of one worker that was asked for all of them at once, and for a plain one, which stays as it is
    alone."""
    stranger = recipe("a green boat", negative="ugly", steps=4, sampler="Euler a", seed=9)
    asked = [Draw(str(number), 0, (own,)) for number, own in enumerate((*recipes, stranger))]
    heard = work(folder, *(PutSource(name, png(image)) for name, image in files), *asked, **folders)
    *made, beside = (pixels(opened(drawn_by(heard, one.job)[0])) for one in asked)
    alone = work(folder, asked[-1])
    assert gap(beside, pixels(opened(drawn_by(alone, asked[-1].job)[0]))) <= 1
    return made


def words(loaded: Loaded, text: str, negative: str = "", own: int = 20, before: int = 0) -> Words:
    [positive], other = conditionings(loaded, text, negative, Calls(own, before), 1, NO_NORM)
    return lambda call: (positive.at(call), other.at(call))


def sigmas(loaded: Loaded, steps: int) -> Tensor:
    """Over all timesteps, between them by the logarithm, and then none."""
    logs = ((1 - loaded.signal) / loaded.signal).sqrt().log()
    times = torch.linspace(len(logs) - 1, 0, steps)
    low = times.floor().long().clamp(max=len(logs) - 2)
    return torch.cat([(logs[low] + (times - low) * (logs[low + 1] - logs[low])).exp(), torch.zeros(1)])


def timestep(loaded: Loaded, sigma: Tensor) -> Tensor:
    logs = ((1 - loaded.signal) / loaded.signal).sqrt().log()
    low = int((logs <= sigma.log()).sum().clamp(1, len(logs) - 1)) - 1
    return low + ((sigma.log() - logs[low]) / (logs[low + 1] - logs[low])).clamp(0, 1)


def seen(loaded: Loaded, latents: Tensor, sigma: Tensor, texts: tuple[Tensor, Tensor], guidance: float) -> Tensor:
    """The picture foreseen, as latents."""
    time = timestep(loaded, sigma)
    with torch.no_grad():
        with_words, without = (
            loaded.unet(latents / (sigma**2 + 1).sqrt(), time, encoder_hidden_states=one).sample for one in texts
        )
    return latents - sigma * (without + guidance * (with_words - without))


def euler(
    latents: Tensor,
    levels: Tensor,
    foreseen: Callable[[Tensor, Tensor, int], Tensor],
) -> Tensor:
    for call, (now, then) in enumerate(itertools.pairwise(levels)):
        clean = foreseen(latents, now, call)
        latents = latents + (latents - clean) / now * (then - now)
    return latents


def noise(seed: int, width: int, height: int) -> Tensor:
    return torch.randn((1, 4, height // 8, width // 8), generator=torch.Generator().manual_seed(seed))


def first_pass(loaded: Loaded, own: Recipe, text: str) -> Tensor:
    levels, said = sigmas(loaded, own.steps), words(loaded, text, own.prompt.negative, own.steps)
    return euler(
        noise(own.seed, own.width, own.height) * levels[0],
        levels,
        lambda latents, sigma, call: seen(loaded, latents, sigma, said(call), own.guidance),
    )


def shown(loaded: Loaded, latents: Tensor) -> Image.Image:
    """The picture, whose shades lose what is behind the point."""
    with torch.no_grad():
        decoded = loaded.vae.decode(latents / loaded.vae.config.scaling_factor).sample[0]
    return Image.fromarray(((decoded / 2 + 0.5).clamp(0, 1) * 255).permute(1, 2, 0).numpy().astype(np.uint8))


def test_a_second_pass_takes_all_its_steps_and_counts_on(tiny_folder: Path, loaded: Loaded) -> None:
    hires = Hires(1.6, 0.6, 5, "Latent (bicubic)", guidance=4.0, prompt="a blue [boat:house:1.5]", negative="ugly")
    own = recipe("a red [cat:dog:0.5]", negative="bad", steps=6, like=CPU, hires=hires)
    drawn, enlarged = together(
        tiny_folder.parent, own, replace(own, hires=replace(hires, upscaler="Lanczos", height=100))
    )
    first = first_pass(loaded, own, "a red [cat:dog:0.5]")
    levels = sigmas(loaded, int(5 / 0.6))[-6:]  # the last five steps of so many
    said = words(loaded, "a blue [boat:house:1.5]", "ugly", 5, 6)

    def second(large: Tensor) -> Tensor:
        start = large + noise(own.seed, large.shape[-1] * 8, large.shape[-2] * 8) * levels[0]
        return euler(start, levels, lambda latents, sigma, call: seen(loaded, latents, sigma, said(call), 4.0))

    large = torch.nn.functional.interpolate(first, size=(12, 12), mode="bicubic")  # 102 pixels, of which 96 count
    assert gap(drawn, pixels(shown(loaded, second(large)))) <= 2
    picture = shown(loaded, first).resize((100, 100), Image.Resampling.LANCZOS)
    assert gap(enlarged, pixels(shown(loaded, second(autoencoder.latents(loaded, picture, None))))) <= 2


def test_what_is_too_much_is_cut_from_the_latents(tiny_folder: Path, loaded: Loaded) -> None:
    own = recipe(steps=4, like=CPU, hires=Hires(0.0, 0.7, 3, "Lanczos", width=96, height=80))
    [drawn] = together(tiny_folder.parent, own)
    picture = shown(loaded, first_pass(loaded, own, "a red cat")).resize((96, 96), Image.Resampling.LANCZOS)
    large = autoencoder.latents(loaded, picture, None)[:, :, 1:11]
    levels, said = sigmas(loaded, int(3 / 0.7))[-4:], words(loaded, "a red cat", "", 3, 4)
    expected = euler(
        large + noise(own.seed, 96, 80) * levels[0],
        levels,
        lambda latents, sigma, call: seen(loaded, latents, sigma, said(call), own.guidance),
    )
    assert drawn.shape == (80, 96, 3)
    assert gap(drawn, pixels(shown(loaded, expected))) <= 2


def test_what_is_redrawn_is_blended_as_it_is_foreseen(tiny_folder: Path, loaded: Loaded) -> None:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (16, 24, 48, 64))
    fills = ("", "fill", "latent noise", "latent nothing")
    own = recipe("a blue boat", steps=5, like=CPU)
    asked = [replace(own, source=Source(SOURCE, 0.6, mask="m", fill=fill)) for fill in fills]
    drawn = together(tiny_folder.parent, *asked, files=[(SOURCE, photograph()), ("m", mask)])
    inside = torch.zeros(1, 1, 8, 8)
    inside[..., 3:8, 2:6] = 1
    levels, said = sigmas(loaded, 5)[5 - 3 - 1 :], words(loaded, "a blue boat", "", 5)
    start = noise(own.seed, 64, 64)
    for made, fill in zip(drawn, fills, strict=True):
        image = masks.smeared(photograph(), mask) if fill else photograph()
        clean = autoencoder.latents(loaded, image, None)
        if fill.startswith("latent"):
            clean = clean * (1 - inside) + (start * inside if fill == "latent noise" else 0)
        blended = partial(blend, inside, clean)
        latents = euler(
            clean + start * levels[0],
            levels,
            lambda latents, sigma, call, put=blended: put(seen(loaded, latents, sigma, said(call), own.guidance)),
        )
        picture = pixels(shown(loaded, blended(latents)))
        assert gap(made, np.where(np.asarray(mask)[..., None] > 0, picture, pixels(photograph()))) <= 2


def blend(inside: Tensor, clean: Tensor, latents: Tensor) -> Tensor:
    return latents * inside + clean * (1 - inside)


def test_the_same_model_as_a_refiner_changes_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    """What a sampler remembers of its steps goes with it."""
    for name in ("tiny", "other"):
        tiny.copy(tiny_folder, tmp_path / name)
    own = recipe("a red [cat:dog:0.5]", negative="bad", steps=6, like=CPU)
    asked = [replace(own, sampler=sampler) for sampler in ("Euler", "DPM++ 2M", "Heun", "DPM++ 2M SDE")]
    asked.append(replace(own, sampler="DPM++ 2M", hires=Hires(1.5, 0.6, 4, "Latent")))
    plain = together(tmp_path, *asked)
    refined = together(tmp_path, *(replace(one, refiner=Refiner("other", 0.6)) for one in asked))
    assert [gap(one, other) <= 1 for one, other in zip(plain, refined, strict=True)] == [True] * len(asked)


def test_a_refiner_takes_over_after_its_share_of_the_noise(tiny_folder: Path, tmp_path: Path, loaded: Loaded) -> None:
    tiny.copy(tiny_folder, tmp_path / "tiny")
    tiny.make(tmp_path / "other", seed=5)
    own = recipe(steps=6, like=CPU, refiner=Refiner("other", 0.6))
    larger = replace(own, hires=Hires(1.5, 0.6, 4, "Latent"))
    drawn, twice = together(tmp_path, own, larger)
    other = loading.load(catalog.model(catalog.models([tmp_path]), "other"), torch.device("cpu"))

    def pair(steps: int, before: int) -> Callable[[Tensor, Tensor, int], Tensor]:
        said = [words(one, "a red cat", "", steps, before) for one in (loaded, other)]

        def foreseen(latents: Tensor, sigma: Tensor, call: int) -> Tensor:
            late = bool((999 - timestep(loaded, sigma)) / 1000 > 0.6)
            return seen(other if late else loaded, latents, sigma, said[late](call), own.guidance)

        return foreseen

    levels = sigmas(loaded, 6)
    one = euler(noise(own.seed, 64, 64) * levels[0], levels, pair(6, 0))
    assert gap(drawn, pixels(shown(other, one))) <= 2  # and its decoder comes with it
    # With a second pass it is the second alone that is refined.
    large = torch.nn.functional.interpolate(first_pass(loaded, own, "a red cat"), size=(12, 12), mode="bilinear")
    levels = sigmas(loaded, int(4 / 0.6))[-5:]
    two = euler(large + noise(own.seed, 96, 96) * levels[0], levels, pair(4, 6))
    assert gap(twice, pixels(shown(other, two))) <= 2


def test_which_passes_a_refiner_takes_over_can_be_said(tiny_folder: Path, tmp_path: Path) -> None:
    """By what the pictures of the passes are without it, and with it alone."""
    tiny.copy(tiny_folder, tmp_path / "tiny")
    tiny.make(tmp_path / "other", seed=5)
    hires = Hires(1.5, 0.6, 4, "Latent")
    own = recipe(steps=6, sampler="Euler", like=CPU, hires=hires, refiner=Refiner("other", 0.01))
    first, second, both = together(
        tmp_path,
        *(replace(own, like=replace(CPU, refined=one)) for one in ("first pass", "second pass", "both passes")),
    )
    plain, usual = together(tmp_path, replace(own, refiner=None), replace(own, like=CPU))
    pictures = (first, second, both, plain)
    assert all(gap(one, other) > 9 for one, other in itertools.combinations(pictures, 2))
    assert gap(second, usual) <= 1
