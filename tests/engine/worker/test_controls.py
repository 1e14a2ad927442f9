"""Rows that follow maps: alone as diffusers' pipelines have it, in company the same, and nobody else changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.control import Control
from engine.controls import nets
from engine.controls.guide import Guide, guide, soft_weights
from engine.controls.net import Net, Network
from engine.controls.residuals import residuals
from engine.files.catalog import Companion
from engine.files.identify import identify
from engine.models import loading
from engine.models.loaded import Loaded
from engine.pixels.control_map import ControlMap
from engine.recipe import Recipe
from engine.speed import deep_cache
from engine.speed.batched_call import Call
from engine.worker import autoencoder, denoise, prepare, rows
from engine.worker.batch import Batch
from engine.worker.row import Row
from tests import tiny, tiny_families, tiny_nets
from tests.engine.drawing import Pixels, gap, pixels, recipe
from tests.engine.worker.test_prepare import wide_unet

NETS = ("one", "two", "pooled")
CLOSE = 2e-3  # of latents whose spread is about 1, as of the pipelines without nets


def drawn_map(seed: int = 0, side: int = 64) -> Image.Image:
    """White blocks on black, others for each seed."""
    blocks = np.random.default_rng(seed).random((8, 8)) > 0.6
    return Image.fromarray((np.kron(blocks, np.ones((side // 8, side // 8))) * 255).astype(np.uint8)).convert("RGB")


def saved(unet: Any, folder: Path) -> Path:
    """Some nets for a UNet, each in a folder."""
    for seed, name in enumerate(NETS, 1):
        made = tiny_nets.control(unet, seed)
        made.register_to_config(global_pool_conditions=name == "pooled")
        made.save_pretrained(folder / name)
    return folder


@pytest.fixture(scope="module")
def folder(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(loaded.unet, tmp_path_factory.mktemp("nets"))


def follows(
    loaded: Loaded,
    folder: Path,
    net: str = "one",
    map_: Image.Image | None = None,
    mask: Image.Image | None = None,
    **said: Any,
) -> Guide:
    """A control as a row of 64 × 64 pixels follows it."""
    companion = Companion("controlnet", net, folder / net)
    shown = ControlMap(Control(net, "a" * 64, **said), map_ or drawn_map(), mask)
    return guide(shown, nets.load(companion, loaded))


def started(loaded: Loaded, own: Recipe, *guides: Guide, index: int = 0) -> Row:
    return prepare.start("job", index, own, loaded, (), guides=guides)


def to_the_end(everybody: Sequence[Row]) -> list[Tensor]:
    """The latents of rows that are drawn together."""
    at_work = rows.Rows()
    for row in everybody:
        at_work.add(row)
    while len(at_work):
        turn = at_work.turn()
        for _, error in turn.failed:
            raise error
        for row in turn.stepped:
            if row.done:
                at_work.leave(row)
    return [row.latents for row in everybody]


def picture(loaded: Loaded, latents: Tensor) -> Pixels:
    return pixels(autoencoder.pictures(loaded, [latents])[0])


def apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


# --- as diffusers has it ---


def judged(kind: Any, components: dict[str, Any], own: Recipe, controls: Any, **values: Any) -> Tensor:
    """The latents of a pipeline of diffusers."""
    pipeline = kind(**components, controlnet=controls)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    made = pipeline(
        prompt=own.prompt.positive,
        negative_prompt=own.prompt.negative or None,
        num_inference_steps=own.steps,
        guidance_scale=own.guidance,
        width=own.width,
        height=own.height,
        generator=torch.Generator("cpu").manual_seed(own.seed),
        output_type="latent",
        **values,
    )
    latents: Tensor = made.images
    return latents


def read(folder: Path, *names: str) -> Any:
    made = [diffusers.ControlNetModel.from_pretrained(folder / name).eval() for name in names]
    return made if len(made) > 1 else made[0]


def plain(pipeline: Any) -> dict[str, Any]:
    parts = {name: part for name, part in pipeline.components.items() if name != "image_encoder"}
    return parts | {"requires_safety_checker": False}


OWN = recipe("a red cat", negative="blurry", steps=6)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({}, {}),
        (
            {"strength": 0.7, "start": 0.2, "end": 0.7},
            {"controlnet_conditioning_scale": 0.7, "control_guidance_start": 0.2, "control_guidance_end": 0.7},
        ),
        ({"mode": "control"}, {"guess_mode": True}),
    ],
)
def test_a_row_that_follows_a_map_is_drawn_as_by_diffusers(
    said: dict[str, Any],
    asked: dict[str, Any],
    loaded: Loaded,
    pipeline: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if said.get("mode"):  # sd-webui-controlnet's weights, which diffusers' come near
        monkeypatch.setattr(torch, "logspace", lambda *_, **__: torch.tensor(soft_weights(len(read_levels(loaded)))))
    expected = judged(
        diffusers.StableDiffusionControlNetPipeline,
        plain(pipeline),
        OWN,
        read(folder, "one"),
        image=drawn_map(),
        **asked,
    )
    monkeypatch.undo()
    [without] = to_the_end([started(loaded, OWN)])
    [made] = to_the_end([started(loaded, OWN, follows(loaded, folder, **said))])
    assert apart(made, expected) <= CLOSE < 0.1 < apart(without, expected)
    assert gap(picture(loaded, made), picture(loaded, expected)) <= 2


def read_levels(loaded: Loaded) -> list[int]:
    """The residuals of a net for this UNet."""
    return [0, *(0 for block in loaded.unet.down_blocks for _ in (*block.resnets, *(block.downsamplers or ()))), 0]


def test_several_nets_are_drawn_as_by_diffusers(loaded: Loaded, pipeline: Any, folder: Path) -> None:
    kind, maps = diffusers.StableDiffusionControlNetPipeline, [drawn_map(1), drawn_map(2)]
    expected = judged(
        kind, plain(pipeline), OWN, read(folder, "one", "two"), image=maps, controlnet_conditioning_scale=[0.9, 0.5]
    )
    own = [
        follows(loaded, folder, name, map_, strength=strength)
        for name, map_, strength in zip(("one", "two"), maps, (0.9, 0.5), strict=True)
    ]
    [made] = to_the_end([started(loaded, OWN, *own)])
    assert apart(made, expected) <= CLOSE


def test_a_net_whose_answer_has_no_place_is_drawn_as_by_diffusers(loaded: Loaded, pipeline: Any, folder: Path) -> None:
    kind = diffusers.StableDiffusionControlNetPipeline
    expected = judged(kind, plain(pipeline), OWN, read(folder, "pooled"), image=drawn_map())
    [made, without] = to_the_end([started(loaded, OWN, follows(loaded, folder, "pooled")), started(loaded, OWN)])
    assert apart(made, expected) <= CLOSE < apart(without, expected)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Any, Path]:
    """A model of SDXL's layout, the pipeline of diffusers, and its nets."""
    folder = tmp_path_factory.mktemp("large")
    parts = tiny_families.sdxl().components | {"vae": tiny.vae().eval()}  # a latent pixel is eight of a map's
    made = diffusers.StableDiffusionXLPipeline(**parts, add_watermarker=False)
    made.save_pretrained(folder / "xl")
    saved(made.unet, folder)
    found = loading.load(tiny_families.entry(folder / "xl", identify(folder / "xl")), torch.device("cpu"))
    return found, made, folder


