"""Parts of a recipe as axes: every field is one, or there is a reason; and what is off is off."""

from __future__ import annotations

import typing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.buttons.comparing import anew
from bot.chat import Request
from bot.studio import comparing, recipe_axes
from bot.studio.comparing import Comparison
from bot.studio.recipes import HIRES
from bot.studio.studio import Studio
from engine.control import Control
from engine.recipe import A1111, Fix, Recipe, Refiner
from engine.regions import Regions
from prompts import axes, options
from prompts.axis_names import PARTS, REAL, SWITCHES, WHOLE, WORDS
from prompts.errors import Refusal
from prompts.prompt import Options
from storage.jobs import Place
from tests.bot.studio.test_studio import house
from tests.engine.drawing import recipe

# The fields that flags of a text decide.
BY_FLAG = {
    "ar": "width height",
    "size": "width height",
    "clip-skip": "clip_skip",
    "control": "controls.net controls.picture controls.source controls.preprocessor controls.type controls.fit "
    "controls.mask controls.stages controls.low controls.high",
    "expand": "prompt",
    "fill": "source.fill",
    "fix": "fixes.detector",
    "freeu": "freeu.b1 freeu.b2 freeu.s1 freeu.s2",
    "guidance-curve": "guidance_curve",
    "guidance-end": "guidance_end",
    "guidance-start": "guidance_start",
    "hd": "hires",
    "hires-checkpoint": "hires.checkpoint",
    "hires-vae": "hires.vae",
    "hypertile": "hypertile.tile",
    "like": "like",
    "mask-blur": "source.blur",
    "mimic": " ".join(
        f"threshold.{one}"
        for one in (
            *("scale", "percentile", "mode", "minimum", "cfg_mode", "cfg_minimum", "value", "channels"),
            *("start", "measure", "by", "mix"),
        )
    ),
    "only-masked": "source.padding",
    "pag": "pag.scale pag.layers pag.adaptive",
    "seg": "seg.scale seg.layers seg.blur",
    "perp-neg": "perpendicular",
    "plain": "prompt",
    "pose": "controls",
    "redraw": "upscale.strength",
    "rng": "like.rng",
    "schedule": "like.schedule",
    "soft-inpainting": "source.soft",
    "strength": "source.strength",
    "style": "prompt",
    "tiling": "tiling",
    "token-merging": "token_merging",
    "upscale": "upscale.upscaler",
} | {name: name for name in ("steps", "seed", "guidance", "rescale", "sampler", "model", "vae", "quality")}
# Why these are none.
NO_AXES = {
    "schema": "no part of a picture",
    "source.picture source.mask": "pictures, not values: each is a comparison of its own",
    "source.margins": "how far a picture is extended is told by buttons",
    "regions.places regions.map regions.part": "boxes and painted maps are no list of values; their words are replaced",
    "hires.width hires.height": "hires.factor says it in one number",
    "hires.schedule hires.token_merging": "the picture's own are axes, and the second pass takes them over",
    "hires.prompt hires.negative fixes.prompt fixes.negative": "words are replaced",
    "hypertile.swap hypertile.depth hypertile.second": "how tiles are cut matters for time, not for what is seen",
    "like.ensd like.seed_resize": "another seed, said otherwise",
    "like.emphasis like.pad like.refined like.unipc_variant like.unipc_skip": "words of A1111's settings",
    "like.sgm_noise like.discard like.ngms_all like.unipc_high_end": "switches of A1111's settings",
    "like.downcast like.old_timelines like.by_steps like.zero_snr": "A1111's own past, to draw old pictures again",
}  # fmt: skip


def named(kind: Any, before: str = "") -> set[str]:
    """The names of a recipe's fields, with those of what they hold behind a dot."""
    found: set[str] = set()
    hints = typing.get_type_hints(kind)
    for one in fields(kind):
        inner = [part for part in (hints[one.name], *typing.get_args(hints[one.name])) if is_dataclass(part)]
        if not inner or one.name in ("prompt", "soft"):
            found.add(before + one.name)
        for part in inner if one.name not in ("prompt", "soft") else ():
            found |= named(part, f"{one.name}.")
    return found


