"""SD 2, SDXL and single files: a picture equals that of diffusers' own pipeline, alone and among strangers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from engine import samplers
from engine.adapters import embeddings
from engine.files import catalog
from engine.models import loading
from engine.models.loaded import Loaded
from engine.models.model_cache import ModelCache
from engine.recipe import Recipe
from engine.speed.batched_call import Prepared
from engine.speed.compiled import Graphs
from engine.worker import prompt_encoding
from prompts.errors import Refusal
from tests import tiny_families
from tests.engine.drawing import Pixels, draw, gap, like_a_card, over, photograph, pixels, recipe

CPU = torch.device("cpu")
MADE: dict[str, Callable[[], Any]] = {
    "sd15": tiny_families.sd15,
    "sd2": tiny_families.sd2,
    "sd2-zero": lambda: tiny_families.sd2(zero_snr=True),
    "sdxl": tiny_families.sdxl,
    "refiner": lambda: tiny_families.sdxl(refiner=True),
}
V = {"modelspec.prediction_type": "v"}
USUAL = ("sd15", "sd2", "sd2-zero", "sdxl", "sdxl-folder")


@pytest.fixture(scope="module")
def pipelines() -> dict[str, Any]:
    loading.quieten()
    made = {name: make() for name, make in MADE.items()}
    return made | {"sdxl-folder": made["sdxl"]}


@pytest.fixture(scope="module")
def shelf(pipelines: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every pipeline in a single file, SDXL in a folder too."""
    folder = tmp_path_factory.mktemp("families")
    for name in MADE:
        more = {"ztsnr": torch.zeros(1)} if name == "sd2-zero" else {}
        metadata = V if name.startswith("sd2") else None
        tiny_families.save_single(pipelines[name], folder / f"{name}.safetensors", metadata=metadata, **more)
    pipelines["sdxl"].save_pretrained(folder / "sdxl-folder")
    return folder


@pytest.fixture(scope="module")
def loaded(shelf: Path) -> dict[str, Loaded]:
    return {one.name: loading.load(one, CPU) for one in catalog.models([shelf]) if not one.builtin}


def reference(pipeline: Any, own: Recipe, source: Image.Image | None = None, **values: Any) -> Pixels:
    """What diffusers' pipeline makes of the recipe; without a negative it is told of none."""
    row = samplers.SAMPLERS[own.sampler]
    schedule = getattr(diffusers, row.scheduler).from_config(pipeline.scheduler.config, **row.overrides)
    values |= {
        "prompt": own.prompt.positive,
        "negative_prompt": own.prompt.negative or None,
        "num_inference_steps": own.steps,
        "guidance_scale": own.guidance,
        "generator": torch.Generator("cpu").manual_seed(own.seed),
    }
    large = hasattr(pipeline, "text_encoder_2")
    options: dict[str, Any] = {"requires_safety_checker": False}
    if large:
        options = {"force_zeros_for_empty_prompt": pipeline.config.force_zeros_for_empty_prompt}
        options |= {"add_watermarker": False}
    kind: Any = diffusers.StableDiffusionXLPipeline if large else diffusers.StableDiffusionPipeline
    if source is not None:
        assert own.source is not None and large
        kind = diffusers.StableDiffusionXLImg2ImgPipeline
        options |= {"requires_aesthetics_score": pipeline.text_encoder is None}
        values |= {"image": source, "strength": own.source.strength}
    else:
        values |= {"width": own.width, "height": own.height, "guidance_rescale": own.rescale}
    other = kind(**pipeline.components, **options)
    other.scheduler = schedule
    other.set_progress_bar_config(disable=True)
    return pixels(other(**values).images[0])


def small(*words: str, **changes: Any) -> Recipe:
    """16 × 16: the tiny VAEs halve their pictures."""
    return recipe(*words, **{"width": 16, "height": 16, "steps": 3} | changes)


