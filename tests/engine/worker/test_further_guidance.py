"""What acts beside guidance: dynamic thresholding, the perpendicular negative, PAG and SEG, against diffusers and the
papers' formulas in plain torch, alone and in company."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import diffusers
import pytest
import torch
from torch import Tensor, nn

from engine import samplers
from engine.further_guidance import MODES, Perturbed, Smoothed, Thresholding
from engine.models.loaded import Loaded
from engine.recipe import A1111, Recipe
from engine.worker import attention_guidance, denoise, prepare
from engine.worker.batch import Moved
from engine.worker.row import Row
from engine.worker.rows import Rows
from prompts.errors import Refusal
from tests.engine.drawing import Pixels, draw, gap, pixels, recipe
from tests.engine.drawing import reference as plain_reference

OWN = recipe("a red cat", negative="a dog", guidance=7.0, steps=4, seed=4)
STRANGERS = [recipe("a green boat", seed=3, guidance=5.0, steps=5), recipe(seed=8, steps=4, guidance=1.0)]
WAYS = {
    "threshold": replace(OWN, threshold=Thresholding(2.0)),
    "perpendicular": replace(OWN, perpendicular=1.0),
    "pag": replace(OWN, pag=Perturbed(3.0, "down.0+up")),
    "seg": replace(OWN, seg=Smoothed(3.0, "mid+up.1", blur=0.7)),
    "interval": replace(OWN, guidance_start=0.3, guidance_end=0.7),
    "curve": replace(OWN, guidance_curve="cosine down"),
    "all": replace(
        replace(OWN, threshold=Thresholding(3.0), perpendicular=0.5, rescale=0.5),
        pag=Perturbed(2.0, "up"),
        seg=Smoothed(1.0, "up"),
    ),
}
LIKE = A1111("Karras")


def predicted(row: Row) -> tuple[Tensor, Tensor]:
    """The guided prediction of a row's next call, and what the UNet was shown for it."""
    [(_, outcome, _)] = denoise.predict([row])
    assert isinstance(outcome, Moved)
    return outcome.seen.own(outcome.seen.prediction), outcome.seen.own(outcome.seen.shown)


# --- PAG, against diffusers ---


def pag_reference(pipeline: Any, own: Recipe, layers: list[str]) -> Pixels:
    other = diffusers.StableDiffusionPAGPipeline(
        **pipeline.components, requires_safety_checker=False, pag_applied_layers=layers
    )
    row = samplers.SAMPLERS[own.sampler]
    other.scheduler = getattr(diffusers, row.scheduler).from_config(
        {**pipeline.scheduler.config, "clip_sample": False}, **row.overrides
    )
    other.set_progress_bar_config(disable=True)
    before = other.unet.attn_processors
    assert own.pag
    try:
        return pixels(
            other(
                prompt=own.prompt.positive,
                negative_prompt=own.prompt.negative,
                num_inference_steps=own.steps,
                guidance_scale=own.guidance,
                guidance_rescale=own.rescale,
                width=own.width,
                height=own.height,
                generator=torch.Generator("cpu").manual_seed(own.seed),
                pag_scale=own.pag.scale,
                pag_adaptive_scale=own.pag.adaptive,
            ).images[0]
        )
    finally:
        other.unet.set_attn_processor(before)


@pytest.mark.parametrize(
    ("pag", "layers", "changes"),
    [
        (Perturbed(9.0), ["mid"], {"width": 256, "height": 256, "steps": 3}),
        (Perturbed(2.0, "up.1.0"), ["up_blocks.1.attentions.0"], {"guidance": 1.0}),
        (Perturbed(3.0, "down", adaptive=0.004), ["down_blocks"], {"sampler": "DPM++ 2M"}),
        (Perturbed(3.0, "up.3"), ["up_blocks.3"], {"rescale": 0.7}),
        (Perturbed(2.0, "down.1+up"), ["down_blocks.1", "up_blocks"], {"width": 96}),
    ],
)
def test_pag_is_that_of_diffusers(
    pag: Perturbed, layers: list[str], changes: dict[str, Any], loaded: Loaded, pipeline: Any
) -> None:
    own = replace(OWN, pag=pag, **changes)
    expected = pag_reference(pipeline, own, layers)
    assert expected.std() > 20 and gap(expected, plain_reference(pipeline, replace(own, pag=None))) > 3
    assert gap(draw(loaded, [own])[0], expected) <= 1
    assert gap(draw(loaded, [*STRANGERS, own])[-1], expected) <= 1


