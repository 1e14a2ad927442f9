from dataclasses import replace

import pytest

from bot.studio import recipes
from engine import qualities
from engine.files import catalog, sizes
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.recipe import FreeU, HyperTile, Recipe, Source, Upscale
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


def test_a_model_for_the_second_pass_asks_for_one() -> None:
    own = made(Options(hires_checkpoint="grand"))
    assert own.hires == replace(recipes.HIRES, checkpoint="grand") and own.models == (DEMO.name, "grand")
    own = made(Options(large=True, hires_vae="soft"))
    assert own.hires == replace(recipes.HIRES, vae="soft")
    told = made(Options(hires_factor=2.0, hires_checkpoint="grand"))  # as an infotext says it
    assert told.hires and (told.hires.factor, told.hires.strength, told.hires.checkpoint) == (2.0, 0.7, "grand")


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


def test_guidance_acts_on_a_part_of_the_way_that_is_none_backwards() -> None:
    part = made(Options(guidance_start=0.2, guidance_end=0.8))
    assert (part.guidance_start, part.guidance_end) == (0.2, 0.8) and Recipe.from_json(part.to_json()) == part
    assert made(recipes.options_of(part)) == part
    assert "guidance_start" not in made(Options()).to_json() and "guidance_end" not in made(Options()).to_json()
    for start, end in ((0.8, 0.2), (0.5, 0.5), (None, 0.0), (1.0, None), (-0.1, None)):
        with pytest.raises(Refusal) as caught:
            made(Options(guidance_start=start, guidance_end=end))
        assert caught.value.key == "guided.not_allowed"


@pytest.mark.parametrize("said", ["cosine-down", "Cosine Down", "余弦下降", "餘弦下降"])
def test_guidance_has_a_curve_by_its_name(said: str) -> None:
    falling = made(Options(guidance_curve=said))
    assert falling.guidance_curve == "cosine down" and made(recipes.options_of(falling)) == falling
    assert made(recipes.merged(recipes.options_of(falling), Options(guidance_curve="constant"))).guidance_curve == ""
    with pytest.raises(Refusal) as caught:
        made(Options(guidance_curve="zigzag"))
    assert caught.value.key == "curve.unknown" and "linear up" in str(caught.value.values["names"])


def test_what_is_changed_inside_the_model_is_said_only_where_it_is() -> None:
    said = Options(tiling="y", freeu=(1.2, 1.4, 0.9, 0.2), token_merging=0.5, hypertile=128, hypertile_swap=2)
    part = made(said)
    assert (part.tiling, part.freeu, part.token_merging) == ("y", FreeU(1.2, 1.4, 0.9, 0.2), 0.5)
    assert part.hypertile == HyperTile(128, 2, 3)
    assert Recipe.from_json(part.to_json()) == part and made(recipes.options_of(part)) == part
    for nothing in (Options(), Options(freeu=(1.0,) * 4, token_merging=0.0, hypertile=0, tiling="")):
        plain = made(nothing)
        assert not {"tiling", "freeu", "token_merging", "hypertile"} & plain.to_json().keys()
        assert made(recipes.merged(said, recipes.options_of(plain))) == plain
    second = made(Options(hires_token_merging=0.3, hires_factor=2.0, hypertile=256, hypertile_second=True))
    assert second.hires and second.hires.token_merging == 0.3 and second.hypertile == HyperTile(second=True)


@pytest.mark.parametrize(
    "options",
    [
        Options(freeu=(5.0, 1.0, 1.0, 1.0)),
        Options(token_merging=0.95),
        Options(hypertile=4096),
        Options(hypertile=128, hypertile_swap=0),
        Options(hypertile=128, hypertile_depth=9),
        Options(tiling="z"),
    ],
)
def test_what_cannot_be_inside_the_model_is_refused(options: Options) -> None:
    with pytest.raises(Refusal) as caught:
        made(options)
    assert caught.value.key in ("option.out_of_range", "option.bad_value")


def test_what_acts_beside_guidance_is_kept_when_it_is_drawn_again_and_taken_off_by_0() -> None:
    plain = made(Options(seed=1))
    assert not {"perpendicular", "threshold", "pag", "seg"} & set(plain.to_json())
    asked = Options(seed=1, perpendicular=0.5, mimic="7:percentile=99.5:min=0", pag="3:layers=mid", seg="2:blur=10")
    every = made(asked)
    assert (every.perpendicular, every.threshold) == (0.5, Thresholding(7.0, 99.5))
    assert (every.pag, every.seg) == (Perturbed(3.0), Smoothed(2.0, blur=10.0))
    assert made(recipes.options_of(every)) == every
    off = Options(perpendicular=0.0, mimic="0", pag="0", seg="0")
    assert made(recipes.merged(recipes.options_of(every), off)).code == plain.code


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


