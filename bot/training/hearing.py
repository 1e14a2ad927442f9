"""What becomes of trainings under way: the news of the queue are written down, and samples ordered of what is
learnt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from bot.people import quotas
from bot.studio import last_cards
from bot.training import drafting, sample_jobs
from bot.training.classroom import Classroom
from bot.training.losses import Losses
from bot.training.publishing import Publishing
from bot.training.sample_jobs import CLASS, PRIOR
from bot.training.showing import Showing
from engine.job import Job, Progress, State
from engine.queue.news import Changed, Finished
from engine.queue.trainings import Training
from engine.wire import HalfLearnt, Learning, Learnt, TrainingNews
from prompts.errors import Refusal
from prompts.prompt import Json
from storage import jobs, maps, pictures, trainings
from storage.trainings import KeptPicture, KeptTraining

log = logging.getLogger(__name__)

OPEN = (State.WAITING, State.RUNNING)
QUOTA = "train.quota"  # why a training pauses that goes on by itself the next day
ANEW = "training.anew"  # told of one that begins again, as the machine that had what was learnt is gone
RESTING = 3.0  # seconds without a word from a guest: somebody is drawn for


class Hearing:
    """Trainings between their start and their end. `watching` are told of every change."""

    def __init__(self, studio: Classroom, files: Publishing, showing: Showing, losses: Losses) -> None:
        self.watching: list[Callable[[KeptTraining], Awaitable[None]]] = []
        self._studio = studio
        self._db = studio.db
        self._files = files
        self._showing = showing
        self._losses = losses
        self._ours: set[str] = set()  # jobs that trainings have ordered
        self._heard: dict[str, float] = {}  # when their guests spoke last
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take up what is not done, and know whose every file is."""
        self._studio.queue.trainings.listener = self.hear
        self._studio.queue.trainings.keep(lambda: trainings.that_go_on(self._db))
        await self._files.recall()
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
            await self._files.mend(one)

    async def close(self) -> None:
        """Write down the losses, and tell nothing any more."""
        await self._losses.close()
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
        plan, queue = kept.plan, self._studio.queue.trainings
        assert plan is not None
        queue.put(Training(kept.id, kept.person, plan, drafting.every(kept, plan), lambda: self._contents(kept.id)))
        # Who lets it rest writes that down first and then looks here; so here it is the other way round.
        now = await trainings.get(self._db, kept.id)
        if now is not None and now.state == "paused":
            queue.park(kept.id)
        elif now is None or now.state == "cancelled":
            await queue.forget(kept.id)

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

    async def _contents(self, training: str) -> Mapping[str, bytes]:
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
            try:
                await self._keep_half(kept, news.step, news.blob)
            except Refusal as refusal:  # it learns on: there may be room again for the next
                log.warning("training %s: the file of step %d: %s", kept.id, news.step, refusal)
        else:
            await self._ended(kept, news)

    async def _learning(self, kept: KeptTraining, news: Learning) -> None:
        self._heard[kept.id] = _clock()
        before, losses = await self._losses.heard(kept.id, news)
        changes: dict[str, Json] = {
            "step": news.step, "steps": news.steps, "seconds": kept.seconds + news.seconds, "attempt": news.attempt,
        }  # fmt: skip
        if losses is not None:
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
        """Keep a file along the way, and have its samples drawn. Raises Refusal where it cannot be kept."""
        if not await self._files.keep_half(kept.id, step, blob):
            return
        try:
            if not await trainings.jobs_of_step(self._db, kept.id, step):
                job = await sample_jobs.samples(self._studio, kept, step)
                self._ours |= {job.id} if job else set()
        except Refusal as refusal:
            log.warning("training %s: the samples of step %d: %s", kept.id, step, refusal)
        await self.tell(kept)

    async def _ended(self, kept: KeptTraining, news: Learnt) -> None:
        await self._losses.write(kept.id)
        self._heard.pop(kept.id, None)
        if news.outcome == "done" and kept.plan is not None:
            try:
                await self._keep_half(kept, kept.plan.steps, news.blob)
                await self._files.publish(kept, kept.plan.steps)
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

    async def resume(self) -> None:
        """Let those go on whose quota is new."""
        for kept in await trainings.in_states(self._db, ("paused",)):
            used = await quotas.used(self._db, kept.person, self._studio.now())
            if kept.reason != QUOTA or used.seconds >= kept.daily:
                continue
            new: dict[str, Json] = {"state": "waiting", "reason": "", "reason_values": {}}
            if await trainings.change(self._db, kept.id, new, only=("paused",)):
                await self.begin(kept)
                await self.tell(await trainings.get(self._db, kept.id) or kept)

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
        if found is None or kept is None:  # it was deleted while this was written down
            for row in rows:
                await pictures.delete(self._db, row.id)
            await jobs.remove(self._db, [job.id])
            return
        if found[1] == CLASS:
            await self._keep_class(kept, job, [row.id for row in rows], [row.hash for row in rows])
            return
        await trainings.drawn(self._db, job.id, [row.id for row in rows])
        if rows:
            await self._files.preview(kept.id, found[1], rows[0].hash)
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
        now = await trainings.get(self._db, kept.id)
        if now is not None and now.state == "waiting":
            await self.begin(now)


def _clock() -> float:
    return asyncio.get_running_loop().time()
