"""What a bot has learnt for somebody and left where a host shares it: no other bot is told of it or draws with it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from safetensors.numpy import save_file

from engine import host as hosts
from engine.files import model_folders, shelf, signs
from engine.files.hashed import Hashed
from engine.job import Job
from engine.wire import Draw, Drawn, Ended
from tests.engine.queue.test_hosts import Heard, Machine, Road, ready, with_lora
from tests.engine.queue.test_lending import learnt
from tests.fakes import a_job, a_lora, a_prompt
from tests.patience import until

MINE = {("lora", "mia"), ("lora", "xiaohong"), ("embedding", "zwxdq")}


def saying(id: str, text: str) -> Job:
    job = a_job(id)
    return replace(job, recipes=(replace(job.recipes[0], prompt=a_prompt(text)),))


def shared(folder: Path) -> None:
    """A folder with two files that the bot called one has learnt, and an owner's."""
    a_lora(folder, "Mia", alias="xiaohong")
    a_lora(folder, "ink")
    save_file({"emb_params": numpy.zeros((2, 32), "float32")}, folder / "zwxdq.safetensors")
    for name in ("Mia", "zwxdq"):
        signs.beside(folder / f"{name}.safetensors").write_text(signs.sign("one"))


async def test_a_shared_folder_shows_no_other_bot_what_one_has_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared(tmp_path / "loras")
    roads = {name: Road(name) for name in ("one", "other", "one/command-1")}
    ears = {name: Heard() for name in roads}
    machine = Machine("a", *roads.values(), files=(tmp_path / "loras",), lent=tmp_path / "lent")
    await machine.start()
    for name, road in roads.items():
        await road.start(ears[name])
        await ready(road)

    def told(name: str) -> frozenset[shelf.Need]:
        return roads[name].hosts[machine.session].holds

    try:
        assert told("one") >= MINE and told("one/command-1") >= MINE
        assert not told("other") & MINE and ("lora", "ink") in told("other")

        # Of the hashes of files with a name that both have, each is told its own.
        row = Hashed(str(tmp_path / "loras" / "Mia.safetensors"), 5, 1, "ab" * 5, "")
        machine.workers.seconds = 1000.0
        for name in ("one", "other"):
            await roads[name].draw(roads[name].workers[0], a_job(f"of-{name}"), {})
            await until(lambda name=name: f"of-{name}" in machine.workers.workers[0].jobs)
            machine.host._hear(machine.workers.workers[0], Drawn(f"of-{name}", 0, 0, 0.1, hashed=(row,)))
        assert [one.hashed for one in ears["one"].of(Drawn) if isinstance(one, Drawn)] == [(row,)]
        assert [one.hashed for one in ears["other"].of(Drawn) if isinstance(one, Drawn)] == [()]

        # A machine would find it by its name, its trainer's, or a word.
        machine.workers.seconds = 0.0
        other, heard = roads["other"], ears["other"]
        jobs = [with_lora("n", "mia"), with_lora("a", "Xiaohong"), saying("w", "a zwxdq, red"), saying("p", "red")]
        for job in jobs:
            await other.draw(other.workers[0], job, {})
        await until(lambda: len(heard.of(Ended)) == 4)
        ends = {one.job: (one.key, one.values) for one in heard.of(Ended) if isinstance(one, Ended)}
        assert ends == {
            "n": ("lora.private", {"name": "mia"}),
            "a": ("lora.private", {"name": "xiaohong"}),
            "w": ("lora.private", {"name": "zwxdq"}),
            "p": ("", None),
        }
        for job in jobs:
            await roads["one"].draw(roads["one"].workers[0], job, {})
        await until(lambda: len(ears["one"].of(Ended)) == 4)
        assert {one.outcome for one in ears["one"].of(Ended) if isinstance(one, Ended)} == {"done"}

        # Another's own of that name is lent, and goes before it.
        other.lend({("lora", "mia"): learnt(tmp_path, "mia", b"other")})
        await other.draw(other.workers[0], with_lora("own", "mia"), {})
        await until(lambda: len(heard.of(Ended)) == 5)
        draws = [one for one in machine.workers.taken if isinstance(one, Draw) and one.job == "own"]
        assert heard.of(Ended)[-1] == Ended("own", 0, "done") and len(draws[0].lent) == 1

        # The note is looked for as the files are.
        monkeypatch.setattr(hosts, "LOOK_EVERY", 0.01)
        machine.host._looking.cancel()  # type: ignore[union-attr]
        (tmp_path / "loras" / "Mia.learnt").unlink()
        looking = asyncio.ensure_future(machine.host._look())
        await until(lambda: ("lora", "mia") in told("other"))
        looking.cancel()
    finally:
        for road in roads.values():
            await road.close()
        await machine.host.close()
        model_folders.forget()


def test_whose_a_file_is_that_has_no_sign_is_nobodys_to_see(tmp_path: Path) -> None:
    shared(tmp_path / "loras")
    mia = tmp_path / "loras" / "Mia.safetensors"
    assert signs.of(mia) == signs.sign("one") == signs.sign("one/command-2") and len(signs.of(mia) or "") == 16
    assert signs.of(mia.with_name("ink.safetensors")) is None and signs.of(mia / "inside") is None
    signs.beside(mia).write_text("")  # of a bot that has no hosts
    found = shelf.shelf((tmp_path / "loras",), ())
    for bot in ("one", "other", "", "/command-1"):
        assert ("lora", "mia") not in found.seen_by(signs.sign(bot)).holds
    assert "one" not in signs.sign("one")
    # Of two with one name the first is drawn with.
    a_lora(tmp_path / "before", "mia")
    assert ("lora", "mia") in shelf.shelf((tmp_path / "loras", tmp_path / "before"), ()).others_of("")
    assert ("lora", "mia") not in shelf.shelf((tmp_path / "before", tmp_path / "loras"), ()).others_of("")
    model_folders.forget()
