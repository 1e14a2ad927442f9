from dataclasses import replace

import pytest

from bot import recipes
from engine import catalog
from prompts.prompt import Options
from prompts.styles import styles

DEMO = catalog.builtin()


def test_a_style_suits_a_recipe_where_nothing_was_said() -> None:
    style = styles()["cinematic"]
    suited = recipes.suited("电影感", replace(DEMO, family="sd15"), False)
    assert suited == style.options
    said = recipes.merged(Options(ratio=1.0), suited, Options(steps=9))
    assert (said.ratio, said.steps, said.sampler) == (16 / 9, 9, style.options.sampler)


def test_a_picture_drawn_over_keeps_its_shape_and_the_demonstration_its_speed() -> None:
    assert recipes.suited("cinematic", replace(DEMO, family="sd15"), True).ratio is None
    assert recipes.suited("cinematic", DEMO, False) == Options(ratio=16 / 9)


@pytest.mark.parametrize("name", ["cinematic", "portrait-photo", "logo"])
def test_a_styles_shape_is_one_that_the_model_draws(name: str) -> None:
    width, height = recipes.size(recipes.suited(name, DEMO, False), DEMO)
    catalog.check_size(DEMO, width, height)
