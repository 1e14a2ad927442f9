"""Waiting for something to become true, with what was last heard when it does not."""

from __future__ import annotations

from collections.abc import Callable

from tests.peers.telegram import changes


class Changes(changes.Changes):
    """`told` is what a failed wait says of the bot's last requests."""

    told: Callable[[], str]
