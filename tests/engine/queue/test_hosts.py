"""The pool of hosts, on letters that go straight to them: who comes, is lost, comes back, and is late."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import WireError
from engine.files import catalog, model_folders, shelf
from engine.files.lent import LentFiles
from engine.host import Host
from engine.job import Job, Progress, State
from engine.queue import news
from engine.queue import queue as queue_module
from engine.queue.hosts import HostsPool, NobodyThere
from engine.queue.letter import VERSION, Letter, read, written
from engine.queue.news import Changed, Finished
from engine.queue.pool import Event, Lost, Worker
from engine.queue.queue import Queue
from engine.recipe import Fix, Hires, Refiner, Upscale
from engine.wire import (
    Draw,
    Drawn,
    Ended,
    ForgetTraining,
    Greet,
    Learning,
    Learnt,
    MakeMap,
    Park,
    PutSource,
    Ready,
    Rest,
    Step,
    Stop,
    Train,
    TrainingFile,
)  # fmt: skip
from prompts.prompt import LoraUse
from tests.fakes import a_job, a_lora, a_recipe
from tests.patience import PATIENCE, until
from tests.sleeping_workers import SleepingWorkers, a_picture


class Road(HostsPool):
    """A pool whose letters go straight to hosts in this process. `cut` are those that cannot be reached."""

    def __init__(self, bot: str = "bot", epoch: int = 1) -> None:
        super().__init__(bot, epoch)
        self.machines: dict[str, Machine] = {}
        self.delivered: list[Letter] = []

    async def _open(self) -> None:
        for machine in self.machines.values():
            machine.beat(self)

    async def _deliver(self, session: str, letter: Letter) -> None:
        await asyncio.sleep(0)
        self.delivered.append(letter)
        if not self.machines[session].alive or not await self.machines[session].host.take(letter):
            raise NobodyThere("nobody is there")

    async def _shut(self) -> None:
        pass


class Machine:
    """A host in this process. What it writes reaches every bot of `roads` at once, or `late`, when it is told to."""

    def __init__(
        self,
        name: str,
        *roads: Road,
        seconds: float = 0.0,
        files: tuple[Path, ...] = (),
        slots: int = 4,
        lent: Path = Path("lent"),
    ):
        self.session, self.name = f"host.{name}", name
        self.workers = SleepingWorkers(seconds, slots=slots)
        self.host = Host(self.workers, self, lambda: shelf.shelf(files, ()), LentFiles(lent))
        self.roads = roads
        self.alive = True
        self.late: list[Letter] | None = None

    async def start(self) -> None:
        await self.host.start()
        for road in self.roads:
            road.machines[self.session] = self
            self.beat(road)

    def beat(self, road: Road, version: int = VERSION) -> None:
        road.beat(self.session, self.name, version)

    def write(self, letter: Letter) -> None:
        if self.late is not None:
            self.late.append(letter)
        elif self.alive:
            for road in self.roads:
                road.heard(self.session, letter)

    def catch_up(self) -> None:
        """Let what was late arrive."""
        late, self.late = self.late or [], None
        for letter in late:
            self.write(letter)

    def die(self) -> None:
        self.alive = False
        for road in self.roads:
            road.gone(self.session, "killed")


class Heard:
    """What a pool's workers said."""

    def __init__(self) -> None:
        self.events: list[tuple[Worker, Event]] = []

    def __call__(self, worker: Worker, event: Event) -> None:
        self.events.append((worker, event))

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for _, event in self.events if isinstance(event, kind)]


async def ready(road: Road, count: int = 1) -> None:
    await until(lambda: len([worker for worker in road.workers if worker.slots]) == count)


