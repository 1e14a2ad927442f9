"""What lies only with the bot is lent to the hosts that draw with it: once, to nobody else, and taken back."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import host
from engine.files import catalog, lent, model_folders
from engine.files.hashed import Hashed
from engine.files.lent import LentFiles
from engine.job import Job, State
from engine.queue import lending
from engine.queue import queue as queue_module
from engine.queue.pool import Worker
from engine.wire import Draw, Drawn, Ended, Lend, Message, TakeBack
from prompts.errors import Refusal
from tests.engine.queue.test_hosts import Heard, Machine, Road, Told, a_queue, ready, with_lora
from tests.fakes import a_job, a_lora, a_prompt
from tests.patience import until
from tests.running import ROOT


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What hosts were lent goes with a test, as it does with a program."""
    made: list[LentFiles] = []
    begun = LentFiles._begun

    def noted(files: LentFiles) -> Path:
        made.append(files)
        return begun(files)

    monkeypatch.setattr(LentFiles, "_begun", noted)
    yield
    for one in made:
        one.close()


def learnt(folder: Path, name: str, content: bytes) -> Path:
    """A file of a training's, which takes the place of what was called so."""
    part = folder / f".{name}.part"
    part.write_bytes(content)
    return part.replace(folder / f"{name}.safetensors")


def said(road: Road, kind: type[Message]) -> list[Message]:
    return [letter.message for letter in road.delivered if isinstance(letter.message, kind)]


def lendings(road: Road) -> list[tuple[str, bytes]]:
    return [(one.name, one.blob) for one in said(road, Lend) if isinstance(one, Lend)]


def draws(machine: Machine) -> dict[str, Draw]:
    return {one.job: one for one in machine.workers.taken if isinstance(one, Draw)}


def contents(machine: Machine, job: str) -> dict[str, bytes]:
    """The files in the folders that a job's Draw told a worker of."""
    files = [file for folder in draws(machine)[job].lent for file in Path(folder).iterdir()]
    return {file.name: file.read_bytes() for file in files}