def test_where_the_adaptive_scale_has_come_to_nothing_a_call_has_no_entry_for_it(loaded: Loaded) -> None:
    assert widths(loaded, replace(OWN, pag=Perturbed(3.0, adaptive=0.004))) == [3, 3, 3, 2]
    assert Perturbed(3.0, adaptive=0.004).at(250.0) == 0 < Perturbed(3.0, adaptive=0.004).at(251.0)


# --- SEG, by its paper ---


def blurred(queries: Tensor, sigma: float) -> Tensor:
    """Square queries (n, places, channels) as SEG's own program blurs them, a kernel over both sides at once."""
    side = math.isqrt(queries.shape[1])
    picture = queries.transpose(1, 2).reshape(len(queries), -1, side, side)
    if not sigma:
        return picture.mean(dim=(2, 3)).unsqueeze(1).expand_as(queries)
    size = min(math.ceil(6 * sigma) + 1 - math.ceil(6 * sigma) % 2, side - (side % 2 - 1))
    line = torch.exp(-0.5 * (torch.linspace(-(size - 1) / 2, (size - 1) / 2, size) / sigma) ** 2)
    kernel = torch.outer(line / line.sum(), line / line.sum()).expand(picture.shape[1], 1, size, size)
    padded = nn.functional.pad(picture, [size // 2] * 4, mode="reflect")
    return nn.functional.conv2d(padded, kernel, groups=picture.shape[1]).flatten(2).transpose(1, 2)


class BlurredAttention:
    """Self-attention whose last entry's queries are blurred."""

    def __init__(self, sigma: float) -> None:
        self.sigma = sigma

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        queries, keys, values = (layer(hidden_states) for layer in (attn.to_q, attn.to_k, attn.to_v))
        queries = torch.cat([queries[:-1], blurred(queries[-1:], self.sigma)])
        parts = (one.unflatten(2, (attn.heads, -1)).transpose(1, 2) for one in (queries, keys, values))
        seen = nn.functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)
        result: Tensor = attn.to_out[0](seen)
        return result


@pytest.mark.parametrize(("blur", "layers"), [(0.0, "up.2"), (0.7, "up.1"), (3.0, "up.3+down.0")])
def test_seg_is_that_of_its_paper(blur: float, layers: str, loaded: Loaded) -> None:
    own = replace(OWN, seg=Smoothed(3.0, layers, blur), steps=1)
    row = prepare.start("job", 0, own, loaded, ())
    found, _ = predicted(row)
    modules = attention_guidance.layers(loaded.unet, layers)
    before = [module.processor for module in modules]
    for module in modules:
        module.processor = BlurredAttention(blur)
    with torch.no_grad():
        without, text, stray = loaded.unet(
            row.input.repeat(3, 1, 1, 1),
            torch.tensor([row.time] * 3),
            encoder_hidden_states=torch.cat([row.sides[0], row.sides[1], row.sides[1]]),
        ).sample.split(1)
    for module, processor in zip(modules, before, strict=True):
        module.processor = processor
    assert (text - stray).abs().max() > 1e-3
    torch.testing.assert_close(found, without + 7.0 * (text - without) + 3.0 * (text - stray), rtol=1e-4, atol=1e-5)


def test_seg_blurs_pictures_that_are_not_square_along_each_side(loaded: Loaded) -> None:
    wide = replace(OWN, seg=Smoothed(3.0, "up.3", blur=1.0), width=128)
    assert gap(draw(loaded, [wide])[0], draw(loaded, [replace(wide, seg=None)])[0]) > 3
    queries = torch.randn(1, 8 * 16, 5, generator=torch.Generator().manual_seed(0))
    own = attention_guidance._blurring([0], 1.0, (8, 16))(None, None, queries)
    padded = nn.functional.pad(queries.transpose(1, 2).reshape(1, 5, 8, 16), [3] * 4, mode="reflect")
    line = torch.exp(-0.5 * torch.arange(-3, 4) ** 2)
    kernel = torch.outer(line, line) / line.sum() ** 2
    expected = nn.functional.conv2d(padded, kernel.expand(5, 1, 7, 7), groups=5).flatten(2).transpose(1, 2)
    torch.testing.assert_close(own, expected)


def test_a_layer_that_there_is_not_is_named_with_those_there_are(loaded: Loaded) -> None:
    with pytest.raises(Refusal) as caught:
        prepare.start("job", 0, replace(OWN, pag=Perturbed(3.0, "mid+up.7")), loaded, ())
    assert caught.value.key == "layers.unknown" and caught.value.values["name"] == "up.7"
    assert "mid.0" in str(caught.value.values["names"])


# --- dynamic thresholding, by its formula ---


def latents_foreseen(row: Row, output: Tensor, shown: Tensor) -> Tensor:
    alpha = row.loaded.signal[int(row.time)]
    return (shown - (1 - alpha).sqrt() * output) / alpha.sqrt()


def thresholded(un: Tensor, text: Tensor, cfg: float, mimic: float, own: Thresholding) -> Tensor:
    """The picture foreseen, (4, h, w) each, by the formulas of sd-dynamic-thresholding, channel by channel."""
    wide, near = un + cfg * (text - un), un + mimic * (text - un)
    groups = [[channel] for channel in range(4)] if own.channels == "separate" else [[0, 1, 2, 3]]
    result = torch.empty_like(un)
    for group in groups:
        means, near_means = (one[group].mean(dim=(1, 2), keepdim=True) for one in (wide, near))
        apart, near_apart = wide[group] - means, near[group] - near_means
        if own.measure == "std":
            wanted, had = near_apart.std(), apart.std()
        else:
            ordered = apart.abs().flatten().sort().values
            place = own.percentile / 100 * (len(ordered) - 1)
            low = ordered[int(place)]
            wanted = near_apart.abs().max()
            had = low + (ordered[min(int(place) + 1, len(ordered) - 1)] - low) * (place - int(place))
        if own.start == "zero":
            result[group] = wide[group] * wanted / had
        elif own.measure == "std":
            result[group] = apart / had * wanted + means
        else:
            most = max(wanted, had)
            result[group] = apart.clip(-most, most) / most * wanted + means
    return own.mix * result + (1 - own.mix) * wide


@pytest.mark.parametrize(
    "own",
    [
        Thresholding(3.0),
        Thresholding(3.0, percentile=97.5),
        Thresholding(3.0, channels="together", percentile=99.0),
        Thresholding(3.0, start="zero"),
        Thresholding(3.0, measure="std"),
        Thresholding(3.0, start="zero", measure="std", channels="together", mix=0.4),
        Thresholding(5.0, mode="linear down", minimum=2.0, cfg_mode="power up", cfg_minimum=3.0, value=2.0),
        Thresholding(5.0, mode="cosine repeating", value=3.0, by="time"),
    ],
)
@pytest.mark.parametrize("at", [0, 2])
def test_thresholding_is_that_of_its_formulas(own: Thresholding, at: int, loaded: Loaded) -> None:
    row = prepare.start("job", 0, replace(OWN, guidance=12.0, threshold=own), loaded, ())
    at_work = Rows()
    at_work.add(row)
    for _ in range(at):
        assert not at_work.turn().failed
    found, shown = predicted(row)
    with torch.no_grad():
        both = loaded.unet(
            shown.repeat(2, 1, 1, 1), torch.tensor([row.time] * 2), encoder_hidden_states=torch.cat(row.sides)
        ).sample
    share = (999 - row.time) / 998 if own.by == "time" else at / 3
    mimic, cfg = {
        "linear down": (2.0 + 3.0 * (1 - share), 3.0 + 9.0 * share**2),
        "cosine repeating": (5.0 * (math.cos(share * 6 * math.pi) * 0.5 + 0.5), 12.0),
    }.get(own.mode, (own.scale, 12.0))
    without, text = (latents_foreseen(row, one, shown[0]) for one in both)
    expected = thresholded(without, text, cfg, mimic, own)
    torch.testing.assert_close(latents_foreseen(row, found, shown)[0], expected, rtol=2e-3, atol=2e-3)


SHAPES: dict[str, Callable[[float], float]] = {  # at a value of 3
    "half cosine down": math.cos,
    "half cosine up": lambda share: 1 - math.cos(share),
    "power down": lambda share: 1 - share**3,
    "linear repeating": lambda share: abs(2 * (3 * share - int(3 * share)) - 1),
    "sawtooth": lambda share: 3 * share - int(3 * share),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_of_the_scales(name: str) -> None:
    for share in (0.0, 0.2, 0.5, 0.9):
        assert MODES[name](share, 3.0) == pytest.approx(SHAPES[name](share))


def test_thresholding_keeps_strong_guidance_from_spreading_what_is_drawn(loaded: Loaded) -> None:
    strong = replace(OWN, guidance=25.0, threshold=Thresholding(3.0))
    drawn = latents(loaded, [OWN, strong, replace(strong, threshold=None)])[1:]
    tamed, glaring = (float((one - one.mean(dim=(2, 3), keepdim=True)).std()) for one in drawn)
    assert tamed < glaring / 2


# --- the perpendicular negative, by its paper ---


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_the_negative_acts_across_what_is_asked_for(scale: float, loaded: Loaded) -> None:
    row = prepare.start("job", 0, replace(OWN, perpendicular=scale), loaded, ())
    found, shown = predicted(row)
    empty = prepare.start("job", 0, replace(OWN, prompt=recipe("").prompt), loaded, ()).sides[-1]
    with torch.no_grad():
        unwanted, empty, text = loaded.unet(
            shown.repeat(3, 1, 1, 1),
            torch.tensor([row.time] * 3),
            encoder_hidden_states=torch.cat([row.sides[0], empty, row.sides[-1]]),
        ).sample.split(1)
    asked, other = (text - empty).flatten(), (unwanted - empty).flatten()
    across = other - asked * torch.dot(other, asked) / torch.linalg.vector_norm(asked) ** 2
    assert abs(torch.dot(across, asked)) < 1e-3 * asked.norm() * other.norm() < across.norm() * asked.norm()
    expected = empty + 7.0 * (asked - scale * across).reshape_as(empty)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_without_a_negative_it_is_plain_guidance(loaded: Loaded) -> None:
    plain = recipe("a red cat", seed=4)
    assert widths(loaded, replace(plain, perpendicular=1.0)) == widths(loaded, plain)
    assert gap(*draw(loaded, [plain]), *draw(loaded, [replace(plain, perpendicular=1.0)])) == 0


# --- in company ---


def widths(loaded: Loaded, own: Recipe) -> list[int]:
    row, found = prepare.start("job", 0, own, loaded, ()), []
    at_work = Rows()
    at_work.add(row)
    while not row.done:
        found.append(row.width)
        assert not at_work.turn().failed
    return found


@pytest.mark.parametrize("like", [None, LIKE], ids=["diffusers", "A1111"])
@pytest.mark.parametrize("name", WAYS)
def test_in_company_it_is_as_alone(name: str, like: A1111 | None, loaded: Loaded) -> None:
    own = replace(WAYS[name], like=like)
    [alone] = draw(loaded, [own])
    assert gap(alone, draw(loaded, [replace(OWN, like=like)])[0]) > 2
    assert gap(draw(loaded, [*STRANGERS, own, WAYS["all"]], late=[2])[2], alone) <= 1


def latents(loaded: Loaded, recipes: Sequence[Recipe]) -> list[Tensor]:
    rows = [prepare.start("job", index, own, loaded, ()) for index, own in enumerate(recipes)]
    at_work = Rows()
    for row in rows:
        at_work.add(row)
    while any(not row.done for row in rows[1:]):
        assert not at_work.turn().failed
        for row in list(at_work):
            if row.done:
                at_work.leave(row)
    return [row.latents for row in rows]


@pytest.mark.parametrize("name", WAYS)
def test_plain_rows_beside_it_stay_as_they_are_to_the_bit(name: str, loaded: Loaded) -> None:
    """Beside another of as many entries, as the number of entries alone may choose other kernels."""
    own, plain = WAYS[name], [replace(one, steps=4) for one in STRANGERS]
    width = widths(loaded, own)
    if len(set(width)) > 1:  # no plain row has such widths
        plain_rows = latents(loaded, [replace(own, seed=99), *plain])[1:]
    else:
        texts = " AND ".join(["a tree", "a hill", "a lake", "a road"][: width[0] - 1])
        plain_rows = latents(loaded, [recipe(texts, seed=99, steps=4), *plain])[1:]
    beside = latents(loaded, [own, *plain])[1:]
    assert all(torch.equal(*both) for both in zip(plain_rows, beside, strict=True))


def test_at_scale_0_there_is_none(loaded: Loaded) -> None:
    assert Thresholding.of("0") is Perturbed.of("0:layers=up") is Smoothed.of("0") is None
    assert not {"threshold", "pag", "seg", "perpendicular"} & set(OWN.to_json())
    nothing = replace(OWN, perpendicular=0.0, pag=Perturbed(0.0), seg=Smoothed(0.0))
    assert widths(loaded, nothing) == widths(loaded, OWN) == [2] * 4
    assert gap(*draw(loaded, [nothing]), *draw(loaded, [OWN])) == 0


def test_calls_are_charged_by_their_own_widths(loaded: Loaded) -> None:
    kinds = ["perpendicular", "pag", "seg", "all", "threshold"]
    assert [widths(loaded, WAYS[name])[0] for name in kinds] == [3, 3, 3, 5, 2]
    rows = [prepare.start("job", at, own, loaded, ()) for at, own in enumerate([*(WAYS[n] for n in kinds), OWN])]
    at_work = Rows(iter(range(1000)).__next__)
    for row in rows:
        at_work.add(row)
    before = [row.seconds for row in rows]
    sizes = [row.width for row in rows]
    assert not at_work.turn().failed
    took = [row.seconds - earlier for row, earlier in zip(rows, before, strict=True)]
    assert [one / took[-1] * 2 for one in took] == pytest.approx(sizes)


def test_they_go_with_texts_joined_by_and_resting_levels_and_cfg_plus(loaded: Loaded) -> None:
    both = recipe("a red cat AND a green boat :0.5", negative="a dog", seed=4, steps=4)
    every = {"pag": Perturbed(2.0), "perpendicular": 1.0, "threshold": Thresholding(3.0)}
    assert widths(loaded, replace(both, **every)) == [6] * 4
    for own in (
        both,
        replace(OWN, quality="fast"),
        replace(OWN, like=A1111(), sampler="DDIM CFG++"),
        replace(OWN, like=A1111(ngms=4.0), sampler="Euler"),
    ):
        changed = replace(own, **every)
        [alone] = draw(loaded, [changed])
        assert gap(alone, draw(loaded, [own])[0]) > 3
        assert gap(draw(loaded, [*STRANGERS, changed])[-1], alone) <= 1


@pytest.mark.parametrize("own", [*WAYS.values(), replace(OWN, threshold=Thresholding(2.0, start="zero", by="time"))])
def test_a_recipe_keeps_them(own: Recipe) -> None:
    assert Recipe.from_json(own.to_json()) == own
