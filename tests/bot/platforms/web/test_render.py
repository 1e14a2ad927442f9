"""Cards and recipes as JSON."""

from dataclasses import replace

import pytest

from bot.chat import Button, Card, Field, Say, Shown
from bot.platforms.web import render
from engine.job import Progress, State
from engine.recipe import Fix, Recipe, Source, Upscale
from prompts import options
from prompts.prompt import Fragment, Prompt
from tests.bot.platforms.web.desk import CAT, recipe


def test_a_card_is_kept_without_words_and_said_in_each_language() -> None:
    card = Card(
        text=Say("web.too_large", {"limit": 20}),
        kind="job",
        job="j",
        state=State.RUNNING,
        progress=Progress(job="j", state=State.RUNNING, place=0, seconds_left=1.26, step=1, steps=4, preview=b"x"),
        prompt=CAT,
        recipe=recipe(CAT),
        fields=(Field(Say("recipe.seed"), "7"), Field(Say("recipe.model"), Say("job.cancelled"))),
        pictures=(Shown("abc", "0" * 64, 128, 64),),
        buttons=(Button("delete", "abc", danger=True),),
    )
    body = render.card_body(card)
    assert "MB" not in str(body) and "删除" not in str(body)
    zh, en = (render.card_words(body, language) for language in ("zh", "en"))
    assert "20 MB" in str(zh["text"]) and "20 MB" in str(en["text"]) and zh["text"] != en["text"]
    assert en["fields"] == [{"label": "Seed", "value": "7"}, {"label": "Model", "value": "Cancelled."}]
    assert zh["buttons"] == [{"action": "delete", "target": "abc", "danger": True, "label": "删除", "more": False}]
    assert zh["pictures"] == [{"id": "abc", "width": 128, "height": 64, "drawn": True}]
    assert zh["size"] == {"width": 128, "height": 128}
    assert zh["progress"] == {
        "place": 0,
        "seconds_left": 1.3,
        "step": 1,
        "steps": 4,
        "preview": "data:image/jpeg;base64,eA==",
    }


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
    text = render.as_text(made)
    asked = options.read(text)
    again = asked.options
    assert (again.width, again.height, again.steps, again.seed) == (made.width, made.height, made.steps, made.seed)
    assert (again.sampler, again.guidance, again.model) == (made.sampler, made.guidance, made.model)
    assert again.raw == made.prompt.raw
    assert asked.text == ("(a:1.2), b" if made.prompt.raw else CAT.text)
    assert asked.negative == ", ".join(one.text for one in made.prompt.negatives if one.origin == "person")
    assert text.count("--steps") == 1


def test_a_style_and_a_wish_for_nothing_more_are_kept() -> None:
    text = render.as_text(recipe(replace(CAT, text=f"{CAT.text} --style 水墨 --plain --steps 3")))
    asked = options.read(text)
    assert (asked.options.style, asked.options.plain, asked.text) == ("ink-wash", True, CAT.text)


def test_what_comes_after_drawing_is_read_back() -> None:
    made = replace(
        recipe(replace(CAT, text=f"{CAT.text}，修手")),
        upscale=Upscale("My sharp one", 2.5),
        fixes=(Fix("hand", 0.4), Fix("face_yolov8n", 0.4)),
        vae="clear-vae",
    )
    asked = options.read(render.as_text(made))
    assert (asked.options.upscaler, asked.options.upscale) == ("My sharp one", 2.5)
    assert (asked.options.fix, asked.options.vae) == ("hand+face_yolov8n", "clear-vae")
    assert asked.text.strip(" ，") == CAT.text
    of_another = replace(made, source=Source("a" * 64, 0.0))  # what a button made of a picture
    assert "--fix" not in render.as_text(of_another) and "--upscale" not in render.as_text(of_another)


def test_quality_and_guidance_rescale_are_read_back() -> None:
    asked = options.read(render.as_text(replace(recipe(CAT), quality="fast", rescale=0.7))).options
    assert (asked.quality, asked.rescale) == ("fast", 0.7)
    assert "--quality" not in render.as_text(recipe(CAT)) and "--rescale" not in render.as_text(recipe(CAT))


def test_words_drawn_with_another_seed_are_kept_as_they_came_out() -> None:
    prompt = replace(CAT, text="a {cat|dog}", seed=1)
    assert options.read(render.as_text(recipe(prompt, 1))).text == "a {cat|dog}"
    asked = options.read(render.as_text(recipe(prompt, 2)))
    assert (asked.text, asked.options.raw, asked.negative) == (CAT.positive, True, CAT.negative)


def test_text_that_this_version_cannot_read_is_kept_as_it_is() -> None:
    made = recipe(Prompt(text="a --nonsense 3", fragments=(Fragment("a"),)))
    assert render.as_text(made).startswith("a --nonsense 3 --model")