def kept(folder: Path) -> list[str]:
    """What lies below a host's folder."""
    return sorted(file.name for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")


async def drawn(road: Road, heard: Heard, job: Job) -> Worker:
    ends = len(heard.of(Ended))
    [worker] = road.workers
    await road.draw(worker, job, {})
    await until(lambda: len(heard.of(Ended)) > ends)
    assert heard.of(Ended)[-1] == Ended(job.id, 0, "done")
    return worker


async def test_a_file_is_lent_once_in_a_visit_and_what_is_newer_takes_its_place(tmp_path: Path) -> None:
    path, there = learnt(tmp_path, "Mia", b"one"), tmp_path / "lent"
    road, heard = Road(), Heard()
    machine = Machine("a", road, lent=there)
    await machine.start()
    await road.start(heard)
    road.lend({("lora", "mia"): path, ("lora", "other"): tmp_path / "other.safetensors"})
    await ready(road)
    await drawn(road, heard, a_job("plain"))
    assert not lendings(road) and draws(machine)["plain"].lent == () and not there.exists()

    await drawn(road, heard, with_lora("first", "mia"))
    await drawn(road, heard, with_lora("second", "MIA.safetensors"))
    assert lendings(road) == [("Mia", b"one")]
    assert contents(machine, "first") == contents(machine, "second") == {"Mia.safetensors": b"one"}
    kinds = [type(letter.message) for letter in road.delivered if isinstance(letter.message, Lend | Draw)]
    assert kinds == [Draw, Lend, Draw, Draw], "before what is drawn with it"
    numbers = [letter.number for letter in road.delivered]
    assert numbers == list(range(1, len(numbers) + 1))
    assert not catalog.loras([]), "it is in no list"

    # A later step of the training.
    learnt(tmp_path, "Mia", b"two")
    await drawn(road, heard, with_lora("third", "mia"))
    assert lendings(road) == [("Mia", b"one"), ("Mia", b"two")]
    assert contents(machine, "third") == {"Mia.safetensors": b"two"} and kept(there) == ["Mia.safetensors"]
    assert not Path(draws(machine)["first"].lent[0]).exists()
    assert any(isinstance(one, TakeBack) for one in machine.workers.taken), "workers forget what is gone"

    # Another visit: what was lent before is gone.
    road.gone(machine.session, "nothing is heard of it")
    machine.beat(road)
    await ready(road)
    assert kept(there) == []
    await drawn(road, heard, with_lora("fourth", "mia"))
    assert lendings(road)[2:] == [("Mia", b"two")]
    await machine.host.close()
    assert not any(there.iterdir())
    await road.close()


async def test_what_is_drawn_with_an_older_file_keeps_it(tmp_path: Path) -> None:
    path = learnt(tmp_path, "mia", b"one")
    road, told = Road(), Told()
    machine = Machine("a", road, seconds=1000.0, lent=tmp_path / "lent")
    await machine.start()
    queue = a_queue(road, told)
    await queue.start()
    try:
        await ready(road)
        queue.lend({("lora", "mia"): path})
        queue.put(with_lora("long", "mia"))
        await until(lambda: draws(machine))
        machine.workers.seconds = 0.0
        learnt(tmp_path, "mia", b"two")
        queue.put(with_lora("short", "mia"))
        await until(lambda: told.finished)
        assert contents(machine, "long") == {"mia.safetensors": b"one"}
        assert contents(machine, "short") == {"mia.safetensors": b"two"}
        assert queue.cancel("long")
        await until(lambda: len(told.finished) == 2)
        queue.put(with_lora("last", "mia"))
        await until(lambda: len(told.finished) == 3)
        assert kept(tmp_path / "lent") == ["mia.safetensors"]
    finally:
        await queue.close()


async def test_nothing_remains_of_a_file_that_is_deleted_here(tmp_path: Path) -> None:
    mia, tom = learnt(tmp_path, "mia", b"mia"), learnt(tmp_path, "tom", b"tom")
    both = {("lora", "mia"): mia, ("lora", "tom"): tom}
    road, heard = Road(), Heard()
    near, far = (Machine(name, road, lent=tmp_path / name) for name in ("near", "far"))
    for machine in (near, far):
        await machine.start()
    await road.start(heard)
    road.lend(both)
    await ready(road, 2)
    for worker in road.workers:
        for name in ("mia", "tom"):
            await road.draw(worker, with_lora(f"{worker.host}-{name}", name), {})
    await until(lambda: len(heard.of(Ended)) == 4)
    assert kept(tmp_path / "near") == kept(tmp_path / "far") == ["mia.safetensors", "tom.safetensors"]
    road.gone(far.session, "nothing is heard of it")
    mia.unlink()
    road.lend({("lora", "tom"): tom})
    await until(lambda: kept(tmp_path / "near") == ["tom.safetensors"])
    await until(lambda: isinstance(near.workers.taken[-1], TakeBack))
    assert ("lora", "mia") not in (road.workers[0].holds or ())
    far.beat(road)  # the file was deleted while it was away
    await ready(road, 2)
    assert kept(tmp_path / "far") == []
    await road.close()
    await until(lambda: not kept(tmp_path / "near")), "a bot that leaves takes all of its own with it"


async def test_two_bots_files_of_one_name_are_two(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    roads = [Road("one"), Road("other")]
    ears = [Heard(), Heard()]
    machine = Machine("a", *roads, lent=tmp_path / "lent")
    await machine.start()
    for road, heard in zip(roads, ears, strict=True):
        await road.start(heard)
        road.lend({("lora", "mia"): learnt(tmp_path / road.bot, "mia", road.bot.encode())})
        await ready(road)
    for road, heard in zip(roads, ears, strict=True):
        await drawn(road, heard, with_lora(f"of-{road.bot}", "mia"))
    assert contents(machine, "of-one") == {"mia.safetensors": b"one"}
    assert contents(machine, "of-other") == {"mia.safetensors": b"other"}
    await roads[0].close()
    await until(lambda: len(kept(tmp_path / "lent")) == 1)
    assert contents(machine, "of-other") == {"mia.safetensors": b"other"}
    # A bot has no way to what another has lent, though it knew the mark.
    mark = Path(draws(machine)["of-other"].lent[0]).name
    lent_to = machine.host._lent
    assert lent_to.place("other", mark) and lent_to.place("one", mark) is None
    # Nor is anybody told of its hash, though a worker knows all files of one name.
    machine.workers.seconds = 1000.0
    await roads[1].draw(roads[1].workers[0], with_lora("hashed", "mia"), {})
    await until(lambda: "hashed" in draws(machine))
    file, own = f"{draws(machine)['hashed'].lent[0]}/mia.safetensors", str(tmp_path / "own" / "mia.safetensors")
    rows = tuple(Hashed(path, 5, 1, "ab" * 5, "") for path in (file, own))
    machine.host._hear(machine.workers.workers[0], Drawn("hashed", 0, 0, 0.1, hashed=rows))
    last = ears[1].of(Drawn)[-1]
    assert isinstance(last, Drawn) and last.hashed == rows[1:]
    await roads[1].close()
    await machine.host.close()


async def test_what_was_not_used_for_longest_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lending, "ROOM", 250)
    names = ("a", "b", "c", "d")
    road, heard = Road(), Heard()
    machine = Machine("a", road, lent=tmp_path / "lent")
    await machine.start()
    await road.start(heard)
    road.lend({("lora", name): learnt(tmp_path, name, name.encode() * 100) for name in names})
    await ready(road)
    for number, name in enumerate("aba"):
        worker = await drawn(road, heard, with_lora(f"{number}", name))
    worker.jobs["2"] = with_lora("2", "a")  # it is still being drawn, all the time
    await drawn(road, heard, with_lora("3", "c"))
    assert kept(tmp_path / "lent") == ["a.safetensors", "c.safetensors"]
    await drawn(road, heard, with_lora("4", "d"))
    assert kept(tmp_path / "lent") == ["a.safetensors", "d.safetensors"]
    await drawn(road, heard, with_lora("5", "b"))
    assert [name for name, _ in lendings(road)] == ["a", "b", "c", "d", "b"]
    assert kept(tmp_path / "lent") == ["a.safetensors", "b.safetensors"]
    await road.close()
    await machine.host.close()


async def test_what_can_be_lent_is_not_lacking_by_whatever_name(tmp_path: Path) -> None:
    now = 0.0
    mia, word = learnt(tmp_path, "mia-2", b"mia"), learnt(tmp_path, "zwxdq", b"word")
    road, told = Road(), Told()
    machine = Machine("a", road, lent=tmp_path / "lent")
    await machine.start()
    queue = a_queue(road, told, clock=lambda: now)
    await queue.start()
    try:
        await ready(road)
        queue.put(with_lora("before", "Mia"))  # that it can be lent is known a moment later
        worded = a_job("word")
        worded = replace(worded, recipes=(replace(worded.recipes[0], prompt=a_prompt("a zwxdq, on a table")),))
        queue._round()
        assert not told.finished
        queue.lend({("lora", "mia"): mia, ("lora", "mia-2"): mia, ("embedding", "zwxdq"): word})
        queue.put(worded)
        now += queue_module.LACKING + 1
        queue._round()
        await until(lambda: len(told.finished) == 2)
        assert {one.job.state for one in told.finished} == {State.DONE}
        assert contents(machine, "before") == {"mia-2.safetensors": b"mia"}
        assert contents(machine, "word") == {"zwxdq.safetensors": b"word"}
    finally:
        await queue.close()


async def test_what_a_host_has_by_its_trainers_name_is_drawn_there_and_not_lent(tmp_path: Path) -> None:
    a_lora(tmp_path / "loras", "ink-v2", alias="Ink")
    road, told = Road(), Told()
    machine = Machine("a", road, files=(tmp_path / "loras",))
    await machine.start()
    queue = a_queue(road, told)
    await queue.start()
    try:
        await ready(road)
        queue.lend({("lora", "ink-v2"): learnt(tmp_path, "ink-v2", b"another")})
        queue.put(with_lora("alias", "ink"))
        queue.put(with_lora("name", "ink-v2"))
        await until(lambda: len(told.finished) == 2)
        assert {one.job.state for one in told.finished} == {State.DONE} and not lendings(road)
    finally:
        await queue.close()
        model_folders.forget()


async def test_what_is_too_large_is_said_and_what_is_gone_is_for_the_worker_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "LARGEST", 2**20)
    road, told = Road(), Told()
    machine = Machine("a", road, lent=tmp_path / "lent")
    await machine.start()
    queue = a_queue(road, told)
    await queue.start()
    try:
        await ready(road)
        large, gone = learnt(tmp_path, "large", b"x" * (2**20 + 1)), learnt(tmp_path, "gone", b"gone")
        queue.lend({("lora", "large"): large, ("lora", "gone"): gone})
        gone.unlink()
        queue.put(with_lora("large", "large"))
        queue.put(with_lora("gone", "gone"))
        await until(lambda: len(told.finished) == 2)
        large_one = next(one for one in told.finished if one.job.id == "large")
        assert (large_one.key, large_one.values) == ("hosts.too_large", {"name": "large", "megabytes": 1})
        assert draws(machine).keys() == {"gone"} and draws(machine)["gone"].lent == ()
        with pytest.raises(Refusal):
            lending.read(large, ())
    finally:
        await queue.close()