def test_every_field_of_a_recipe_is_an_axis_or_there_is_a_reason() -> None:
    every = named(Recipe)
    by_flag = {name for names in BY_FLAG.values() for name in names.split()}
    reasons = {name for names in NO_AXES for name in names.split()}
    whole = {name.partition(".")[0] for name in every}
    assert every - by_flag - PARTS.keys() - reasons == set()
    assert (by_flag | PARTS.keys() | reasons) - every - whole == set(), "gone from recipes"
    assert BY_FLAG.keys() == WHOLE.keys() | REAL.keys() | WORDS.keys() | SWITCHES.keys()
    assert BY_FLAG.keys() <= options.NAMES


def test_every_axis_has_names_in_both_languages() -> None:
    tables = (WHOLE, REAL, WORDS, SWITCHES, {path: part.names for path, part in PARTS.items()})
    rows = {what: names for table in tables for what, names in table.items()}
    for what, names in rows.items():
        assert any(name.isascii() for name in names), what
        if what not in {"vae", "freeu", "hypertile", "pag", "seg", "mimic", "perp-neg", "token-merging", "rescale"}:
            assert any(not name.isascii() for name in names), what  # the others have one name everywhere
    every = [name for names in rows.values() for name in names]
    assert len(every) == len(set(every))


def changed(own: Recipe, said: str) -> Recipe:
    [axis] = axes.read(said)
    return recipe_axes.compared(own, axes.asked("", [axis], axis.values[:1]), ())


GUIDED = replace(recipe(), controls=(Control("net", "a" * 64, end=0.8), Control("other", "b" * 64)))


@pytest.mark.parametrize(
    ("own", "said", "expected"),
    [
        (GUIDED, "控制权重=0.5", {"controls": tuple(replace(one, strength=0.5) for one in GUIDED.controls)}),
        (GUIDED, "control start=0.25", {"controls": tuple(replace(one, start=0.25) for one in GUIDED.controls)}),
        (GUIDED, "control end=0.5", {"controls": tuple(replace(one, end=0.5) for one in GUIDED.controls)}),
        (GUIDED, "控制模式=提示词", {"controls": tuple(replace(one, mode="prompt") for one in GUIDED.controls)}),
        (recipe(), "hires strength=0", {"hires": replace(HIRES, strength=0)}),
        (recipe(), "高清步数=7", {"hires": replace(HIRES, steps=7)}),
        (recipe(), "hires upscaler=latent", {"hires": replace(HIRES, upscaler="Latent")}),
        (recipe(), "hires upscale=2", {"hires": replace(HIRES, factor=2)}),
        (recipe(), "hires sampler=euler a", {"hires": replace(HIRES, sampler="Euler a")}),
        (recipe(fixes=(Fix("face", 0.4),)), "修复强度=0.7", {"fixes": (Fix("face", 0.7),)}),
        (recipe(), "refiner=other,none", {"refiner": Refiner("other", 0.8)}),
        (recipe(refiner=Refiner("other", 0.8)), "refiner=none,other", {"refiner": None}),
        (recipe(refiner=Refiner("other", 0.8)), "refiner switch at=0.5", {"refiner": Refiner("other", 0.5)}),
        (recipe(like=A1111()), "eta=0", {"like": A1111(eta=0)}),
        (recipe(regions=Regions(((0, 0, 1, 1),))), "分区底=0.3", {"regions": Regions(((0, 0, 1, 1),), 0.3)}),
    ],
)
def test_a_part_takes_its_value_and_all_else_stays(own: Recipe, said: str, expected: dict[str, Any]) -> None:
    assert changed(own, said) == replace(own, **expected)


def test_a_variation_is_begun_where_there_is_none() -> None:
    made = changed(recipe(seed=5), "变化强度=0.2")
    assert made.variation and (made.variation.seed, made.variation.strength) == (6, 0.2)
    assert changed(made, "var. seed=9").variation == replace(made.variation, seed=9)