def test_what_the_files_are(shelf: Path) -> None:
    found = {one.name: (one.family, one.prediction, one.zero_snr, one.width) for one in catalog.models([shelf])}
    found.pop(catalog.BUILTIN)
    assert found == {
        "sd15": ("sd15", "epsilon", False, 512),
        "sd2": ("sd2", "v_prediction", False, 768),
        "sd2-zero": ("sd2", "v_prediction", True, 768),
        "sdxl": ("sdxl", "epsilon", False, 1024),
        "sdxl-folder": ("sdxl", "epsilon", False, 64),
        "refiner": ("refiner", "epsilon", False, 1024),
    }
    assert catalog.skipped([shelf]) == ()


@pytest.mark.parametrize("name", USUAL)
def test_pictures_alone_and_in_company(name: str, loaded: dict[str, Loaded], pipelines: dict[str, Any]) -> None:
    recipes = [
        small(negative="blurry", sampler="Euler"),
        small("a boat", seed=2, sampler="DPM++ 2M Karras", steps=4),
        small("a green boat", negative="a dog", seed=3, sampler="Euler a", guidance=3.0),
        small("a house", seed=4, sampler="DDIM", guidance=1.0),
        small("a cat", seed=6, sampler="Euler", rescale=0.7),
    ]
    together = draw(loaded[name], [*recipes, small("a cat, " * 40, seed=5)], late=(2,))
    for own, drawn in zip(recipes, together, strict=False):
        expected = reference(pipelines[name], own)
        assert expected.std() > 20
        assert gap(drawn, expected) <= 1
    assert gap(draw(loaded[name], recipes[:1])[0], reference(pipelines[name], recipes[0])) <= 1


@pytest.mark.parametrize("name", ["sd2", "sdxl"])
def test_captured_calls_draw_the_same(name: str, loaded: dict[str, Loaded]) -> None:
    own = replace(loaded[name], prepared=Prepared(Graphs(loaded[name].unet, like_a_card, 2**30)))
    recipes = [small(negative="blurry", steps=6), small("a boat", seed=2, steps=6), small("a house", guidance=1.0)]
    for one, other in zip(draw(own, recipes), draw(loaded[name], recipes), strict=True):
        assert gap(one, other) <= 1
    assert own.prepared is not None and own.prepared.shapes


def test_a_file_that_was_distilled_with_its_guidance_is_told_it(tmp_path: Path) -> None:
    pipeline = tiny_families.sd15(time_cond_proj_dim=16)
    tiny_families.save_single(pipeline, tmp_path / "lcm.safetensors")
    model = catalog.model(catalog.models([tmp_path]), "lcm")
    assert (model.sampler, model.guidance) == ("LCM", 1.5)
    own = loading.load(model, CPU)
    recipes = [small(sampler="LCM", guidance=guidance, seed=seed) for seed, guidance in enumerate((1.5, 8.0, 2.0))]
    drawn = draw(own, recipes)
    assert all(gap(one, reference(pipeline, each)) <= 1 for one, each in zip(drawn, recipes, strict=True))
    assert gap(drawn[1], draw(own, [replace(recipes[1], guidance=1.5)])[0]) > 1


def test_the_size_is_told_to_sdxl(loaded: dict[str, Loaded], pipelines: dict[str, Any]) -> None:
    wide, tall = small(width=32, negative="x"), small(height=24, negative="x")
    for own, drawn in zip((wide, tall), draw(loaded["sdxl"], [wide, tall]), strict=True):
        assert gap(drawn, reference(pipelines["sdxl"], own)) <= 1


def test_the_refiner_draws_over_pictures(loaded: dict[str, Loaded], pipelines: dict[str, Any]) -> None:
    own = small(negative="blurry", steps=4, source=over(0.5))
    source = photograph(16, 16)
    expected = reference(pipelines["refiner"], own, source)
    assert gap(draw(loaded["refiner"], [own, small("x", seed=2)], source=source)[0], expected) <= 1
    plain = small(negative="blurry", steps=4, source=over(0.5), seed=4)
    assert gap(draw(loaded["sdxl"], [plain], source=source)[0], reference(pipelines["sdxl"], plain, source)) <= 1