async def test_it_behaves_as_every_pool_does() -> None:
    road, heard = Road(), Heard()
    machine = Machine("a", road)
    await machine.start()
    await road.start(heard)
    await ready(road)
    [worker] = road.workers
    assert (worker.host, worker.device, worker.slots, worker.model) == ("a", "Sleeper", 4, "danqing-demo")
    await road.draw(worker, a_job("j", count=2), {"hash": b"a picture"})
    await until(lambda: heard.of(Ended))
    assert len(heard.of(Step)) == 8 and [one.index for one in heard.of(Drawn) if isinstance(one, Drawn)] == [0, 1]
    assert machine.workers.sources == {"hash": b"a picture"}
    assert heard.of(Ended) == [Ended("j", 0, "done")]

    await road.look(worker, MakeMap("m", "canny", "other", 8, 8), {"other": b"its map"})
    await until(lambda: any(getattr(event, "id", "") == "m" for _, event in heard.events))
    machine.workers.seconds = 1000.0
    await road.draw(worker, a_job("k"), {})
    await road.rest(worker, "k", [0])
    await road.stop(worker, "k")
    await until(lambda: len(heard.of(Ended)) == 2)
    assert heard.of(Ended)[1] == Ended("k", 0, "cancelled")
    assert [type(one) for one in machine.workers.taken[-3:]] == [Draw, Rest, Stop]
    assert Rest("k", (0,)) in machine.workers.taken
    before = len(heard.events)
    await road.close()
    machine.workers.ready(machine.workers.workers[0])
    assert len(heard.events) == before, "no event comes after the end"


async def test_a_worker_that_dies_is_lost_and_its_host_is_not() -> None:
    road, heard = Road(), Heard()
    machine = Machine("a", road, seconds=1000.0)
    await machine.start()
    await road.start(heard)
    await ready(road)
    [worker] = road.workers
    await road.draw(worker, a_job("j"), {})
    await until(lambda: machine.host.drawing)
    machine.workers.lose(machine.workers.workers[0])
    assert heard.of(Lost) == [Lost("killed")] and not machine.host.drawing
    assert road.workers == [worker] and worker.slots == 4, "it has started again"
    await road.close()


async def test_a_host_that_comes_back_has_given_up_what_it_was_drawing() -> None:
    """It was cut off, is taken for gone, and what it writes of that time arrives after it has come back."""
    road, heard = Road(), Heard()
    machine = Machine("a", road)
    await machine.start()
    await road.start(heard)
    await ready(road)
    [old] = road.workers
    machine.late = []
    await road.draw(old, a_job("j"), {})
    await until(lambda: len(machine.late or []) == 6)  # four steps, the picture and the end
    road.gone(machine.session, "nothing is heard of it")
    assert heard.of(Lost) and not road.workers
    await road.draw(old, a_job("never"), {})  # as a queue may that has not heard yet: nothing is raised
    machine.beat(road)
    await until(lambda: len(machine.late or []) == 8)  # its stock, and its worker
    machine.catch_up()
    await ready(road)
    assert not heard.of(Drawn) and not heard.of(Ended), "what is of the first visit is nobody's"
    [new] = road.workers
    assert new is not old

    machine.workers.seconds = 1000.0
    await road.draw(new, a_job("j"), {})
    await until(lambda: machine.host.drawing)
    road.gone(machine.session, "nothing is heard of it")
    machine.beat(road)
    await until(lambda: not machine.host.drawing)  # the greeting has stopped it
    machine.workers.seconds = 0.0
    await ready(road)
    await road.draw(road.workers[0], a_job("j"), {})
    await until(lambda: heard.of(Ended))
    assert heard.of(Ended) == [Ended("j", 0, "done")], "the end of what was given up is not that of the new one"
    assert len(heard.of(Drawn)) == 1
    await road.close()


async def test_what_was_still_to_be_said_to_a_lost_host_is_let_go_of() -> None:
    """Pictures of megabytes: the machine that is started anew is another to the bot."""
    road = Road()
    machine = Machine("a", road)
    await machine.start()
    await road.start(Heard())
    await ready(road)
    machine.alive = False  # nobody has noticed yet
    road.gone(machine.session, "nothing is heard of it")
    host = road.hosts[machine.session]
    assert host.letters.empty()
    machine.alive = True
    machine.beat(road)
    await ready(road)
    [worker] = road.workers
    await road.draw(worker, a_job("j"), {"a" * 64: b"picture"})
    assert host.letters.qsize() == 2
    machine.die()
    assert host.letters.empty()
    await road.close()


