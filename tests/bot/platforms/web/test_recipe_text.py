"""Recipes as the text that asks for them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.platforms.web import recipe_text
from bot.studio import recipes
from bot.studio.recipes import HIRES
from bot.texts import LANGUAGES, say
from engine.files import catalog
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.recipe import A1111, Fix, FreeU, Hires, HyperTile, Recipe, Refiner, Soft, Source, Upscale, Variation
from prompts import options
from prompts.prompt import Fragment, Options, Prompt
from tests.bot.platforms.web.desk import CAT, recipe


@pytest.mark.parametrize(
    "made",
    [
        recipe(CAT),
        replace(recipe(CAT, 4294967295), steps=7, guidance=7.5, width=512, height=768, sampler="Euler a"),
        recipe(replace(CAT, text=f"{CAT.text} --steps 40 --seed 3 --ar 2:1")),
        recipe(replace(CAT, text="(a:1.2), b", raw=True)),
        recipe(replace(CAT, negatives=(Fragment("text, words", origin="person"), Fragment("blurry", origin="preset")))),
        replace(recipe(CAT), model="my model"),
    ],
)
def test_a_recipe_as_text_is_read_back_as_the_same_recipe(made: Recipe) -> None:
    text = recipe_text.as_text(made)
    asked = options.read_options(text)
    again = asked.options
    assert (again.width, again.height, again.steps, again.seed) == (made.width, made.height, made.steps, made.seed)
    assert (again.sampler, again.guidance, again.model) == (made.sampler, made.guidance, made.model)
    assert again.raw == made.prompt.raw
    assert asked.text == ("(a:1.2), b" if made.prompt.raw else CAT.text)
    assert asked.negative == ", ".join(one.text for one in made.prompt.negatives if one.origin == "person")
    assert text.count("--steps") == 1


def test_a_style_and_a_wish_for_nothing_more_are_kept() -> None:
    text = recipe_text.as_text(recipe(replace(CAT, text=f"{CAT.text} --style 水墨 --plain --steps 3")))
    asked = options.read_options(text)
    assert (asked.options.style, asked.options.plain, asked.text) == ("ink-wash", True, CAT.text)


def test_what_comes_after_drawing_is_read_back() -> None:
    made = replace(
        recipe(replace(CAT, text=f"{CAT.text}，修手")),
        upscale=Upscale("My sharp one", 2.5, 0.4),
        fixes=(Fix("hand", 0.4), Fix("face_yolov8n", 0.4)),
        vae="clear-vae",
    )
    asked = options.read_options(recipe_text.as_text(made))
    assert (asked.options.upscaler, asked.options.upscale) == ("My sharp one", 2.5)
    assert asked.options.redraw == 0.4
    assert (asked.options.fix, asked.options.vae) == ("hand+face_yolov8n", "clear-vae")
    assert asked.text.strip(" ，") == CAT.text


@pytest.mark.parametrize(
    ("source", "rest"),
    [
        (Source("ab12cd34" + "0" * 56, 0.0), {"upscale": Upscale("Lanczos", 2.0)}),  # enlarged by a button
        (Source("ab12cd34" + "0" * 56, 0.0), {"fixes": (Fix("face", 0.4),)}),
        (Source("ab12cd34" + "0" * 56, 0.45), {}),
        (Source("ab12cd34" + "0" * 56, 0.8, margins=(0, 0, 64, 0)), {"width": 192}),
        (Source("ab12cd34" + "0" * 56, 0.8, margins=(32, 32, 32, 32)), {"hires": HIRES}),
    ],
)
def test_what_a_picture_was_made_from_is_read_back(source: Source, rest: dict[str, Any]) -> None:
    made = replace(recipe(CAT), source=source, **rest)
    asked = options.read_options(recipe_text.as_text(made))
    assert (asked.options.over, asked.options.strength) == ("ab12cd34", source.strength)
    assert asked.options.margins == (source.margins if any(source.margins) else None)
    assert asked.options.upscale == (made.upscale.factor if made.upscale else None)
    assert asked.options.fix == ("face" if made.fixes else None) and asked.options.large == bool(made.hires)
    assert (asked.options.width, asked.options.height) == (made.width, made.height)
    if any(source.margins):  # the words that were drawn: the subject is in the picture already
        assert asked.options.raw and asked.text == CAT.positive
    assert recipe_text.left_out(made) == []


@pytest.mark.parametrize(
    "said",
    [
        {"variation": Variation(3, 0.4)},
        {"refiner": Refiner("other model", 0.7), "clip_skip": 2, "quality": "fast"},
        {"hires": Hires(2.0, 0.45, steps=9, sampler="Euler a", prompt="a dog, (b:1.2)", negative="x")},
        {"hires": Hires(2.0, 0.45, width=256, height=384), "upscale": Upscale("My sharp one", 2.5, 0.4)},
        {"variation": Variation(3, 0.4), "fixes": (Fix("face_yolov8n", 0.4),), "hires": HIRES, "vae": "clear"},
        {"fixes": (Fix("face", 0.3), Fix("hand", 0.3, 'a "glove", [PROMPT]', "claws"))},
        {"perpendicular": 0.75, "threshold": Thresholding(7.0, 99.95, "half cosine up", start="zero", by="time")},
        {"pag": Perturbed(3.0, "mid+up.1.0", 0.000123), "seg": Smoothed(2.5, blur=10.0)},
        {"pag": Perturbed(3.0, "mid+up.1.0", 0.0001), "seg": Smoothed(2.5), "variation": Variation(3, 0.4)},
        {
            "threshold": Thresholding(7.0, channels="together", mix=0.3),
            "perpendicular": 1.0,
            "refiner": Refiner("o", 0.7),
        },
        {"like": A1111("Karras"), "sampler": "DPM++ 2M"},
        {"like": A1111("SGM Uniform", rng="CPU"), "sampler": "Euler a", "clip_skip": 2},
        {"like": A1111("Automatic", eta=0.5, ensd=31337, emphasis="No norm"), "sampler": "Euler a"},
        {"clip_skip": 2},
    ],
)
def test_what_a_recipe_says_beside_its_words_is_drawn_again(said: dict[str, Any]) -> None:
    made = replace(recipe(CAT), **said)
    asked = options.read_options(recipe_text.as_text(made)).options
    [again] = recipes.make(made.prompt, asked, catalog.builtin(), most=4)
    assert replace(again, prompt=made.prompt) == made
    assert recipe_text.left_out(made) == []


@pytest.mark.parametrize(
    ("source", "rest"),
    [
        (Source("ab12cd34" + "0" * 56, 0.8, fill="latent noise", blur=4, padding=32), {}),
        (Source("ab12cd34" + "0" * 56, 0.8, fill="fill", padding=0), {}),
        (
            Source("ab12cd34" + "0" * 56, 0.8, blur=6, soft=Soft(2.0, boost=1.5, contrast=0.25)),
            {"like": A1111("Karras"), "sampler": "DPM++ 2M"},
        ),
        (
            Source("ab12cd34" + "0" * 56, 0.8, soft=Soft()),
            {"like": A1111("Karras", eta=0.5), "sampler": "DPM++ 2M"},
        ),
        (Source("ab12cd34" + "0" * 56, 0.3), {"variation": Variation(3, 0.4), "hires": HIRES}),
        (Source("ab12cd34" + "0" * 56, 0.3), {"refiner": Refiner("other", 0.7), "quality": "fast"}),
    ],
)
def test_how_a_picture_is_drawn_over_is_drawn_again(source: Source, rest: dict[str, Any]) -> None:
    made = replace(recipe(CAT), source=source, **rest)
    asked = options.read_options(recipe_text.as_text(made)).options
    over = recipes.SizedSource(source.picture, 128, 128, masked=True)
    [again] = recipes.make(made.prompt, asked, catalog.builtin(), most=4, source=over)
    assert replace(again, prompt=made.prompt) == made
    assert asked.over == "ab12cd34" and recipe_text.left_out(made) == []


def test_what_has_no_words_is_named() -> None:
    over = Source("a" * 64, 0.5, mask="b" * 64, blur=4, padding=8)
    made = replace(recipe(CAT), hires=Hires(2.0, 0.4), source=over)
    assert recipe_text.left_out(made) == ["mask", "hires"]
    text = recipe_text.as_text(made)
    assert "Hires" not in text and "--mask-blur" not in text and "--only-masked" not in text
    for language in LANGUAGES:
        assert all(say(language, f"recipe.{name}") for name in recipe_text.left_out(made))
    assert recipe_text.left_out(recipe(CAT)) == []


def test_quality_and_guidance_rescale_are_read_back() -> None:
    asked = options.read_options(recipe_text.as_text(replace(recipe(CAT), quality="fast", rescale=0.7))).options
    assert (asked.quality, asked.rescale) == ("fast", 0.7)
    assert "--quality" not in recipe_text.as_text(recipe(CAT)) and "--rescale" not in recipe_text.as_text(recipe(CAT))


def test_words_drawn_with_another_seed_are_kept_as_they_came_out() -> None:
    prompt = replace(CAT, text="a {cat|dog}", seed=1)
    assert options.read_options(recipe_text.as_text(recipe(prompt, 1))).text == "a {cat|dog}"
    asked = options.read_options(recipe_text.as_text(recipe(prompt, 2)))
    assert (asked.text, asked.options.raw, asked.negative) == (CAT.positive, True, CAT.negative)


def test_text_that_this_version_cannot_read_is_kept_as_it_is() -> None:
    made = recipe(Prompt(text="a --nonsense 3", fragments=(Fragment("a"),)))
    assert recipe_text.as_text(made).startswith("a --nonsense 3 --model")


@pytest.mark.parametrize("usual", [None, "danqing", "a1111"])
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"sampler": "DPM++ 2M Karras", "rescale": 0.3},
        {"guidance_start": 0.2, "guidance_end": 0.75, "guidance_curve": "cosine up"},
        {"tiling": "x", "freeu": FreeU(1.1, 1.2, 0.9, 0.5), "token_merging": 0.4, "hypertile": HyperTile(128, 2, 1)},
        {"hypertile": HyperTile(128, 2, 1, second=True), "tiling": "xy"},
        {"like": A1111("Karras"), "sampler": "DPM++ 2M"},
        {"like": A1111("Automatic", ensd=3), "sampler": "Euler a", "seed": 2**53 + 1},
        {"variation": Variation(3, 0.4)},
        {"refiner": Refiner("other", 0.7)},
        {"hires": replace(recipes.HIRES, checkpoint="grand one", vae="soft")},
        {"hires": Hires(2.0, 0.45, checkpoint="grand one", vae="soft")},
    ],
)
def test_it_is_drawn_in_its_own_way_whatever_is_usual_here(said: dict[str, Any], usual: str | None) -> None:
    made = replace(recipe(CAT), **said)
    asked = recipes.merged(Options(like=usual), options.read_options(recipe_text.as_text(made)).options)
    [again] = recipes.make(made.prompt, asked, catalog.builtin(), most=4)
    assert replace(again, prompt=made.prompt) == made
