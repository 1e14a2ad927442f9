"""What somebody has learnt is nobody else's: in no list and no answer, nor by a word that calls for it; and it goes
with its owner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from bot.buttons import training as buttons
from bot.chat import Press, Room
from bot.platforms.sdapi import lists
from bot.platforms.sdapi.gate import CHAT
from bot.platforms.sdapi.settings import SdapiSettings
from bot.studio import forgetting
from bot.studio.suggest import suggest
from bot.training import cards
from engine.files import catalog, private
from engine.tagging import PictureTags
from prompts.errors import Refusal
from storage import backup, jobs, leaving, restore, trainings
from storage.jobs import Place
from storage.leaving import Leave
from tests.bot.training.school import School, school
from tests.bot.training.test_teaching import _traces
from tests.engine.files.test_compatibility import an_embedding
from tests.patience import until


async def refused(at: School, text: str, account: str) -> str:
    """The key of what a text is answered with."""
    key = await at.says(text, account)
    return at.chat.messages[key].text.key if key in at.chat.messages else ""


async def test_a_private_word_calls_for_nothing_where_others_write_it(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun(preset="inversion", trigger="zwxqv")
        an_embedding(tmp_path, "learnt", catalog.builtin().context)
        at.pool.learn(kept.id, 20, [0.1] * 20)
        at.pool.learnt(kept.id, "done", file=(tmp_path / "learnt.safetensors").read_bytes())
        done = await at.state(kept.id, "done")
        assert done.file == "zwxqv" and (at.loras / "zwxqv.safetensors").exists()
        await at.draws("/imagine zwxqv on a table")
        ann, bob = (await at.asks("ann")).person, (await at.asks("bob")).person
        job = (await jobs.of_person(at.db, ann.id, 1))[0].job
        for text in ("/imagine zwxqv on a table", "/imagine a cat, (ZWXQV:1.2)", "/imagine a cat --no zwxqv"):
            assert await refused(at, text, "bob") == "lora.private", text
        with private.seen_by(bob.id), pytest.raises(Refusal, match=r"lora\.private"):
            await at.studio.submit(await at.asks("bob"), job.recipes)
        await at.draws("/imagine zwxqvs on a table", "bob")  # another word
        for person, names in ((ann, ["zwxqv"]), (bob, []), (None, [])):
            with private.seen_by(person.id if person else ""):
                assert [one.name for one in catalog.embeddings([at.loras])] == names
                # Files from along the way are in no list, their owner's least of all.
                assert [*json.loads(await listed(at, lists.embeddings))["loaded"]] == names
        for account in ("ann", "bob"):
            said = [one.value for one in await suggest(at.studio, (await at.asks(account)).person, "lora", "zwx", 9)]
            assert said == []  # an embedding is no LoRA
        await at.teaching.delete(await at.asks(), kept.id)
        assert await refused(at, "/imagine zwxqv on a table", "bob") != "lora.private"  # a word like any other again


async def listed(at: School, handler: Any) -> str:
    """What A1111's API answers whoever looks."""
    settings = SdapiSettings(folders=at.studio.rules.folders)
    asked = SimpleNamespace(app={CHAT: SimpleNamespace(settings=settings)})
    answer: web.Response = await handler(cast(Any, asked))
    return answer.text or ""