async def test_what_an_earlier_lead_asked_for_is_stopped_and_ignored() -> None:
    first, second = Road(epoch=7), Road(epoch=8)
    ears, others = Heard(), Heard()
    machine = Machine("a", first, seconds=1000.0)
    await machine.start()
    await first.start(ears)
    await ready(first)
    await first.draw(first.workers[0], a_job("j"), {})
    await until(lambda: machine.host.drawing)
    machine.roads, second.machines = (first, second), first.machines
    await second.start(others)  # takes over, while the first still believes that it leads
    await until(lambda: not machine.host.drawing)
    machine.workers.seconds = 0.0
    await first.draw(first.workers[0], a_job("k"), {})
    await until(lambda: not first.workers)
    assert len([one for one in machine.workers.taken if isinstance(one, Draw)]) == 1, "an earlier lead is not drawn for"
    machine.beat(first)  # it greets again, and is not heard
    await until(lambda: isinstance(first.delivered[-1].message, Greet))
    await ready(second)
    await second.draw(second.workers[0], a_job("j"), {})
    await until(lambda: others.of(Ended))
    assert not ears.of(Drawn) and len(others.of(Drawn)) == 1
    await first.close()
    await second.close()


async def test_a_letter_that_comes_twice_is_taken_once() -> None:
    road = Road()
    machine = Machine("a", road, seconds=1000.0)
    await machine.start()
    await road.start(Heard())
    await ready(road)
    await road.draw(road.workers[0], a_job("j"), {})
    await until(lambda: machine.host.drawing)
    [draw] = [one for one in road.delivered if isinstance(one.message, Draw)]
    assert machine.host.has(draw) and await machine.host.take(draw)
    assert len([one for one in machine.workers.taken if isinstance(one, Draw)]) == 1
    await road.close()
    await until(lambda: not machine.host.drawing)  # whoever leaves has nothing drawn for it any more
    assert not await machine.host.take(draw), "and has to greet before anything else"


async def test_several_bots_have_the_same_host_without_hearing_of_each_other() -> None:
    one, other = Road("one"), Road("other")
    ears, others = Heard(), Heard()
    machine = Machine("a", one, other)
    await machine.start()
    await one.start(ears)
    await other.start(others)
    await ready(one)
    await ready(other)
    await one.draw(one.workers[0], a_job("mine"), {})
    await other.draw(other.workers[0], a_job("yours"), {})
    await until(lambda: ears.of(Ended) and others.of(Ended))
    assert ears.of(Ended) == [Ended("mine", 0, "done")] and others.of(Ended) == [Ended("yours", 0, "done")]
    machine.workers.lose(machine.workers.workers[0])
    assert ears.of(Lost) and others.of(Lost), "that a worker dies is for both"
    await one.close()
    await other.close()


async def test_a_host_that_leaves_takes_nothing_new_and_finishes_what_it_has() -> None:
    road, heard = Road(), Heard()
    machine = Machine("a", road, seconds=0.2)
    await machine.start()
    await road.start(heard)
    await ready(road)
    await road.draw(road.workers[0], a_job("j"), {})
    await until(lambda: machine.host.drawing)
    await machine.host.leave()
    assert heard.of(Drawn) and heard.of(Ended), "it waits for what is being drawn"
    assert road.workers[0].slots == 0
    machine.workers.ready(machine.workers.workers[0])
    assert road.workers[0].slots == 0, "whatever its workers say"
    await machine.host.close()
    await road.close()


async def test_a_host_of_another_version_is_given_nothing() -> None:
    road = Road()
    machine = Machine("a", road)
    road.machines[machine.session] = machine
    machine.beat(road, VERSION + 1)
    machine.beat(road, VERSION + 1)
    await asyncio.sleep(0)
    assert not road.delivered and not road.workers


async def test_steps_that_are_slower_than_their_picture_are_not_told() -> None:
    road, heard = Road(), Heard()
    machine = Machine("a", road)
    await machine.start()
    await road.start(heard)
    await ready(road)
    await road.draw(road.workers[0], a_job("j"), {})
    await until(lambda: heard.of(Drawn))
    steps = len(heard.of(Step))
    machine.write(Letter(Step("j", 0, 0, 4, 4, 0.1), "bot", 1, 1, "cpu#0"))
    assert len(heard.of(Step)) <= steps + 1
    await road.close()


