"""What cards say, before and after a platform has given them a form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from bot.chat import Card
from bot.platforms.discord import layout
from bot.platforms.telegram.message_html import pages
from bot.platforms.web import card_json
from bot.studio import cards
from bot.texts import say
from engine.further_guidance import Perturbed, Smoothed, Thresholding
from engine.job import Job, Progress, State
from engine.recipe import A1111, FreeU, Hires, HyperTile
from prompts.prompt import Note
from storage.pictures import PictureRow
from tests.fakes import a_recipe

ROW = PictureRow(
    id="p",
    person="ann",
    job="j",
    hash="hash",
    recipe=a_recipe("a fox", seed=77),
    width=256,
    height=512,
    seconds=63.0,
    parent=None,
    created=datetime.now(UTC),
    favourite=False,
)


def forms(card: Card, language: str) -> dict[str, str]:
    """The card's words as each platform shows them."""
    return {
        "discord": str(layout.lay_out(card, language).payload),
        "telegram": "\n".join(pages(card, language)),
        "page": str(card_json.card_words(card_json.card_body(card), language)),
    }


def drawn(*rows: PictureRow) -> Card:
    job = Job(id="j", owner="ann", recipes=tuple(row.recipe for row in rows), state=State.DONE)
    return cards.ended(job, rows, "", {})


def test_a_finished_card_says_the_same_everywhere() -> None:
    for where, said in forms(drawn(ROW), "en").items():
        for word in ("a fox", "Model", ROW.recipe.model, "Size", "256×512", "Seed", "77", "Time", "63 s"):
            assert word in said, (where, word)
    for where, said in forms(drawn(ROW), "zh").items():
        assert all(word in said for word in ("模型", "尺寸", "种子", "用时", "63 秒")), where
    two = drawn(ROW, replace(ROW, id="q", recipe=replace(ROW.recipe, seed=78)))
    assert [line.value for line in two.fields[:3]] == [ROW.recipe.model, "256×512", "77, 78"]


def test_what_of_a_file_could_not_be_used_is_said_once_with_the_pictures() -> None:
    left = Note("note.lora_partly", {"name": "墨", "count": "3"})
    card = drawn(replace(ROW, notes=(left,)), replace(ROW, id="q", notes=(left,)))
    for language in ("en", "zh"):
        for where, said in forms(card, language).items():
            assert said.count(say(language, left.key, **left.values)) == 1, (where, language)
    assert not drawn(ROW).prompt.notes  # type: ignore[union-attr]


def test_a_recipe_says_nothing_twice() -> None:
    for where, said in forms(cards.picture_card(ROW), "en").items():
        assert said.count("a fox") == 1, where
        assert said.count("77") == 1, where


def test_of_several_pictures_the_card_says_which_one_is_drawn() -> None:
    job = Job(id="j", owner="ann", recipes=(a_recipe(),) * 4)
    now = Progress(job="j", state=State.RUNNING, place=0, seconds_left=60, step=144, steps=240, picture=3, pictures=4)
    for language, said in (("en", "Picture 3 of 4"), ("zh", "第 3/4 张")):
        shown = forms(cards.under_way(job, now), language)
        assert said in shown["discord"] and said in shown["telegram"] and "144" not in shown["telegram"]
    body = cast(dict[str, Any], card_json.card_body(cards.under_way(job, now))["progress"])
    assert (body["picture"], body["pictures"]) == (3, 4)


def test_what_acts_beside_guidance_is_named_as_one_would_write_it() -> None:
    own = replace(ROW.recipe, perpendicular=0.5, threshold=Thresholding(7.0, 99.5), seg=Smoothed(3.0, blur=10.0))
    told = {field.label.key: field.value for field in cards.recipe_fields(replace(own, pag=Perturbed(3.0, "mid+up.0")))}
    assert [told[f"recipe.{name}"] for name in ("perpendicular", "threshold", "pag", "seg")] == [
        *("0.5", "7:percentile=99.5", "3:layers=mid+up.0", "3:blur=10")
    ]
    plain = {field.label.key for field in cards.recipe_fields(ROW.recipe)}
    assert not {"recipe.perpendicular", "recipe.threshold", "recipe.pag", "recipe.seg"} & plain


def test_what_a1111_was_told_is_named_where_it_is_not_the_usual() -> None:
    like = A1111("Karras", "NV", ensd=31337, discard=True, skip_early=0.15, unipc_high_end=True, pad="v0", eta=0.5)
    told = {
        field.label.key: field.value for field in cards.recipe_fields(replace(ROW.recipe, like=like, sampler="DDIM"))
    }
    assert told["recipe.like"] == (
        "A1111 · Karras · NV · ENSD: 31337 · Eta DDIM: 0.5 · Discard penultimate sigma · Skip Early CFG: 0.15 · "
        "Pad conds v0 · UniPC lower order final: False"
    )
    plain = {
        field.label.key: field.value for field in cards.recipe_fields(replace(ROW.recipe, like=A1111("Karras", "NV")))
    }
    assert plain["recipe.like"] == "A1111 · Karras · NV"


def test_what_is_changed_inside_the_model_is_named() -> None:
    own = replace(
        ROW.recipe,
        tiling="xy",
        freeu=FreeU(1.3, 1.4, 0.9, 0.2),
        token_merging=0.5,
        hires=Hires(2.0, 0.5, token_merging=0.3),
        hypertile=HyperTile(128, second=True),
    )
    told = {field.label.key: field.value for field in cards.recipe_fields(own)}
    assert told["recipe.tiling"] == "x + y" and told["recipe.freeu"] == "b 1.3 1.4 · s 0.9 0.2"
    assert told["recipe.token_merging"] == "0.5 → 0.3" and told["recipe.hypertile"] == "128 · 3 · 3 · hires"
    named = {field.label.key for field in cards.recipe_fields(ROW.recipe)}
    assert not named & {"recipe.tiling", "recipe.freeu", "recipe.token_merging", "recipe.hypertile"}
