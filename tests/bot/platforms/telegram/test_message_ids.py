"""Which numbers of messages are nobody's, as far as is known."""

from __future__ import annotations

from bot.platforms.telegram.message_ids import NEAR, MessageIds

ANN, BOB, GROUP, LARGE = 1001, 1002, -1003, -1_000_000_001_004


def test_private_chats_and_groups_share_a_row_and_supergroups_do_not() -> None:
    numbers = MessageIds()
    numbers.take(ANN, 10)
    numbers.take(BOB, 12, 2)
    numbers.take(GROUP, 15)
    numbers.take(LARGE, 900)
    assert numbers.last(ANN) == numbers.last(GROUP) == 15 and numbers.last(LARGE) == 900
    assert list(numbers.free(ANN, 10)) == [11, 14, *range(16, 16 + NEAR)]
    assert list(numbers.free(LARGE, 900)) == list(range(901, 901 + NEAR))


def test_numbers_up_to_one_that_is_known() -> None:
    numbers = MessageIds()
    numbers.take(LARGE, 20)
    numbers.take(LARGE, 22)
    assert list(numbers.free(LARGE, 18, 22)) == [19, 21]
    assert list(numbers.free(LARGE, 30)) == list(range(31, 31 + NEAR))