@pytest.mark.parametrize(
    ("options", "sampler", "schedule"),
    [
        (Options(like="a1111"), "DPM++ 2M", "Karras"),
        (Options(like="a1111", sampler="Euler a"), "Euler a", "Automatic"),
        (Options(like="a1111", sampler="dpm++ 3m sde exponential"), "DPM++ 3M SDE", "Exponential"),
        (Options(like="a1111", sampler="DPM++ 2S a Karras", schedule="sgm uniform"), "DPM++ 2S a", "SGM Uniform"),
        (Options(like="a1111", sampler="k_euler_ancestral"), "Euler a", "Automatic"),
        (Options(like="a1111", sampler="Karras"), "", ""),
        (Options(schedule="karras", sampler="DPM++ 2M"), "DPM++ 2M Karras", None),
        (Options(schedule="Exponential", sampler="DPM++ SDE Karras"), "DPM++ SDE Exponential", None),
        (Options(schedule="Automatic", sampler="Heun Karras"), "Heun", None),
        (Options(schedule="exponential"), "DPM++ 2M Exponential", None),
        (Options(sampler="Restart"), "Restart", "Automatic"),
        (Options(sampler="DPM adaptive"), "DPM adaptive", "Automatic"),
        (Options(sampler="DPM++ 2M", schedule="Align Your Steps"), "DPM++ 2M", "Align Your Steps"),
        (Options(sampler="Euler a Karras"), "Euler a", "Karras"),
    ],
)
def test_a_sampler_and_its_schedule_in_either_way(options: Options, sampler: str, schedule: str | None) -> None:
    if not sampler:
        with pytest.raises(Refusal, match=r"sampler\.unknown"):
            made(options, sampler="DPM++ 2M Karras")
        return
    found = made(options, sampler="DPM++ 2M Karras")
    assert found.sampler == sampler
    assert (found.like.schedule if found.like else None) == schedule
    told = [note.key for note in found.prompt.notes]
    assert told == (["note.like_a1111"] if found.like and not options.like else [])  # no way is changed unsaid


@pytest.mark.parametrize("options", [Options(sampler="Restart"), Options(sampler="Euler", schedule="SGM Uniform")])
def test_who_asks_for_the_other_way_is_told_what_it_has_not(options: Options) -> None:
    with pytest.raises(Refusal, match=r"sampler\.like"):
        made(replace(options, like="danqing"))


@pytest.mark.parametrize(("schedule", "near"), [("Karas", "Karras"), ("SGM unifrom", "SGM Uniform"), ("xyzzy", "")])
@pytest.mark.parametrize("like", [None, "a1111"])
def test_an_unknown_schedule(schedule: str, near: str, like: str | None) -> None:
    with pytest.raises(Refusal, match=r"schedule\.unknown") as refused:
        made(Options(schedule=schedule, like=like))
    assert refused.value.values["near"] == near


def test_everything_that_an_infotext_says_is_in_the_recipe_and_stays_there() -> None:
    said = Options(
        like="a1111", sampler="Euler a", schedule="Karras", rng="CPU", eta=0.5, ensd=31337, churn=1.0, tmin=0.1, tmax=9,
        noise=1.01, ngms=2.0, emphasis="No norm", sgm_noise=True, seed_resize=(512, 640), sigma_min=0.1, sigma_max=10.0,
        rho=5.0, clip_skip=2, variation_seed=7, variation_strength=0.2, refiner="other", refiner_switch=0.6, seed=3,
        hires_factor=1.5, hires_strength=0.3, hires_upscaler="Latent", hires_steps=9, count=2, discard=True,
        skip_early=0.1, ngms_all=True, extra_noise=0.1, noise_multiplier=0.9, mask_weight=0.5, beta_alpha=0.5,
        beta_beta=0.7, unipc_order=2, unipc_variant="bh2", unipc_skip="logSNR", unipc_high_end=True, pad="empty",
        refined="both passes", downcast=True, old_timelines=True, by_steps=True, zero_snr=True,
    )  # fmt: skip
    model = DEMO
    first, second = recipes.make(Prompt("a cat", ()), said, model, most=2)
    like = first.like
    assert like
    assert all(getattr(like, name) == getattr(said, name) for name in like.__dataclass_fields__)
    assert first.clip_skip == 2
    assert first.refiner
    assert (first.refiner.model, first.refiner.switch) == ("other", 0.6)
    assert first.hires
    assert (first.hires.factor, first.hires.strength, first.hires.steps) == (1.5, 0.3, 9)
    assert [(one.seed, one.variation.seed) for one in (first, second) if one.variation] == [(3, 7), (3, 8)]
    again = recipes.merged(recipes.options_of(first), Options(steps=9))
    [changed] = recipes.make(Prompt("a dog", ()), again, model, most=1)
    changed = recipes.carried(changed, first, fresh=False)
    assert changed == replace(first, prompt=Prompt("a dog", ()), steps=9)
    assert Recipe.from_json(changed.to_json()) == changed


def test_another_sampler_brings_its_own_schedule() -> None:
    first = made(Options(like="a1111", sampler="DPM++ 2M", schedule="Karras"))
    edited = made(recipes.merged(recipes.options_of(first), Options(sampler="Euler")))
    assert edited.like
    assert (edited.sampler, edited.like.schedule) == ("Euler", "Automatic")
