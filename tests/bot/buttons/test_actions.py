"""The table of what buttons draw."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.buttons.actions import ACTIONS
from bot.buttons.redrawing import says_again
from bot.studio import cards
from engine.recipe import Source, Upscale
from storage.pictures import PictureRow
from tests.fakes import a_recipe


def test_every_action_has_its_button_once() -> None:
    shown = (*cards.FIRST, *cards.LEARN, *cards.GUIDED, *cards.MORE)
    assert len(shown) == len(set(shown)) and ACTIONS.keys() <= set(shown)


@pytest.mark.parametrize(("side", "tiled"), [(768, False), (1024, True), (2048, True)])
def test_what_is_large_already_is_drawn_larger_in_tiles(side: int, tiled: bool) -> None:
    row = PictureRow(
        id="p", person="ann", job="j", hash="h", recipe=a_recipe(), width=side, height=side, seconds=1.0, parent=None,
        created=datetime.now(UTC), favourite=False,
    )  # fmt: skip
    made = ACTIONS["larger"](row)
    if tiled:
        assert (made.width, made.source, made.upscale) == (side, Source("h", 0.0), Upscale("Lanczos", 2.0, 0.35))
    else:
        assert (made.width, made.upscale) == (side * 2, None) and made.source and made.source.strength


def test_the_menu_keeps_the_order_of_the_table() -> None:
    rest = [one for one in ACTIONS if one not in (*cards.FIRST, *cards.GUIDED)]
    assert [action for action in cards.MORE if action in ACTIONS] == rest


@pytest.mark.parametrize(
    "text", ["再来一张", "再来一次吧！", "重画", "换一张", "Again", "draw it again please", "once more", "another one."]
)
def test_words_for_the_same_once_more(text: str) -> None:
    assert says_again(text)


@pytest.mark.parametrize(
    "text",
    [
        "再来一只猫",
        "再画一张蓝色的",
        "重画背景",
        "换一张脸",
        "draw a cat again",
        "again but blue",
        "more cats",
        "",
        "another cat",
    ],
)
def test_words_that_ask_for_something_else(text: str) -> None:
    assert not says_again(text)
