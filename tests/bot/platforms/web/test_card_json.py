"""Cards as JSON, and what the page draws for their buttons."""

import re
from dataclasses import replace
from pathlib import Path

import bot
from bot.chat import Button, Card, Field, Say, Shown
from bot.platforms.web import card_json
from bot.studio import cards
from engine.control import Control
from engine.job import Progress, State
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
    body = card_json.card_body(card)
    assert "MB" not in str(body) and "删除" not in str(body)
    zh, en = (card_json.card_words(body, language) for language in ("zh", "en"))
    assert "20 MB" in str(zh["text"]) and "20 MB" in str(en["text"]) and zh["text"] != en["text"]
    assert en["fields"] == [{"label": "Seed", "value": "7"}, {"label": "Model", "value": "Cancelled."}]
    assert zh["buttons"] == [
        {"action": "delete", "target": "abc", "danger": True, "label": "删除", "more": False, "on": False}
    ]
    assert zh["pictures"] == [{"id": "abc", "width": 128, "height": 64, "drawn": True}]
    assert zh["size"] == {"width": 128, "height": 128}
    assert zh["progress"] == {
        "place": 0,
        "seconds_left": 1.3,
        "step": 1,
        "steps": 4,
        "picture": 1,
        "pictures": 1,
        "preview": "data:image/jpeg;base64,eA==",
    }


def test_what_stands_under_a_picture_has_a_shape_of_its_own() -> None:
    drawn = (Path(bot.__file__).parent / "platforms/web/page/dom.js").read_text("utf-8")
    shapes = dict(re.findall(r'^  (\w+): "(.+)",$', drawn, re.MULTILINE))
    for left, right in re.findall(r"^((?:SHAPES\.\w+ = )+)SHAPES\.(\w+);$", drawn, re.MULTILINE):
        shapes |= dict.fromkeys(re.findall(r"SHAPES\.(\w+) =", left), shapes.get(right, ""))
    own = [shapes.get(name, "") for name in (*cards.FIRST, *cards.LEARN, *cards.GUIDED)]
    assert all(own) and len(own) == len(set(own)) and shapes["info"] not in own


def test_the_maps_that_pictures_follow_stand_by_them_once() -> None:
    guide = Control("net", "a" * 64)
    made = replace(recipe(CAT), controls=(guide, replace(guide, strength=0.5), replace(guide, picture="b" * 64)))
    picture = Shown("abc", "0" * 64, 128, 64)
    drawn = Card(text=Say("job.done"), kind="job", job="j", state=State.DONE, recipe=made, pictures=(picture,))
    maps = [card_json.card_words(card_json.card_body(one), "zh")["maps"] for one in (
        drawn, replace(drawn, pictures=()), replace(drawn, recipe=recipe(CAT)), replace(drawn, job=None),
    )]  # fmt: skip
    assert maps == [["a" * 64, "b" * 64], [], [], []]
