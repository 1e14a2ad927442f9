"""What becomes of trainings under way: the news of the queue are written down, samples ordered, files put where they
are drawn with, and what has lain long enough goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from bot.chat import Chat
from bot.people import quotas
from bot.studio import last_cards
from bot.studio.rules import Rules
from bot.training import drafting, learnt_files, previews, sample_jobs, sheets
from bot.training.now import TrainingNow
from bot.training.sample_jobs import CLASS, PRIOR, RecipeMaker
from bot.training.showing import Showing
from engine.files import model_folders, private
from engine.files.private import PrivateFile
from engine.job import Job, Progress, State
from engine.queue.news import Changed, Finished
from engine.queue.trainings import Training
from engine.wire import HalfLearnt, Learning, Learnt, TrainingNews
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import facts, forgetting, jobs, known_files, maps, people, pictures, trainings
from storage.trainings import ACTIVE, ENDED, KeptPicture, KeptTraining

log = logging.getLogger(__name__)

OPEN = (State.WAITING, State.RUNNING)
QUOTA = "train.quota"  # why a training pauses that goes on by itself the next day
ANEW = "training.anew"  # told of one that begins again, as the machine that had what was learnt is gone
EVERY = 60.0  # seconds between two rounds
WRITTEN_EVERY = 5.0  # seconds between two times that the losses are written down
RESTING = 3.0  # seconds without a word from a guest: somebody is drawn for


class Classroom(RecipeMaker, Protocol):
    """What is needed of the studio."""

    rules: Rules
    chats: dict[str, Chat]
    now: Callable[[], datetime]


class Hearing:
    """Trainings between their start and the end of all that is left of them. `watching` are told of every change."""

    def __init__(self, studio: Classroom, data: Path, now: Callable[[KeptTraining], Awaitable[TrainingNow]]) -> None:
        self.watching: list[Callable[[KeptTraining], Awaitable[None]]] = []
        self._studio = studio
        self._db = studio.db
        self._data = data
        self._showing = Showing(studio.db, studio.chats, now)
        self._ours: set[str] = set()  # jobs that trainings have ordered
        self._losses: dict[str, list[float]] = {}
        self._written: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._naming, self._recalling = asyncio.Lock(), asyncio.Lock()

    async def open(self) -> None:
        """Take up what is not done, and know whose every file is."""
        self._studio.queue.trainings.listener = self.hear
        await self.recall()
        for kept in await jobs.unanswered(self._db, [sample_jobs.PLATFORM]):
            self._ours.add(kept.job.id)
            if kept.job.state in OPEN:
                self._studio.queue.put(kept.job)
            else:
                await self._drawn(kept.job)
        for one in await trainings.in_states(self._db, ("waiting", "running")):
            await trainings.change(self._db, one.id, {"state": "waiting"})
            await self.begin(one)
        for one in await trainings.with_files(self._db):
            await self._mend(one)

    async def close(self) -> None:
        """Write down the losses, and tell nothing any more."""
        for id, losses in self._losses.items():
            with suppress(Refusal):
                await trainings.change(self._db, id, {"losses": cast(Json, losses)})
        await self._showing.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Awaitable[None]) -> None:
        """Have something done that nobody waits for."""
        task = asyncio.ensure_future(self._tried(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Refusal as refusal:
            log.info("a training: %s", refusal)
        except Exception:
            log.exception("a training: something failed that nobody waits for")

    async def tell(self, kept: KeptTraining, *, soon: bool = True) -> None:
        """Tell whoever watches of a change, and renew the card where it stands."""
        for watch in self.watching:
            try:
                await watch(kept)
            except Exception:
                log.exception("a watcher of training %s failed", kept.id)
        self._showing.show(kept, soon=soon)

    def resting(self, training: str) -> bool:
        """Whether a guest has been silent for a while: somebody is drawn for."""
        heard = self._heard.get(training)
        return training in self._studio.queue.trainings.running and heard is not None and _clock() - heard > RESTING

    # --- into the queue ---

    async def begin(self, kept: KeptTraining) -> None:
        """Let a training be learnt from where it is; first the pictures are drawn of what is not to be forgotten."""
        text = str(kept.wishes.get("keep") or "")
        if text and kept.plan and not kept.plan.prior:
            found = await trainings.pictures(self._db, kept.id)
            if sum(one.prior for one in found) < PRIOR:
                if not await self._ordered(kept.id, CLASS):
                    try:
                        self._ours.add((await sample_jobs.of_class(self._studio, kept, text)).id)
                    except Refusal as refusal:
                        await self._failed(kept, refusal.key, dict(refusal.values))
                return
            kept = await self._with_class(kept, found)
        plan = kept.plan
        assert plan is not None
        self._studio.queue.trainings.put(
            Training(kept.id, kept.person, plan, drafting.every(kept, plan), lambda: self._files(kept.id))
        )

    async def _ordered(self, training: str, step: int) -> bool:
        """Whether the samples of a step are being drawn."""
        wanted = await trainings.jobs_of_step(self._db, training, step)
        kept = [await jobs.get(self._db, job) for job in wanted]
        return any(one is not None and one.job.state in OPEN for one in kept)

    async def _with_class(self, kept: KeptTraining, found: list[KeptPicture]) -> KeptTraining:
        assert kept.plan is not None
        plan = drafting.with_class(kept.plan, found)
        await trainings.change(self._db, kept.id, {"plan": plan.to_json()})
        again = await trainings.get(self._db, kept.id)
        assert again is not None
        return again

    async def _files(self, training: str) -> Mapping[str, bytes]:
        found = await trainings.pictures(self._db, training)
        return {drafting.file_of(one): await self._db.files.get(one.hash) for one in found}

    # --- news of trainings ---

    async def hear(self, news: TrainingNews) -> None:
        """The listener of the queue's trainings."""
        kept = await trainings.get(self._db, news.training)
        if kept is None:
            return
        if isinstance(news, Learning):
            await self._learning(kept, news)
        elif isinstance(news, HalfLearnt):
            await self._keep_half(kept, news.step, news.blob)
        else:
            await self._ended(kept, news)

    async def _learning(self, kept: KeptTraining, news: Learning) -> None:
        self._heard[kept.id] = _clock()
        losses = self._losses.get(kept.id)
        if losses is None:
            losses = self._losses[kept.id] = await trainings.losses(self._db, kept.id)
        before = max(0, news.step - len(news.losses))
        del losses[before:]
        losses += [losses[-1] if losses else 0.0] * (before - len(losses) if news.losses else 0)  # of a death between
        losses += [round(one, 5) for one in news.losses]
        changes: dict[str, Json] = {
            "step": news.step, "steps": news.steps, "seconds": kept.seconds + news.seconds, "attempt": news.attempt,
        }  # fmt: skip
        if _clock() - self._written.get(kept.id, -WRITTEN_EVERY) >= WRITTEN_EVERY:
            self._written[kept.id] = _clock()
            changes["losses"] = cast(Json, losses)
        first = kept.state == "waiting"
        if first:
            changes["state"] = "running"
        if kept.step and not before:
            changes |= {"reason": ANEW, "reason_values": {"step": kept.step}}
        if news.seconds:
            await maps.charge(self._db, kept.person, self._studio.now().date(), news.seconds)
        if not await trainings.change(self._db, kept.id, changes, only=("waiting", "running")):
            changes.pop("state", None)
            await trainings.change(self._db, kept.id, changes)  # it pauses or ends: a last word on how far it came
        elif kept.daily and (await quotas.used(self._db, kept.person, self._studio.now())).seconds >= kept.daily:
            paused: dict[str, Json] = {"state": "paused", "reason": QUOTA, "reason_values": {"limit": kept.daily}}
            await trainings.change(self._db, kept.id, paused, only=("running",))
            self._studio.queue.trainings.park(kept.id)
            first = True
        if again := await trainings.get(self._db, kept.id):
            await self.tell(again, soon=first)

    async def _keep_half(self, kept: KeptTraining, step: int, blob: bytes) -> None:
        """Keep a file along the way, and have its samples drawn."""
        path = learnt_files.half(self._data, kept.id, step)
        try:
            await asyncio.to_thread(learnt_files.write, path, blob)
            if await trainings.get(self._db, kept.id) is None:  # deleted meanwhile
                await asyncio.to_thread(learnt_files.remove, self._data, kept.id, None)
                return
            await self.recall()
            if not await trainings.jobs_of_step(self._db, kept.id, step):
                job = await sample_jobs.samples(self._studio, kept, step)
                self._ours |= {job.id} if job else set()
        except Refusal as refusal:
            log.warning("training %s: the file or samples of step %d: %s", kept.id, step, refusal)
        await self.tell(kept)

    async def _ended(self, kept: KeptTraining, news: Learnt) -> None:
        await self._write_losses(kept.id)
        if news.outcome == "done" and kept.plan is not None:
            await self._keep_half(kept, kept.plan.steps, news.blob)
            try:
                await self.publish(kept, kept.plan.steps)
            except Refusal as refusal:
                await self._failed(kept, refusal.key, dict(refusal.values))
                return
            await trainings.change(self._db, kept.id, {"step": kept.plan.steps})
            await trainings.end(self._db, kept.id, "done")
            await self._studio.queue.trainings.forget(kept.id)
        elif news.outcome == "failed":
            await self._failed(kept, news.key or "error.engine", dict(news.values or {}))
            return
        elif kept.state in ("waiting", "running"):  # told to go on while it was leaving
            await self.begin(kept)
        if again := await trainings.get(self._db, kept.id):
            await self.tell(again)

    async def _failed(self, kept: KeptTraining, key: str, values: Mapping[str, Json]) -> None:
        await trainings.end(self._db, kept.id, "failed", key, values)
        if again := await trainings.get(self._db, kept.id):
            await self.tell(again)

    async def _write_losses(self, training: str) -> None:
        losses = self._losses.pop(training, None)
        if losses is not None:
            await trainings.change(self._db, training, {"losses": cast(Json, losses)})

    # --- news of the jobs that they order ---

    async def of_job(self, news: Changed | Progress | Finished) -> bool:
        """Whether news are of a job that a training ordered: they are dealt with then."""
        id = news.job if isinstance(news, Progress) else news.job.id
        if id not in self._ours:
            return False
        if isinstance(news, Changed):
            await jobs.attempt(self._db, id, news.job.attempt, news.job.state)
        elif isinstance(news, Finished):
            self._ours.discard(id)
            if await jobs.get(self._db, id) is not None:  # else it was forgotten meanwhile
                await last_cards.end(self._db, news, spoiler=False)
                kept = await jobs.get(self._db, id)
                await self._drawn(kept.job if kept else news.job)
        return True

    async def _drawn(self, job: Job) -> None:
        """Write down what an ordered job has drawn."""
        found = await trainings.of_sample(self._db, job.id)
        rows = await pictures.of_job(self._db, job.id)
        await jobs.answered(self._db, job.id)
        kept = await trainings.get(self._db, found[0]) if found else None
        if found is None or kept is None:
            return
        if found[1] == CLASS:
            await self._keep_class(kept, job, [row.id for row in rows], [row.hash for row in rows])
            return
        await trainings.drawn(self._db, job.id, [row.id for row in rows])
        if kept.file and rows and found[1] == kept.chosen:
            with suppress(Refusal):
                await self._preview(kept, rows[0].hash)
        await self.tell(kept)

    async def _keep_class(self, kept: KeptTraining, job: Job, ids: list[str], hashes: list[str]) -> None:
        if len(hashes) < PRIOR:
            end = await jobs.get(self._db, job.id)
            await self._failed(kept, (end.error_key if end else "") or "train.no_class", {})
            return
        text = str(kept.wishes.get("keep") or "")
        for hash in hashes:
            row = KeptPicture(place=0, hash=hash, caption=text, prior=True)
            await trainings.add_picture(self._db, kept.id, row, await self._db.files.get(hash))
        for id in ids:
            await pictures.delete(self._db, id)
        if kept.state == "waiting":
            await self.begin(kept)

    # --- the finished file ---

    async def publish(self, kept: KeptTraining, step: int) -> None:
        """Put the file of a step among the LoRAs, its owner's alone until it is shared. Raises Refusal."""
        content = await asyncio.to_thread(learnt_files.half(self._data, kept.id, step).read_bytes)
        places, folders = self._studio.rules.places, self._studio.rules.folders
        target = await asyncio.to_thread(learnt_files.folder, kept, places)
        async with self._naming:
            others = [one.file for one in await trainings.with_files(self._db)]
            name = kept.file or await asyncio.to_thread(learnt_files.free_name, kept, target, folders, others)
            await trainings.change(self._db, kept.id, {"file": name, "chosen": step})
        await self.recall()  # before it is there: nobody else may see it for a moment
        await asyncio.to_thread(learnt_files.put, target, name, content)
        await self.lend()
        await known_files.keep(self._db, model_folders.news())
        samples = [one for one in await trainings.samples(self._db, kept.id) if one.place == 0 and one.hash]
        shown = next((one for one in samples if one.step == step), samples[-1] if samples else None)
        again = await trainings.get(self._db, kept.id)
        if shown and again:
            await self._preview(again, shown.hash)

    async def _preview(self, kept: KeptTraining, hash: str) -> None:
        path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
        content = await self._db.files.get(hash)
        made = await asyncio.to_thread(previews.preview, content)
        await asyncio.to_thread(learnt_files.write, learnt_files.preview(path), made)

    async def _mend(self, kept: KeptTraining) -> None:
        """Put a file back that was not there yet when the program ended."""
        with suppress(Refusal):
            path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
            steps = await asyncio.to_thread(learnt_files.steps, self._data, kept.id)
            if kept.chosen in steps and not path.exists():
                await self.publish(kept, kept.chosen)

    async def recall(self) -> None:
        """Know anew whose every file is that was learnt, and have all that are there drawn with on every machine."""
        async with self._recalling:  # what was asked for first would be kept last, and know less
            found = await self._found()
            private.keep(found, learnt_files.halves(self._data))
            self._studio.queue.lend(await asyncio.to_thread(learnt_files.lendable, found))

    async def lend(self) -> None:
        """Have all files that are there drawn with on every machine, without anybody's being told apart."""
        async with self._recalling:
            self._studio.queue.lend(await asyncio.to_thread(learnt_files.lendable, await self._found()))

    async def _found(self) -> list[PrivateFile]:
        kept = await trainings.every(self._db)
        return await asyncio.to_thread(learnt_files.private_files, kept, self._data, self._studio.rules.places)

    # --- what goes ---

    async def remove(self, training: str) -> None:
        """Leave nothing of a training."""
        kept = await trainings.get(self._db, training)
        if kept is None:
            return
        await trainings.change(self._db, training, {"state": "cancelled"}, only=ACTIVE)
        await self._studio.queue.trainings.forget(training)
        ordered = await trainings.sample_jobs(self._db, training)
        for job in ordered:
            self._studio.queue.cancel(job)
            for row in await pictures.of_job(self._db, job):
                await pictures.delete(self._db, row.id)
        await jobs.remove(self._db, ordered)
        await sheets.forget(self._db, kept)
        self._losses.pop(training, None)
        path = None
        if kept.file:
            with suppress(Refusal):
                path = learnt_files.folder(kept, self._studio.rules.places) / f"{kept.file}.safetensors"
        if path is not None:
            await self._unwanted(kept)
            await previews.forget(self._db, learnt_files.preview(path), kept.person)
        gone = await asyncio.to_thread(learnt_files.remove, self._data, training, path)
        await self._studio.queue.trainings.forget(training)  # again: workers forget LoRAs whose files are gone
        await known_files.forget(self._db, gone)
        await trainings.remove(self._db, training)
        await self._showing.gone(kept)
        await self.recall()
        await facts.set_fact(self._db, forgetting.TRACES, True)  # and soon none of it is on the disk

    async def _unwanted(self, kept: KeptTraining) -> None:
        """Take a LoRA out of what its owner wants in every picture."""
        wanted = cast(list[list[Json]], await people.setting(self._db, kept.person, "loras") or [])
        rest = [one for one in wanted if one[0] != kept.file]
        if rest != wanted:
            await people.set_setting(self._db, kept.person, "loras", cast(Json, rest) or None)

    async def watch(self) -> None:
        """A round now and then; never ends."""
        while True:
            try:
                await self.round()
            except Refusal as refusal:
                log.warning("trainings: %s", refusal)
            except Exception:
                log.exception("a round of the trainings failed; it is tried again")
            await asyncio.sleep(EVERY)

    async def round(self) -> None:
        """Let those go on whose quota is new, and remove what has lain long enough."""
        now, rules = self._studio.now(), self._studio.rules.training
        for kept in await trainings.in_states(self._db, ("paused",)):
            if kept.reason != QUOTA or (await quotas.used(self._db, kept.person, now)).seconds >= kept.daily:
                continue
            new: dict[str, Json] = {"state": "waiting", "reason": "", "reason_values": {}}
            if await trainings.change(self._db, kept.id, new, only=("paused",)):
                await self.begin(kept)
                await self.tell(await trainings.get(self._db, kept.id) or kept)
        for kept in await trainings.in_states(self._db, ("draft",)):
            if kept.changed < now - rules.draft_kept:
                await self.remove(kept.id)
        for kept in await trainings.in_states(self._db, ENDED):
            if kept.ended and kept.ended < now - rules.kept and await trainings.pictures(self._db, kept.id):
                await self._clear(kept)

    async def _clear(self, kept: KeptTraining) -> None:
        """Leave of a training that ended long ago its LoRA and samples alone; one without a LoRA goes whole."""
        if not kept.file:
            await self.remove(kept.id)
            return
        await self._studio.queue.trainings.forget(kept.id)
        await sheets.forget(self._db, kept)
        await trainings.remove_pictures(self._db, kept.id)
        await known_files.forget(self._db, await asyncio.to_thread(learnt_files.remove, self._data, kept.id, None))
        await self.recall()


def _clock() -> float:
    return asyncio.get_running_loop().time()