async def test_a_training_is_a_guest_on_a_host_and_is_parked_when_its_bot_greets_again() -> None:
    road, heard = Road(), Heard()
    machine = Machine("a", road)
    await machine.start()
    await road.start(heard)
    await ready(road)
    await road.train(road.workers[0], Train("t", 3, {"model": "danqing-demo"}), {"a.png": b"a picture"})
    await until(lambda: heard.of(Learning))
    assert heard.of(Learning) == [Learning("t", 3, 1, 9, (0.5,), 0.1)]
    assert TrainingFile("t", "a.png", b"a picture") in machine.workers.taken
    road.gone(machine.session, "nothing is heard of it")
    machine.beat(road)
    await until(lambda: Park("t") in machine.workers.taken)
    await ready(road)
    assert not heard.of(Learnt), "the end of what was given up is nobody's"
    await road.train(road.workers[0], Train("t", 4, {"model": "danqing-demo"}), {})
    await until(lambda: len(heard.of(Learning)) == 2)
    await road.park(road.workers[0], "t")
    await until(lambda: heard.of(Learnt))
    assert heard.of(Learnt) == [Learnt("t", 4, "parked")] and not machine.host.drawing
    await road.forget("t")
    await until(lambda: ForgetTraining("t") in machine.workers.taken)
    await road.close()


# --- what lies where ---


class Told:
    """The news of a queue."""

    def __init__(self) -> None:
        self.finished: list[Finished] = []

    async def __call__(self, news: Changed | Progress | Finished) -> None:
        if isinstance(news, Finished):
            self.finished.append(news)


async def _fetch(picture: str) -> bytes:
    return b"a source"


def a_queue(road: Road, told: Callable[[Changed | Progress | Finished], Awaitable[None]], **more: object) -> Queue:
    return Queue(road, told, _fetch, per_person=20_000, in_all=20_000, **more)  # type: ignore[arg-type]


def with_lora(id: str, name: str) -> Job:
    recipe = a_recipe()
    prompt = replace(recipe.prompt, loras=(LoraUse(name, 0.8),))
    return Job(id=id, owner="ann", recipes=(replace(recipe, prompt=prompt),))


async def test_a_job_goes_to_a_host_that_has_its_files(tmp_path: Path) -> None:
    a_lora(tmp_path / "loras", "Ink")
    road, told = Road(), Told()
    bare, rich = Machine("bare", road), Machine("rich", road, files=(tmp_path / "loras",))
    for machine in (bare, rich):
        await machine.start()
    queue = a_queue(road, told)
    await queue.start()
    await ready(road, 2)
    try:
        for number in range(6):
            queue.put(with_lora(f"ink{number}", "ink"))
        queue.put(a_job("plain"))
        await until(lambda: len(told.finished) == 7)
        assert {one.job.state for one in told.finished} == {State.DONE}
        drawn = [one.job for one in bare.workers.taken if isinstance(one, Draw)]
        assert not [job for job in drawn if job.startswith("ink")]
        assert len([one for one in rich.workers.taken if isinstance(one, Draw)]) >= 6
        # The bot, which has no such file, lists it all the same, as long as the host is there.
        assert [one.name for one in catalog.loras([])] == ["Ink"]
        rich.die()
        assert not catalog.loras([])
    finally:
        await queue.close()
        model_folders.forget()


async def test_what_no_host_has_is_refused_by_name_and_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    road, told = Road(), Told()
    machine = Machine("bare", road)
    await machine.start()
    queue = a_queue(road, told, clock=lambda: now)
    await queue.start()
    await ready(road)
    try:
        queue.put(with_lora("lost", "Ink"))
        queue.put(a_job("plain"))
        await until(lambda: told.finished)
        assert [one.job.id for one in told.finished] == ["plain"], "what is behind it is drawn"
        queue._round()
        now += queue_module.LACKING + 1
        queue._round()
        await until(lambda: len(told.finished) == 2)
        lost = told.finished[1]
        assert (lost.job.id, lost.job.state, lost.key, lost.values) == (
            "lost",
            State.FAILED,
            "hosts.lacking",
            {"names": "ink"},
        )
    finally:
        await queue.close()