def test_clip_skip_of_sdxl_counts_from_the_last_layer_but_one(
    loaded: dict[str, Loaded], pipelines: dict[str, Any]
) -> None:
    one, two, three = draw(loaded["sdxl"], [small(guidance=1.0, clip_skip=skip) for skip in (1, 2, 3)])
    assert gap(one, two) == 0
    # Without guidance: diffusers skips layers for the positive prompt only.
    assert gap(three, reference(pipelines["sdxl"], small(guidance=1.0), clip_skip=1)) <= 1
    assert gap(one, three) > 5


def test_weights_scale_the_words_of_sdxl_and_nothing_else(loaded: dict[str, Loaded]) -> None:
    plain, _ = prompt_encoding.embed(loaded["sdxl"], "a red cat", "")
    weighted, _ = prompt_encoding.embed(loaded["sdxl"], "a (red:1.5) cat", "")
    assert torch.equal(weighted[0, 2], plain[0, 2] * 1.5)
    assert torch.equal(weighted[0, 3], plain[0, 3])


def test_the_summary_is_that_of_the_first_chunk(loaded: dict[str, Loaded]) -> None:
    [short], _ = prompt_encoding.conditionings(loaded["sdxl"], "a cat", "", 3)
    [long], blank = prompt_encoding.conditionings(loaded["sdxl"], "a cat BREAK a dog", "", 3)
    assert torch.equal(short.pooled_at(1), long.pooled_at(1))
    assert long.length == blank.length == 154
    assert not blank.at(1).any() and not blank.pooled_at(1).any()
    [scheduled], _ = prompt_encoding.conditionings(loaded["sdxl"], "a [cat:dog:0.5]", "", 4)
    assert not torch.equal(scheduled.pooled_at(2), scheduled.pooled_at(3))


# --- VAEs ---


@pytest.mark.parametrize("layout", ["original", "diffusers", "folder"])
def test_another_vae(
    layout: str, tmp_path: Path, shelf: Path, loaded: dict[str, Loaded], pipelines: dict[str, Any]
) -> None:
    torch.manual_seed(9)
    vae = tiny_families.vae()
    path = tmp_path / ("other.safetensors" if layout != "folder" else "other")
    if layout == "folder":
        vae.save_pretrained(path)
    else:
        weights = dict(tiny_families.vae_names(vae)) if layout == "original" else vae.state_dict()
        save_file({name: weight.contiguous() for name, weight in weights.items()}, path)
    [entry] = catalog.vaes([tmp_path])
    changed = loading.with_vae(loaded["sd15"], entry)
    components = pipelines["sd15"].components | {"vae": vae}
    own = small(negative="x")
    expected = reference(diffusers.StableDiffusionPipeline(**components, requires_safety_checker=False), own)
    assert gap(draw(changed, [own])[0], expected) <= 1
    assert gap(draw(loaded["sd15"], [own])[0], expected) > 5
    kept = ModelCache(CPU)
    model = catalog.model(catalog.models([shelf]), "sd15")
    assert kept.get(model, entry).unet is kept.get(model).unet
    assert kept.get(model, entry) is kept.get(model, entry)


def test_a_file_without_a_vae_needs_another(tmp_path: Path, pipelines: dict[str, Any]) -> None:
    weights = {
        name: weight.contiguous().clone()
        for name, weight in tiny_families.single(pipelines["sd15"])
        if not name.startswith("first_stage_model.")
    }
    save_file(weights, tmp_path / "bare.safetensors")
    save_file({k: v.contiguous() for k, v in pipelines["sd15"].vae.state_dict().items()}, tmp_path / "own.safetensors")
    bare = catalog.model(catalog.models([tmp_path]), "bare")
    with pytest.raises(Refusal) as caught:
        loading.load(bare, CPU)
    assert caught.value.key == "model.no_vae"
    [vae] = catalog.vaes([tmp_path])
    assert gap(draw(ModelCache(CPU).get(bare, vae), [small()])[0], reference(pipelines["sd15"], small())) <= 1


# --- embeddings ---


