"""The table of what buttons draw."""

from __future__ import annotations

import pytest

from bot.buttons.actions import ACTIONS
from bot.buttons.redrawing import says_again
from bot.studio import cards


def test_every_action_has_its_button_once() -> None:
    shown = (*cards.FIRST, *cards.MORE)
    assert len(shown) == len(set(shown)) and ACTIONS.keys() <= set(shown)


def test_the_menu_keeps_the_order_of_the_table() -> None:
    assert [action for action in cards.MORE if action in ACTIONS] == [one for one in ACTIONS if one not in cards.FIRST]


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
