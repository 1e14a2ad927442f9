"""The table of what buttons draw."""

from __future__ import annotations

from bot.buttons.actions import ACTIONS
from bot.studio import cards


def test_every_action_has_its_button_once() -> None:
    shown = (*cards.FIRST, *cards.MORE)
    assert len(shown) == len(set(shown)) and ACTIONS.keys() <= set(shown)


def test_the_menu_keeps_the_order_of_the_table() -> None:
    assert [action for action in cards.MORE if action in ACTIONS] == [one for one in ACTIONS if one not in cards.FIRST]
