"""What a host learns from goes with the training, be it that the host was away, or that nobody tells it any more."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import pytest

from engine import host
from engine.files.work_folders import NOTE, WorkFolders
from engine.wire import ForgetTraining, KeptTrainings, Train
from tests.engine.queue.test_hosts import Heard, Machine, Road, ready
from tests.patience import until


def forgotten(machine: Machine) -> list[str]:
    return [one.training for one in machine.workers.taken if isinstance(one, ForgetTraining)]


def told(road: Road) -> list[tuple[str, ...]]:
    return [one.message.trainings for one in road.delivered if isinstance(one.message, KeptTrainings)]


async def learns(road: Road, machine: Machine, *trainings: str) -> None:
    """Have a worker learn one after the other; what it writes lies in their folders."""
    for training in trainings:
        await road.train(road.workers[0], Train(training, 1, {"model": "danqing-demo"}), {"a.png": b"a picture"})
        await until(lambda training=training: machine.workers.workers[0].training == training)
        (machine.learns / training / "checkpoint").write_bytes(b"weights")
        await road.park(road.workers[0], training)
        await until(lambda: not machine.workers.workers[0].training)


async def test_what_was_deleted_while_a_host_was_away_goes_when_it_comes_back(tmp_path: Path) -> None:
    known = ["kept", "gone", "elsewhere", "../up"]

    async def kept() -> Collection[str]:
        return tuple(known)

    roads = [Road("one"), Road("other")]
    machine = Machine("a", *roads, learns=tmp_path / "work")
    await machine.start()
    for road in roads:
        await road.start(Heard())
        await ready(road)
    assert not told(roads[0]), "before it is known which there are, none is taken for deleted"
    await learns(roads[0], machine, "kept", "gone")
    await learns(roads[1], machine, "others")
    (tmp_path / "work" / "local").mkdir()  # of a bot on that machine, before it had hosts
    roads[0].keep(kept)
    await until(lambda: told(roads[0]))
    assert not forgotten(machine)

    roads[0].gone(machine.session, "nothing is heard of it")
    known.remove("gone")
    await roads[0].forget("gone")
    machine.beat(roads[0])
    await ready(roads[0])
    await until(lambda: forgotten(machine))
    assert forgotten(machine) == ["gone"]
    shutil.rmtree(machine.learns / "gone")  # as LocalPool does
    assert told(roads[0])[-1] == ("kept", "elsewhere", "../up")

    # What is begun right behind a greeting is known by then, however long it was not.
    roads[0].gone(machine.session, "nothing is heard of it")
    machine.beat(roads[0])
    known.append("new")
    await ready(roads[0])
    await learns(roads[0], machine, "new")
    assert forgotten(machine) == ["gone"]

    # Nobody forgets another bot's.
    await roads[0].forget("others")
    await roads[0].forget("new")
    await until(lambda: len(forgotten(machine)) == 2)
    assert forgotten(machine) == ["gone", "new"]
    for road in roads:
        await road.close()


async def test_a_bot_that_cannot_tell_has_nothing_deleted(tmp_path: Path) -> None:
    async def away() -> Collection[str]:
        raise OSError("the database is away")

    road = Road()
    machine = Machine("a", road, learns=tmp_path)
    await machine.start()
    await road.start(Heard())
    road.keep(away)
    await ready(road)
    await learns(road, machine, "t")
    road.gone(machine.session, "nothing is heard of it")
    machine.beat(road)
    await ready(road)
    await learns(road, machine, "u")
    assert not told(road) and not forgotten(machine)
    await road.close()


def aged(folder: Path, seconds: float) -> None:
    for file in folder.iterdir():
        os.utime(file, (time.time() - seconds,) * 2)


async def test_what_a_bot_leaves_that_is_not_heard_of_again_goes_after_a_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = WorkFolders(tmp_path)
    for bot, training in (("bot", "mine"), ("dead", "old"), ("dead", "new"), ("dead", "running"), ("dead", "going on")):
        folders.note(bot, training)
        (tmp_path / training / "checkpoint").write_bytes(b"weights")
        if training != "new":
            aged(tmp_path / training, host.ABANDONED + 60)
    os.utime(tmp_path / "going on" / "checkpoint")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "plan.json").write_text("{}")
    aged(tmp_path / "local", host.ABANDONED + 60)
    (tmp_path / "a file").touch()
    road = Road()
    machine = Machine("a", road, learns=tmp_path)
    await machine.start()
    await road.start(Heard())
    await ready(road)
    machine.workers.workers[0].training = "running"
    await machine.host._sweep()
    await until(lambda: forgotten(machine))
    assert forgotten(machine) == ["old"]

    # A bot that draws nothing for a day is silent, and not gone.
    shutil.rmtree(tmp_path / "old")  # as LocalPool does
    machine.host._visits.clear()
    await machine.host._sweep()
    monkeypatch.setattr(host, "ABANDONED", 30.0)
    machine.host._heard["bot"] -= 60.0
    await machine.host._sweep()
    await until(lambda: len(forgotten(machine)) == 2)
    assert forgotten(machine) == ["old", "mine"]
    await road.close()


def test_notes_lead_to_no_other_folder(tmp_path: Path) -> None:
    folders = WorkFolders(tmp_path / "work")
    assert folders.outlived("bot", ()) == folders.abandoned(0.0, ()) == []
    folders.note("bot", "../up")
    assert not any(tmp_path.iterdir())
    folders.note("bot", "小红")
    folders.note("bot", "b")
    (tmp_path / "work" / "unsaid").mkdir()  # of a version that wrote no notes
    assert folders.outlived("bot", ("小红", "unsaid", "../up")) == ["b"]
    assert folders.outlived("other", ("b",)) == []
    assert folders.outlived("bot", ()) == ["b", "unsaid", "小红"]
    assert (tmp_path / "work" / "b" / NOTE).is_file() and "bot" not in (tmp_path / "work" / "b" / NOTE).read_text()
