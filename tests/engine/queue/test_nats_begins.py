"""A server of hosts that answers and cannot tell anything yet, as one does that has only begun to start."""

from __future__ import annotations

from typing import Any

import pytest

from engine.queue import nats
from engine.queue.nats import NatsPool
from engine.queue.nats_server import Connection, Server
from prompts.errors import Refusal
from tests.patience import until


class Starting(NatsPool):
    """Cannot be heard of twice, then can."""

    tries = 0

    async def _listen(self, *, first: bool = False) -> None:
        from nats.js.errors import ServiceUnavailableError

        self.tries += 1
        if self.tries < 3:
            raise ServiceUnavailableError(code=503, description="JetStream system temporarily unavailable")


async def _opened(connection: Connection, *, wait: bool) -> Connection:
    async def close() -> None:
        pass

    connection.close = close  # type: ignore[method-assign]
    return connection


async def test_a_bot_waits_until_the_server_can_tell_and_a_command_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nats")
    monkeypatch.setattr(nats, "AGAIN", 0.0)
    monkeypatch.setattr(Connection, "open", _opened)
    heard: list[Any] = []
    bot = Starting(Server("nats://127.0.0.1:4222"), "bot", 1, patient=True)
    await bot.start(lambda worker, event: heard.append(event))
    await until(lambda: bot.tries == 3)
    await bot.close()
    command = Starting(Server("nats://127.0.0.1:4222"), "command", 0, patient=False)
    with pytest.raises(Refusal, match=r"hosts\.unreachable"):
        await command.start(lambda worker, event: heard.append(event))
    await command.close()
