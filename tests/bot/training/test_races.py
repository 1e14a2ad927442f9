"""What happens at once: presses that meet, a deletion while something is written, a disk that is full at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.training import beginning, learnt_files, sheets
from prompts.errors import Refusal
from storage import facts, jobs, pictures, trainings
from tests.bot.training.school import a_set, school
from tests.patience import until

LIMIT = 6_000  # bytes: six pictures, and not twelve


async def beside(work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
    """Something begun that has got as far as it can without what waits for it here."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=0.3)
    return task


async def test_what_begins_is_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that goes, or comes, while a plan is made of all of them, is too late."""
    async with school(tmp_path) as at:
        kept = await at.draft(count=6)
        daily, late = beginning.daily, list[asyncio.Task[object]]()

        async def slow(*given: Any) -> Any:
            left = await daily(*given)
            late.append(await beside(at.teaching.remove_picture(kept.person, kept.id, 2)))
            late.append(await beside(at.teaching.add(await at.asks(), kept.id, a_set(1, 40))))
            return left

        monkeypatch.setattr(beginning, "daily", slow)
        begun = await at.teaching.start(await at.asks(), kept.id)
        for task in late:
            with pytest.raises(Refusal, match=r"train\.begun"):
                await task
        assert begun.plan and {one.hash for one in begun.plan.pictures} == {
            one.hash for one in await trainings.pictures(at.db, kept.id)
        }


async def test_two_drafts_at_once_share_the_room_that_is_left(tmp_path: Path) -> None:
    async with school(tmp_path, bytes=LIMIT) as at:
        asked = await at.asks()
        one, other = [await at.teaching.draft(await at.asks(), name) for name in ("one", "other")]
        sent = [(one.id, a_set(6)), (other.id, a_set(6, 20))]
        assert all(sum(len(picture.content) for picture in pictures) < LIMIT for _, pictures in sent)
        done = await asyncio.gather(*(at.teaching.add(asked, *each) for each in sent), return_exceptions=True)
        assert sorted(type(each).__name__ for each in done) == ["KeptTraining", "Refusal"]


async def test_two_who_publish_at_once_leave_one_file(tmp_path: Path) -> None:
    """A second one under another name would be nobody's, and so everybody's."""
    async with school(tmp_path) as at:
        kept = await at.begun()
        for step in (5, 10):
            at.pool.half(kept.id, step, at.file())
        await at.samples(kept.id, 8)
        now = await at.teaching.get(kept.person, kept.id)
        files = at.teaching._files
        await asyncio.gather(files.publish(now, 5), files.publish(now, 10))
        assert [path.name for path in at.loras.glob("*.safetensors")] == ["totem.safetensors"]


async def test_what_was_stopped_has_its_file_from_the_first_word_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        at.pool.half(kept.id, 10, at.file())
        await at.samples(kept.id, 4)
        seen: list[tuple[str, str]] = []
        recall = at.teaching._files.recall

        async def looks() -> None:
            now = await at.teaching.get(kept.person, kept.id)
            seen.append((now.state, now.file))
            await recall()

        monkeypatch.setattr(at.teaching._files, "recall", looks)
        stopped = await at.teaching.stop_and_keep(kept.person, kept.id)
        assert (stopped.state, stopped.file) == ("cancelled", "totem")
        assert seen and all(file for state, file in seen if state == "cancelled")
        assert "cancelled" not in [state for state, _ in seen]


async def test_what_is_deleted_while_its_file_is_written_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        at.pool.half(kept.id, 10, at.file())
        await at.samples(kept.id, 4)
        recall, going = at.teaching._files.recall, list[asyncio.Task[object]]()

        async def slow() -> None:
            await recall()
            if not going:
                going.append(await beside(at.teaching.delete(await at.asks(), kept.id)))

        monkeypatch.setattr(at.teaching._files, "recall", slow)
        with suppress(Refusal):
            await at.teaching.stop_and_keep(kept.person, kept.id)
        await going[0]
        assert not list(at.loras.iterdir()) and await trainings.get(at.db, kept.id) is None


async def test_a_sample_that_was_being_written_down_goes_with_its_training(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        at.pool.half(kept.id, 10, at.file())
        await at.samples(kept.id, 4)
        [id] = await trainings.sample_jobs(at.db, kept.id)
        job = await jobs.get(at.db, id)
        assert job and len(await pictures.of_job(at.db, id)) == 4
        await trainings.remove(at.db, kept.id)  # as if it had been removed between the pictures and this
        await at.teaching._hearing._drawn(job.job)
        assert await pictures.of_job(at.db, id) == () and await jobs.get(at.db, id) is None


async def test_a_sheet_that_was_being_drawn_goes_with_its_training(tmp_path: Path) -> None:
    async with school(tmp_path) as at:
        kept = await at.draft()
        now = await at.teaching.now(kept)
        await trainings.change(at.db, kept.id, {})
        content = [await at.db.files.get(one.hash) for one in now.pictures]
        await at.teaching.delete(await at.asks(), kept.id)
        for each in content:  # the card had read them already
            await at.db.files.put(each)
        assert await sheets.of_pictures(at.db, now) == ()
        assert await facts.beginning(at.db, "training.sheets") == []
        left = [one async for one in at.db.files.each()]
        assert sorted(left) == sorted({one.hash for one in now.pictures}), "no sheet of them"


async def test_a_pause_between_two_looks_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with school(tmp_path) as at:
        kept = await at.draft()
        await at.teaching.change(kept.person, kept.id, keep="cat", steps=20)
        kept = await at.teaching.start(await at.asks(), kept.id)
        await until(lambda: len(at.pool.drawn) == 1)
        forget, paused = pictures.delete, list[bool]()

        async def slow(*given: Any) -> Any:
            if not paused:
                paused.append(True)
                await at.teaching.pause(kept.person, kept.id)
            return await forget(*given)

        monkeypatch.setattr(pictures, "delete", slow)
        at.pool.finish(at.pool.drawn[0][0])

        async def all_kept() -> bool:
            return sum(one.prior for one in await trainings.pictures(at.db, kept.id)) == 16 and bool(paused)

        await until(all_kept)
        await until(lambda: at.pool.drawn[0][0] not in at.teaching._hearing._ours)
        assert kept.id not in at.queue.trainings
        # And one that comes just before it is handed to the queue.
        await trainings.change(at.db, kept.id, {"state": "paused"})
        await at.teaching._hearing.begin(await at.teaching.get(kept.person, kept.id))
        await until(lambda: kept.id not in at.queue.trainings)


async def test_a_disk_that_is_full_at_the_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with school(tmp_path) as at:
        kept = await at.begun()
        at.pool.learn(kept.id, 20, [0.1] * 20)
        write = learnt_files.write

        def full(path: Path, content: bytes) -> None:
            raise Refusal("storage.full", where=str(path.parent))

        monkeypatch.setattr(learnt_files, "write", full)
        at.pool.learnt(kept.id, "done", file=at.file())
        failed = await at.state(kept.id, "failed")
        assert failed.reason == "storage.full"
        monkeypatch.setattr(learnt_files, "write", write)
        await at.teaching.go_on(await at.asks(), kept.id)
        await until(lambda: kept.id in at.pool.trainings)


async def test_no_machine_that_comes_back_is_told_to_keep_what_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks whenever it comes: the last word on a training follows when it is not among those that may go on."""
    async with school(tmp_path) as at:
        asked, forget = at.pool.kept, at.pool.forget
        assert asked is not None
        known: list[bool] = []

        async def forgotten(training: str) -> None:
            known.append(training in await asked())
            await forget(training)

        monkeypatch.setattr(at.pool, "forget", forgotten)
        kept = await at.begun(name="done")
        assert await asked() == [kept.id]
        await at.finished(kept.id)
        assert await asked() == [] and known == [False]
        kept = await at.begun(name="deleted")
        assert await asked() == [kept.id]
        await at.teaching.delete(await at.asks(), kept.id)
        assert await asked() == [] and known == [False, True, False]