def test_a_shelf_arrives_as_it_was(tmp_path: Path) -> None:
    a_lora(tmp_path, "Ink", "ink wash")
    there = shelf.shelf((tmp_path, catalog.COMPANIONS), ())
    came = shelf.unpacked(shelf.packed(there), "gpu")
    assert came.holds == there.holds and ("lora", "ink") in came.holds and ("detector", "face") in came.holds
    [ink] = [one for one in came.finds if one.name == "Ink"]
    assert (ink.identity, ink.sidecar.triggers) == next(
        (one.identity, one.sidecar.triggers) for one in there.finds if one.name == "Ink"
    )
    assert not ink.path.exists() and ink.path.name == "Ink.safetensors"
    with pytest.raises(ValueError):
        shelf.unpacked(b"no shelf", "gpu")


def test_needs_are_all_files_that_a_recipe_names_and_none_that_comes_with_the_program() -> None:
    plain = a_recipe()
    assert shelf.needs([plain]) == frozenset()
    words = replace(plain.prompt, loras=(LoraUse("Ink", 0.8), LoraUse("unused", 0.0)))
    recipe = replace(
        plain,
        prompt=words,
        model="Big",
        vae="clear.safetensors",
        refiner=Refiner("Fine", 0.8),
        hires=Hires(2.0, 0.5, upscaler="Latent"),
        upscale=Upscale("4x-Ultra.pth", 2.0),
        fixes=(Fix("face", 0.4), Fix("eyes", 0.4)),
    )
    assert shelf.needs([recipe]) == {
        ("checkpoint", "big"),
        ("checkpoint", "fine"),
        ("lora", "ink"),
        ("vae", "clear"),
        ("upscaler", "4x-ultra"),
        ("detector", "eyes"),
    }
    assert shelf.needs([plain], {"red apple", "pear"}) == {("embedding", "red apple")}


# --- many ---


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
async def test_jobs_end_once_each_while_hosts_come_and_go(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three hosts; at random moments one dies and another comes, or the same again."""
    monkeypatch.setattr(news, "STANDINGS_EVERY", 1e9)  # places are another test's
    road, told = Road(), Told()
    chance = random.Random(7)
    queue = a_queue(road, told)
    await queue.start()
    machines = [Machine(f"m{number}", road, slots=1) for number in range(3)]
    for machine in machines:
        await machine.start()
    put, born = 0, 3
    try:
        async with asyncio.timeout(10 * PATIENCE):
            while put < count:  # more come as others are drawn, and half-way a machine changes
                some = min(count - put, chance.randrange(count // 50, count // 12))
                for number in range(put, put + some):
                    queue.put(a_job(f"j{number}", owner=f"p{number % 3}", steps=1))
                put += some
                while len(told.finished) < put - some // 2:
                    await asyncio.sleep(0)
                at = chance.randrange(3)
                machines[at].die()
                if chance.random() < 0.5:  # the same one, after a moment out of reach
                    machines[at].alive = True
                    machines[at].beat(road)
                else:
                    born += 1
                    machines[at] = Machine(f"m{born}", road, slots=1)
                    await machines[at].start()
            while len(told.finished) < count:
                await asyncio.sleep(0)
        ends = [one.job.id for one in told.finished]
        assert len(set(ends)) == len(ends) == count
        assert {one.job.state for one in told.finished} == {State.DONE}
        assert all(one.pictures[0].png == a_picture(1) for one in told.finished)
        assert born > 5
    finally:
        await queue.close()


def test_letters_are_read_as_they_were_written() -> None:
    letter = Letter(PutSource("hash", b"bytes"), "bot", 3, 2, "cpu#0", 9)
    headers, frame = written(letter)
    assert read(headers, frame) == letter
    assert read(headers, frame).carrying(b"more").blob == b"more"
    with pytest.raises(WireError):
        Letter(Ready("a", 1, ""), "bot").carrying(b"none")
    for wrong in ({**headers, "epoch": "x"}, {}):
        with pytest.raises(WireError):
            read(wrong, frame)
    for part in (b"", frame[:5], frame[:-1], frame + b"x"):
        with pytest.raises(WireError):
            read(headers, part)
