"""What comes beside a letter is waited for as long as it comes."""

from __future__ import annotations

import asyncio
import io

import pytest
from nats.js.errors import NoKeysError

from engine.queue import nats_server


async def test_what_comes_slowly_comes_and_what_does_not_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_server, "STALLED", 0.2)
    blob = io.BytesIO()

    async def slowly() -> None:
        for _ in range(12):  # twice as long as it may stand still
            await asyncio.sleep(0.04)
            blob.write(b"x")

    await nats_server._while_it_comes(slowly(), blob)
    assert blob.getvalue() == b"x" * 12
    ended = asyncio.Event()

    async def stands() -> None:
        blob.write(b"x")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        await nats_server._while_it_comes(stands(), blob)
    await asyncio.wait_for(ended.wait(), 5)

    async def fails() -> None:
        raise LookupError("nothing of that name")

    with pytest.raises(LookupError):
        await nats_server._while_it_comes(fails(), blob)


class Busy:
    """A bucket with so many values, whose server tells of no keys the first time."""

    def __init__(self, values: int) -> None:
        self.values, self.asked = values, 0

    async def keys(self) -> list[str]:
        self.asked += 1
        if self.asked == 1:
            raise NoKeysError
        return ["host.gpu"]

    async def status(self) -> Busy:
        return self


async def test_a_server_that_tells_of_no_keys_is_asked_again_where_there_are_values() -> None:
    assert await nats_server._keys(Busy(1)) == ["host.gpu"]
    empty = Busy(0)
    assert await nats_server._keys(empty) == [] and empty.asked == 1
