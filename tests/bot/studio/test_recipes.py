from dataclasses import replace

import pytest

from bot.studio import recipes
from engine import qualities
from engine.files import catalog, sizes
from engine.recipe import Recipe, Source, Upscale
from prompts.errors import Refusal
from prompts.prompt import LoraUse, Options, Prompt
from prompts.styles import styles

DEMO = catalog.builtin()


def test_a_style_suits_a_recipe_where_nothing_was_said() -> None:
    style = styles()["cinematic"]
    suited = recipes.suited("电影感", replace(DEMO, family="sd15"))
    assert suited == style.options
    said = recipes.merged(Options(ratio=1.0), suited, Options(steps=9))
    assert (said.ratio, said.steps, said.sampler) == (16 / 9, 9, style.options.sampler)


def test_a_picture_drawn_over_keeps_its_shape_and_the_demonstration_its_speed() -> None:
    assert recipes.shapeless(recipes.suited("cinematic", replace(DEMO, family="sd15"))).ratio is None
    assert recipes.suited("cinematic", DEMO) == Options(ratio=16 / 9)


@pytest.mark.parametrize("name", ["cinematic", "portrait-photo", "logo"])
def test_a_styles_shape_is_one_that_the_model_draws(name: str) -> None:
    width, height = recipes.size(recipes.suited(name, DEMO), DEMO)
    sizes.check_size(DEMO, width, height)


def made(options: Options, **changes: object) -> Recipe:
    return recipes.make(Prompt("猫", ()), options, replace(DEMO, **changes), most=4)[0]  # type: ignore[arg-type]


def test_high_resolution_is_a_second_pass_and_stays_when_the_text_changes() -> None:
    large = made(Options(large=True))
    assert (large.width, large.height) == (DEMO.width, DEMO.height) and large.hires is not None
    sizes.finished_size(large, DEMO)
    assert recipes.carried(made(Options()), large, fresh=True).hires == large.hires
    assert recipes.carried(large, made(Options()), fresh=False).hires == large.hires


def test_what_is_said_of_a_mask_needs_one() -> None:
    said = Options(fill="latent noise", mask_blur=4, padding=32)
    over = recipes.SizedSource("p", 64, 64, masked=True)
    [own] = recipes.make(Prompt("猫", ()), said, DEMO, most=1, source=over)
    assert own.source == Source("p", recipes.STRENGTH, fill="latent noise", blur=4, padding=32)
    [own] = recipes.make(Prompt("猫", ()), Options(fill="original"), DEMO, most=1, source=over)
    assert own.source == Source("p", recipes.STRENGTH)
    for one in (Options(fill="original"), Options(mask_blur=4), Options(padding=0)):
        for source in (None, replace(over, masked=False)):
            with pytest.raises(Refusal) as caught:
                recipes.make(Prompt("猫", ()), one, DEMO, most=1, source=source)
            assert caught.value.key == "mask.none"


def test_the_enlarged_picture_is_drawn_over_where_that_is_asked_for() -> None:
    assert made(Options(upscale=3.0)).upscale == Upscale("Lanczos", 3.0)
    assert made(Options(redraw=0.3)).upscale == Upscale("Lanczos", 2.0, 0.3)
    assert made(Options(upscaler="sharp", upscale=4.0, redraw=0.3)).upscale == Upscale("sharp", 4.0, 0.3)


def test_a_model_trained_to_pure_noise_has_its_guidance_rescaled_unless_somebody_says_otherwise() -> None:
    assert made(Options()).rescale == 0 and "rescale" not in made(Options()).to_json()
    assert made(Options(), zero_snr=True).rescale == recipes.RESCALE
    assert made(Options(guidance=1.0), zero_snr=True).rescale == 0
    assert made(Options(rescale=0.0), zero_snr=True).rescale == 0
    assert made(Options(rescale=0.3)).rescale == made(Options(rescale=0.3), zero_snr=True).rescale == 0.3
    with pytest.raises(Refusal) as caught:
        made(Options(rescale=1.5))
    assert caught.value.key == "rescale.not_allowed"


def test_a_distilled_lora_says_how_it_is_drawn_and_a_style_does_not_overrule_it() -> None:
    with_lora = Prompt("猫", (), loras=(LoraUse("lcm-lora-sdv1-5", 0.9),))
    [quick] = recipes.make(with_lora, Options(), DEMO, most=1)
    assert (quick.steps, quick.sampler, quick.guidance) == (6, "LCM", 1.5)
    [said] = recipes.make(with_lora, Options(steps=8, guidance=1.0), DEMO, most=1)
    assert (said.steps, said.sampler, said.guidance) == (8, "LCM", 1.0)
    [off] = recipes.make(replace(with_lora, loras=(LoraUse("lcm", 0.0),)), Options(), DEMO, most=1)
    assert (off.steps, off.sampler) == (DEMO.steps, DEMO.sampler)
    turbo = replace(DEMO, family="sdxl", steps=4, sampler="Euler a")
    assert recipes.suited("cinematic", turbo).steps is None


@pytest.mark.parametrize("name", ["fast", "FAST ", "快速"])
def test_a_quality_is_asked_for_and_carried_on(name: str) -> None:
    fast = made(Options(quality=name))
    assert fast.quality == "fast" and made(Options()).quality == made(Options(quality="full")).quality == ""
    again = made(recipes.options_of(replace(fast, rescale=0.5)))
    assert (again.quality, again.rescale) == ("fast", 0.5)
    assert made(recipes.merged(recipes.options_of(fast), Options(quality=qualities.FULL))).quality == ""
    assert recipes.chosen({"quality": "fast"}).quality == "fast"
    with pytest.raises(Refusal) as caught:
        made(Options(quality="best"))
    assert caught.value.key == "quality.unknown"