async def test_a_host_with_a_full_disk_says_so_and_is_sent_the_file_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    road, told = Road(), Told()
    machine = Machine("a", road, lent=tmp_path / "lent")
    await machine.start()
    queue = a_queue(road, told)
    await queue.start()

    def full(own: LentFiles, bot: str, mark: str, name: str, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    try:
        await ready(road)
        queue.lend({("lora", "mia"): learnt(tmp_path, "mia", b"mia")})
        with monkeypatch.context() as patch:
            patch.setattr(lent.LentFiles, "keep", full)
            queue.put(with_lora("full", "mia"))
            await until(lambda: told.finished)
        assert (told.finished[0].job.state, told.finished[0].key) == (State.FAILED, "storage.full")
        assert not draws(machine) and not machine.host.drawing
        queue.put(with_lora("again", "mia"))
        await until(lambda: len(told.finished) == 2)
        assert told.finished[1].job.state is State.DONE and len(lendings(road)) == 2
        # One that fails for whatever reason, too; and what may be there is taken back with the rest.
        machine.workers.seconds = 1000.0
        queue.put(with_lora("fails", "mia"))
        await until(lambda: "fails" in draws(machine))
        machine.host._hear(machine.workers.workers[0], Ended("fails", 0, "failed", "lora.damaged", {"name": "mia"}))
        await until(lambda: len(told.finished) == 3)
        assert kept(tmp_path / "lent") == ["mia.safetensors"]
        queue.lend({})
        await until(lambda: not kept(tmp_path / "lent"))
    finally:
        await queue.close()
        await machine.host.close()


async def test_a_bot_that_is_silent_for_long_leaves_nothing_and_may_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    road, told = Road(), Told()
    machine = Machine("a", road, lent=tmp_path / "lent", seconds=1000.0)
    await machine.start()
    queue = a_queue(road, told)
    await queue.start()
    try:
        await ready(road)
        queue.lend({("lora", "mia"): learnt(tmp_path, "mia", b"mia")})
        queue.put(with_lora("long", "mia"))
        await until(lambda: draws(machine))
        await machine.host._forget_silent()
        monkeypatch.setattr(host, "SILENT", -1.0)
        await machine.host._forget_silent()
        assert kept(tmp_path / "lent") == ["mia.safetensors"], "it is drawn for"
        assert queue.cancel("long")
        await until(lambda: told.finished)
        await machine.host._forget_silent()
        assert kept(tmp_path / "lent") == []
        machine.workers.seconds = 0.0
        queue.put(with_lora("again", "mia"))
        await until(lambda: not road.workers)  # it is not known there any more
        machine.beat(road)
        await until(lambda: len(told.finished) == 2)
        assert told.finished[1].job.state is State.DONE and kept(tmp_path / "lent") == ["mia.safetensors"]
    finally:
        await queue.close()
        await machine.host.close()


def refuses(call: Callable[[], object]) -> bool:
    try:
        call()
    except ValueError:
        return True
    return False


def test_names_and_marks_lead_to_no_other_folder(tmp_path: Path) -> None:
    files = LentFiles(tmp_path)
    mark = "a" * 32
    for name in ("", ".hidden", "../up", "a/b", "a\\b", "a\0b", "c:x"):
        assert refuses(lambda name=name: files.keep("bot", mark, name, b"x")), name
    for wrong in ("", "..", "../..", "A" * 32, "a" * 7, "a" * 65, "a/b" * 8):
        assert refuses(lambda wrong=wrong: files.keep("bot", wrong, "mia", b"x")), wrong
        assert files.place("bot", wrong) is None
    files.keep("../bot", mark, "小红 – 2", b"x")
    assert kept(tmp_path) == ["小红 – 2.safetensors"]
    files.take_back("../bot", ["..", mark])
    assert files.place("../bot", mark) is None and files.forget("../bot") and not files.forget("../bot")
    files.close()
    assert not any(tmp_path.iterdir())


def test_what_a_killed_program_leaves_goes_when_the_next_one_starts(tmp_path: Path) -> None:
    keeps = "import sys, pathlib; from engine.files.lent import LentFiles\n"
    keeps += (
        "own = LentFiles(pathlib.Path(sys.argv[1])); own.keep('bot', 'a' * 32, 'mia', b'x'); print(flush=True); input()"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", keeps, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdout
        process.stdout.readline()
        other = LentFiles(tmp_path)
        other.keep("bot", "b" * 32, "tom", b"x")
        other.tidy()
        assert kept(tmp_path) == ["mia.safetensors", "tom.safetensors"], "that of a program that lives stays"
        process.kill()
        process.wait()
    other.tidy()
    assert kept(tmp_path) == ["tom.safetensors"] and other.place("bot", "b" * 32)
    other.close()
    assert not any(tmp_path.iterdir())