async def test_programs_see_what_their_person_sees_and_what_was_deleted_is_unknown_to_all(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        await at.finished(kept.id)
        ann, bob = (await at.asks("ann")).person, (await at.asks("bob")).person

        async def names() -> Mapping[str, list[str]]:
            found = {}
            for who, person in (("ann", ann.id), ("bob", bob.id), ("nobody", "")):
                with private.seen_by(person):
                    found[who] = [one["name"] for one in json.loads(await listed(at, lists.loras))]
            return found

        assert (await names())["bob"] == (await names())["nobody"] == []
        assert (await names())["ann"] == ["totem"]
        await at.draws("/imagine a cat <lora:totem:1>")
        made = (await jobs.of_person(at.db, ann.id, 1))[0].job.recipes
        await at.teaching.delete(await at.asks(), kept.id)
        assert await names() == {"ann": [], "bob": [], "nobody": []}
        for account, person in (("ann", ann), ("bob", bob)):
            assert await refused(at, "/imagine a cat <lora:totem:1>", account) == "lora.none"
            with private.seen_by(person.id), pytest.raises(Refusal, match=r"lora\.none"):
                await at.studio.fitting(made[0].prompt, catalog.builtin())  # a code's, or that in its own PNG


async def test_what_is_there_is_lent_to_other_machines_and_what_is_deleted_taken_back(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        assert at.pool.lent == {}
        kept = await at.begun(name="My totem")
        at.pool.half(kept.id, 10, at.file())
        await until(lambda: ("lora", f"{kept.id}-0010") in at.pool.lent)  # before its samples are drawn
        at.pool.learn(kept.id, 20, [0.1] * 20)
        at.pool.learnt(kept.id, "done", file=at.file())
        done = await at.state(kept.id, "done")
        halves = {f"{kept.id}-0010", f"{kept.id}-0020"}
        named = {done.file.casefold(), "my totem"}  # its file's, and that which its trainer gave it
        assert {name for _, name in at.pool.lent} == halves | named
        assert at.pool.lent["lora", "my totem"] == at.loras / f"{done.file}.safetensors"
        word = await at.begun("bob", preset="inversion", trigger="zwxqv")
        an_embedding(tmp_path, "learnt", catalog.builtin().context)
        at.pool.learn(word.id, 20, [0.1] * 20)
        at.pool.learnt(word.id, "done", file=(tmp_path / "learnt.safetensors").read_bytes())
        await at.state(word.id, "done")
        assert ("embedding", "zwxqv") in at.pool.lent and ("lora", "zwxqv") not in at.pool.lent
        before = dict(at.pool.lent)
        await at.restart()
        assert at.pool.lent == before

        await at.teaching.delete(await at.asks("bob"), word.id)
        assert not [name for _, name in at.pool.lent if name in ("zwxqv", f"{word.id}-0020")]
        await at.teaching.delete(await at.asks(), kept.id)
        assert at.pool.lent == {}


async def test_whoever_is_forgotten_takes_what_is_being_learnt_along(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun(name="verysecretname", trigger="zwxqv")
        other = await at.draft("bob", "another")
        await at.teaching.start(await at.asks("bob"), other.id)  # it waits for the worker
        at.pool.learn(kept.id, 4, [0.1] * 4, 2.0)
        at.pool.half(kept.id, 10, at.file())
        await until(lambda: len(at.pool.drawn) == 1)  # its samples wait, or are drawn
        pictures = await at.teaching.pictures(kept.person, kept.id)
        now, place = at.db.now(), (await at.asks()).place
        await leaving.plan(at.db, Leave(kept.person, now, place, "en"))
        at.studio.now = lambda: now + timedelta(minutes=1)

        async def gone() -> bool:
            for job in await trainings.sample_jobs(at.db, kept.id):
                at.pool.finish(job)
            return await forgetting.forget_due(at.studio) == 1

        await until(gone)
        assert kept.id in at.pool.forgotten and kept.id not in at.queue.trainings
        at.chat.messages.clear()
        words = [kept.id, "verysecretname", "zwxqv", pictures[0].hash]
        shared = {one.hash for one in await at.teaching.pictures(other.person, other.id)}
        words = [word for word in words if word not in shared]
        assert {word: _traces(tmp_path, word) for word in words if _traces(tmp_path, word)} == {}
        assert other.id in at.queue.trainings


async def test_a_backup_has_trainings_which_go_on_where_it_is_restored(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        done = await at.begun(name="done")
        await at.finished(done.id)
        kept = await at.begun(name="running")
        at.pool.learn(kept.id, 4, [0.1] * 4, 2.0)
        await at.state(kept.id, "running")
        await backup.write("", at.db.folder, None, tmp_path / "all.zip")
        await at.close()
        (at.loras / "done.safetensors").unlink()  # models and LoRAs are in no backup
        new = tmp_path / "new" / "data"
        await restore.restore(tmp_path / "all.zip", "", new)
        at.folder = tmp_path / "new"
        at.loras = at.folder / "loras"
        at.loras.mkdir()
        await at.open()
        await until(lambda: kept.id in at.pool.trainings)
        assert (at.loras / "done.safetensors").exists()  # from its file along the way
        assert len(at.pool.training_files[kept.id]) == 5
        assert await refused(at, "/imagine a cat <lora:done:1>", "bob") == "lora.private"


async def test_moderators_delete_what_others_learn_and_nobody_else_does(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun(name="totem")
        asked = replace(await at.asks("bob"), place=Place("fake", "ann", ""))
        boss = replace(asked, person=replace(asked.person, admin=True), place=Place("fake", "bob"))
        there = replace(asked, room=Room(moderator=True))
        elsewhere = replace(there, place=Place("fake", "bob"))
        for one in (asked, elsewhere):
            assert await at.teaching.meant(one, "totem") == []
            with pytest.raises(Refusal, match=r"train\.gone"):
                await at.teaching.delete(one, kept.id)
        for who in (kept.id, "Totem", "ann", kept.person):
            assert [one.id for one in await at.teaching.meant(boss, who)] == [kept.id], who
        assert [one.id for one in await at.teaching.meant(there, kept.id)] == [kept.id]
        assert await at.teaching.meant(boss, "carol") == []
        key = await at.says("/train delete totem")
        assert [one.target for one in at.chat.messages[key].buttons] == [kept.id]
        await at.teaching.delete(there, kept.id)
        assert await trainings.every(at.db) == []


async def test_a_person_who_was_learnt_is_tried_in_portraits(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        at.pool.tags = lambda wish: PictureTags("detectors", faces=((0.4, 0.1, 0.6, 0.3),))
        kept = await at.draft()
        await at.teaching.change(kept.person, kept.id, kind="person", steps=20, files=2)
        await at.teaching.agree(kept.person, kept.id)
        await at.teaching.start(await at.asks(), kept.id)
        await until(lambda: kept.id in at.pool.trainings)
        done = await at.finished(kept.id)
        card = await cards.training_card(at.db, await at.teaching.now(done))
        [select] = card.selects
        assert [one.value for one in select.choices][:2] == ["studio", "garden"]
        asked = await at.asks()
        for value in ("studio", "nothing"):
            press = Press(
                person=asked.person, place=asked.place, action="set", target=select.target, key=f"tried-{value}",
                values={"value": value},
            )  # fmt: skip
            if value == "nothing":
                with pytest.raises(Refusal, match=r"press\.unknown"):
                    await buttons.chosen(at.studio, press)
            else:
                with private.seen_by(kept.person):  # as the desk says
                    await buttons.chosen(at.studio, press)
        job = (await jobs.of_person(at.db, kept.person, 1))[0].job
        assert [use.name for use in job.recipe.prompt.loras] == ["totem"]
        assert "studio lighting" in job.recipe.prompt.positive and job.recipe.height > job.recipe.width