@pytest.mark.parametrize("mode", ["", "control"])
def test_sdxl_is_drawn_as_by_diffusers(
    mode: str, large: tuple[Loaded, Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, pipeline, folder = large
    own = replace(OWN, model="xl")
    if mode:
        monkeypatch.setattr(torch, "logspace", lambda *_, **__: torch.tensor(soft_weights(len(read_levels(loaded)))))
    kind = diffusers.StableDiffusionXLControlNetPipeline
    parts = {name: part for name, part in pipeline.components.items() if name != "image_encoder"}
    expected = judged(
        kind,
        parts,
        own,
        read(folder, "one"),
        image=drawn_map(),
        guess_mode=bool(mode),
        controlnet_conditioning_scale=1.0,
    )
    monkeypatch.undo()
    [made, without] = to_the_end([started(loaded, own, follows(loaded, folder, mode=mode)), started(loaded, own)])
    assert apart(made, expected) <= CLOSE < apart(without, expected)


def test_the_weights_of_a_mode_are_those_of_webui() -> None:
    thirteen, ten = soft_weights(13), soft_weights(10)
    assert thirteen == [pytest.approx(0.825 ** (12 - level)) for level in range(13)]
    assert ten == pytest.approx(thirteen[:10])
    assert soft_weights(7)[0] == thirteen[0] and soft_weights(7)[-1] == 1
    assert soft_weights(4, adapter=True) == [0.25, 0.62, 0.825, 1.0]


# --- in company ---


def test_a_row_in_company_is_drawn_as_alone(loaded: Loaded, folder: Path) -> None:
    def crowd() -> list[Row]:
        one, two = follows(loaded, folder, "one"), follows(loaded, folder, "two", drawn_map(5), mode="control")
        half = Image.new("L", (64, 64))
        half.paste(255, (0, 0, 32, 64))
        return [
            started(loaded, replace(OWN, seed=1), one),
            started(loaded, replace(OWN, seed=2)),
            started(loaded, replace(OWN, seed=3, guidance=1.0), two),
            started(loaded, replace(OWN, seed=4), one, two, follows(loaded, folder, "one", drawn_map(7), strength=0.4)),
            started(loaded, replace(OWN, seed=5, sampler="Euler a"), follows(loaded, folder, "two", mode="prompt")),
            started(loaded, recipe("a cat AND a red dog :0.7", seed=6, steps=6), follows(loaded, folder, end=0.5)),
            started(loaded, replace(OWN, seed=7, sampler="Heun"), follows(loaded, folder, mask=half, start=0.3)),
            started(loaded, replace(OWN, seed=8), follows(loaded, folder, "pooled", mask=half)),
        ]

    together = to_the_end(crowd())
    for number, latents in enumerate(together):
        [alone] = to_the_end([crowd()[number]])
        scale = max(1.0, float(alone.abs().max()))
        assert apart(latents, alone) <= 1e-5 * scale, number
        assert gap(picture(loaded, latents), picture(loaded, alone)) <= 1


def test_rows_beside_one_that_follows_a_map_do_not_change_by_a_bit(loaded: Loaded, folder: Path) -> None:
    def drawn(*guides: Guide) -> list[Tensor]:
        own = [started(loaded, replace(OWN, seed=seed)) for seed in range(3)]
        return to_the_end([*own[:2], started(loaded, replace(OWN, seed=9), *guides), own[2]])

    beside, among = drawn(), drawn(follows(loaded, folder), follows(loaded, folder, "two"))
    assert all(torch.equal(beside[number], among[number]) for number in (0, 1, 3))
    assert not torch.equal(beside[2], among[2])


@pytest.mark.parametrize("said", [{"strength": 0.0}, {"start": 0.9}, {"end": 0.1}, {"start": 0.45, "end": 0.6}])
def test_one_that_never_acts_is_none_to_the_bit(
    said: dict[str, Any], loaded: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = follows(loaded, folder, **said)
    monkeypatch.setattr(denoise, "residuals", None)  # it is not even asked
    [made], [without] = to_the_end([started(loaded, OWN, guide)]), to_the_end([started(loaded, OWN)])
    assert torch.equal(made, without)


def test_it_acts_at_the_steps_within_its_start_and_end_alone(loaded: Loaded, folder: Path) -> None:
    def latents(*guides: Guide) -> list[Tensor]:
        row = started(loaded, replace(OWN, steps=8), *guides)
        found = []
        while not row.done:
            [(_, outcome, _)] = denoise.predict([row])
            denoise.advance(row, outcome)
            found.append(row.latents.clone())
        return found

    without, late = latents(), latents(follows(loaded, folder, start=0.5))
    early, whole = latents(follows(loaded, folder, end=0.5)), latents(follows(loaded, folder))
    assert [torch.equal(one, other) for one, other in zip(without, late, strict=True)] == [True] * 4 + [False] * 4
    assert [torch.equal(one, other) for one, other in zip(whole, early, strict=True)] == [True] * 4 + [False] * 4


def test_a_mask_says_where_it_acts(loaded: Loaded, folder: Path) -> None:
    black, white = Image.new("L", (64, 64)), Image.new("L", (64, 64), 255)
    own = [(follows(loaded, folder, mask=mask),) for mask in (black, white, None)]
    # Each beside the same row and in the same place: some processors multiply by another way in another place.
    nowhere, everywhere, unmasked, without = (
        to_the_end([started(loaded, OWN, *guides), started(loaded, OWN)])[0] for guides in (*own, ())
    )
    assert torch.equal(nowhere, without) and torch.equal(everywhere, unmasked)
    assert apart(everywhere, nowhere) > 0.1


def test_a_net_that_fails_takes_its_own_rows_along_alone(loaded: Loaded, folder: Path) -> None:
    broken, at_work = follows(loaded, folder, "two"), rows.Rows()
    broken.hint = broken.hint[..., :3] if broken.hint is not None else None  # as of another size
    everybody = [
        started(loaded, OWN, *guides, index=index)
        for index, guides in enumerate(((), (broken,), (follows(loaded, folder),)))
    ]
    for row in everybody:
        at_work.add(row)
    turn = at_work.turn()
    assert [row.index for row, _ in turn.failed] == [1]
    assert sorted(row.index for row in turn.stepped) == [0, 2]


def test_the_time_of_a_net_is_that_of_its_rows(loaded: Loaded, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work = rows.Rows()
    own, both, half = (
        started(loaded, replace(OWN, steps=4), *guides)
        for guides in ((), (follows(loaded, folder),), (follows(loaded, folder, mode="control"),))
    )
    before = [row.seconds for row in (own, both, half)]
    for row in (own, both, half):
        at_work.add(row)
    monkeypatch.setattr(denoise.time, "monotonic", lambda: 0.0)  # as where nobody knows how long what took
    share = both.guides[0].share
    at_work.turn()
    spent = [row.seconds - earlier for row, earlier in zip((own, both, half), before, strict=True)]
    assert 0.2 < share < 1
    assert spent[1] == pytest.approx((1 + share) * spent[0])
    assert spent[2] == pytest.approx((1 + share / 2) * spent[0])
    assert [row.load for row in (own, both, half)] == [2, pytest.approx(2 + 2 * share), pytest.approx(2 + share)]


class Ready:
    """What answers every call at once, as the plain UNet would, and notes how many entries it had."""

    def __init__(self, unet: Any) -> None:
        self.unet = unet
        self.asked: list[int] = []

    def answer(self, call: Call) -> Tensor:
        self.asked.append(call.entries)
        return call.answered(self.unet)


def test_calls_that_are_prepared_stay_those_of_rows_without_a_net(loaded: Loaded, folder: Path) -> None:
    ready = Ready(loaded.unet)
    other: Any = replace(loaded, prepared=cast(Any, ready), joined=OrderedDict())
    own = replace(OWN, steps=4)
    everybody = [started(other, own), started(other, own, follows(other, folder, end=0.5)), started(other, own)]
    at_work = rows.Rows()
    for row in everybody:
        at_work.add(row)
    for _ in range(4):  # the two without a net, then the other, twice
        at_work.turn()
    assert ready.asked == [4, 4]
    assert {row.at for row in everybody} == {2}
    at_work.turn()
    assert ready.asked == [4, 4, 6]  # where it acts no more, it is drawn with them


# --- with everything else ---


def test_models_for_inpainting_show_a_net_four_of_nine_channels(loaded: Loaded, folder: Path) -> None:
    made = wide_unet()
    other = replace(loaded, unet=made.eval(), joined=OrderedDict(), adapted={})
    nine, without = to_the_end([started(other, OWN, follows(other, folder)), started(other, OWN)])
    assert nine.isfinite().all() and apart(nine, without) > 0.01


def test_distilled_models_follow_maps(loaded: Loaded, tmp_path: Path) -> None:
    made = tiny_families.sd15(time_cond_proj_dim=16).components | {"vae": tiny.vae()}
    diffusers.StableDiffusionPipeline(**made, requires_safety_checker=False).save_pretrained(tmp_path / "quick")
    saved(tiny_families.unet("sd15"), tmp_path)
    quick = loading.load(tiny_families.entry(tmp_path / "quick", identify(tmp_path / "quick")), torch.device("cpu"))
    drawn, without = to_the_end([started(quick, OWN, follows(quick, tmp_path)), started(quick, OWN)])
    assert drawn.isfinite().all() and apart(drawn, without) > 0.01


def test_a_call_whose_deep_levels_rest_is_the_whole_call_with_a_net_too(loaded: Loaded, folder: Path) -> None:
    row = started(loaded, OWN, follows(loaded, folder))
    call = Batch([row]).call()
    added = residuals(row.followers(0), call)
    with torch.no_grad():
        with deep_cache.kept(loaded.unet) as given:
            whole = call.answered(partial(loaded.unet, **added.told))
        with deep_cache.reused(loaded.unet, given[0]):
            shallow = call.answered(partial(loaded.unet, **added.shallow(loaded.unet.config.layers_per_block).told))
        assert torch.equal(whole, shallow)
        assert not torch.equal(whole, call.answered(loaded.unet))


def test_the_fast_quality_goes_with_a_net(loaded: Loaded, folder: Path) -> None:
    own = replace(OWN, quality="fast", steps=8)
    made, without = to_the_end([started(loaded, own, follows(loaded, folder)), started(loaded, own)])
    [alone] = to_the_end([started(loaded, own, follows(loaded, folder))])
    assert apart(made, alone) <= 1e-5 * max(1.0, float(alone.abs().max())) < apart(made, without)


def adapter(loaded: Loaded, map_: Image.Image, **said: Any) -> Guide:
    """A T2I-Adapter as a row follows it."""
    torch.manual_seed(4)
    channels = list(loaded.unet.config.block_out_channels)
    body = tiny_nets.noisy(diffusers.T2IAdapter(3, channels, 1, 8, "full_adapter"), 4)
    return guide(ControlMap(Control("t2i", "a" * 64, **said), map_), Net("t2i", Network("adapter", body), loaded))


def test_a_t2i_adapter_is_drawn_as_by_diffusers(loaded: Loaded, pipeline: Any, folder: Path) -> None:
    own = adapter(loaded, drawn_map(3), strength=0.8)
    kind = diffusers.StableDiffusionAdapterPipeline(**plain(pipeline), adapter=own.net.network.body)
    kind.scheduler = diffusers.EulerDiscreteScheduler.from_config(kind.scheduler.config)
    kind.set_progress_bar_config(disable=True)
    expected = kind(
        OWN.prompt.positive,
        drawn_map(3),
        negative_prompt=OWN.prompt.negative,
        num_inference_steps=OWN.steps,
        guidance_scale=OWN.guidance,
        generator=torch.Generator("cpu").manual_seed(OWN.seed),
        output_type="latent",
        adapter_conditioning_scale=0.8,
    ).images
    [made] = to_the_end([started(loaded, OWN, own)])
    both, without, among = to_the_end(
        [started(loaded, OWN, own, follows(loaded, folder)), started(loaded, OWN), started(loaded, OWN, own)]
    )
    assert apart(made, expected) <= CLOSE < apart(without, expected)
    assert apart(among, made) <= 1e-5 * float(made.abs().max()) < apart(both, made)
    [fast] = to_the_end([started(loaded, replace(OWN, quality="fast"), own)])
    assert fast.isfinite().all()
