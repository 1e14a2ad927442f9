"""The buttons that mend what the doctor found: one for each finding that can be mended, and one for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat import Button, Card
from prompts.doctor import Finding

MEND, MEND_ALL = "mend", "mend_all"
MOST = 12  # as many findings as are ever told


def mends(findings: Sequence[Finding], of: str) -> tuple[Button, ...]:
    """The buttons for the findings on a job or a wish, `of` being its id."""
    signs = [one.sign for one in findings if one.fix][:MOST]
    every = (Button(MEND_ALL, of),) if len(signs) > 1 else ()
    return (*(Button(MEND, f"{of}.{sign}") for sign in signs), *every)


def of_target(target: str) -> tuple[str, str]:
    """The id of the job or wish that a button is about, and the sign of the finding, "" for all."""
    of, _, sign = target.partition(".")
    return of, sign


def numbers(card: Card) -> Mapping[str, int]:
    """By the sign of a finding the number of its button, where a card has several of them."""
    signs = [of_target(one.target)[1] for one in card.buttons if one.action == MEND]
    return {sign: at for at, sign in enumerate(signs, 1)} if len(signs) > 1 else {}