@pytest.mark.parametrize(
    ("own", "said", "key"),
    [
        (recipe(), "控制权重=1", "compare.without"),
        (recipe(), "fix strength=0.5", "compare.without"),
        (recipe(), "refiner switch=0.5", "compare.without"),
        (recipe(), "eta=0.5", "compare.without"),
        (recipe(), "分区底=0.5", "compare.without"),
        (GUIDED, "control start=0.9", "control.range"),
        (GUIDED, "control mode=strong", "option.bad_value"),
        (GUIDED, "control weight=2.5", "option.out_of_range"),
        (recipe(), "hires upscaler=no such", "upscaler.unknown"),
        (recipe(), "hires steps=0", "option.out_of_range"),
    ],
)
def test_what_has_nothing_to_be_part_of_is_said(own: Recipe, said: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        changed(own, said)
    assert refused.value.key == key


async def compared(folder: Path, text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Comparison, int]:
    """A comparison, and how often a text was understood for it."""
    count = 0
    understand = Studio.understand

    async def counting(self: Studio, *values: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        return await understand(self, *values, **named)

    async with house(folder) as at:
        monkeypatch.setattr(Studio, "understand", counting)
        person = await at.studio.person("web", "ann", language="en")
        asked = Request(person=person, place=Place("fake", "1"), text=text, key="", options=Options())
        return await comparing.compared(anew(at.studio), asked, text, said, comparing.MOST), count


@pytest.mark.parametrize(
    ("text", "said", "times"),
    [
        ("一只猫", "步数=4,8 cfg=2,6", 1),
        ("a cat --hd", "hires strength=0.2,0.4 clip skip=1,2", 1),
        ("a cat", "seed=1-5", 1),
        ("a {red|blue|green} cat", "seed=1-5", 5),
        ("a {red|blue|green} cat", "steps=4,5,6", 2),  # the first with the seed that is kept from then on
        ("a cat", "replace cat with cat,dog steps=4,8", 2),
        ("a cat", "style=watercolor,anime steps=4,8", 4),
    ],
)
async def test_a_text_is_understood_once_where_only_what_stands_beside_differs(
    text: str, said: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, count = await compared(tmp_path, text, said, monkeypatch)
    assert count == times and len(made.recipes) == len(made.cells)


@pytest.mark.parametrize(
    ("text", "said", "field"),
    [
        ("一只猫，高清", "高清=开,关", "hires"),
        ("a cat，高清图，竖图", "hires=on,off", "hires"),
        ("一个女孩，修复人脸", "修复=face,无", "fixes"),
        ("a cat, 无缝平铺", "平铺=xy,none", "tiling"),
        ("一只猫，放大两倍", "放大=Lanczos,无", "upscale"),
        ("一只猫，快速模式", "质量档=fast,无", "quality"),
        ("a cat --hd", "hires=on,off", "hires"),
    ],
)
async def test_what_plain_words_ask_for_is_off_where_it_is_off(
    text: str, said: str, field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = await compared(tmp_path, text, said, monkeypatch)
    on, off = made.recipes
    assert getattr(on, field) and not getattr(off, field)
    assert on.prompt.positive == off.prompt.positive and (on.width, on.height) == (off.width, off.height)


async def test_what_is_off_has_no_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = await compared(tmp_path, "红苹果，高清", "高清=开,关 高清幅度=0.2,0.8", monkeypatch)
    assert [one.hires and one.hires.strength for one in made.recipes] == [0.2, None, 0.8]
    assert made.shows == (0, 1, 2, 1)


async def test_a_style_in_plain_words_is_off_and_a_raw_text_keeps_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = await compared(tmp_path / "a", "一只猫，风格：水彩", "风格=anime,无", monkeypatch)
    assert "watercolor" not in made.recipes[1].prompt.positive and "水彩" not in made.recipes[1].prompt.text
    raw, _ = await compared(tmp_path / "b", "一只猫，高清 --raw", "高清=开,关", monkeypatch)
    assert [one.prompt.positive for one in raw.recipes] == ["一只猫，高清"] * 2
    assert [bool(one.hires) for one in raw.recipes] == [True, False]