@pytest.mark.parametrize("layout", ["a1111.pt", "a1111.safetensors", "diffusers.bin", "diffusers.safetensors"])
def test_embeddings_of_every_format(
    layout: str, tmp_path: Path, loaded: dict[str, Loaded], pipelines: dict[str, Any]
) -> None:
    vectors = torch.randn((3, tiny_families.SMALL), generator=torch.Generator().manual_seed(4)) * 2
    path = tmp_path / f"xqz{Path(layout).suffix}"
    match layout:
        case "a1111.pt":
            torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}, "name": "xqz"}, path)
        case "a1111.safetensors":
            save_file({"emb_params": vectors}, path)
        case "diffusers.bin":
            torch.save({"<xqz>": vectors}, path)
        case _:
            save_file({"<xqz>": vectors}, path)
    [entry] = catalog.embeddings([tmp_path])
    assert (entry.name, entry.vectors, entry.widths) == ("xqz", 3, (tiny_families.SMALL,))
    own = small("a cat, XQZ style", negative="xqz, ugly")
    embeddings.learn(loaded["sd15"], [entry])
    try:
        drawn = draw(loaded["sd15"], [own, small("no such word", seed=3)])[0]
        assert [len(chunk.tokens) for chunk in chunks(loaded["sd15"], "xqz, ugly")] == [5]
    finally:
        embeddings.learn(loaded["sd15"], [])
    pipeline = pipelines["sd15"]
    pipeline.load_textual_inversion({"<xqz>": vectors}, token="xqz")
    try:
        expected = reference(pipeline, small("a cat, xqz style", negative="xqz, ugly"))
    finally:
        pipeline.unload_textual_inversion()
    assert gap(drawn, expected) <= 1
    assert gap(draw(loaded["sd15"], [own])[0], expected) > 5


def test_embeddings_of_sdxl_have_two_parts(
    tmp_path: Path, loaded: dict[str, Loaded], pipelines: dict[str, Any]
) -> None:
    noise = torch.Generator().manual_seed(5)
    first = torch.randn((2, tiny_families.SMALL), generator=noise) * 2
    second = torch.randn((2, tiny_families.LARGE), generator=noise) * 2
    save_file({"clip_l": first, "clip_g": second}, tmp_path / "xqz.safetensors")
    [entry] = catalog.embeddings([tmp_path])
    assert (entry.family, entry.vectors) == ("sdxl", 2)
    own = small("a cat, xqz style", negative="xqz")
    embeddings.learn(loaded["sd15"], [entry])
    assert loaded["sd15"].concepts == {}  # made for other encoders: its name is a word there
    embeddings.learn(loaded["sdxl"], [entry])
    try:
        drawn = draw(loaded["sdxl"], [own])[0]
    finally:
        embeddings.learn(loaded["sdxl"], [])
    pipeline = pipelines["sdxl"]
    for vectors, words, encoder in (
        (first, pipeline.tokenizer, pipeline.text_encoder),
        (second, pipeline.tokenizer_2, pipeline.text_encoder_2),
    ):
        pipeline.load_textual_inversion({"<xqz>": vectors}, token="xqz", tokenizer=words, text_encoder=encoder)
    try:
        expected = reference(pipeline, own)
    finally:
        pipeline.unload_textual_inversion(tokenizer=pipeline.tokenizer, text_encoder=pipeline.text_encoder)
        pipeline.unload_textual_inversion(tokenizer=pipeline.tokenizer_2, text_encoder=pipeline.text_encoder_2)
    assert gap(drawn, expected) <= 1


def test_an_embedding_that_does_not_fit_begins_a_chunk(tmp_path: Path, loaded: dict[str, Loaded]) -> None:
    path = tmp_path / "xqz.safetensors"
    save_file({"emb_params": torch.ones(10, tiny_families.SMALL)}, path)
    embeddings.learn(loaded["sd15"], catalog.embeddings([tmp_path]))
    try:
        assert [len(chunk.tokens) for chunk in chunks(loaded["sd15"], "a " * 70 + "(xqz:1.2)")] == [70, 10]
        path.unlink()
        with pytest.raises(Refusal) as caught:
            chunks(loaded["sd15"], "xqz")
        assert caught.value.key == "embedding.damaged"
    finally:
        embeddings.learn(loaded["sd15"], [])


def chunks(loaded: Loaded, text: str) -> list[prompt_encoding.Chunk]:
    return prompt_encoding.chunks(loaded.tokenizer, text, 75, loaded.concepts)
